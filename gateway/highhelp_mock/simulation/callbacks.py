"""Callbacks as frozen values: their content, destination and delivery attempts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from highhelp_mock.http import encode
from highhelp_mock.simulation.representations import callback_body, callback_kind, mask_sensitive
from highhelp_signing.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from highhelp_mock.http import Json
    from highhelp_mock.simulation.faults import Faults
    from highhelp_mock.simulation.payments import Payment

__all__ = ["Attempt", "Delivery", "create_delivery", "may_deliver"]

_HELD_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery over the network.

    Attributes:
        at: Unix seconds of the gateway's clock.
        status: HTTP status, or None without an answer.
        error: name of the error if there was no answer.
    """

    at: float
    status: int | None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One callback.

    Attributes:
        id: its number.
        project_id: the merchant project.
        payment_id: the merchant's id of the payment.
        operation: id of the operation that created the payment.
        kind: name of the contract's webhook.
        state: the state that it reports.
        url: its destination; None if the request named none.
        make_body: builds its body, the same each time. Most callbacks of a busy gateway are never sent or read, and
            the payment at that time is smaller than the body.
        created_at: when the payment entered the state.
        due_at: when it is to be sent next; None if it is done or never sent.
        to_go: number of deliveries that still have to succeed.
        held: held back for a later one of the same payment.
        attempts: the last hundred.
        reason: why it is not sent.
    """

    id: int
    project_id: str
    payment_id: str
    operation: str
    kind: str
    state: str
    url: str | None
    make_body: Callable[[], Json] = field(repr=False, compare=False)
    created_at: float
    due_at: float | None
    to_go: int = 1
    held: bool = False
    attempts: tuple[Attempt, ...] = ()
    reason: str | None = None

    @property
    def body(self) -> Json:
        """Its body."""
        return self.make_body()

    @property
    def raw(self) -> bytes:
        """The bytes of its body."""
        return encode(self.body)

    @property
    def key(self) -> tuple[str, str]:
        """Project and payment id."""
        return self.project_id, self.payment_id

    @property
    def outcome(self) -> str:
        """`delivered`, `pending` or `not_delivered`."""
        if self.reason is not None:
            return "not_delivered"
        return "pending" if self.to_go else "delivered"

    def view(self) -> Json:
        """Render the callback for control API and dashboard: body masked, no signature."""
        body = self.body
        return {
            "id": self.id,
            "payment_id": self.payment_id,
            "project_id": self.project_id,
            "kind": self.kind,
            "status": body["status"]["status"],
            "sub_status": body["status"]["sub_status"],
            "url": self.url,
            "state": self.outcome,
            "reason": self.reason,
            "created_at": int(self.created_at),
            "next_attempt_at": None if self.due_at is None else int(self.due_at),
            "attempts": [
                {"at": int(attempt.at), "status": attempt.status, "error": attempt.error} for attempt in self.attempts
            ],
            "body": mask_sensitive("PaymentCallback", body),
        }


def create_delivery(
    payment: Payment, number: int, at: float, *, base_url: str, faults: Faults, allowed_hosts: frozenset[str]
) -> Delivery:
    """Create the callback for the state that a payment has entered, with the faults armed for it.

    Args:
        payment: the payment in its new state.
        number: the callback's number.
        at: Unix seconds.
        base_url: of the gateway, for links in the body.
        faults: the armed faults.
        allowed_hosts: hosts beyond loopback to which callbacks may go.
    """
    kind = callback_kind(payment.state)
    url = payment.urls.get(kind)
    reason = None
    if url is None:
        reason = "no url given"
    elif not may_deliver(url, allowed_hosts):
        reason = "host not allowed: callbacks go only to loopback and to the hosts of deliver_to"

    def take_fault(name: str) -> bool:
        return reason is None and faults.take_for_callback(name, kind, payment.operation)

    delivery = Delivery(
        id=number,
        project_id=payment.project_id,
        payment_id=payment.payment_id,
        operation=payment.operation,
        kind=kind,
        state=payment.state,
        url=url,
        make_body=partial(callback_body, payment, base_url, unknown=take_fault("unknown_status")),
        created_at=at,
        due_at=at if reason is None else None,
        to_go=2 if take_fault("duplicate_callback") else 1,
        reason=reason,
    )
    if take_fault("reorder_callbacks"):
        delivery = replace(delivery, held=True, due_at=at + _HELD_SECONDS)
    return delivery


def may_deliver(url: str, hosts: Collection[str]) -> bool:
    """Whether a callback may be sent to this address: this machine, or one of the named hosts."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    return bool(host) and (host in hosts or f"{host}:{port}" in hosts or is_loopback(host))
