"""Compare guard, inbox and gateway: the differences, and a proposed action for each.

The comparison is pure; :func:`reconcile_flow` reads and queries. Nothing is sent. The only change: a refused payout
that the gateway holds with the same facts is settled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, or_, select

from highhelp.errors import Rejected, SettingsError, Unavailable
from highhelp.payouts.flow import Read, Together, facts_from_state
from highhelp.payouts.intents import UNSETTLED, WITHOUT_BODY, Facts, Payout, to_payout
from highhelp.payouts.operations import CREATES
from highhelp.states import SUCCESS, may_follow, state_name
from highhelp.storage.tables import EVENTS, PAYOUTS
from highhelp_api.contract import FINAL_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from highhelp.payouts.flow import Asking, PayoutFlow, PayoutFlows

_ASK = "highhelp payouts show {id} --ask"
_DO_NOT_PAY = "do not pay it again; ask the gateway's support"
_DECIDE = (
    "compare it with the gateway's merchant cabinet: `highhelp payouts adopt {id}` if it is this payout, "
    "`highhelp payouts refuse {id}` if it is not; until then do not pay it, not even under another payment_id"
)

KINDS = {
    "not_sent": (
        "prepared, and the gateway holds nothing",
        "send it: `highhelp payouts send` with the same file continues",
    ),
    "not_arrived": (
        "an attempt was started, and the gateway holds nothing",
        "`highhelp payouts recover {id}`, then send it again with the same body",
    ),
    "lost_answer": ("an attempt was started, and the gateway holds it", "`highhelp payouts recover {id}` settles it"),
    "held_though_prepared": (
        "prepared and not sent by this guard, yet the gateway holds it",
        f"`{_ASK}` stores it for review; do not pay it under another payment_id",
    ),
    "held_though_refused": (
        "refused, yet the gateway holds it",
        "it is settled now if its facts are the same, and needs review if not; do not pay it again",
    ),
    "refusal_not_confirmed": (
        "refused, and info has not been queried long enough after the attempt",
        "`highhelp payouts recover {id}` confirms it; until then do not pay it again",
    ),
    "needs_review": ("the gateway holds a payment under its payment_id that may not be this payout", _DECIDE),
    "review_not_found": (
        "it needs review, and the gateway finds no such payment now",
        "ask the gateway's support; `highhelp payouts refuse {id}` if it holds nothing",
    ),
    "gone": ("settled, but the gateway holds nothing", _DO_NOT_PAY),
    "other_amount": ("the gateway holds another amount or currency", _DO_NOT_PAY),
    "other_payment": ("the gateway's request_id has changed", "two payments may exist: ask the gateway's support"),
    "stale_status": ("the gateway reports a newer status than the guard has", f"`{_ASK}` stores it"),
    "contradicting_end": ("the guard and the gateway report different final statuses", _DO_NOT_PAY),
    "callback_not_applied": (
        "a final callback came, and the guard has not stored it",
        f"make the inbox's handler call settle(event, connection); `{_ASK}` stores it now",
    ),
    "callback_waiting": (
        "a final callback waits for its handler",
        "run the inbox's worker, see `highhelp inbox stats`",
    ),
    "callback_parked": ("a callback is parked", "`highhelp inbox show {event}`, then replay it or leave it"),
    "callback_other_amount": ("a callback has another amount or currency", _DO_NOT_PAY),
    "callback_contradicts": ("a final callback differs from what the gateway reports now", _DO_NOT_PAY),
    "callback_missing": (
        "final at the gateway, but no final callback is in the inbox",
        f"check the callback address; `{_ASK}` stores the final status",
    ),
    "unknown_payout": (
        "callbacks of a payout that the guard does not know",
        "find out who sent it: another program, or this one before its database was restored; do not pay it again",
    ),
    "not_asked": (
        "the gateway gave no usable answer, or the payout belongs to another one",
        "reconcile again later, at the gateway of the payout",
    ),
}
"""Kind of difference -> its meaning and the proposed action."""

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
        guard: State and status stored by the guard.
        inbox: Content and number of the callback.
        gateway: The gateway's report.
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
        """The proposed action for a person."""
        return KINDS[self.kind][1].format(id=self.payment_id, event=self.event)

    def as_dict(self) -> dict[str, Any]:
        """Convert to plain data for JSON."""
        names = ("kind", "payment_id", "meaning", "action", "guard", "inbox", "gateway", "event")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Reconciliation:
    """Result of a comparison.

    Attributes:
        compared: Number of payouts compared.
        being_sent: Number left out because they are being sent now.
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
    """Replaces the gateway's view if there was no usable answer."""


