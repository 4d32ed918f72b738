"""Batches: wrong files are refused before anything is sent; killed ones are continued; reports are exact.

`scripts/test tests/payouts/test_batch.py --payout-rows 1000` takes a thousand rows.
"""

from __future__ import annotations

import asyncio
import random
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import AsyncHighHelp, AsyncPayoutGuard, HighHelp, Money, PayoutGuard, SettingsError
from highhelp.errors import HighHelpError
from highhelp.payouts.batch import Progress, RateLimiter, _pause
from highhelp.payouts.csv_file import RowsRefused, columns_of, products, read_csv
from highhelp_mock import MockGateway
from tests.payouts.conftest import NOW, bound
from tests.payouts.crasher import body
from tests.payouts.crashing import crashing, repeated
from tests.payouts.test_guard import die_before_sending

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 10
PAN = "2200000000000004"


@pytest.mark.slow
def test_a_batch_that_is_killed_ten_times_pays_every_row_once(
    url: str, home: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    rows: int = request.config.getoption("--payout-rows")
    chance = random.Random(rows)
    gateway = MockGateway(home, clock=lambda: NOW, duplicates="conflict", balances={"RUB": 10**12, "USD": 10**12})
    sums = {"RUB": 0, "KZT": 0}
    lines = ["payment_id,amount,currency,method,pan"]
    for number in range(rows):
        minor, currency = chance.randrange(1, 899_999), chance.choice(["RUB", "RUB", "KZT"])
        sums[currency] += minor
        lines.append(f"row-{number},{minor // 100}.{minor % 100:02},{currency},card-p2p,{PAN}")
    file = tmp_path / "payouts.csv"
    file.write_text("\n".join(lines))
    with crashing(url, home, gateway) as crasher:
        crasher.run({"do": "nothing"})
        done = 0
        while crasher.kills.total() < KILLS:
            for operation in ("create_p2p_payout", "get_p2p_payout"):
                gateway.fault(operation, chance.choice(["drop_request", "drop_response_after_commit"]))
            # each attempt gets a part of what is left, at about thirty steps a row
            share = max((rows - done) // (KILLS - crasher.kills.total() + 1), 1)
            kill_at = chance.randrange(20, 30 * share + 60)
            crasher.run({"do": "batch", "file": str(file), "concurrency": 4, "kill_at": kill_at})
            done = len(gateway.payments)
            gateway.travel(121)
        with gateway.dispatcher.engine() as engine:
            engine.faults.clear()
        report: dict[str, Any] = {}
        for _ in range(3):
            (last,) = crasher.run({"do": "batch", "file": str(file), "concurrency": 4})
            report = last["result"]
    print(f"\n{rows} rows, {crasher.kills.total()} kills, {report}")
    assert len(gateway.payments) == rows
    assert repeated(gateway) == []
    assert (report["rows"], report["complete"], report["stopped"]) == (rows, True, None)
    told = {(t["outcome"], t["currency"]): (t["count"], t["amount"]) for t in report["totals"]}
    held: dict[tuple[str, str], tuple[int, int]] = {}
    for one in gateway.payments:
        key = (one.state.partition(":")[0], one.currency)
        count, amount = held.get(key, (0, 0))
        held[key] = (count + 1, amount + one.amount)
    assert told == held
    assert {c: sum(a for (_, k), (_, a) in told.items() if k == c) for c in sums} == sums


def text(*rows: str, names: str = "payment_id,amount,currency,method,pan") -> bytes:
    return "\n".join([names, *rows]).encode()


GOOD = f"p-1,100.00,RUB,card-p2p,{PAN}"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "line 1: there are no column names"),
        (text(names="payment_id,amount,currency,method,pam"), "line 1, column pam: is not a field of a payout"),
        (text(names="payment_id,amount,amount,currency"), "line 1, column amount: appears twice"),
        (GOOD.encode(), "line 1, column number 5: is not a field of a payout"),
        (text(names="payment_id,amount"), "line 1, column currency: is missing"),
        (text(GOOD, "p-2,1,RUB"), "line 3: has 3 cells, there are 5 columns"),
        (text(GOOD, "", f"p-2,,RUB,card-p2p,{PAN}"), "line 4, column amount: is missing"),
        (text(GOOD, f"p-2,1e3,RUB,card-p2p,{PAN}"), "line 3, column amount: is not an amount"),
        (text(GOOD, f'p-2,"1,00",RUB,card-p2p,{PAN}'), "is not an amount; write it like 100.00, with a point"),
        (text(GOOD, f"p-2,1.00,RUB,card_p2p,{PAN}"), "line 3, column method: is a code that the contract does not"),
        (text(GOOD, f"p-2,1.00,RUB,card_p2p,{PAN}"), "did you mean card-p2p?"),
        (text(), "line 1: no payouts follow the column names; is the file complete?"),
        (text(GOOD, f"p-2,1.005,RUB,card-p2p,{PAN}"), "line 3, column amount: RUB has 2 decimals"),
        (text(GOOD, f"p-2,1.00,JPX,card-p2p,{PAN}"), "line 3, column currency: not an ISO 4217 currency"),
        (text(GOOD, f"p-2,-1.00,RUB,card-p2p,{PAN}"), "line 3, column amount: must be above 0"),
        (text(GOOD, f"p-2,0.00,RUB,card-p2p,{PAN}"), "line 3, column amount: must be at least 1"),
        (text(GOOD, "p-2,1.00,RUB,card-p2p,2200 0000"), "line 3, column pan: must match"),
        (text(GOOD, "p-2,1.00,RUB,card-p2p,"), "line 3, column receiver: is missing"),
        (text(GOOD, GOOD), "line 3, column payment_id: is the same as in line 2"),
        (text('"p-1', "x"), "line 2: is not CSV"),
        (text(GOOD) + b"\n\xff", "line 3: is not UTF-8"),
        (text(f"{GOOD},card", names="payment_id,amount,currency,method,pan,product"), "line 2, column product: must"),
        (
            text(f"{GOOD},+79990000000,ecom", names="payment_id,amount,currency,method,pan,phone,product"),
            "line 2, column phone: is not a field of this product",
        ),
        (
            text(f"{GOOD},{PAN}", names="payment_id,amount,currency,method,pan,receiver:pan"),
            "line 2, column receiver:pan: names the same field as the column pan",
        ),
        (text(GOOD, f"p-2,1.00,RUB,card-p2p,{PAN}", GOOD, GOOD), "line 5, column payment_id: is the same as in line 2"),
    ],
)
def test_a_wrong_file_is_refused_by_line_and_column(
    guard: PayoutGuard, gateway: MockGateway, raw: bytes, told: str
) -> None:
    with pytest.raises(RowsRefused) as refused:
        guard.send_batch(read_csv(raw))
    assert told in str(refused.value)
    assert "2200" not in str(refused.value)
    assert gateway.calls == ()
    assert guard.list() == []


