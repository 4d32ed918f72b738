"""Where a signature is computed: RSA outside the event loop, HMAC in it."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any

import httpx
import httpx2
import pytest

from highhelp import AsyncHighHelp, HmacSigner, NotSent, RsaSigner
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from highhelp_signing.scheme import Digest

PAYIN = {"general": {"payment_id": "order-1"}, "payment": {"method": "card-p2p", "amount": 100, "currency": "RUB"}}


class Watched:
    """Sign with another signer, and record the thread."""

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
    watched, both = Watched(signer), threading.Barrier(2, timeout=PATIENCE)

    class Together(Watched):
        def sign(self, message: bytes, digest: Digest = "double") -> bytes:
            both.wait()  # breaks where only one thread signs
            return super().sign(message, digest)

    watched = Together(signer)
    assert [state.payment_id for state in many(watched, 20)] == ["order-1"] * 20
    assert len(watched.threads) == 2
    assert all(name.startswith("highhelp-sign") for name in watched.threads)


def test_hmac_is_signed_in_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: int) -> Any:
        raise AssertionError("HMAC needs no thread")

    monkeypatch.setattr("highhelp_signing.auth._threads", forbidden)
    (state,) = many(HmacSigner("k" * 16), 1)
    assert state.payment_id == "order-1"


def test_a_signer_that_fails_in_its_thread_is_told_as_not_sent(signer: RsaSigner) -> None:
    class Broken(Watched):
        def sign(self, message: bytes, digest: Digest = "double") -> bytes:
            raise OSError("the KMS is away")

    (error,) = many(Broken(signer), 1)
    assert isinstance(error, NotSent)
    assert "KMS" not in str(error)


class Gate(Watched):
    """A signer that blocks both threads until it is opened."""

    def __init__(self, inner: RsaSigner) -> None:
        super().__init__(inner)
        self.open = threading.Event()
        self.there = threading.Semaphore(0)

    def sign(self, message: bytes, digest: Digest = "double") -> bytes:
        self.there.release()
        assert self.open.wait(PATIENCE)
        return super().sign(message, digest)

    def wait_for_both(self) -> None:
        assert self.there.acquire(timeout=PATIENCE)
        assert self.there.acquire(timeout=PATIENCE)


def client_of(signer: Any) -> AsyncHighHelp:
    return AsyncHighHelp(
        base_url="https://gateway.example",
        project_id="p",
        signer=signer,
        transport=httpx.MockTransport(answered),
        environ={},
    )


def test_two_threads_sign_for_any_number_of_loops(signer: RsaSigner) -> None:
    gate, states = Gate(signer), []

    def loop() -> None:
        states.extend(many(gate, 3))

    many(Watched(signer), 1)  # the threads of this process exist
    loops = [threading.Thread(target=loop) for _ in range(3)]
    for each in loops:
        each.start()
    gate.wait_for_both()
    assert not gate.there.acquire(timeout=0.1)
    gate.open.set()
    for each in loops:
        each.join(PATIENCE)
    assert [state.payment_id for state in states] == ["order-1"] * 9
    assert len(gate.threads) <= 2


def test_the_loop_goes_on_while_a_signature_is_made(signer: RsaSigner) -> None:
    gate = Gate(signer)

    async def calls() -> object:
        async with client_of(gate) as client:
            task = asyncio.create_task(client.p2p.create_payin(PAYIN))
            await asyncio.to_thread(gate.there.acquire)
            gate.open.set()  # from the loop, which the signature does not hold
            return (await task).payment_id

    assert asyncio.run(asyncio.wait_for(calls(), PATIENCE)) == "order-1"


def test_httpx2_signs_beside_the_loop_too(signer: RsaSigner) -> None:
    watched = Watched(signer)
    body = {"status": "processing", "payment_id": "order-1"}
    answer = httpx2.MockTransport(lambda _: httpx2.Response(200, json=body))

    async def call() -> None:
        async with httpx2.AsyncClient(transport=answer) as own:
            about: dict[str, Any] = {"base_url": "https://gateway.example", "project_id": "p", "environ": {}}
            await AsyncHighHelp(signer=watched, http_client=own, **about).p2p.create_payin(PAYIN)

    asyncio.run(call())
    assert watched.threads
    assert all(name.startswith("highhelp-sign") for name in watched.threads)


def test_a_cancelled_signature_sends_nothing(signer: RsaSigner) -> None:
    gate, sent = Gate(signer), []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answered(request)

    async def calls() -> None:
        async with AsyncHighHelp(
            base_url="https://gateway.example",
            project_id="p",
            signer=gate,
            transport=httpx.MockTransport(answer),
            environ={},
        ) as client:
            task = asyncio.create_task(client.p2p.create_payin(PAYIN))
            await asyncio.to_thread(gate.there.acquire)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            gate.open.set()

    asyncio.run(asyncio.wait_for(calls(), PATIENCE))
    assert sent == []


def test_a_signer_that_outlasts_the_attempt_is_not_sent(signer: RsaSigner) -> None:
    gate = Gate(signer)

    async def call() -> None:
        async with client_of(gate) as client:
            try:
                await client.p2p.create_payin(PAYIN, timeout=0.2)
            finally:
                gate.open.set()

    with pytest.raises(NotSent):
        asyncio.run(asyncio.wait_for(call(), PATIENCE))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(signer: RsaSigner) -> None:
    many(Watched(signer), 1)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            (state,) = many(Watched(signer), 1)
            code = 0 if state.payment_id == "order-1" else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
