"""Random histories of a guard over a gateway that loses, delays, repeats and lags, in simulated time."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx

from highhelp import HighHelp, PayoutGuard, models
from highhelp.errors import HighHelpError

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from highhelp import Payout
    from highhelp_signing import Signer

PROJECT = "57aff4db-b45d-42bf-bc5f-b7a499a01782"
START = 1_795_521_600.0
IDS = ("p-1", "p-2", "p-3")
AGE = 120.0
NO = {"status": "error", "status_description": "no"}


class Died(BaseException):
    """The process ends here."""


@dataclass
class Clock:
    """Simulated time."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.0)


@dataclass(frozen=True)
class Held:
    """A payout that the gateway holds."""

    payment_id: str
    amount: int
    at: float
    request_id: str


@dataclass
class Gateway(httpx.BaseTransport):
    """A gateway whose info and uniqueness see a payment late, behind a network that loses, delays and repeats."""

    rng: random.Random
    clock: Clock
    faults: bool = True
    held: list[Held] = field(default_factory=list)
    late: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    creates: dict[str, int] = field(default_factory=dict)
    excused: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.info_lag = self.rng.choice([0, 0, 5, 30, 60])
        self.uniqueness_lag = self.rng.choice([0, 0, 0, 20, 110])
        self.duplicate = self.rng.choice([409, 409, 422, 400])
        self.log.append(f"info lags {self.info_lag}, uniqueness {self.uniqueness_lag}, duplicates {self.duplicate}")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        payment_id = body["general"]["payment_id"]
        self.clock.sleep(self.rng.choice([0.01, 0.2, 3]))
        self._deliver_late()
        if request.url.path.endswith("/info"):
            return self._info(payment_id)
        fault = self.rng.choice(FAULTS) if self.faults else "none"
        self.log.append(f"{self.clock.now - START:.1f} create {payment_id} {fault}")
        if fault == "not_sent":
            raise httpx.ConnectError("no connection")
        self.creates[payment_id] = self.creates.get(payment_id, 0) + 1
        return self._create(fault, body)

    def _create(self, fault: str, body: dict[str, Any]) -> httpx.Response:
        if fault == "late":
            self.late.append((self.clock.now + self.rng.choice([5, 30]), body))
            raise httpx.ReadTimeout("late")
        if fault == "lost_request":
            raise httpx.ReadError("lost")
        if fault in ("429", "422"):
            return httpx.Response(int(fault), json=NO)
        answer = self._book(body)
        if fault == "lost_answer":
            raise httpx.ReadError("lost")
        if fault == "html_502":
            return httpx.Response(502, text="<html>")
        if fault == "died_after":
            raise Died
        if fault == "repeated":
            return self._book(body, again=True)
        return httpx.Response(401, json=NO) if fault == "repeated_401" else answer

    def _book(self, body: dict[str, Any], *, again: bool = False, at: float | None = None) -> httpx.Response:
        now = self.clock.now if at is None else at
        payment_id, amount = body["general"]["payment_id"], body["payment"]["amount"]
        mine = [one for one in self.held if one.payment_id == payment_id]
        if any(one.at <= now - self.uniqueness_lag for one in mine):
            return httpx.Response(self.duplicate, json=NO)
        if mine and again:
            self.excused.add(payment_id)
        one = Held(payment_id, amount, now, f"r-{len(self.held)}")
        self.held.append(one)
        return httpx.Response(200, json=_state(one))

    def _info(self, payment_id: str) -> httpx.Response:
        if self.faults and self.rng.random() < 0.15:
            return httpx.Response(503, text="<html>")
        for one in self.held:
            if one.payment_id == payment_id and one.at <= self.clock.now - self.info_lag:
                return httpx.Response(200, json=_state(one))
        return httpx.Response(404, json=NO)

    def _deliver_late(self) -> None:
        due = [(at, body) for at, body in self.late if at <= self.clock.now]
        self.late = [(at, body) for at, body in self.late if at > self.clock.now]
        for at, body in due:
            self._book(body, at=at)


FAULTS = (
    "none", "none", "none", "none", "not_sent", "late", "lost_request", "lost_answer", "html_502", "429", "422",
    "died_after", "repeated", "repeated_401",
)  # fmt: skip


def _state(one: Held) -> dict[str, Any]:
    info = {"amount": one.amount, "currency": "RUB", "type": "payout"}
    return {"status": "processing", "payment_id": one.payment_id, "request_id": one.request_id, "payment_info": info}


