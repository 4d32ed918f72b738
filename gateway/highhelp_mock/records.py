"""Payments and callbacks as JSON and back, for the state file. No card number is in them: one is made anew."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from highhelp_api import contract
from highhelp_mock.answers import requisites
from highhelp_mock.outbox import Attempt, Delivery
from highhelp_mock.payments import Card, Challenge, Event, Hop, Payment
from highhelp_mock.scenarios import scenario_named, scenario_title

if TYPE_CHECKING:
    from highhelp_mock.messages import Json

__all__ = ["delivery_from", "delivery_record", "payment_from", "payment_record"]

_PLAIN = (
    "project_id", "payment_id", "request_id", "operation", "info", "flow", "product", "method", "amount", "currency",
    "state", "status_description", "created_at", "expires_at", "token", "redirect_url", "language", "description",
    "wrong_codes",
)  # fmt: skip
_DELIVERY = (
    "id", "project_id", "payment_id", "operation", "kind", "state", "url", "created_at", "due_at", "to_go", "held",
    "reason",
)  # fmt: skip
_PANS = tuple(path.split(":") for path, kind in contract.SENSITIVE_PATHS[contract.CALLBACK_SCHEMA].items()
              if kind == "pan")  # fmt: skip


def payment_record(payment: Payment) -> str:
    """A payment as text."""
    record: Json = {name: getattr(payment, name) for name in _PLAIN}
    record |= {
        "machines": payment.machines,
        "scenario": scenario_title(payment.scenario),
        "course": [asdict(hop) for hop in payment.course],
        "urls": dict(payment.urls),
        "card": None if payment.card is None else asdict(payment.card),
        "challenge": None if payment.challenge is None else asdict(payment.challenge),
        "confirmed": _text(payment.confirmed),
        "fingerprint": _text(payment.fingerprint),
        "history": [asdict(event) for event in payment.history],
    }
    return json.dumps(record, ensure_ascii=False)


def payment_from(text: str) -> Payment:
    """The payment that a text was made from."""
    record: Json = json.loads(text)
    return Payment(
        **{name: record[name] for name in _PLAIN},
        machines=tuple(record["machines"]),
        scenario=scenario_named(record["scenario"]),
        course=tuple(Hop(**hop) for hop in record["course"]),
        urls=MappingProxyType(record["urls"]),
        card=None if record["card"] is None else Card(**record["card"]),
        challenge=None if record["challenge"] is None else Challenge(**record["challenge"]),
        confirmed=_bytes(record["confirmed"]),
        fingerprint=_bytes(record["fingerprint"]) or b"",
        history=tuple(Event(**event) for event in record["history"]),
    )


def delivery_record(delivery: Delivery) -> str:
    """A callback as text; card numbers in its body are left out."""
    record: Json = {name: getattr(delivery, name) for name in _DELIVERY}
    record["attempts"] = [asdict(attempt) for attempt in delivery.attempts]
    record["body"] = delivery.body
    for path in _PANS:
        _put(record["body"], path, None)
    return json.dumps(record, ensure_ascii=False)


def delivery_from(text: str, payment: Payment) -> Delivery:
    """The callback that a text was made from, byte for byte: the number left out is the payment's own."""
    record: Json = json.loads(text)
    body: Json = record["body"]
    if body.get("requisites", {}).get("pan", "") is None:
        body["requisites"]["pan"] = requisites(payment)["pan"]
    return Delivery(
        **{name: record[name] for name in _DELIVERY},
        attempts=tuple(Attempt(**attempt) for attempt in record["attempts"]),
        said=partial(json.loads, json.dumps(body)),  # each reader gets a body of its own
    )


def _put(body: Json, path: list[str], value: object) -> None:
    *parents, name = path
    for parent in parents:
        body = body.get(parent) or {}
    if name in body:
        body[name] = value


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode("ascii")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
