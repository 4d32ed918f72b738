"""Mutation testing: put small faults into the code on which money and trust depend; a test must notice each."""
