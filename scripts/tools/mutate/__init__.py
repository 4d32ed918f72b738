"""Mutation proofs: small faults are put into the code that money and trust hang on, and a test must notice each."""
