"""A merchant for the tests: signs with the SDK's signing package and speaks to an in-process gateway."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from highhelp_api import contract
from highhelp_mock import MockGateway, Outgoing, Request, Response
from highhelp_signing import Signer, signature_headers
from tests.recorder import fits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_mock.simulation.projects import Project

__all__ = ["CARD", "URLS", "Merchant", "fits"]

CARD: dict[str, Any] = {"pan": "4000000000000002", "month": 12, "year": 2099, "cvv": "987", "card_holder": "A B"}
URLS = {
    "merchant_callback_url": "http://localhost:1/info",
    "merchant_success_callback_url": "http://localhost:1/success",
    "merchant_decline_callback_url": "http://localhost:1/decline",
}


@dataclass
class Merchant:
    gateway: MockGateway
    project: Project
    received: list[Outgoing] = field(default_factory=list)

    def raw(
        self,
        operation: str,
        body: bytes,
        *,
        signer: Signer | None = None,
        headers: Mapping[str, str | None] | None = None,
        more: tuple[tuple[str, str], ...] = (),
        timestamp: int | None = None,
    ) -> Response:
        """Send bytes; `headers` replaces or, with None, leaves out what the signature made."""
        signed: dict[str, str | None] = {"content-type": "application/json"}
        try:
            signed |= signature_headers(
                body,
                project_id=self.project.project_id,
                signer=signer or self.project.signer,
                timestamp=int(self.gateway.clock()) if timestamp is None else timestamp,
                scheme=self.gateway.scheme,
            )
        except ValueError:  # what cannot be signed is sent with the signature of something else
            signed |= signature_headers(
                b"{}",
                project_id=self.project.project_id,
                signer=self.project.signer,
                timestamp=int(self.gateway.clock()),
            )
        signed |= headers or {}
        pairs = [(name, value) for name, value in signed.items() if value is not None]
        return self.gateway.handle(Request("POST", contract.OPERATIONS[operation].path, (*pairs, *more), body))

    def send(self, operation: str, body: Mapping[str, Any], **how: Any) -> Response:
        return self.raw(operation, json.dumps(body, ensure_ascii=False).encode(), **how)

    def call(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        response = self.send(operation, body)
        assert response.status == 200, response.body
        answer: dict[str, Any] = response.json()
        return answer

    def general(self, payment_id: str, **more: str) -> dict[str, str]:
        return {"project_id": self.project.project_id, "payment_id": payment_id, **URLS, **more}

    def info_general(self, payment_id: str) -> dict[str, Any]:
        return {"general": {"project_id": self.project.project_id, "payment_id": payment_id}}

    def p2p_payin(self, payment_id: str = "p-1", **payment: Any) -> dict[str, Any]:
        paid = {"method": "card-p2p", "amount": 10000, "currency": "RUB", **payment}
        return {"general": self.general(payment_id), "payment": paid}

    def ecom_payin(self, payment_id: str = "p-1", *, card: Mapping[str, Any] = CARD, **payment: Any) -> dict[str, Any]:
        paid = {"method": "card-ecom", "amount": 10000, "currency": "RUB", **payment}
        return {"general": self.general(payment_id), "payment": paid, "card": dict(card)}

    def widget_payin(self, payment_id: str = "p-1", **payment: Any) -> dict[str, Any]:
        return {"general": self.general(payment_id), "payment": {"amount": 10000, "currency": "RUB", **payment}}

    def p2p_payout(
        self, payment_id: str = "p-1", *, receiver: Mapping[str, str] | None = None, **payment: Any
    ) -> dict[str, Any]:
        paid = {"method": "card-p2p", "amount": 10000, "currency": "RUB", **payment}
        return {
            "general": self.general(payment_id),
            "payment": paid,
            "receiver": dict(receiver or {"pan": "2200000000000004"}),
        }

    def ecom_payout(self, payment_id: str = "p-1", **payment: Any) -> dict[str, Any]:
        paid = {"method": "card-ecom", "amount": 10000, "currency": "RUB", **payment}
        return {"general": self.general(payment_id), "payment": paid, "receiver": {"pan": "4000000000000002"}}

    def info(self, payment_id: str = "p-1") -> dict[str, Any]:
        operation = self.gateway.payment(payment_id, self.project.project_id).info
        assert operation is not None
        return self.call(operation, self.info_general(payment_id))

    def state(self, payment_id: str = "p-1") -> str:
        return self.gateway.payment(payment_id, self.project.project_id).state

    def states(self, payment_id: str = "p-1") -> list[str]:
        return [event.state for event in self.gateway.payment(payment_id, self.project.project_id).history]

    def receive(self, outgoing: Outgoing) -> int:
        """Take a callback and check it."""
        self.received.append(outgoing)
        self.gateway.verifier().verify(outgoing.body, outgoing.headers)
        return 200
