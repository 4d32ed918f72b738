"""Classify changes of the contract for its users: breaking, risky, safe or documentation only."""
