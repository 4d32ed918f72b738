"""Guarded payouts, one and eight in flight, against the necessary calls and commits."""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from highhelp import HighHelp, PayoutGuard, models
from tools.bench import fixed_server, inbox, material
from tools.bench.measure import Bench, Row, ratios, timed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

IN_FLIGHT = 8
ROWS = 64
NETWORK = 0.05
"""Seconds that a gateway at the other end of a network takes to answer, at the least."""


def sqlite(bench: Bench) -> Row:
    """On SQLite."""
    return _measure(bench, "sqlite", lambda name: inbox.sqlite_database(bench, name), "INTEGER PRIMARY KEY", "?")


def postgres(bench: Bench) -> Row:
    """On PostgreSQL."""
    return _measure(bench, "postgresql", inbox.postgres_database, "BIGSERIAL PRIMARY KEY", "%s")


class _Payouts:
    """New payouts, each with an id of the same length."""

    def __init__(self) -> None:
        self._numbers = iter(range(10**9))

    def one(self) -> models.P2PPayoutRequest:
        payment_id = f"p{next(self._numbers):09d}"
        return models.P2PPayoutRequest(
            general=models.General(payment_id=payment_id),
            payment=models.P2PPayoutPayment(method=models.Method.CARD_P2P, amount=2500, currency=models.Currency.RUB),
            receiver=models.Receiver(pan="4000000000000002"),
        )

    def many(self) -> list[models.P2PPayoutRequest]:
        return [self.one() for _ in range(ROWS)]


def _measure(
    bench: Bench, kind: str, new: Callable[[str], AbstractContextManager[tuple[str, Any]]], serial: str, mark: str
) -> Row:
    payouts = _Payouts()
    with ExitStack() as stack:
        _, bare = stack.enter_context(new("bare"))
        client, guard = _guarded(stack, new("guard"))
        distant_client, distant_guard = _guarded(stack, new("distant"), NETWORK)
        commit = inbox.bare_commit(bare, serial, mark)

        def call_and_commits() -> None:
            commit()
            client.p2p.create_payout(payouts.one())
            commit()

        def calls_at_once(client: HighHelp) -> None:
            with ThreadPoolExecutor(IN_FLIGHT) as pool:
                for _ in pool.map(client.p2p.create_payout, payouts.many()):
                    pass

        def batch(guard: PayoutGuard) -> None:
            guard.send_batch(payouts.many(), concurrency=IN_FLIGHT)

        sides = {
            "bare call and two bare commits": timed(call_and_commits, 3),
            "guarded send": timed(lambda: guard.send(payouts.one()), 3),
            "bare calls, 8 in flight": timed(lambda: calls_at_once(client), 1),
            "batch, 8 in flight": timed(lambda: batch(guard), 1),
        }
        series = bench.interleave(sides, 40)
        distant = {
            "bare calls over a network, 8 in flight": timed(lambda: calls_at_once(distant_client), 1),
            "batch over a network, 8 in flight": timed(lambda: batch(distant_guard), 1),
        }
        series |= bench.interleave(distant, 10)
    return Row(
        series,
        claims={
            f"payout-{kind}": ratios(series, "guarded send", "bare call and two bare commits"),
            f"payout-{kind}-batch": ratios(series, "bare calls, 8 in flight", "batch, 8 in flight"),
            f"payout-{kind}-network": ratios(series, *distant),
        },
    )


def _guarded(
    stack: ExitStack, database: AbstractContextManager[tuple[str, Any]], seconds: float = 0.0
) -> tuple[HighHelp, PayoutGuard]:
    """A client of a gateway that takes some seconds to answer, and its guard."""
    answer = material.compact({**material.answer(), "payment_id": fixed_server.ECHO})
    server = stack.enter_context(fixed_server.running(answer, seconds))
    signer = material.Keys.new().hmac
    client = stack.enter_context(HighHelp(base_url=server, project_id=material.PROJECT, signer=signer, environ={}))
    url, _ = stack.enter_context(database)
    database_key = base64.b64encode(os.urandom(32)).decode()
    return client, stack.enter_context(PayoutGuard(client, url, database_key=database_key, environ={}))
