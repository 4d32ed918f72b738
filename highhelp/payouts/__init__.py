"""Send each payout once, whatever crashes. Needs the extra `[callbacks]`."""
