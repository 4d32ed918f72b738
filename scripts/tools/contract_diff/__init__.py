"""The meaning of a change of the contract for those who rely on it: breaking, risky, safe or documentation alone."""
