"""Check a callback endpoint in any language: the cases, how they are sent, and how often a payment was credited."""
