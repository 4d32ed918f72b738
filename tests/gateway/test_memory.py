"""A long run drops the oldest finished payments, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from highhelp_mock.simulation import engine
from highhelp_mock.simulation.scenarios import amount_of

if TYPE_CHECKING:
    import pytest

    from tests.gateway.merchant import Merchant


def test_the_oldest_finished_payments_are_forgotten(monkeypatch: pytest.MonkeyPatch, merchant: Merchant) -> None:
    monkeypatch.setattr(engine, "KEPT", 2)
    merchant.call("create_p2p_payout", merchant.p2p_payout("waits"))
    merchant.call("create_p2p_payin", merchant.p2p_payin("done"))
    merchant.gateway.travel(60)
    merchant.gateway.deliver(merchant.receive)
    for number in range(3):
        merchant.call("create_p2p_payin", merchant.p2p_payin(f"p-{number}", amount=amount_of(2)))
        merchant.gateway.deliver(merchant.receive)
    merchant.call("create_p2p_payin", merchant.p2p_payin("last"))
    assert [one.payment_id for one in merchant.gateway.payments] == ["waits", "p-1", "p-2", "last"]
    assert {one.payment_id for one in merchant.gateway.callbacks} == {"p-1", "p-2"}
    assert merchant.gateway.balance("RUB").locked == 10000
    assert merchant.gateway.balance("RUB").available == 100_000_000


def test_a_payment_with_callbacks_on_their_way_is_kept(monkeypatch: pytest.MonkeyPatch, merchant: Merchant) -> None:
    monkeypatch.setattr(engine, "KEPT", 0)
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(60)
    merchant.call("create_p2p_payin", merchant.p2p_payin("p-2"))
    assert merchant.state() == "success"
    assert len(merchant.gateway.callbacks) == 4