@pytest.mark.parametrize(("wrong", "end"), [(20, "line 21, column amount: is missing"), (21, "; and 1 more")])
def test_twenty_problems_are_shown_and_the_others_counted(wrong: int, end: str) -> None:
    with pytest.raises(RowsRefused) as refused:
        read_csv(text(*(f"p-{number},,RUB,card-p2p,{PAN}" for number in range(wrong))))
    assert len(refused.value.rows) == wrong
    assert str(refused.value).count("column amount: is missing") == 20
    assert str(refused.value).endswith(end)


def test_columns_of_both_products_and_a_file_of_a_spreadsheet() -> None:
    raw = (
        "\ufeffpayment_id;amount;currency;product;method;pan;phone;bank_code;customer:phone\r\n"
        f"a;100.00;RUB;ecom;card-ecom;{PAN};;;\r\n"
        "b;7;JPY;p2p;sbp-p2p;;+79990000000;044525225;+79990000001\r\n"
    ).encode()
    ecom, p2p = read_csv(raw)
    assert (ecom.operation, p2p.operation) == ("create_ecom_payout", "create_p2p_payout")
    assert ecom.request["payment"] == {"amount": 10000, "currency": "RUB", "method": "card-ecom"}
    assert p2p.request["payment"]["amount"] == 7
    assert p2p.request["receiver"] == {"phone": "+79990000000", "bank_code": "044525225"}
    assert p2p.request["customer"] == {"phone": "+79990000001"}
    assert PAN not in repr(ecom)


def test_no_short_name_means_two_fields() -> None:
    for operation in products().values():
        short = [path.rsplit(":", 1)[1] for name, path in columns_of(operation).items() if ":" not in name]
        assert len(short) == len(set(short))
        assert {"payment_id", "amount", "currency", "pan"} <= set(short)


def test_batch_with_a_conflicting_payment_id_sends_nothing(guard: PayoutGuard, gateway: MockGateway) -> None:
    guard.prepare(body("p-2", 500, "RUB"), operation="create_p2p_payout")
    with pytest.raises(RowsRefused, match="line 3, column payment_id: was used with another body"):
        guard.send_batch(read_csv(text(GOOD, f"p-2,6.00,RUB,card-p2p,{PAN}")))
    assert gateway.calls == ()
    assert [one.payment_id for one in guard.list()] == ["p-2"]


def test_outcomes_progress_and_exact_sums(guard: PayoutGuard, gateway: MockGateway) -> None:
    seen: list[Progress] = []
    gateway.fault("create_p2p_payout", "drop_request")
    rows = [body(f"p-{n}", 100 + n, "RUB") for n in range(5)] + [body("k", 1, "KZT")]
    report = guard.send_batch(rows, operation="create_p2p_payout", concurrency=1, progress=seen.append)
    told = {(t.outcome, t.currency): (t.count, t.amount) for t in report.totals}
    assert told == {("processing", "RUB"): (4, 410), ("unknown", "RUB"): (1, 100), ("decline", "KZT"): (1, 1)}
    assert [one.done for one in seen] == [1, 2, 3, 4, 5, 6]
    assert not report.complete
    again = guard.send_batch(rows, operation="create_p2p_payout")
    assert again.complete
    assert sum(t.amount for t in again.totals) == 511
    assert len(gateway.payments) == 6
    assert repeated(gateway) == []