def payout(payment_id: str) -> models.P2PPayoutRequest:
    return models.P2PPayoutRequest(
        general=models.General(payment_id=payment_id),
        payment=models.P2PPayoutPayment(
            method=models.Method.CARD_P2P, amount=1000 + int(payment_id[2:]), currency=models.Currency.RUB
        ),
        receiver=models.Receiver(pan="4000000000000002"),
    )


class History:
    """One run: random steps, then a calm end in which everything is queried and sent again as its state requires."""

    def __init__(self, seed: int, signer: Signer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rng = random.Random(seed)
        self.clock = Clock()
        self.gateway = Gateway(self.rng, self.clock)
        self.path, self.copy = folder / "payouts.db", folder / "copy.db"
        fake = SimpleNamespace(sleep=self.clock.sleep, monotonic=self.clock)
        monkeypatch.setattr("highhelp.transport.driver.time", fake)
        client = HighHelp(
            base_url="https://gateway.example", project_id=PROJECT, signer=signer, transport=self.gateway,
            clock=self.clock, environ={}, absence_delay=15,
        )  # fmt: skip
        executor = client._executor
        client._executor = replace(executor, policy=replace(executor.policy, now=self.clock))
        self.client = client
        self.guard = self._open()

    def _open(self) -> PayoutGuard:
        return PayoutGuard(self.client, str(self.path), absence_age=AGE, clock=self.clock, environ={})

    def run(self) -> list[str]:
        """Run the history and return the problems of its end."""
        for _ in range(self.rng.randint(6, 14)):
            self.clock.sleep(self.rng.choice([0, 0.5, 5, 20, 60, 130]))
            step = self.rng.choice(
                ["send"] * 6 + ["recover"] * 3 + ["status", "reconcile", "batch", "copy", "roll_back"]
            )
            self.gateway.log.append(f"{self.clock.now - START:.1f} {step}")
            self._step(step)
        self.gateway.faults = False
        for _ in range(3):
            self.clock.sleep(AGE + 130)
            self._step("recover")
            for one in self.guard.list():
                if one.state == "prepared":
                    self._step("send", one.payment_id)
        problems = self._problems()
        self.guard.close()
        return problems

    def _step(self, step: str, payment_id: str | None = None) -> None:
        payment_id = payment_id or self.rng.choice(IDS)
        try:
            if step == "send":
                self.guard.send(payout(payment_id))
            elif step == "recover":
                self.guard.recover()
            elif step == "status":
                self.guard.status(payment_id)
            elif step == "reconcile":
                self.guard.reconcile(since=0, concurrency=1)
            elif step == "batch":
                self.guard.send_batch([payout(one) for one in IDS], concurrency=1, wait_for_others=False)
            elif step == "copy":
                self._swap(self.path, self.copy)
            elif self.copy.exists():
                self.gateway.excused |= set(self.gateway.creates)
                self._swap(self.copy, self.path)
        except (HighHelpError, Died) as error:
            self.gateway.log.append(f"    {type(error).__name__} {str(error)[:150]}")

    def _swap(self, source: Path, target: Path) -> None:
        self.guard.close()
        if source.exists():
            shutil.copy(source, target)
        self.guard = self._open()

    def _problems(self) -> list[str]:
        known = {one.payment_id: one for one in self.guard.list()}
        reported = {one.payment_id for one in self.guard.reconcile(since=0, concurrency=1).differences}
        return [problem for one in IDS for problem in self._problems_of(one, known.get(one), one in reported)]

    def _problems_of(self, payment_id: str, known: Payout | None, reported: bool) -> list[str]:
        held = [one for one in self.gateway.held if one.payment_id == payment_id]
        found = []
        if len(held) > 1 and payment_id not in self.gateway.excused:
            found.append(f"{payment_id}: the gateway holds {len(held)} payouts")
        if len(held) > 1 and known and known.request_id != held[0].request_id and not reported:
            found.append(f"{payment_id}: two payouts are held, and reconcile reports no difference")
        if held and known is not None and known.state == "refused":
            found.append(f"{payment_id}: held, yet refused")
        if held and known is not None and known.state in ("prepared", "sent", "unknown"):
            found.append(f"{payment_id}: held, yet {known.state} ({known.reason})")
        if known is not None and known.state == "settled" and not held:
            found.append(f"{payment_id}: settled, yet not held")
        return found