GatewayView = Facts | Unreachable | None


def compare(
    payout: Payout | None, callbacks: Sequence[StoredCallback], reported: GatewayView, *, inbox_used: bool = True
) -> list[Difference]:
    """Compare one payout.

    Args:
        payout: As stored by the guard.
        callbacks: Its callbacks.
        reported: The gateway's report; None if it holds nothing.
        inbox_used: Whether this inbox receives callbacks at all.
    """
    payment_id = payout.payment_id if payout is not None else callbacks[0].payment_id

    def difference(kind: str, one: StoredCallback | None = None) -> Difference:
        callback = (None, None) if one is None else (_facts(one.facts), one.id)
        return Difference(kind, payment_id, _guard(payout), callback[0], _gateway(reported), callback[1])

    if payout is None:
        return [difference("unknown_payout", callbacks[-1])]
    if isinstance(reported, Unreachable):
        found = [difference("not_asked")]
    else:
        found = [difference(kind) for kind in _against_gateway(payout, reported)]
    found += [difference(kind, one) for one in callbacks for kind in _against_callback(payout, one, reported)]
    missing = (
        isinstance(reported, Facts) and reported.status in FINAL_STATUSES and not any(one.final for one in callbacks)
    )
    if missing and inbox_used:
        found.append(difference("callback_missing"))
    return found


_NOT_HELD = {"prepared": "not_sent", "settled": "gone", "needs_review": "review_not_found"} | dict.fromkeys(
    UNSETTLED, "not_arrived"
)
_HELD = {"prepared": "held_though_prepared", "refused": "held_though_refused"} | dict.fromkeys(UNSETTLED, "lost_answer")


def _against_gateway(payout: Payout, reported: Facts | None) -> Iterator[str]:
    if reported is None:
        if payout.state in _NOT_HELD:
            yield _NOT_HELD[payout.state]
        elif not payout.confirmed:
            yield "refusal_not_confirmed"
        return
    if payout.state == "needs_review":
        yield "needs_review"
        return
    if reported.match(payout).differs:
        yield "other_amount"
        return
    if None not in (payout.request_id, reported.request_id) and payout.request_id != reported.request_id:
        yield "other_payment"
    if payout.state in _HELD:
        yield _HELD[payout.state]
    elif _name(reported) != _name(payout):
        yield "stale_status" if _may_be_next(payout, reported) else "contradicting_end"


def _may_be_next(payout: Payout, reported: Facts) -> bool:
    return payout.status is None or (not payout.is_final and may_follow(_name(payout), _name(reported), "payout"))


def _against_callback(payout: Payout, callback: StoredCallback, reported: GatewayView) -> Iterator[str]:
    if callback.state == "parked":
        yield "callback_parked"
    if callback.facts.match(payout).differs:
        yield "callback_other_amount"
        return
    if not callback.final or callback.state in ("parked", "superseded"):
        return
    if isinstance(reported, Facts) and reported.status != callback.facts.status:
        yield "callback_contradicts"
    if payout.status != callback.facts.status:
        yield "callback_waiting" if callback.state in _WAITING else "callback_not_applied"


def _name(one: Payout | Facts) -> str:
    return state_name(one.status or "", one.sub_status)


def _guard(payout: Payout | None) -> str | None:
    if payout is None:
        return None
    words = [payout.state, f"({payout.reason})" if payout.reason else "", _name(payout)]
    return " ".join([*filter(None, words), f"{payout.amount} {payout.currency}"])


