"""Query a pay-in, and store a final state as if its callback had come. Sans-I/O.

A final state is stored under the key of the final event, by the rules for callbacks: the first to come is handled, the
other one is a duplicate.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from highhelp.errors import CallError, Rejected, SettingsError
from highhelp.inbox.admin import InboxRefusal
from highhelp.inbox.events import FROM_INFO, log_fields
from highhelp.inbox.handling import Write
from highhelp.inbox.receive import Stored, store
from highhelp.storage.tables import PAYMENTS
from highhelp.telemetry.log import log_event
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import CALLBACK_FIELDS, FINAL_STATUSES, OPERATIONS
from highhelp_signing import VerifiedCallback

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from sqlalchemy import Connection

    from highhelp.storage.database import AsyncDatabase, Database

_GO_ON = ("not_found", "forbidden")
"""Refusals after which another product may hold the payment."""
_BLOCKS = tuple(dict.fromkeys(path.partition(":")[0] for path in CALLBACK_FIELDS))


@dataclass(frozen=True, slots=True)
class Question:
    """Query an info operation."""

    operation: str
    payment_id: str

    @property
    def body(self) -> dict[str, Any]:
        """The request."""
        return {"general": {"payment_id": self.payment_id}}


class Asked(NamedTuple):
    """The state that info reports, and the result of storing it; None for a state that is not final."""

    state: PaymentState
    stored: Stored | None


@dataclass(frozen=True, slots=True)
class AskedPayin:
    """An expected pay-in that had no final event.

    Attributes:
        payment_id: The merchant's id.
        state: The state that info reports, `status` or `status:sub_status`; None if it reports none.
        result: `filed` (its end is now in the inbox), `parked` (likewise, for a person to look at), `open` (it is not
            final), `not_found` (the gateway reports no such payment), or `unavailable` (no usable answer).
    """

    payment_id: str
    state: str | None
    result: str


def ask_steps(
    database: Database | AsyncDatabase, project_id: str, payment_id: str, product: str | None, *, outbox: bool
) -> Generator[Question | Write, Any, Asked]:
    """Query one pay-in, and file its state if that is final.

    Args:
        database: Where it is filed.
        project_id: The client's project.
        payment_id: The pay-in.
        product: `p2p`, `ecom` or `widget`; None tries each in turn.
        outbox: Whether an accepted end is to be published.

    Raises:
        Rejected: The gateway reports no such pay-in, or refuses the query.
        Unavailable, NotSent: No usable answer.
        InboxRefusal: The answer does not name the payment.
    """
    body = yield from _answer(list(_questions(payment_id, product)))
    state = PaymentState.from_dict(body)
    if state.status not in FINAL_STATUSES:
        return Asked(state, None)
    if body.get("payment_id") != payment_id:
        raise InboxRefusal(f"the answer about {payment_id} does not name the payment, so its final state was not filed")
    callback = _as_callback(body, project_id, state, database.now())
    function = partial(
        store, callback=callback, refusal=None, now=database.now(), cipher=database.cipher, outbox=outbox
    )
    try:
        stored: Stored = yield Write(function)
    except IntegrityError:
        stored = yield Write(function)  # unique key: its callback was stored meanwhile; the second call finds it
    level = logging.WARNING if stored.state == "parked" else logging.INFO
    log_event(level, "info filed", **log_fields(callback), inbox=stored.state, reason=stored.reason)
    return Asked(state, stored)


def reconcile_steps(
    database: Database | AsyncDatabase, project_id: str, *, outbox: bool
) -> Generator[Question | Write, Any, list[AskedPayin]]:
    """Query every expected pay-in that has no final event.

    Raises:
        Rejected: The gateway refuses the caller.
    """
    waiting: list[str] = yield Write(partial(_awaited, project_id=project_id))
    found: list[AskedPayin] = []
    for payment_id in waiting:
        try:
            asked = yield from ask_steps(database, project_id, payment_id, None, outbox=outbox)
        except Rejected as error:
            if error.cause != "not_found":
                raise  # the caller is refused, not the payment
            found.append(AskedPayin(payment_id, None, "not_found"))
        except (CallError, InboxRefusal):
            found.append(AskedPayin(payment_id, None, "unavailable"))
        else:
            state = ":".join(str(part) for part in (asked.state.status, asked.state.sub_status) if part)
            found.append(AskedPayin(payment_id, state, "open" if asked.stored is None else "filed"))
    # a parked end, new or old, leaves the payment without a final event
    still: set[str] = set((yield Write(partial(_awaited, project_id=project_id))))
    return [
        AskedPayin(each.payment_id, each.state, "parked")
        if each.result == "filed" and each.payment_id in still
        else each
        for each in found
    ]


def checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as it came, if it is a state; anything else is not usable."""
    PaymentState.from_dict(body)
    return dict(body)


def _questions(payment_id: str, product: str | None) -> Iterator[Question]:
    infos = {each.info for each in OPERATIONS.values() if each.direction == "payin"}
    for each in OPERATIONS.values():
        if each.id in infos and product in (None, each.tag):
            yield Question(each.id, payment_id)


def _answer(questions: list[Question]) -> Generator[Question, Any, Mapping[str, Any]]:
    if not questions:
        raise SettingsError("product", "must be p2p, ecom or widget")
    refusals: list[Rejected] = []
    for question in questions:
        try:
            body: Mapping[str, Any] = yield question
        except Rejected as error:
            if error.cause not in _GO_ON:
                raise
            refusals.append(error)
        else:
            return body
    raise next((error for error in refusals if error.cause == "not_found"), refusals[-1])


def _awaited(connection: Connection, *, project_id: str) -> list[str]:
    rows = connection.execute(
        select(PAYMENTS.c.payment_id)
        .where(
            PAYMENTS.c.project_id == project_id,
            PAYMENTS.c.expected_amount.is_not(None),
            PAYMENTS.c.final_print.is_(None),
        )
        .order_by(PAYMENTS.c.id)
    )
    return [row.payment_id for row in rows]


def _as_callback(body: Mapping[str, Any], project_id: str, state: PaymentState, now: int) -> VerifiedCallback:
    """Convert an answer of info to a callback."""
    info = body.get("payment_info")
    facts: Mapping[str, Any] = info if isinstance(info, dict) else {}
    amount, currency, request_id = facts.get("amount"), facts.get("currency"), body.get("request_id")
    flat = ("status", "sub_status", "status_description")
    shaped = {name: body[name] for name in _BLOCKS if body.get(name) is not None and name not in flat}
    shaped |= {
        "project_id": project_id,
        "general": {"payment_id": body["payment_id"], "request_id": request_id},
        "status": {name: body.get(name) for name in flat},
    }
    raw = json.dumps(shaped, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    return VerifiedCallback(
        raw=raw,
        body=shaped,
        project_id=project_id,
        payment_id=str(body["payment_id"]),
        request_id=request_id if isinstance(request_id, str) else None,
        status=str(state.status),
        sub_status=None if state.sub_status is None else str(state.sub_status),
        amount=amount if type(amount) is int else None,
        currency=currency if isinstance(currency, str) else None,
        key_id=FROM_INFO,
        signed_at=now // 1000,
        normalized_sha256=hashlib.sha256(b"info\n" + raw).hexdigest(),
    )
