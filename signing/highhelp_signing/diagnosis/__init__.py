"""Diagnose a signature that does not match: offline, from bytes, headers and keys."""
