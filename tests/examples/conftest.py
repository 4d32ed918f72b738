"""The examples as a user runs them: processes of their own, with the mock gateway in another one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from highhelp import HighHelp
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Gateway:
    """The mock gateway's process, by its control API."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._client = HighHelp(home=home, environ={})
        self.url = self._client.settings.base_url

    def payments(self) -> dict[str, dict[str, Any]]:
        found = httpx.get(f"{self.url}/_mock/payments", timeout=PATIENCE).json()["payments"]
        return {one["payment_id"]: one for one in found}

    def payment(self, payment_id: str) -> dict[str, Any]:
        return self.payments()[payment_id]

    def advance(self, payment_id: str, status: str, sub_status: str | None = None) -> None:
        body = {"status": status, "sub_status": sub_status}
        httpx.post(f"{self.url}/_mock/payments/{payment_id}/advance", json=body, timeout=PATIENCE).raise_for_status()

    def travel(self, seconds: float) -> None:
        httpx.post(f"{self.url}/_mock/clock", json={"advance_seconds": seconds}, timeout=PATIENCE).raise_for_status()

    def fault(self, operation: str, fault: str, times: int = 1) -> None:
        body = {"operation": operation, "fault": fault, "times": times}
        httpx.post(f"{self.url}/_mock/faults", json=body, timeout=PATIENCE).raise_for_status()

    def close(self) -> None:
        self._client.close()


class Programs:
    """Runs programs with the settings of one home directory, in a directory of their own."""

    def __init__(self, home: Path, directory: Path) -> None:
        self.directory = directory
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HIGHHELP_")},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            "HIGHHELP_HOME": str(home),
            "HIGHHELP_DATABASE_URL": str(directory / "ledger.db"),
        }

    def run(self, *command: str | Path, body: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one to its end."""
        return subprocess.run(
            list(map(str, command)), cwd=self.directory, env=self.environ | environ, input=body, text=True,
            capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    @contextmanager
    def running(
        self, *command: str | Path, ready: str, cwd: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """Have one run in the background; `ready` is an address that answers then, or words of its output."""
        log = self.directory / f"{Path(str(command[-1])).name}-{free_port()}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                list(map(str, command)), cwd=cwd or self.directory, env=self.environ | dict(environ or {}), text=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            eventually(lambda: _ready(process, ready, log), f"{command} is up")
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                pytest.fail(f"{command} does not end: {log.read_text()}")
        assert "Traceback" not in log.read_text(), log.read_text()


def _ready(process: subprocess.Popen[str], ready: str, log: Path) -> bool:
    if process.poll() is not None:
        pytest.fail(f"it ended with {process.returncode}: {log.read_text()}")
    if not ready.startswith("http"):
        return ready in log.read_text()
    try:
        httpx.get(ready, timeout=5)
    except httpx.TransportError:
        return False
    return True


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for all examples; their payments have ids of their own."""
    directory = tmp_path_factory.mktemp("gateway")
    home = directory / "home"
    command = [sys.executable, "-m", "highhelp.cli", "mock", "--port", "0", "--home", str(home)]
    with Programs(home, directory).running(*command, ready="Ctrl-C"):
        made = Gateway(home)
        yield made
        made.close()


@pytest.fixture
def programs(gateway: Gateway, tmp_path: Path) -> Programs:
    return Programs(gateway.home, tmp_path)
