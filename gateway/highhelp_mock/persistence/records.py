"""Convert payments and callbacks to JSON and back, for the state file.

Card numbers are not stored; a placeholder is generated on load.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from highhelp_api import contract
from highhelp_mock.simulation.callbacks import Attempt, Delivery
from highhelp_mock.simulation.payments import Card, Challenge, Payment, ScheduledStep, StateChange
from highhelp_mock.simulation.representations import requisites
from highhelp_mock.simulation.scenarios import Scenario, scenario_named, scenario_title

if TYPE_CHECKING:
    from highhelp_mock.http import Json

__all__ = ["delivery_from", "delivery_record", "payment_from", "payment_record"]

_PANS = tuple(
    path.split(":") for path, kind in contract.SENSITIVE_PATHS[contract.CALLBACK_SCHEMA].items() if kind == "pan"
)


def payment_record(payment: Payment) -> str:
    """Serialise a payment."""
    return _dump({field.name: getattr(payment, field.name) for field in fields(payment)})


def payment_from(text: str) -> Payment:
    """Restore a payment from its record."""
    record: Json = json.loads(text)
    card, challenge = record["card"], record["challenge"]
    record |= {
        "machines": tuple(record["machines"]),
        "scenario": scenario_named(record["scenario"]),
        "schedule": tuple(ScheduledStep(**step) for step in record["schedule"]),
        "urls": MappingProxyType(record["urls"]),
        "card": card and Card(**card),
        "challenge": challenge and Challenge(**challenge),
        "confirmed": record["confirmed"] and base64.b64decode(record["confirmed"]),
        "fingerprint": base64.b64decode(record["fingerprint"]),
        "history": tuple(StateChange(**change) for change in record["history"]),
    }
    return Payment(**record)


def delivery_record(delivery: Delivery) -> str:
    """Serialise a callback, without the card numbers in its body."""
    record: Json = {
        field.name: getattr(delivery, field.name) for field in fields(delivery) if field.name != "make_body"
    }
    record["body"] = delivery.body
    for path in _PANS:
        _blank(record["body"], path)
    return _dump(record)


def delivery_from(text: str, payment: Payment) -> Delivery:
    """Restore a callback from its record, byte for byte: a blanked card number is filled from the payment."""
    record: Json = json.loads(text)
    body: Json = record.pop("body")
    if body.get("requisites", {}).get("pan", "") is None:
        body["requisites"]["pan"] = requisites(payment)["pan"]
    record["attempts"] = tuple(Attempt(**attempt) for attempt in record["attempts"])
    return Delivery(**record, make_body=partial(json.loads, json.dumps(body)))  # a fresh body for each reader


def _dump(record: Json) -> str:
    return json.dumps(record, ensure_ascii=False, default=_to_json)


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Scenario):
        return scenario_title(value)
    return dict(value) if isinstance(value, Mapping) else asdict(value)


def _blank(body: Json, path: list[str]) -> None:
    *parents, name = path
    for parent in parents:
        body = body.get(parent) or {}
    if name in body:
        body[name] = None
