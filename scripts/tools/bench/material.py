"""The material of the rows: new keys, a request of 25 leaves, an answer and a callback of the contract."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from highhelp_api import contract
from highhelp_signing import CallbackVerifier, HmacSigner, KeyRing, RsaSigner, signing_message
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.keyfiles import public_der, public_pem

PROJECT = "57aff4db-b45d-42bf-bc5f-b7a499a01782"
HMAC_KEY = "hmac-key-of-the-benchmark"
PATH = contract.OPERATIONS["create_p2p_payin"].path


def request(payment_id: str = "order-1001") -> dict[str, Any]:
    """A pay-in with 25 leaves, about as many as a shop sends."""
    return {
        "general": {
            "project_id": PROJECT,
            "payment_id": payment_id,
            "merchant_callback_url": "https://shop.example/callbacks",
            "merchant_success_callback_url": "https://shop.example/callbacks/success",
            "merchant_decline_callback_url": "https://shop.example/callbacks/decline",
            "redirect_url": "https://shop.example/back",
        },
        "payment": {
            "method": "card-p2p", "amount": 10000, "currency": "RUB", "lifetime": 600, "description": "Order 1001",
        },
        "customer": {
            "id": "customer-17",
            "ip_address": "203.0.113.9",
            "country": "RU",
            "language": "ru",
            "first_name": "Ivan",
            "email": "ivan@shop.example",
            "phone": "79000000001",
            "browser": {
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
                "language": "ru-RU",
                "screen_width": 1920,
                "screen_height": 1080,
                "java_enabled": False,
            },
        },
        "sender": {"card_holder": "IVAN IVANOV"},
    }  # fmt: skip


def compact(body: object) -> bytes:
    """JSON as the client writes it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def answer() -> dict[str, Any]:
    """The contract's example of an accepted pay-in, about the request's payment."""
    example = next(one for one in contract.EXAMPLES if one.of == "create_p2p_payin" and one.status == "200")
    return {**example.value, "payment_id": "order-1001"}


def callback(payment_id: str = "order-1001", status: str = "success") -> dict[str, Any]:
    """The contract's example of a callback, about another payment."""
    example = next(one for one in contract.EXAMPLES if one.schema == contract.CALLBACK_SCHEMA)
    body: dict[str, Any] = json.loads(json.dumps(example.value))
    body["project_id"] = PROJECT
    body["general"]["payment_id"] = payment_id
    body["status"] = {**body["status"], "status": status, "sub_status": None}
    return body


@dataclass(frozen=True)
class Keys:
    """One RSA pair and one HMAC key, for requests and callbacks alike."""

    private: rsa.RSAPrivateKey
    rsa: RsaSigner
    hmac: HmacSigner
    ring: KeyRing

    @classmethod
    def new(cls) -> Keys:
        """New keys, for one run."""
        private = rsa.generate_private_key(65537, 2048)
        ring = KeyRing.from_pem(public_pem(public_der(private.public_key())))
        return cls(private, RsaSigner(private), HmacSigner(HMAC_KEY), ring)

    def verifier(self) -> CallbackVerifier:
        """For callbacks of this pair."""
        return CallbackVerifier({PROJECT: self.ring})

    def signed(self, body: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """A callback as the gateway sends it, signed now."""
        now = int(time.time())
        signature = self.rsa.sign(signing_message(body, now))
        names = contract.HEADERS
        return compact(body), {names.timestamp: str(now), names.signature: base64url_encode(signature)}
