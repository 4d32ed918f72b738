"""A client with answers made up by a test: no socket, no gateway, no waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from highhelp import AsyncHighHelp, HighHelp, RsaSigner

PROJECT = "57aff4db-b45d-42bf-bc5f-b7a499a01782"

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(scope="session")
def signer() -> RsaSigner:
    return RsaSigner(rsa.generate_private_key(65537, 2048))


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record pauses instead of waiting."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)

    # patched in the module only: others in this process, such as a served gateway, still sleep
    monkeypatch.setattr("highhelp.transport.driver.time", SimpleNamespace(sleep=taken.append, monotonic=time.monotonic))
    monkeypatch.setattr("highhelp.transport.driver._sleep", sleep)
    return taken


@dataclass
class Both:
    """Make a call with both clients, which must give the same result."""

    signer: RsaSigner
    asynchronous: bool
    seen: list[httpx.Request] = field(default_factory=list)

    def __call__(self, handler: Handler, call: Callable[[Any], Any], **settings: Any) -> Any:
        """Make a call against the handler and return its result or raise its error."""

        def answer(request: httpx.Request) -> httpx.Response:
            self.seen.append(request)
            return handler(request)

        arguments = {
            "base_url": "https://gateway.example",
            "project_id": PROJECT,
            "signer": self.signer,
            "transport": httpx.MockTransport(answer),
            "environ": {},
            **settings,
        }
        if not self.asynchronous:
            with HighHelp(**arguments) as client:
                return call(client)

        async def run() -> Any:
            async with AsyncHighHelp(**arguments) as client:
                return await call(client)

        return asyncio.run(run())


@pytest.fixture(params=["sync", "async"])
def both(request: pytest.FixtureRequest, signer: RsaSigner) -> Both:
    return Both(signer, request.param == "async")


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest, signer: RsaSigner) -> Callable[..., Any]:
    """Make one call with a new client of either kind."""

    def call(url: str, what: Callable[[Any], Any], **arguments: Any) -> Any:
        about = {"base_url": url, "project_id": "p", "signer": signer, "environ": {}, **arguments}
        if request.param == "sync":
            with HighHelp(**about) as client:
                return what(client)

        async def inside() -> Any:
            async with AsyncHighHelp(**about) as client:
                return await what(client)

        return asyncio.run(inside())

    return call