def test_refused_caller_ends_the_batch_without_refusals(gateway: MockGateway, sqlite: str) -> None:
    def forbidden(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"status": "error", "status_description": "no"})

    with (
        HighHelp(
            base_url="https://gateway.example",
            project_id=gateway.project_id,
            signer=gateway.project.signer,
            transport=httpx.MockTransport(forbidden),
            environ={},
        ) as client,
        PayoutGuard(client, sqlite, environ={}) as guard,
    ):
        rows = [body(f"p-{n}", 100, "RUB") for n in range(20)]
        report = guard.send_batch(rows, operation="create_p2p_payout", concurrency=1)
        assert "401" in str(report.stopped)
        assert [one.state for one in report.payouts] == ["unknown"] + ["prepared"] * 19
        assert sum(one.attempts for one in report.payouts) == 1


def test_the_lease_of_a_dead_sender_is_waited_for(guard: PayoutGuard, gateway: MockGateway) -> None:
    flow = guard._flows.send(body("p-1", 100, "RUB"), "create_p2p_payout")
    step = next(flow)
    guard._database.write(step.function, now=guard._database.now())  # type: ignore[union-attr]  # the first step is a Write
    flow.close()  # dies before anything has left
    waits: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout:
                waits.append(timeout)
                gateway.travel(timeout)
            return False

    report = guard.send_batch([body("p-1", 100, "RUB")], operation="create_p2p_payout", stop=Stop())
    assert report.complete
    assert waits == pytest.approx([120.0])


def test_the_lease_of_a_dead_sender_is_waited_for_in_asyncio(
    guard: PayoutGuard, gateway: MockGateway, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_before_sending(guard, body("p-1", 100, "RUB"))
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        gateway.travel(seconds)

    async def run() -> None:
        async with (
            AsyncHighHelp(**bound(gateway)) as client,
            AsyncPayoutGuard(client, sqlite, absence_age=0, clock=gateway.clock, environ={}) as other,
        ):
            monkeypatch.setattr("highhelp.payouts.batch.asyncio.sleep", sleep)
            assert (await other.send_batch([body("p-1", 100, "RUB")], operation="create_p2p_payout")).complete

    asyncio.run(run())
    assert [one for one in waits if one] == pytest.approx([120.0])


def test_an_error_ends_an_asynchronous_batch_as_a_plain_one(gateway: MockGateway, sqlite: str) -> None:
    class Enough(HighHelpError):
        pass

    def stop(progress: Progress) -> None:
        raise Enough(str(progress.done))

    async def run() -> None:
        async with (
            AsyncHighHelp(**bound(gateway)) as client,
            AsyncPayoutGuard(client, sqlite, clock=gateway.clock, environ={}) as guard,
        ):
            rows = [body(f"p-{n}", 100, "RUB") for n in range(6)]
            with pytest.raises(Enough):
                await guard.send_batch(rows, operation="create_p2p_payout", concurrency=3, progress=stop)
            assert {one.state for one in await guard.list()} <= {"settled", "prepared"}, "none was cut off"

    asyncio.run(run())


@pytest.mark.parametrize(("ahead", "pause"), [(600, 1.0), (-600, 120.0), (30, 90.0)])
def test_a_wait_for_others_is_bounded(guard: PayoutGuard, ahead: float, pause: float) -> None:
    # the lease was stored by another clock than this machine's
    assert _pause(120 - ahead, guard._flows) == pause


def test_the_pace_is_kept() -> None:
    moment = [0.0]
    pace = RateLimiter(4, lambda: moment[0])
    assert [pace.delay() for _ in range(3)] == [0, 0.25, 0.5]
    moment[0] = 10
    assert [pace.delay() for _ in range(2)] == [0, 0.25]
    assert RateLimiter(None).delay() == pytest.approx(0, abs=1)
    with pytest.raises(SettingsError, match="per_second"):
        RateLimiter(0)


def test_the_asynchronous_batch(gateway: MockGateway, sqlite: str, naps: list[float]) -> None:
    async def run() -> None:
        async with (
            AsyncHighHelp(**bound(gateway)) as client,
            AsyncPayoutGuard(client, sqlite, clock=gateway.clock, environ={}) as guard,
        ):
            gateway.fault("create_p2p_payout", "drop_response_after_commit", times=2)
            rows = [body(f"p-{n}", Money("1.00", "RUB").minor, "RUB") for n in range(20)]
            report = await guard.send_batch(rows, operation="create_p2p_payout", concurrency=3)
            assert report.complete
            assert [(t.outcome, t.count, t.amount) for t in report.totals] == [("processing", 20, 2000)]

    asyncio.run(run())
    assert len(gateway.payments) == 20
    assert repeated(gateway) == []
