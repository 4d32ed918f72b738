"""Compare guard, inbox and gateway: the differences, and a proposed action for each. Nothing here acts.

The comparison is pure; what is read and asked stands in :func:`reconcile_flow`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from highhelp.errors import Rejected, SettingsError, Unavailable
from highhelp.payouts import intents
from highhelp.payouts.flow import Read, facts_from_state
from highhelp.payouts.intents import DUPLICATE, UNSETTLED, Facts, Payout, is_another
from highhelp.payouts.operations import CREATES
from highhelp.states import SUCCESS, may_follow, state_name
from highhelp.storage.tables import EVENTS
from highhelp_api.contract import FINAL_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from highhelp.payouts.flow import PayoutFlow, PayoutFlows

_ASK = "highhelp payouts show {id} --ask"
_DO_NOT_PAY = "do not pay it again; ask the gateway's support"

KINDS = {
    "not_sent": (
        "prepared, and the gateway holds nothing",
        "send it: `highhelp payouts send` with the same file continues",
    ),
    "not_arrived": (
        "an attempt was begun, the gateway holds nothing",
        "`highhelp payouts recover {id}`, then send it again with the same body",
    ),
    "lost_answer": ("an attempt was begun, and the gateway holds it", "`highhelp payouts recover {id}`"),
    "held_though_prepared": ("prepared, yet the gateway holds it", f"`{_ASK}` notes it"),
    "held_though_refused": ("refused, yet the gateway holds it", f"`{_ASK}` notes it; do not pay it again"),
    "taken": (
        "refused, as its payment_id belongs to a payment that the guard did not send",
        "find out who sent that one; if this payout is still owed, pay it under a new payment_id",
    ),
    "gone": ("settled, but the gateway holds nothing", _DO_NOT_PAY),
    "other_amount": ("the gateway holds another amount or currency", _DO_NOT_PAY),
    "other_payment": ("the gateway's request_id has changed", "two payments may exist: ask the gateway's support"),
    "stale_status": ("the gateway is further than the guard knows", f"`{_ASK}` notes it"),
    "contradicting_end": ("the guard and the gateway report different final statuses", _DO_NOT_PAY),
    "callback_not_applied": (
        "a final callback came, and the guard does not know of it",
        f"let the inbox's handler call settle(event, connection); `{_ASK}` notes it now",
    ),
    "callback_waiting": (
        "a final callback waits for its handler",
        "run the inbox's worker, see `highhelp inbox stats`",
    ),
    "callback_parked": ("a callback is parked", "`highhelp inbox show {event}`, then replay it or leave it"),
    "callback_other_amount": ("a callback has another amount or currency", _DO_NOT_PAY),
    "callback_contradicts": ("a final callback says something else than the gateway now", _DO_NOT_PAY),
    "callback_missing": (
        "final at the gateway, but no final callback is in the inbox",
        f"check the callback address; `{_ASK}` notes the end",
    ),
    "unknown_payout": ("callbacks of a payout that the guard never had", "find out who sent it"),
    "not_asked": ("the gateway could not be asked", "reconcile again later"),
}
"""Kind of difference -> what it means, and the proposed action."""

_WAITING = ("received", "claimed", "retry")


@dataclass(frozen=True, slots=True)
class StoredCallback:
    """A callback that the inbox has stored."""

    id: int
    payment_id: str
    state: str
    reason: str | None
    facts: Facts

    @property
    def final(self) -> bool:
        """Whether its status is final."""
        return self.facts.status in FINAL_STATUSES


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        kind: One of :data:`KINDS`.
        payment_id: The payout.
        guard: State and status as the guard knows them.
        inbox: What the callback in question says, and its number.
        gateway: What the gateway tells.
    """

    kind: str
    payment_id: str
    guard: str | None = None
    inbox: str | None = None
    gateway: str | None = None
    event: int | None = None

    @property
    def meaning(self) -> str:
        """In words."""
        return KINDS[self.kind][0]

    @property
    def action(self) -> str:
        """What a person may do."""
        return KINDS[self.kind][1].format(id=self.payment_id, event=self.event)

    def as_dict(self) -> dict[str, Any]:
        """Convert to plain data for JSON."""
        names = ("kind", "payment_id", "meaning", "action", "guard", "inbox", "gateway", "event")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Reconciliation:
    """Result of a comparison.

    Attributes:
        compared: How many payouts were compared.
        being_sent: How many were left out, as somebody is sending them now.
        differences: The findings.
        success: Source (guard, inbox, gateway) -> currency -> exact sum of the successful payouts, minor units.
    """

    compared: int
    being_sent: int
    differences: tuple[Difference, ...]
    success: dict[str, dict[str, int]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Convert to plain data for JSON."""
        return {
            "compared": self.compared,
            "being_sent": self.being_sent,
            "success": self.success,
            "differences": [one.as_dict() for one in self.differences],
        }


class Unreachable:
    """Stands in for the gateway's view where it could not be asked."""


GatewayView = Facts | Unreachable | None


def compare(
    payout: Payout | None, heard: Sequence[StoredCallback], told: GatewayView, *, inbox_used: bool = True
) -> list[Difference]:
    """Compare one payout.

    Args:
        payout: As the guard knows it.
        heard: Its callbacks.
        told: What the gateway tells; None: it holds nothing.
        inbox_used: Whether callbacks come into this inbox at all.
    """
    payment_id = payout.payment_id if payout is not None else heard[0].payment_id

    def difference(kind: str, one: StoredCallback | None = None) -> Difference:
        callback = (None, None) if one is None else (_facts(one.facts), one.id)
        return Difference(kind, payment_id, _guard(payout), callback[0], _gateway(told), callback[1])

    if payout is None:
        return [difference("unknown_payout", heard[-1])]
    if isinstance(told, Unreachable):
        found = [difference("not_asked")]
    else:
        found = [difference(kind) for kind in _against_gateway(payout, told)]
    if payout.state == "refused" and payout.reason == DUPLICATE:
        return found  # callbacks are about the other payment
    found += [difference(kind, one) for one in heard for kind in _against_callback(payout, one, told)]
    missing = isinstance(told, Facts) and told.status in FINAL_STATUSES and not any(one.final for one in heard)
    if missing and inbox_used:
        found.append(difference("callback_missing"))
    return found


def _against_gateway(payout: Payout, told: Facts | None) -> Iterator[str]:
    if payout.state == "refused" and payout.reason == DUPLICATE:
        if told is not None:
            yield "taken"
        return
    if told is None:
        kinds = {"prepared": "not_sent", "settled": "gone"} | dict.fromkeys(UNSETTLED, "not_arrived")
        if payout.state in kinds:
            yield kinds[payout.state]
        return
    if is_another(payout, told):
        yield "other_amount"
        return
    if None not in (payout.request_id, told.request_id) and payout.request_id != told.request_id:
        yield "other_payment"
    held = {"prepared": "held_though_prepared", "refused": "held_though_refused"} | dict.fromkeys(
        UNSETTLED, "lost_answer"
    )
    if payout.state in held:
        yield held[payout.state]
    elif _name(told) != _name(payout):
        yield "stale_status" if _may_be_next(payout, told) else "contradicting_end"


def _may_be_next(payout: Payout, told: Facts) -> bool:
    return payout.status is None or (not payout.is_final and may_follow(_name(payout), _name(told), "payout"))


def _against_callback(payout: Payout, heard: StoredCallback, told: GatewayView) -> Iterator[str]:
    if heard.state == "parked":
        yield "callback_parked"
    if is_another(payout, heard.facts):
        yield "callback_other_amount"
        return
    if not heard.final or heard.state in ("parked", "superseded"):
        return
    if isinstance(told, Facts) and told.status != heard.facts.status:
        yield "callback_contradicts"
    if payout.status != heard.facts.status:
        yield "callback_waiting" if heard.state in _WAITING else "callback_not_applied"


def _name(one: Payout | Facts) -> str:
    return state_name(one.status or "", one.sub_status)


def _guard(payout: Payout | None) -> str | None:
    if payout is None:
        return None
    words = [payout.state, f"({payout.reason})" if payout.reason else "", _name(payout)]
    return " ".join([*filter(None, words), f"{payout.amount} {payout.currency}"])


def _facts(facts: Facts) -> str:
    amount = f" {facts.amount} {facts.currency or ''}".rstrip() if facts.amount is not None else ""
    return _name(facts) + amount


def _gateway(told: GatewayView) -> str | None:
    return None if isinstance(told, Unreachable) else "nothing" if told is None else _facts(told)


# --- reading and asking ----------------------------------------------------------------------------------------------


def heard_in(
    connection: Connection, project_id: str, *, since: int, until: int, payment_ids: Sequence[str]
) -> tuple[list[StoredCallback], bool]:
    """Return the callbacks of payouts in a period and of some payouts at any time; and whether any ever came."""
    columns = (
        EVENTS.c.id, EVENTS.c.payment_id, EVENTS.c.state, EVENTS.c.reason, EVENTS.c.status, EVENTS.c.sub_status,
        EVENTS.c.amount, EVENTS.c.currency, EVENTS.c.request_id, EVENTS.c.payment_type,
    )  # fmt: skip
    recent = and_(EVENTS.c.received_at >= since, EVENTS.c.received_at < until, EVENTS.c.payment_type == "payout")
    found: dict[int, StoredCallback] = {}
    for start in range(0, max(len(payment_ids), 1), 500):
        these = or_(recent, EVENTS.c.payment_id.in_(payment_ids[start : start + 500]))
        for row in connection.execute(select(*columns).where(EVENTS.c.project_id == project_id, these)):
            facts = Facts(row.status, row.sub_status, row.amount, row.currency, row.request_id, row.payment_type)
            found[row.id] = StoredCallback(row.id, row.payment_id, row.state, row.reason, facts)
    used = connection.execute(select(func.min(EVENTS.c.id)).where(EVENTS.c.project_id == project_id)).scalar_one()
    return [found[number] for number in sorted(found)], used is not None


def reconcile_flow(flows: PayoutFlows, since: float, until: float | None) -> PayoutFlow[Reconciliation]:
    """See :meth:`highhelp.PayoutGuard.reconcile`."""
    end = flows.clock() if until is None else until
    if not since < end:
        raise SettingsError("since", "must be before until")
    project_id = flows.project_id
    first, last = int(since * 1000), int(end * 1000) + 1
    payouts: list[Payout] = yield Read(
        partial(intents.list_payouts, limit=None, project_id=project_id, since=first, until=last)
    )
    known = {one.payment_id: one for one in payouts}
    heard, used = yield Read(partial(heard_in, project_id=project_id, payment_ids=list(known), since=first, until=last))
    others = sorted({one.payment_id for one in heard} - set(known))
    known |= yield Read(partial(intents.get_many, project_id=project_id, payment_ids=others))
    callbacks: dict[str, list[StoredCallback]] = {}
    for one in heard:
        callbacks.setdefault(one.payment_id, []).append(one)
    differences: list[Difference] = []
    success: dict[str, dict[str, int]] = {"guard": {}, "inbox": {}, "gateway": {}}
    being_sent = 0
    for payment_id in [*known, *(one for one in others if one not in known)]:
        payout = known.get(payment_id)
        if payout is not None and payout.state == "sent" and (payout.busy_until or 0) > flows.clock():
            being_sent += 1
            continue
        told = yield from _ask(flows, payout, payment_id)
        differences += compare(payout, callbacks.get(payment_id, []), told, inbox_used=used)
        _add(success, payout, callbacks.get(payment_id, []), told)
    compared = len(known) + len([one for one in others if one not in known]) - being_sent
    return Reconciliation(compared, being_sent, tuple(differences), success)


def _ask(flows: PayoutFlows, payout: Payout | None, payment_id: str) -> PayoutFlow[GatewayView]:
    operations = sorted(op.id for op in CREATES) if payout is None else [payout.operation]
    for operation in operations:
        try:
            state = yield from flows.ask_gateway(operation, payment_id)
        except (Unavailable, Rejected):
            return Unreachable()
        if state is not None:
            return facts_from_state(state)
    return None


def _add(
    success: dict[str, dict[str, int]], payout: Payout | None, heard: Sequence[StoredCallback], told: GatewayView
) -> None:
    sums: dict[str, tuple[int | None, str | None]] = {}
    if payout is not None and payout.status == SUCCESS:
        sums["guard"] = (payout.amount, payout.currency)
    for one in heard:
        if one.facts.status == SUCCESS and one.state not in ("parked", "superseded"):
            sums["inbox"] = (one.facts.amount, one.facts.currency)
    if isinstance(told, Facts) and told.status == SUCCESS:
        sums["gateway"] = (told.amount, told.currency)
    for source, (amount, currency) in sums.items():
        if amount is not None and currency is not None:
            success[source][currency] = success[source].get(currency, 0) + amount
