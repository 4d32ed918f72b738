"""The simulated gateway: payments, balances, callbacks and faults over time, without any I/O."""
