# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""What the contract becomes: `client` (typed), `strict` (for the mock and tests) and `contract` (data)."""
