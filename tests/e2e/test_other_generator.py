"""A client of another generator, in another language, pays against the served gateway.

If this generator cannot read something, the document is at fault. The client is TypeScript of `@hey-api/openapi-ts`,
which checks each request and answer with the validators of zod that come with it; it signs with the second
implementation of the signature, `tests/signing/signature.mjs`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from highhelp_api import contract
from highhelp_mock import MockGateway
from highhelp_mock.simulation.projects import make_keys
from tests.requirements import require

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCES = Path(__file__).with_name("other_generator")
SIGNATURE = ROOT / "tests" / "signing"


def run(folder: Path, *command: str | Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"CI": "true"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated client and the program that uses it, compiled."""
    npm = require("node", shutil.which("npm"))
    folder = tmp_path_factory.mktemp("client")
    for path in (*SOURCES.iterdir(), SIGNATURE / "signature.mjs", SIGNATURE / "signature.d.mts"):
        shutil.copy(path, folder)
    # each package has its version and its hash in the lock file, and runs nothing when it is installed
    run(folder, npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")
    document = ROOT / "spec" / "openapi.yaml"
    run(folder, node, "node_modules/@hey-api/openapi-ts/bin/run.js", "-i", document, "-f", "openapi-ts.config.mjs")
    run(folder, node, "node_modules/typescript/bin/tsc", "--project", ".")
    shutil.copy(SIGNATURE / "signature.mjs", folder / "built")
    return folder


@pytest.fixture
def served(tmp_path: Path) -> Iterator[MockGateway]:
    keys = make_keys()
    for name in ("private_key", "public_key", "callback_public_key"):
        (tmp_path / f"{name}.pem").write_text(getattr(keys, name), "ascii")
    with MockGateway(keys=keys).serve() as gateway:
        yield gateway


def test_it_pays(node: str, made: Path, served: MockGateway, tmp_path: Path) -> None:
    said: dict[str, Any] = json.loads(run(made, node, "built/pay.js", served.base_url, served.project_id, tmp_path))
    assert said["refused"] == [401, "x-access-merchant-id is missing"]
    assert said["form"].startswith(f"{served.base_url}/pay/")
    assert (said["states"][0], said["states"][-1]) == ("processing:new", "success:null")
    assert said["earned"] == 10000
    assert {told.rpartition(":")[2] for told in said["told"]} == {"true"}
    assert {told.split(":")[0] for told in said["told"]} == {"processing"}
    assert said["settled"] == [{"payment_id": "заказ-1", "amount": 10000, "genuine": True}]
    assert served.payment("заказ-1").status == "success"
    assert set(said["reads"].values()) == {True}, "64-bit money, the payout's full type, an unknown status"
    assert set(said["refuses"].values()) == {False}


def test_it_has_every_operation_and_every_callback(made: Path) -> None:
    functions = (made / "client" / "sdk.gen.ts").read_text("utf-8")
    for operation in contract.OPERATIONS.values():
        assert f"url: '{operation.path}'" in functions
    types = (made / "client" / "types.gen.ts").read_text("utf-8")
    for name in contract.WEBHOOKS:
        assert f"export type {name.title().replace('_', '')}WebhookPayload = {contract.CALLBACK_SCHEMA};" in types


def test_no_type_was_given_up(made: Path) -> None:
    """Where a generator does not understand a schema it says `unknown` or `any`."""
    types = (made / "client" / "types.gen.ts").read_text("utf-8")
    code = [line.strip() for line in types.splitlines() if not line.strip().startswith(("*", "/*"))]
    found = {line for line in code if re.search(r"\b(unknown|any)\b", line)}
    assert found == set()
