"""With a pooler that gives each transaction another connection, every callback is stored and every payout settled."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import AsyncCallbackInbox, AsyncHighHelp, AsyncPayoutGuard, CallbackInbox, HighHelp, PayoutGuard
from highhelp.storage.database import Database

if TYPE_CHECKING:
    from highhelp_mock import MockGateway

pytestmark = pytest.mark.slow

SENDERS, EACH, PAYOUTS = 12, 20, 12


def client_of(gateway: MockGateway) -> dict[str, Any]:
    return {
        "base_url": gateway.base_url,
        "project_id": gateway.project_id,
        "signer": gateway.project.signer,
        "transport": gateway.transport,
        "clock": gateway.clock,
        "environ": {},
    }


def payouts() -> list[dict[str, Any]]:
    return [
        {
            "general": {"payment_id": f"payout-{number}"},
            "payment": {"method": "card-p2p", "amount": 1000, "currency": "RUB"},
            "receiver": {"pan": "2200000000000004"},
        }
        for number in range(PAYOUTS)
    ]


def test_statements_are_prepared_only_without_a_pooler(postgres: str, pgbouncer: str) -> None:
    def prepared(url: str) -> int:
        database = Database(url, environ={})
        count = "SELECT count(*) FROM pg_prepared_statements"
        for _ in range(10):
            number = database.read(lambda connection: connection.exec_driver_sql(count).scalar_one())
        database.close()
        return int(number)

    assert prepared(pgbouncer) == 0
    assert prepared(postgres) > 0


def test_pgbouncer_stores_every_callback(gateway: MockGateway, pgbouncer: str) -> None:
    with CallbackInbox(pgbouncer, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        sent = [gateway.signed_callback(f"order-{number}", "success") for number in range(SENDERS * EACH)]
        with ThreadPoolExecutor(SENDERS) as senders:
            answers = Counter(senders.map(lambda one: inbox.receive(one.body, one.headers)[0], sent))
        assert answers == {200: SENDERS * EACH}
        handled: list[str] = []
        assert inbox.process(lambda event, _: handled.append(event.payment_id)) == SENDERS * EACH
        assert len(set(handled)) == SENDERS * EACH


def test_pgbouncer_stores_every_callback_async(gateway: MockGateway, pgbouncer: str) -> None:
    async def run() -> tuple[Counter[int], int]:
        async with AsyncCallbackInbox(pgbouncer, verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
            answers: Counter[int] = Counter()

            async def send(sender: int) -> None:
                for number in range(EACH):
                    sent = gateway.signed_callback(f"order-{sender}-{number}", "success")
                    answers[(await inbox.receive(sent.body, sent.headers))[0]] += 1

            async def handle(event: object, connection: object) -> None:
                pass

            await asyncio.gather(*map(send, range(SENDERS)))
            return answers, await inbox.process(handle)

    assert asyncio.run(run()) == ({200: SENDERS * EACH}, SENDERS * EACH)


def test_pgbouncer_settles_every_payout(gateway: MockGateway, pgbouncer: str) -> None:
    with (
        HighHelp(**client_of(gateway)) as client,
        PayoutGuard(client, pgbouncer, clock=gateway.clock, environ={}) as guard,
    ):
        report = guard.send_batch(payouts(), operation="create_p2p_payout", concurrency=12)
        assert [payout.state for payout in guard.list()] == ["settled"] * PAYOUTS
        assert len(report.payouts) == PAYOUTS


def test_pgbouncer_settles_every_payout_async(gateway: MockGateway, pgbouncer: str) -> None:
    async def run() -> list[str]:
        async with (
            AsyncHighHelp(**client_of(gateway)) as client,
            AsyncPayoutGuard(client, pgbouncer, clock=gateway.clock, environ={}) as guard,
        ):
            await guard.send_batch(payouts(), operation="create_p2p_payout", concurrency=12)
            return [payout.state for payout in await guard.list()]

    assert asyncio.run(run()) == ["settled"] * PAYOUTS
