"""Runs jobs in processes that die, against a gateway on a port."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp_mock import MockGateway


class Crasher:
    def __init__(self, process: subprocess.Popen[str], gateway: MockGateway, http: httpx.Client) -> None:
        self.process = process
        self.gateway = gateway
        self.http = http
        self.kills: Counter[tuple[str, int]] = Counter()

    def run(self, *jobs: dict[str, Any]) -> list[dict[str, Any]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        stamped = [{"now": self.gateway.clock(), "kill_at": 0, "payout": None, **job} for job in jobs]
        self.process.stdin.write(json.dumps(stamped) + "\n")
        self.process.stdin.flush()
        results: list[dict[str, Any]] = json.loads(self.process.stdout.readline())
        for job, result in zip(stamped, results, strict=True):
            assert not result["crashed"], f"a job failed by itself: {result}"
            if result["killed"]:
                self.kills[job["do"], job["kill_at"]] += 1
        self.quiet()
        return results

    def quiet(self) -> None:
        """Wait until the gateway has read everything from the dead senders: it reads all connections in turn."""
        for _ in range(3):
            assert self.http.get("/_mock/health").status_code == 200


@contextmanager
def crashing(url: str, home: Path, gateway: MockGateway) -> Iterator[Crasher]:
    with gateway.serve():
        command = [sys.executable, "-m", "tests.payouts.crasher", url, str(home), gateway.base_url]
        with (
            httpx.Client(base_url=gateway.base_url) as http,
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
            ) as process,
        ):
            yield Crasher(process, gateway, http)
            assert process.stdin is not None
            process.stdin.close()
        assert process.returncode == 0


def repeated(gateway: MockGateway) -> list[str]:
    """The payment_ids of creates that came when the gateway already held the payout."""
    held, again = set(), []
    for call in gateway.calls:
        if call.operation != "create_p2p_payout" or call.payment_id is None:
            continue
        if call.payment_id in held:
            again.append(call.payment_id)
        elif call.status == 200:
            held.add(call.payment_id)
    return again
