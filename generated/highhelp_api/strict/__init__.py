# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Strict pydantic models of the contract's schemas. Not imported by the client."""
