"""The gateway under load: creates with a real check of each signature, compared with Prism, which checks none."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from highhelp_signing import generate_home, signature_headers
from highhelp_signing.signers import RsaSigner
from tools.bench import material
from tools.bench.measure import Bench, NotMeasured, Row, Turn, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
PRISM = "@stoplight/prism-cli@5"
CONNECTIONS = 16


def mock(bench: Bench) -> Row:
    """Creates per second over 16 connections."""
    if bench.quick:
        raise NotMeasured("the mock is left out of a quick run, as Prism starts slowly")
    prism = _installed_prism()
    with contextlib.ExitStack() as stack:
        home = generate_home(bench.scratch / "home", base_url="http://127.0.0.1")
        command = [sys.executable, "-m", "highhelp.cli", "mock", "--home", str(home.directory)]
        url = stack.enter_context(_serving(command))
        signer = RsaSigner.from_pem(home.private_key)
        turns: dict[str, Turn] = {"highhelp mock": _load(url, _requests(signer, home.project_id, 1000))}
        same = _requests(signer, home.project_id, 50)
        for name, options in {"Prism": [], "Prism, -v silent": ["-v", "silent"]}.items():
            command = [str(prism), "mock", *options, str(ROOT / "spec" / "openapi.yaml")]
            turns[name] = _load(stack.enter_context(_serving(command)), same)
        series = bench.interleave(turns, 8)
    claims = {
        "mock-prism": ratios(series, "highhelp mock", "Prism"),
        "mock-prism-silent": ratios(series, "highhelp mock", "Prism, -v silent"),
    }
    return Row(series, units=dict.fromkeys(series, "requests/s"), claims=claims)


def _requests(signer: RsaSigner, project_id: str, number: int) -> Iterator[list[bytes]]:
    """Whole HTTP requests, ever new payments, so many at a time."""
    turn = 0
    while True:
        turn += 1
        made = []
        for one in range(number):
            body = material.request(f"order-{turn}-{one}")
            body["general"]["project_id"] = project_id
            raw = material.compact(body)
            headers = signature_headers(raw, signer=signer, project_id=project_id, timestamp=int(time.time()))
            lines = [f"POST {material.PATH} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
            lines += [f"content-length: {len(raw)}", *(f"{name}: {value}" for name, value in headers.items())]
            made.append("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)
        yield made


def _load(url: str, batches: Iterator[list[bytes]]) -> Turn:
    host, port = url.removeprefix("http://").split(":")

    def turn() -> float:
        batch = next(batches)
        seconds = asyncio.run(_send(host, int(port), batch))
        return len(batch) / seconds

    turn()
    return turn


async def _send(host: str, port: int, requests: list[bytes]) -> float:
    waiting = iter(requests)

    async def worker() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for request in waiting:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise AssertionError(head.decode("latin-1").splitlines()[0])
            lower = head.lower()
            if b"transfer-encoding: chunked" in lower:
                while (await reader.readuntil(b"\r\n")) != b"0\r\n":
                    await reader.readuntil(b"\r\n")
                await reader.readuntil(b"\r\n")
            else:
                await reader.readexactly(int(lower.split(b"content-length:")[1].split(b"\r\n")[0]))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began


@contextlib.contextmanager
def _serving(command: list[str]) -> Iterator[str]:
    """Run a server on a free port; gives its URL once somebody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [*command, "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HIGHHELP_")}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as program:
        try:
            _wait(port, program)
            yield f"http://127.0.0.1:{port}"
        finally:
            program.terminate()


def _wait(port: int, program: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while program.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{program.args!r} does not answer")


def _installed_prism() -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise NotMeasured("npm is not to be found, so Prism was not measured")
    folder = ROOT / "build" / "prism"
    program = folder / "node_modules" / ".bin" / "prism"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), PRISM],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise NotMeasured("Prism could not be installed by npm, so it was not measured")
    return program
