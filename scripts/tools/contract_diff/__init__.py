"""What a change of the contract means for those who rely on it: breaking, risky, safe or documentation alone."""
