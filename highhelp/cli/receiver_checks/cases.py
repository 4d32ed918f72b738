"""The callbacks that an endpoint is tested with, and the answer that each requires."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from highhelp_mock import MockGateway
from highhelp_mock.api.forged_callbacks import DEFECTS

PREFIX = "check-"
"""Prefix of every payment_id, so that test data can be found and removed."""
LATE_SECONDS = 240
"""Age of a callback that is late, but within the tolerance of 300 seconds."""
SENDERS = 8
"""Connections that deliver one callback at the same moment."""
OVERSIZED = 8 << 20
"""Bytes of a body that no receiver should keep in memory."""


class Expected(Enum):
    """Which HTTP statuses are right."""

    ACCEPTED = "200"
    REFUSED = "4xx"
    NO_FAULT = "2xx or 4xx"


@dataclass(frozen=True)
class Signed:
    """A body with its headers, to be POSTed."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Case:
    """Callbacks of one payment.

    Attributes:
        name: As shown in the report.
        payment_id: The merchant's id.
        callbacks: Sent in this order.
        expected: The required answer to each.
        harm: The consequence of another answer.
        credits: How often the payment must have been credited at the end; None where either is right.
        at_once: Send the first callback over several connections at the same moment.
    """

    name: str
    payment_id: str
    callbacks: tuple[Signed, ...]
    expected: Expected
    harm: str
    credits: int | None
    at_once: bool = False


_REPEATS = "the gateway repeats it, and the payment is not credited"
_FORGERY = "anybody can credit a payment"
_FAULT = "the endpoint fails instead of refusing it"
_BLOCKS = ("payment_info", "requisites", "redirect", "threeds", "account")


