"""The cost of a cold start: each start is a separate process."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tools.bench import fixed_server, material
from tools.bench.measure import Bench, Row, Turn, ratios

ROOT = Path(__file__).resolve().parents[3]
START = Path(__file__).with_name("cold_start.py")
BASE, OURS = "httpx, attrs, cryptography, key, httpx.Client", "client and first call"


def imports(bench: Bench) -> Row:
    """Import, client and first call, against their dependencies."""
    key = bench.scratch / "key.pem"
    private = material.Keys.new().private
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    memory: dict[str, list[float]] = {}
    with fixed_server.running(material.compact(material.answer())) as server:

        def start(name: str, side: str) -> Turn:
            paths = [ROOT, ROOT / "signing", ROOT / "generated", sysconfig.get_path("purelib")]
            command = [sys.executable, "-I", "-S", START, side, key, server, *paths]

            def turn() -> float:
                done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
                measured = json.loads(done.stdout)
                memory.setdefault(f"{name}, memory", []).append(measured["MiB"])
                return float(measured["ms"])

            turn()  # compiles and warms the files
            memory.clear()
            return turn

        series = bench.interleave({BASE: start(BASE, "stand on"), OURS: start(OURS, "client")}, 25)
    more = [one - other for one, other in zip(memory[f"{OURS}, memory"], memory[f"{BASE}, memory"], strict=True)]
    return Row(
        series | memory,
        units=dict.fromkeys(series, "ms of processor") | dict.fromkeys(memory, "MiB"),
        claims={"import-time": ratios(series, OURS, BASE), "import-memory": more},
    )
