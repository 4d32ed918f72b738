"""What a long run keeps: the oldest finished payments are forgotten, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from highhelp_mock import engine

if TYPE_CHECKING:
    import pytest

    from tests.gateway.merchant import Merchant


def test_the_oldest_finished_payments_are_forgotten(monkeypatch: pytest.MonkeyPatch, merchant: Merchant) -> None:
    monkeypatch.setattr(engine, "KEPT", 3)
    merchant.call("create_p2p_payout", merchant.p2p_payout("waits"))
    merchant.call("create_p2p_payin", merchant.p2p_payin("done"))
    merchant.gateway.travel(60)
    merchant.gateway.deliver(merchant.receive)
    for number in range(3):
        merchant.call("create_p2p_payin", merchant.p2p_payin(f"p-{number}"))
    assert [one.payment_id for one in merchant.gateway.payments] == ["waits", "p-0", "p-1", "p-2"]
    assert {one.payment_id for one in merchant.gateway.callbacks} == set()
    merchant.gateway.travel(60)
    assert merchant.gateway.balance("RUB").locked == 10000
    assert merchant.gateway.balance("RUB").available == 100_000_000 - 10000 + 4 * 10000


def test_a_payment_with_callbacks_on_their_way_is_kept(monkeypatch: pytest.MonkeyPatch, merchant: Merchant) -> None:
    monkeypatch.setattr(engine, "KEPT", 1)
    merchant.call("create_p2p_payin", merchant.p2p_payin())
    merchant.gateway.travel(60)
    merchant.call("create_p2p_payin", merchant.p2p_payin("p-2"))
    assert merchant.state() == "success"
    assert len(merchant.gateway.callbacks) == 4
