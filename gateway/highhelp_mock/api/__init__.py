"""The HTTP API: dispatch, authentication, validation, operations and the control API."""
