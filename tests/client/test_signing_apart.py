"""Where a signature is computed: RSA beside the event loop, HMAC in it."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import highhelp.apart as apart_module
from highhelp import AsyncHighHelp, HmacSigner, NotSent, RsaSigner
from highhelp.apart import apart

if TYPE_CHECKING:
    from highhelp_signing.scheme import Digest

PAYIN = {"general": {"payment_id": "order-1"}, "payment": {"method": "card-p2p", "amount": 100, "currency": "RUB"}}


class Watched:
    """Signs as another signer, and notes in which thread."""

    def __init__(self, inner: RsaSigner) -> None:
        self.inner = inner
        self.algorithm = inner.algorithm
        self.public_key_der = inner.public_key_der
        self.threads: set[str] = set()

    def sign(self, message: bytes, digest: Digest = "double") -> bytes:
        self.threads.add(threading.current_thread().name)
        return self.inner.sign(message, digest)


def answered(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"status": "processing", "payment_id": "order-1"})


def many(signer: Any, number: int) -> list[Any]:
    async def calls() -> list[Any]:
        about: dict[str, Any] = {"base_url": "https://gateway.example", "project_id": "p", "environ": {}}
        async with AsyncHighHelp(signer=signer, transport=httpx.MockTransport(answered), **about) as client:
            return await asyncio.gather(
                *(client.p2p.create_payin(PAYIN) for _ in range(number)), return_exceptions=True
            )

    return asyncio.run(calls())


def test_rsa_is_signed_in_two_threads_beside_the_loop(signer: RsaSigner) -> None:
    watched, both = Watched(signer), threading.Barrier(2, timeout=5)

    class Together(Watched):
        def sign(self, message: bytes, digest: Digest = "double") -> bytes:
            both.wait()  # breaks where only one thread signs
            return super().sign(message, digest)

    watched = Together(signer)
    assert [state.payment_id for state in many(watched, 20)] == ["order-1"] * 20
    assert len(watched.threads) == 2
    assert all(name.startswith("highhelp-sign") for name in watched.threads)


def test_hmac_is_signed_in_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forbidden(_: Any) -> Any:
        raise AssertionError("HMAC needs no thread")

    monkeypatch.setattr("highhelp.apart.apart", forbidden)
    (state,) = many(HmacSigner("k" * 16), 1)
    assert state.payment_id == "order-1"


def test_a_signer_that_fails_in_its_thread_is_told_as_not_sent(signer: RsaSigner) -> None:
    class Broken(Watched):
        def sign(self, message: bytes, digest: Digest = "double") -> bytes:
            raise OSError("the KMS is away")

    (error,) = many(Broken(signer), 1)
    assert isinstance(error, NotSent)
    assert "KMS" not in str(error)


def test_what_the_work_raises_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise LookupError("no such key")

    async def waited() -> tuple[object, ...]:
        return await asyncio.gather(apart(fail), apart(lambda: 1), apart(fail), return_exceptions=True)

    first, one, last = asyncio.run(asyncio.wait_for(waited(), 5))
    assert [type(first), one, type(last)] == [LookupError, 1, LookupError]


class Gate:
    """Work that both threads stand before until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.there = threading.Semaphore(0)

    def __call__(self) -> str:
        self.there.release()
        assert self.open.wait(5)
        return threading.current_thread().name

    def await_both(self) -> None:
        assert self.there.acquire(timeout=5)
        assert self.there.acquire(timeout=5)


def test_no_more_than_two_threads_work_for_any_number_of_loops() -> None:
    gate, names = Gate(), []

    def loop() -> None:
        async def three() -> list[str]:
            return await asyncio.gather(*(apart(gate) for _ in range(3)))

        names.extend(asyncio.run(asyncio.wait_for(three(), 5)))

    loops = [threading.Thread(target=loop) for _ in range(3)]
    for one in loops:
        one.start()
    gate.await_both()
    assert not gate.there.acquire(timeout=0.1)
    gate.open.set()
    for one in loops:
        one.join(5)
    assert len(names) == 9
    assert len(set(names)) == 2


def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    gate, begun = Gate(), []

    async def called_off() -> None:
        held = [asyncio.ensure_future(apart(gate)) for _ in range(2)]
        waiting = asyncio.ensure_future(apart(lambda: begun.append("called off")))
        await asyncio.to_thread(gate.await_both)
        waiting.cancel()
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(*held)
        await apart(lambda: begun.append("asked for after it"))

    asyncio.run(asyncio.wait_for(called_off(), 5))
    assert begun == ["asked for after it"]


def test_a_loop_that_was_closed_meanwhile_harms_no_other() -> None:
    gate = Gate()

    async def left() -> None:
        tasks.extend(asyncio.ensure_future(apart(gate)) for _ in range(2))
        await asyncio.to_thread(gate.await_both)

    tasks: list[asyncio.Future[str]] = []
    loop = asyncio.new_event_loop()
    loop.run_until_complete(left())
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    gate.open.set()
    assert asyncio.run(asyncio.wait_for(_name(), 5)).startswith("highhelp-sign")