class Cases:
    """Makes the cases of one run.

    Args:
        gateway: The sender, with the keys of the home directory.
        run: Distinguishes the payment_ids of this run from those of others.
    """

    def __init__(self, gateway: MockGateway, run: str) -> None:
        self._gateway = gateway
        self._run = run

    def __iter__(self) -> Iterator[Case]:
        """Every case, the plain one first."""
        yield self._accepted("right", ("processing", "paid"), ("success", None), credits=1)
        yield self._accepted("declined", ("decline", None), credits=0)
        yield self._repeated()
        yield self._accepted("reordered", ("success", None), ("processing", "paid"), credits=1)
        yield self._late()
        yield self._accepted("at once", ("success", None), credits=1, at_once=True)
        yield self._accepted("unknown status", ("not_seen_before", None), credits=0)
        yield self._accepted("unknown sub-status", ("processing", "not_seen_before"), credits=0)
        for status in ("dispute", "error"):
            yield self._accepted(status, (status, None), credits=0)
        yield from self._nulls()
        yield self._accepted("unknown fields", ("success", None), credits=1, body={"new": {"field": [1, "a", None]}})
        yield self._literal_numbers()
        yield from self._forgeries()
        yield from self._wrong_fields()
        yield from self._broken()
        yield self._oversized()

    def damaged(self, number: int, chance: random.Random) -> Case:
        """A genuine callback with one value damaged at random; the server must not fail on it."""
        name = f"damaged {number}"
        body = self._body(name, "success") | dict.fromkeys(_BLOCKS[1:])
        holder: Any = body
        while True:
            key = chance.choice(sorted(holder))
            inner = holder[key]
            if not (isinstance(inner, dict) and inner and chance.random() < 0.7):
                break
            holder = inner
        if chance.random() < 0.2:
            del holder[key]
        else:
            holder[key] = chance.choice([None, 0, -1, 2**70, 0.5, "", "a" * 5000, "\0", "Ж", [], {}, [{}], True])
        return self._signed_case(name, body, Expected.NO_FAULT, _FAULT, credits=None)

    def _payment_id(self, name: str) -> str:
        return f"{PREFIX}{self._run}-{name.replace(' ', '-').replace(':', '')}"

    def _accepted(
        self,
        name: str,
        *states: tuple[str, str | None],
        credits: int | None,  # noqa: A002 - the name of the case's attribute
        at_once: bool = False,
        body: Mapping[str, Any] | None = None,
    ) -> Case:
        payment_id = self._payment_id(name)
        sent = [self._gateway.signed_callback(payment_id, *state, body=body) for state in states]
        callbacks = tuple(Signed(one.body, one.headers) for one in sent)
        return Case(name, payment_id, callbacks, Expected.ACCEPTED, _REPEATS, credits, at_once)

    def _signed_case(
        self,
        name: str,
        body: Mapping[str, Any],
        expected: Expected,
        harm: str,
        *,
        credits: int | None,  # noqa: A002 - the name of the case's attribute
    ) -> Case:
        raw = json.dumps(body, ensure_ascii=False).encode()
        callback = Signed(raw, self._gateway.sign(raw))
        return Case(name, self._payment_id(name), (callback,), expected, harm, credits)

    def _body(self, name: str, status: str) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self._gateway.signed_callback(self._payment_id(name), status).body)
        return body

    def _repeated(self) -> Case:
        once = self._accepted("repeated", ("success", None), credits=1)
        # a second after the first: the body is the same, timestamp and signature are not
        later = self._gateway.sign(once.callbacks[0].body, int(self._gateway.clock()) - 1)
        again = Signed(once.callbacks[0].body, later)
        return Case(once.name, once.payment_id, (*once.callbacks * 2, again), once.expected, once.harm, 1)

    def _late(self) -> Case:
        signed_at = int(self._gateway.clock()) - LATE_SECONDS
        payment_id = self._payment_id("late")
        sent = self._gateway.signed_callback(payment_id, "success", timestamp=signed_at)
        return Case("late", payment_id, (Signed(sent.body, sent.headers),), Expected.ACCEPTED, _REPEATS, 1)

    def _nulls(self) -> Iterator[Case]:
        for status in ("processing", "success"):
            name = f"nulls in {status}"
            body = self._body(name, status) | dict.fromkeys(_BLOCKS)
            body["general"]["request_id"] = None
            yield self._signed_case(name, body, Expected.ACCEPTED, _REPEATS, credits=None)

    def _literal_numbers(self) -> Case:
        name = "numbers as sent"
        raw = json.dumps(self._body(name, "success") | {"rate": "1.10", "reference": 2**53 + 1})
        body = raw.replace('"1.10"', "1.10").encode()
        harm = "verify the bytes as received: a body that was parsed and written again holds other numbers"
        callback = Signed(body, self._gateway.sign(body))
        return Case(name, self._payment_id(name), (callback,), Expected.ACCEPTED, harm, 1)

    def _forgeries(self) -> Iterator[Case]:
        for defect in DEFECTS:
            genuine = defect in ("stale", "future")
            name = f"{defect}" if genuine else f"forged: {defect}"
            payment_id = self._payment_id(name)
            sent = self._gateway.signed_callback(payment_id, "success", wrong=defect)
            expected, harm = (Expected.NO_FAULT, _FAULT) if genuine else (Expected.REFUSED, _FORGERY)
            yield Case(name, payment_id, (Signed(sent.body, sent.headers),), expected, harm, 0)

    def _wrong_fields(self) -> Iterator[Case]:
        for name, change in (
            ("status is a number", {"status": {"status": 7}}),
            ("status is a text", {"status": "success"}),
            ("no status", {"status": None}),
            ("amount is a text", {"payment_info": {"amount": "10000", "currency": "RUB"}}),
            ("amount below zero", {"payment_info": {"amount": -1, "currency": "RUB"}}),
            ("amount of 70 bits", {"payment_info": {"amount": 2**70, "currency": "RUB"}}),
            ("payment_info is a list", {"payment_info": [1]}),
        ):
            yield self._signed_case(name, self._body(name, "success") | change, Expected.NO_FAULT, _FAULT, credits=None)

    def _broken(self) -> Iterator[Case]:
        whole = self._gateway.signed_callback(self._payment_id("broken off"), "success")
        for name, raw in (
            ("broken off", whole.body[: len(whole.body) // 2]),
            ("empty body", b""),
            ("not JSON", b"payment_id=1&status=success"),
            ("not an object", b'["success"]'),
            ("not UTF-8", whole.body.replace(b"success", b"\xff\xfe")),
            ("nested deeply", b"[" * 20_000 + b"]" * 20_000),
        ):
            yield Case(name, self._payment_id(name), (Signed(raw, whole.headers),), Expected.REFUSED, _FAULT, 0)

    def _oversized(self) -> Case:
        sent = self._gateway.signed_callback(self._payment_id("oversized"), "success")
        body = sent.body[:-1] + b',"padding":"' + b"a" * OVERSIZED + b'"}'
        harm = "anybody can fill its memory"
        return Case("oversized", sent.payment_id, (Signed(body, sent.headers),), Expected.REFUSED, harm, 0)
