"""Calls without I/O: what to send, when to send it again, and what an answer means for the money."""
