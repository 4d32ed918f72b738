"""The modules that a first call loads: counted, so that no clock is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("HIGHHELP_")}
# not part of a bare install, even if installed here
HIDE = """
import sys, json
for name in ("click", "rich", "typer", "opentelemetry", "sqlalchemy", "pydantic", "pyreqwest", "h2"):
    sys.modules[name] = None
import attrs, cryptography, httpx
from cryptography.hazmat.primitives.serialization import load_pem_private_key
httpx.Client(trust_env=False).close()
before = set(sys.modules)
"""
CALL = """
from highhelp import HighHelp, HmacSigner
answer = httpx.MockTransport(lambda _: httpx.Response(200, json={"status": "processing", "payment_id": "o"}))
where = {"base_url": "https://gateway.example", "project_id": "p", "environ": {}}
client = HighHelp(signer=HmacSigner("k" * 16), transport=answer, **where)
body = {"general": {"payment_id": "o"}, "payment": {"method": "card-p2p", "amount": 1, "currency": "RUB"}}
assert client.p2p.create_payin(body).payment_id == "o"
"""
TELL = "\nprint(json.dumps(sorted(set(sys.modules) - before)))"


def loaded(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", HIDE + program + TELL], env=CLEAN, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    modules: list[str] = json.loads(done.stdout)
    return modules


@pytest.fixture(scope="module")
def first_call() -> list[str]:
    return loaded(CALL)


def test_a_first_call_loads_few_modules(first_call: list[str]) -> None:
    ours = [name for name in first_call if name.startswith("highhelp")]
    assert 20 < len(ours) <= 50, ours
    assert len(first_call) <= len(ours) + 15, sorted(set(first_call) - set(ours))


def test_a_first_call_loads_none_of_the_heavy_rooms(first_call: list[str]) -> None:
    heavy = {"asyncio", "decimal", "highhelp.storage", "highhelp.cli", "highhelp.money", "highhelp_mock",
             "highhelp_api.strict", "highhelp_signing.callbacks", "highhelp_signing.diagnosis.explain"}  # fmt: skip
    assert heavy.isdisjoint(first_call)


def test_a_first_call_loads_only_the_models_of_its_answer(first_call: list[str]) -> None:
    models = {name.rpartition(".")[2] for name in first_call if name.startswith("highhelp_api.client.models.")}
    assert models == {"payment_state", "status", "sub_status"}


def test_importing_the_package_loads_next_to_nothing() -> None:
    assert loaded("import highhelp") == ["highhelp", "highhelp._version"]
