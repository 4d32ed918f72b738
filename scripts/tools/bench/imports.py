"""What a cold start costs, and how that grows with the contract: each start is a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from highhelp_api import contract
from tools.bench import fixed_server, material
from tools.bench.measure import Bench, Row, Turn, ratios

ROOT = Path(__file__).resolve().parents[3]
START = Path(__file__).with_name("cold_start.py")
COPIES = 10
OPERATIONS = len(contract.OPERATIONS) * (1 + COPIES)


def imports(bench: Bench) -> Row:
    """Import, client and first call, against what they stand on; and with a contract of many operations."""
    key = bench.scratch / "key.pem"
    private = material.Keys.new().private
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    many = None if bench.quick else _multiplied(bench.scratch)
    memory: dict[str, list[float]] = {}
    with fixed_server.running(material.compact(material.answer())) as server:

        def start(name: str, side: str, generated: Path) -> Turn:
            paths = [ROOT, ROOT / "signing", generated, sysconfig.get_path("purelib")]
            command = [sys.executable, "-I", "-S", START, side, key, server, *paths]

            def turn() -> float:
                done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
                told = json.loads(done.stdout)
                memory.setdefault(f"{name}, memory", []).append(told["MiB"])
                return float(told["ms"])

            turn()  # compiles and warms the files
            memory.clear()
            return turn

        sides = {"httpx, attrs, cryptography, key, httpx.Client": ("stand on", ROOT / "generated")}
        ours = f"client and first call, {len(contract.OPERATIONS)} operations"
        sides[ours] = ("client", ROOT / "generated")
        if many is not None:
            sides[f"client and first call, {OPERATIONS} operations"] = ("client", many)
        turns = {name: start(name, *what) for name, what in sides.items()}
        series = bench.interleave(turns, 25)
    base, first, *grown = series
    more = [one - other for one, other in zip(memory[f"{first}, memory"], memory[f"{base}, memory"], strict=True)]
    claims = {"import-time": ratios(series, first, base), "import-memory": more}
    if grown:
        claims["import-growth"] = ratios(series, grown[0], first)
    return Row(
        series | memory,
        units=dict.fromkeys(series, "ms of processor") | dict.fromkeys(memory, "MiB"),
        claims=claims,
    )


def _multiplied(scratch: Path) -> Path:
    """A generated package for a document with many times the operations and schemas of ours."""
    # the generator lives in the environment of development
    reading = "import json, sys, ruamel.yaml as y; json.dump(y.YAML(typ='safe').load(open(sys.argv[1])), sys.stdout)"
    from environment import made

    python = str(made())
    done = subprocess.run(
        [python, "-c", reading, str(ROOT / "spec" / "openapi.yaml")], capture_output=True, text=True, check=True
    )
    document = json.loads(done.stdout)
    spec, target = scratch / "many.yaml", scratch / "many"
    target.mkdir()
    spec.write_text(json.dumps(multiply(document, COPIES)), encoding="utf-8")
    subprocess.run(
        [python, str(ROOT / "scripts" / "generate"), "--spec", str(spec), "--output", str(target)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return target


def multiply(document: dict[str, Any], copies: int) -> dict[str, Any]:
    """The document with each operation and each schema of an object repeated under other names.

    Args:
        document: An OpenAPI document.
        copies: How often, beside the first one.
    """
    paths, schemas = document["paths"], document["components"]["schemas"]
    copied = [name for name, schema in schemas.items() if schema.get("type") == "object"]
    operations = {item["post"]["operationId"] for item in paths.values()}
    more_paths, more_schemas = dict(paths), dict(schemas)
    for number in range(2, copies + 2):
        renamed = {f"#/components/schemas/{name}": f"#/components/schemas/{name}More{number}" for name in copied}
        ids = {one: f"{one}_more{number}" for one in operations}

        def again(value: Any, renamed: dict[str, str] = renamed, ids: dict[str, str] = ids) -> Any:
            if isinstance(value, dict):
                return {key: again(item) for key, item in value.items()}
            if isinstance(value, list):
                return [again(item) for item in value]
            return renamed.get(value, ids.get(value, value)) if isinstance(value, str) else value

        more_schemas |= {f"{name}More{number}": again(schemas[name]) for name in copied}
        for path, item in paths.items():
            copy = again(item)
            copy["post"]["x-method-name"] += f"_more{number}"
            more_paths[re.sub(r"^/api/v1", f"/api/v1/more{number}", path)] = copy
    components = {**document["components"], "schemas": more_schemas}
    return {**document, "paths": more_paths, "components": components}
