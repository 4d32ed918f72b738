# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""A client library for accessing HighHelp payment API"""

from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