def _facts(facts: Facts) -> str:
    money = facts.money
    amount = "" if money is None else f" {money[0]} {money[1]}"
    return _name(facts) + amount


def _gateway(reported: GatewayView) -> str | None:
    return None if isinstance(reported, Unreachable) else "nothing" if reported is None else _facts(reported)


# --- reading and querying --------------------------------------------------------------------------------------------

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Period:
    """The payouts of a project to compare: prepared, or with a callback, in a period.

    Attributes:
        project_id: The merchant project.
        since: Unix milliseconds.
        until: Likewise, exclusive; None for no end, so that future times are included.
    """

    project_id: str
    since: int
    until: int | None

    def _holds(self, column: Any) -> Any:
        return column >= self.since if self.until is None else and_(column >= self.since, column < self.until)

    def _events(self) -> Any:
        return and_(
            EVENTS.c.project_id == self.project_id, EVENTS.c.payment_type == "payout", self._holds(EVENTS.c.received_at)
        )

    def _payouts(self) -> Any:
        called = exists().where(EVENTS.c.payment_id == PAYOUTS.c.payment_id, self._events())
        return and_(PAYOUTS.c.project_id == self.project_id, or_(self._holds(PAYOUTS.c.created_at), called))

    def _strangers(self) -> Any:
        intent = and_(PAYOUTS.c.project_id == self.project_id, PAYOUTS.c.payment_id == EVENTS.c.payment_id)
        return and_(self._events(), ~exists().where(intent))

    def count(self, connection: Connection) -> int:
        """Count the payouts to compare."""
        payouts = connection.execute(select(func.count()).select_from(PAYOUTS).where(self._payouts())).scalar_one()
        strangers = select(func.count(EVENTS.c.payment_id.distinct())).where(self._strangers())
        return int(payouts) + int(connection.execute(strangers).scalar_one())

    def page(self, connection: Connection, after: int) -> list[tuple[int, Payout]]:
        """Return the next payouts with the numbers of their rows."""
        wanted = select(*WITHOUT_BODY).where(self._payouts(), PAYOUTS.c.id > after).order_by(PAYOUTS.c.id).limit(_PAGE)
        return [(row.id, to_payout(row)) for row in connection.execute(wanted)]

    def stranger_page(self, connection: Connection, after: str) -> list[str]:
        """Return the next payment_ids of callbacks for which there is no intent."""
        wanted = select(EVENTS.c.payment_id).where(self._strangers(), EVENTS.c.payment_id > after)
        return list(connection.execute(wanted.distinct().order_by(EVENTS.c.payment_id).limit(_PAGE)).scalars())


def callbacks_of(
    connection: Connection, project_id: str, payment_ids: Sequence[str]
) -> dict[str, list[StoredCallback]]:
    """Return the stored callbacks of some payouts, in order of arrival."""
    columns = (
        EVENTS.c.id, EVENTS.c.payment_id, EVENTS.c.state, EVENTS.c.reason, EVENTS.c.status, EVENTS.c.sub_status,
        EVENTS.c.amount, EVENTS.c.currency, EVENTS.c.request_id, EVENTS.c.payment_type,
    )  # fmt: skip
    found: dict[str, list[StoredCallback]] = {}
    wanted = select(*columns).where(EVENTS.c.project_id == project_id, EVENTS.c.payment_id.in_(payment_ids))
    for row in connection.execute(wanted.order_by(EVENTS.c.id)):
        facts = Facts(row.status, row.sub_status, row.amount, row.currency, row.request_id, row.payment_type)
        stored = StoredCallback(row.id, row.payment_id, row.state, row.reason, facts)
        found.setdefault(row.payment_id, []).append(stored)
    return found


def has_callbacks(connection: Connection, project_id: str) -> bool:
    """Whether this inbox receives callbacks of this project at all."""
    first = select(func.min(EVENTS.c.id)).where(EVENTS.c.project_id == project_id)
    return connection.execute(first).scalar_one() is not None


