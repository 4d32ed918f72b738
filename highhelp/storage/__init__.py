"""The database that inbox and payouts share. Needs the extra `[callbacks]`."""
