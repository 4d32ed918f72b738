"""Callbacks that are stored before they are acknowledged and handled exactly once. Needs the extra `[callbacks]`."""
