"""Show signature schemes without a token that is a credential."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from highhelp_signing import SignatureScheme

TOKEN_FORMS = frozenset({"public_key", "public_key_pem", "project_id"})
"""Tokens that are not credentials; any other comes from HIGHHELP_ACCESS_TOKEN."""


def public_fields(scheme: SignatureScheme) -> dict[str, Any]:
    """The fields of a scheme without a literal token."""
    return {name: value for name, value in asdict(scheme).items() if name != "token" or value in TOKEN_FORMS}


def describe(scheme: SignatureScheme) -> str:
    """The fields in which a scheme differs from the default, for people."""
    shown, default = public_fields(scheme), asdict(type(scheme)())
    points = [f"{name}={value!r}" for name, value in shown.items() if value != default[name]]
    return ", ".join(points if "token" in shown else [*points, "token=***"]) or "the default scheme"
