"""Connect the gateway to HTTP servers, clients and callback receivers."""
