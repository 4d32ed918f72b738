"""Payouts that are sent once, whatever crashes. Needs the extra `[callbacks]`."""
