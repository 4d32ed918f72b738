"""Keys and a signed callback for the tests of the signature. RSA keys are made once per run, since that is slow."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from highhelp_api import contract
from highhelp_signing import CallbackVerifier, HmacSigner, KeyRing, RsaSigner, SignatureScheme, Signer
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.keyfiles import public_der, public_pem
from highhelp_signing.normalize import collect_entries, join_entries, message_of, parse

NOW = 1_706_182_847
PROJECT = "57aff4db-b45d-42bf-bc5f-b7a499a01782"
HMAC_TEXT = "hmac-key-of-the-tests"

Sign: TypeAlias = Callable[..., dict[str, str]]


def private_pem(key: rsa.RSAPrivateKey, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def other_rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def signer(rsa_key: rsa.RSAPrivateKey) -> RsaSigner:
    return RsaSigner(rsa_key)


@pytest.fixture(scope="session")
def hmac_signer() -> HmacSigner:
    return HmacSigner(HMAC_TEXT)


@pytest.fixture(scope="session")
def public_key(rsa_key: rsa.RSAPrivateKey) -> bytes:
    return public_pem(public_der(rsa_key.public_key()))


@pytest.fixture(scope="session")
def ring(public_key: bytes) -> KeyRing:
    return KeyRing.from_pem(public_key)


@pytest.fixture(scope="session")
def verifier(ring: KeyRing) -> CallbackVerifier:
    return CallbackVerifier({PROJECT: ring}, clock=lambda: NOW)


@pytest.fixture(scope="session")
def sign(signer: RsaSigner) -> Sign:
    """Sign anything with a normalised string, including ambiguous bodies, like a careless gateway."""

    def sign(
        raw: bytes,
        *,
        at: int = NOW,
        by: Signer = signer,
        scheme: SignatureScheme = SignatureScheme(),  # noqa: B008
    ) -> dict[str, str]:
        body = parse(raw).body
        text = join_entries(body, collect_entries(body, scheme, bad_keys=[]), scheme)
        signature = by.sign(message_of(text, f"{at}", scheme), scheme.digest)
        return {
            contract.HEADERS.signature: base64url_encode(signature, padding=scheme.padding),
            contract.HEADERS.timestamp: f"{at}",
        }

    return sign


def callback(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "project_id": PROJECT,
        "general": {"request_id": "r-1", "payment_id": "order-1"},
        "status": {"status": "success", "sub_status": None, "status_description": "paid"},
        "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"},
    }
    return body | changes


def compact(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
