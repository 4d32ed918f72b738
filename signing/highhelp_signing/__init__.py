"""Signatures of the HighHelp API: normalise, sign, verify, explain.

Pure functions (:func:`normalize`, :func:`signing_message`) and thin adapters (:class:`SignatureAuth` for httpx,
:class:`CallbackVerifier` for callbacks of the gateway). Importing this package does not import httpx.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from highhelp_signing.ambiguity import ECHO_PATHS, echo_is_ambiguous, request_ambiguity
from highhelp_signing.errors import (
    BodyFault,
    BodyNotSignable,
    HomeExistsError,
    KeyFormatError,
    RequestNotSignable,
    SchemeError,
    SigningError,
)
from highhelp_signing.headers import signature_headers
from highhelp_signing.normalize import Limits, normalize, parse_body, signing_message
from highhelp_signing.scheme import SignatureScheme
from highhelp_signing.signers import HmacSigner, RsaSigner, Signer

if TYPE_CHECKING:
    from highhelp_signing.auth import SignatureAuth, refuse_redirects, refuse_redirects_async
    from highhelp_signing.callbacks import (
        REFUSAL,
        CallbackRejected,
        CallbackVerifier,
        Refusal,
        RejectionReason,
        VerifiedCallback,
    )
    from highhelp_signing.diagnosis.explain import Cause, Explanation, Finding, explain
    from highhelp_signing.home import Home, HomeDirectory, generate_home
    from highhelp_signing.keys import KeyRing

__all__ = [
    "ECHO_PATHS",
    "REFUSAL",
    "BodyFault",
    "BodyNotSignable",
    "CallbackRejected",
    "CallbackVerifier",
    "Cause",
    "Explanation",
    "Finding",
    "HmacSigner",
    "Home",
    "HomeDirectory",
    "HomeExistsError",
    "KeyFormatError",
    "KeyRing",
    "Limits",
    "Refusal",
    "RejectionReason",
    "RequestNotSignable",
    "RsaSigner",
    "SchemeError",
    "SignatureAuth",
    "SignatureScheme",
    "Signer",
    "SigningError",
    "VerifiedCallback",
    "echo_is_ambiguous",
    "explain",
    "generate_home",
    "normalize",
    "parse_body",
    "refuse_redirects",
    "refuse_redirects_async",
    "request_ambiguity",
    "signature_headers",
    "signing_message",
]

# Lazy: httpx is not needed to verify, verifying is not needed to send, and key generation is rarely needed.
_LAZY = {
    "auth": ("SignatureAuth", "refuse_redirects", "refuse_redirects_async"),
    "callbacks": ("REFUSAL", "CallbackRejected", "CallbackVerifier", "Refusal", "RejectionReason", "VerifiedCallback"),
    "diagnosis.explain": ("Cause", "Explanation", "Finding", "explain"),
    "home": ("Home", "HomeDirectory", "generate_home"),
    "keys": ("KeyRing",),
}
_MODULES = {name: module for module, names in _LAZY.items() for name in names}


if not TYPE_CHECKING:  # with __getattr__ a type checker would accept any name

    def __getattr__(name: str) -> object:
        """Import on first use (PEP 562)."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
