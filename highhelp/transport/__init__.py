"""Send signed requests through httpx: transports, connection settings, and the driver of flows."""
