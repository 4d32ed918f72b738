"""The way of a signed request through httpx: transports, connection settings, and the driver of flows."""