async def _name() -> str:
    return await apart(lambda: threading.current_thread().name)


def test_what_took_long_is_told_before_the_next_piece_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    # a KMS may take a second for each signature
    monkeypatch.setattr("highhelp.apart.SHORT", -1.0)
    first, second = Gate(), Gate()

    async def busy() -> str:
        held = [asyncio.ensure_future(apart(first)) for _ in range(2)]
        slow = asyncio.ensure_future(apart(lambda: "slow", like=second))
        blocked = [asyncio.ensure_future(apart(second, like=second)) for _ in range(2)]
        waiting = [asyncio.ensure_future(apart(lambda: "quick")) for _ in range(9)]
        await asyncio.to_thread(first.await_both)
        first.open.set()
        told = await asyncio.wait_for(slow, 5)
        assert not any(one.done() for one in (*blocked, *waiting))
        second.open.set()
        await asyncio.gather(*held, *blocked, *waiting)
        return told

    assert asyncio.run(asyncio.wait_for(busy(), 15)) == "slow"


def test_a_quick_result_does_not_wait_for_another_client_s_slow_piece() -> None:
    first, slow = Gate(), Gate()

    async def mixed() -> list[int]:
        held = [asyncio.ensure_future(apart(first)) for _ in range(2)]
        quick = [asyncio.ensure_future(apart(partial(int, number), like=first)) for number in range(2)]
        others = [asyncio.ensure_future(apart(slow, like=slow)) for _ in range(9)]
        await asyncio.to_thread(first.await_both)
        first.open.set()
        told = await asyncio.wait_for(asyncio.gather(*quick), 5)
        slow.open.set()
        await asyncio.gather(*held, *others)
        return told

    assert asyncio.run(asyncio.wait_for(mixed(), 15)) == [0, 1]


def test_what_no_future_can_hold_is_told_too_and_loses_no_other() -> None:
    def stop() -> int:
        raise StopIteration

    async def burst() -> list[Any]:
        works = [stop if number % 10 == 3 else partial(int, number) for number in range(100)]
        return await asyncio.gather(*(apart(work, like=works) for work in works), return_exceptions=True)

    told = asyncio.run(asyncio.wait_for(burst(), 5))
    assert [type(one) for one in told[:5]] == [int, int, int, RuntimeError, int]


def test_an_interrupt_while_results_are_told_keeps_the_others() -> None:
    class Interrupts(apart_module._Job):
        def tell(self) -> None:
            super().tell()
            raise KeyboardInterrupt

    async def made(kind: type[apart_module._Job]) -> apart_module._Job:
        return kind(lambda: 1, None)

    loop = asyncio.new_event_loop()
    jobs = [loop.run_until_complete(made(kind)) for kind in (Interrupts, apart_module._Job)]
    loop.call_soon(apart_module._settle, list(jobs))
    with pytest.raises(KeyboardInterrupt):
        loop.run_forever()
    loop.run_until_complete(asyncio.wait_for(jobs[1].future, 5))
    loop.close()


def test_a_burst_wakes_its_loop_less_often_than_it_has_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    settle = apart_module._settle

    def count(jobs: list[Any]) -> None:
        told.append(len(jobs))
        settle(jobs)

    monkeypatch.setattr(apart_module, "_settle", count)
    gate = Gate()

    async def burst() -> list[int]:
        held = [asyncio.ensure_future(apart(gate)) for _ in range(2)]
        pieces = [asyncio.ensure_future(apart(partial(int, number), like=gate)) for number in range(100)]
        await asyncio.to_thread(gate.await_both)
        gate.open.set()
        await asyncio.gather(*held)
        return await asyncio.gather(*pieces)

    assert asyncio.run(asyncio.wait_for(burst(), 5)) == list(range(100))
    assert sum(told) == 102
    assert len(told) < 60
    assert max(told) == apart_module.TOGETHER


def test_bursts_of_several_loops_get_their_own_results() -> None:
    got: dict[int, list[int]] = {}

    def loop(which: int) -> None:
        async def burst() -> list[int]:
            return await asyncio.gather(*(apart(partial(int, which + number), like=got) for number in range(200)))

        got[which] = asyncio.run(asyncio.wait_for(burst(), 10))

    loops = [threading.Thread(target=loop, args=(which * 1000,)) for which in range(4)]
    for one in loops:
        one.start()
    for one in loops:
        one.join(15)
    assert got == {which * 1000: list(range(which * 1000, which * 1000 + 200)) for which in range(4)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    assert asyncio.run(_name()).startswith("highhelp-sign")
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if asyncio.run(asyncio.wait_for(_name(), 5)).startswith("highhelp-sign") else 1)
        except BaseException:  # noqa: BLE001  # only the exit code gets out
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