def reconcile_flow(
    flows: PayoutFlows,
    since: float,
    until: float | None,
    asking: Asking,
    progress: Callable[[int, int], object] | None,
) -> PayoutFlow[Reconciliation]:
    """See :meth:`highhelp.PayoutGuard.reconcile`."""
    if not since < (flows.clock() if until is None else until):
        raise SettingsError("since", "must be before until")
    period = Period(flows.project_id, int(since * 1000), None if until is None else int(until * 1000) + 1)
    yield flows.correct_times()
    total: int = yield Read(period.count)
    used: bool = yield Read(partial(has_callbacks, project_id=flows.project_id))
    summary = _Summary()
    done, row_id, stranger = 0, 0, ""
    while True:
        numbered: list[tuple[int, Payout]] = yield Read(partial(period.page, after=row_id))
        page: list[tuple[str, Payout | None]] = [(payout.payment_id, payout) for _, payout in numbered]
        if numbered:
            row_id = numbered[-1][0]
        else:
            page = [(one, None) for one in (yield Read(partial(period.stranger_page, after=stranger)))]
            stranger = page[-1][0] if page else stranger
        if not page:
            return summary.result()
        ids = [payment_id for payment_id, _ in page]
        callbacks = yield Read(partial(callbacks_of, project_id=flows.project_id, payment_ids=ids))
        asked = [one for one in page if not _is_being_sent(one[1], flows.clock())]
        summary.being_sent += len(page) - len(asked)
        views = yield Together([_ask(flows, payout, payment_id) for payment_id, payout in asked], asking)
        for (payment_id, payout), view in zip(asked, views, strict=True):
            summary.add(payout, callbacks.get(payment_id, []), view, inbox_used=used)
        done += len(page)
        if progress is not None:
            progress(done, max(total, done))


def _is_being_sent(payout: Payout | None, now: float) -> bool:
    return payout is not None and payout.state == "sent" and (payout.busy_until or 0) > now


class _Summary:
    """Collect the differences and sums of a comparison."""

    def __init__(self) -> None:
        self.compared = self.being_sent = 0
        self.differences: list[Difference] = []
        self.success: dict[str, dict[str, int]] = {"guard": {}, "inbox": {}, "gateway": {}}

    def add(
        self, payout: Payout | None, callbacks: Sequence[StoredCallback], reported: GatewayView, *, inbox_used: bool
    ) -> None:
        self.compared += 1
        self.differences += compare(payout, callbacks, reported, inbox_used=inbox_used)
        _add(self.success, payout, callbacks, reported)

    def result(self) -> Reconciliation:
        return Reconciliation(self.compared, self.being_sent, tuple(self.differences), self.success)


def _ask(flows: PayoutFlows, payout: Payout | None, payment_id: str) -> PayoutFlow[GatewayView]:
    if payout is not None and flows.is_elsewhere(payout):
        return Unreachable()
    operations = sorted(op.id for op in CREATES) if payout is None else [payout.operation]
    for operation in operations:
        try:
            state = yield from flows.ask_gateway(operation, payment_id)
        except (Unavailable, Rejected):
            return Unreachable()
        if state is None:
            continue
        facts = facts_from_state(state)
        if payout is not None and payout.state == "refused":
            yield from flows.store_facts(payout, facts)
        return facts
    return None


def _add(
    success: dict[str, dict[str, int]],
    payout: Payout | None,
    callbacks: Sequence[StoredCallback],
    reported: GatewayView,
) -> None:
    sums: dict[str, tuple[int, str] | None] = {}
    if payout is not None and payout.status == SUCCESS:
        sums["guard"] = (payout.amount, payout.currency)
    for one in callbacks:
        if one.facts.status == SUCCESS and one.state not in ("parked", "superseded"):
            sums["inbox"] = one.facts.money
    if isinstance(reported, Facts) and reported.status == SUCCESS:
        sums["gateway"] = reported.money
    for source, money in sums.items():
        if money is not None:
            amount, currency = money
            success[source][currency] = success[source].get(currency, 0) + amount
