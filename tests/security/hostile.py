"""Send hostile bodies to every entry point, in a process with limited memory: python hostile.py FOLDER [--careless]

Prints a JSON object: for each body, the answer of each entry point and the number of key uses. With `--careless` the
limits are removed first: the process then dies, which shows that a failure would be noticed.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from highhelp import CallbackInbox
from highhelp.inbox.receivers import asgi_receiver, wsgi_receiver
from highhelp_mock import MockGateway, Request
from highhelp_mock.simulation.projects import make_keys
from highhelp_signing import (
    BodyNotSignable,
    CallbackRejected,
    CallbackVerifier,
    KeyRing,
    Limits,
    signature_headers,
)
from highhelp_signing.keys import HmacVerificationKey, RsaVerificationKey

MEMORY = 96 << 20
"""Bytes that an entry point may use for a body, beyond the memory in use when all is loaded."""
SECONDS = 120
"""Processor seconds for all bodies together; without limits it would be hours."""
NOW = 1_795_521_600
PROJECT = "p"
GOOD = json.dumps(
    {"project_id": PROJECT, "general": {"project_id": PROJECT, "payment_id": "o"}, "status": {"status": "success"}}
).encode()


def bodies() -> dict[str, bytes]:
    """None of them has a normalised string, or one that is small enough, but for the first."""
    leaf, some = b"k" * 32_000, 16_000
    # each is within a MiB, but for the last two
    return {
        "in order": GOOD,
        "512 MB from 64 KB": b'{"project_id":"p","%s":[%s]}' % (leaf, b",".join([b"1"] * some)),
        "160 GB from a MiB": b'{"project_id":"p","%s":[%s]}' % (leaf * 16, b",".join([b"1"] * some * 16)),
        "512 MB of paths": b'{"project_id":"p","%s":[%s]}' % (leaf, b",".join([b"[[]]"] * some)),
        "10,000 lists": b'{"a":%s%s}' % (b"[" * 10_000, b"]" * 10_000),
        "10,000 objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        "500,000 lists that stay open": b'{"a":' + b"[" * 500_000,
        "a number of a million digits": b'{"a":%s}' % (b"9" * 1_000_000),
        "an exponent of a billion": b'{"a":[1e999999999,%s]}' % (b"[" * 5000 + b"]" * 5000),
        "a lone surrogate": b'{"project_id":"p","a":"\\ud800"}',
        "a lone surrogate as a key": b'{"project_id":"p","\\udfff":1}',
        "a lone surrogate as bytes": b'{"project_id":"p","a":"\xed\xa0\x80"}',
        "surrogates after many containers": b'{"project_id":"p","%s":[%s"\\ud800"]}' % (leaf, b"{}," * 100_000),
        "NUL before": b"\0" + GOOD,
        "NUL after": GOOD + b"\0",
        "NUL alone": b"\0" * 1000,
        "NUL in text": GOOD.replace(b"success", b"suc\0cess"),
        "byte order mark": b"\xef\xbb\xbf" + GOOD,
        "byte order mark within": b" \xef\xbb\xbf" + GOOD,
        "UTF-16": GOOD.decode().encode("utf-16"),
        "UTF-32": GOOD.decode().encode("utf-32-le"),
        "gzip": gzip.compress(GOOD),
        "gzip of a gigabyte": gzip.compress(bytes(1 << 20)) * 1000,
        "nothing": b"",
        "a megabyte of spaces": b" " * (1 << 20),
        "NaN": GOOD[:-1] + b',"a":NaN}',
        "two documents": GOOD * 2,
        "a list": b"[%s]" % GOOD,
        "10 MB": b'{"a":"' + b"x" * 10_000_000 + b'"}',
        "10 MB of lists": b"[" * 10_000_000,
    }


class Spy:
    """A key that counts its uses."""

    algorithm = "hmac"
    public_key_der = None
    key_id = "spy"

    def __init__(self) -> None:
        self.touched = 0

    def matches(self, *_: Any, **__: Any) -> bool:
        self.touched += 1
        return False

    def sign(self, *_: Any, **__: Any) -> bytes:
        self.touched += 1
        return b""


class Doors:
    def __init__(self, folder: Path, limits: Limits) -> None:
        self.key = spy = Spy()
        for kind in (RsaVerificationKey, HmacVerificationKey):  # those of the gateway
            kind.matches = lambda *_, **__: spy.matches()  # type: ignore[method-assign]  # the spy stands in for them
        self.verifier = CallbackVerifier({PROJECT: KeyRing([spy])}, clock=lambda: NOW, limits=limits)
        self.inbox = CallbackInbox(
            str(folder / "inbox.db"), verifier=self.verifier, clock=lambda: float(NOW), environ={}
        )
        self.gateway = MockGateway(keys=make_keys(), project_id=PROJECT, clock=lambda: NOW)
        self.headers = {
            "content-type": "application/json",
            "x-access-merchant-id": PROJECT,
            "x-access-token": PROJECT,
            "x-access-merchant-algorithm": "hmac-sha512",
            "x-access-timestamp": str(NOW),
            "x-access-signature": "A" * 86,
        }
        self.asgi = asgi_receiver(self.inbox)
        self.wsgi = wsgi_receiver(self.inbox)

    def by_verifier(self, raw: bytes) -> str:
        try:
            self.verifier.verify(raw, self.headers)
        except CallbackRejected as error:
            return error.reason.value
        return "accepted"

    def by_gateway(self, raw: bytes) -> str:
        return str(self.gateway.handle(Request("POST", "/api/v1/balance/info", self.headers, raw)).status)

    def by_signer(self, raw: bytes) -> str:
        try:
            signature_headers(raw, project_id=PROJECT, signer=self.key, timestamp=NOW)  # type: ignore[arg-type]  # a spy
        except BodyNotSignable as error:
            return error.reason.value
        return "signed"

    def by_asgi(self, raw: bytes) -> str:
        pieces = [raw[start : start + 65536] for start in range(0, len(raw), 65536)] or [b""]
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message: dict[str, Any]) -> None:
            said.append(message)

        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        asyncio.run(self.asgi({"type": "http", "method": "POST", "headers": headers}, receive, send))
        return str(said[0]["status"])

    def by_wsgi(self, raw: bytes) -> str:
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        about = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(raw)), "wsgi.input": io.BytesIO(raw)}
        said: list[str] = []
        list(self.wsgi(environ | about, lambda status, _: said.append(status)))
        return said[0].split()[0]


def limited() -> None:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    allowed = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def main(folder: Path, *, careless: bool) -> None:
    limits = Limits(raw=1 << 20, text=1 << 60, depth=1 << 30, containers=1 << 60) if careless else Limits()
    doors = Doors(folder, limits)
    # the verifier first: nothing around it would suffer from a lack of memory
    ways = {name: getattr(doors, f"by_{name}") for name in ("verifier", "signer", "gateway", "wsgi", "asgi")}
    loaded = bodies()
    for way in ways.values():  # whatever is loaded, opened or started late
        way(b"{")
    doors.key.touched = 0
    limited()
    result = {}
    for name, raw in loaded.items():
        answers = {way: ask(raw) for way, ask in ways.items()}
        result[name] = answers | {"touched": doors.key.touched}
        doors.key.touched = 0
    doors.inbox.close()
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), careless="--careless" in sys.argv)
    except MemoryError:
        sys.stderr.write("MemoryError\n")
        sys.stderr.flush()
        os._exit(3)  # at once: without memory nothing can be put away in order
