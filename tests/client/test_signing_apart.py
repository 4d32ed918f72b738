"""Where a signature is computed: RSA beside the event loop, HMAC in it."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

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
    (state,) = many(HmacSigner("a key"), 1)
    assert state.payment_id == "order-1"


def test_a_signer_that_fails_in_its_thread_is_told_as_not_sent(signer: RsaSigner) -> None:
    class Broken(Watched):
        def sign(self, message: bytes, digest: Digest = "double") -> bytes:
            raise OSError("the KMS is away")

    (error,) = many(Broken(signer), 1)
    assert isinstance(error, NotSent)
    assert "KMS" not in str(error)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    async def name() -> str:
        return await apart(lambda: threading.current_thread().name)

    assert asyncio.run(name()).startswith("highhelp-sign")
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if asyncio.run(asyncio.wait_for(name(), 5)).startswith("highhelp-sign") else 1)
        except BaseException:  # noqa: BLE001  # only the exit code gets out
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
