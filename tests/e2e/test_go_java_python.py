"""Clients that openapi-generator makes of the document in Go, Java and Python keep every type and read a new code.

Go and Java are read, not compiled, since their compilers need packages from the network; Python runs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import environment
from highhelp_api import contract
from tests.requirements import require
from tools.generate import document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

pytestmark = pytest.mark.slow

SPEC = Path(__file__).parents[2] / "spec" / "openapi.yaml"
CONTRACT = document.load(SPEC)
OBJECTS = {name: schema for name, schema in CONTRACT["components"]["schemas"].items() if "properties" in schema}


@pytest.fixture(scope="session")
def generate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Generate a client in a language; installs 174 MB, if required or installed before."""
    wanted = (
        "generators" in os.environ.get("HIGHHELP_REQUIRE", "").split(",") or environment.folder("generators").exists()
    )
    python = require("generators", environment.made("generators") if wanted else None)

    def made(language: str) -> Path:
        folder = tmp_path_factory.mktemp(language)
        cli = python.with_name("openapi-generator-cli")
        done = subprocess.run(
            [cli, "generate", "-g", language, "-i", SPEC, "-o", folder], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return folder

    return made


def types(schema: str, names: Mapping[str, str], array: str) -> dict[str, str]:
    """The type that each field of a schema has in a language."""
    found = {}
    for field, prop in OBJECTS[schema]["properties"].items():
        plain, _ = document.not_null(CONTRACT, prop)
        kind = document.kind(CONTRACT, prop)
        if kind == "object":
            references = [prop, *prop.get("anyOf", ())]
            found[field] = next(document.ref_name(one) for one in references if "$ref" in one)
        elif kind == "array":
            items = plain["items"]
            item = document.ref_name(items) if "$ref" in items else names["string"]
            found[field] = array.format(item)
        else:
            found[field] = names[plain.get("format", kind) if kind == "integer" else kind]
    return found


def test_go_keeps_every_type(generate: Callable[[str], Path]) -> None:
    sources = "\n".join(path.read_text("utf-8") for path in generate("go").glob("*.go"))
    names = {"string": "string", "int64": "int64", "integer": "int32", "boolean": "bool", "map": "map[string]string"}
    for schema in OBJECTS:
        (body,) = re.findall(rf"^type {schema} struct \{{$(.*?)^\}}$", sources, re.DOTALL | re.MULTILINE)
        fields = re.findall(r'^\t\w+ (\S+) `json:"(\w+)', body, re.MULTILINE)
        bare = {name: re.sub(r"^\*|^Nullable", "", kind) for kind, name in fields}
        made = {
            name: kind[0].lower() + kind[1:] if kind in ("Int64", "String") else kind for name, kind in bare.items()
        }
        assert made == types(schema, names, "[]{}"), schema
    assert_has_operations(sources)


def test_java_keeps_every_type(generate: Callable[[str], Path]) -> None:
    folder = generate("java")
    names = {"string": "String", "int64": "Long", "integer": "Integer", "boolean": "Boolean",
             "map": "Map<String, String>"}  # fmt: skip
    field = re.compile(r'NAME_\w+ = "(\w+)";\n  @SerializedName\(\w+\)\n  @\S+\n  private ([^=;]+) \w+( =|;)')
    for schema in OBJECTS:
        (source,) = folder.rglob(f"model/{schema}.java")
        made = {name: kind for name, kind, _ in field.findall(source.read_text("utf-8"))}
        assert made == types(schema, names, "List<{}>"), schema
    assert_has_operations("\n".join(path.read_text("utf-8") for path in folder.rglob("api/*.java")))


def assert_has_operations(sources: str) -> None:
    for operation in contract.OPERATIONS.values():
        assert re.search(rf"""["']{operation.path}["']""", sources), operation.id


PROGRAM = """
import json, sys
from openapi_client import models

def bare(value):
    # that generator makes no difference between null and absent
    if isinstance(value, dict):
        return {name: bare(item) for name, item in value.items() if item is not None}
    return [bare(item) for item in value] if isinstance(value, list) else value

for schema, value in json.load(sys.stdin):
    read = getattr(models, schema).from_json(json.dumps(value)).to_dict()
    assert bare(read) == bare(value), (schema, value, read)
state = models.PaymentState.from_json('{"status": "refunded", "sub_status": "by_bank", "fee": 1}')
balance = models.Balance(currency="RUB", amount=2**53 - 1)
payment = dict(method="method-of-tomorrow", amount=10**13, currency="RUB")
print(json.dumps({
    "state": [state.status, state.sub_status],
    "balance": balance.amount,
    "payment": models.P2PPayoutPayment(**payment).to_dict(),
}))
"""


def test_python_reads_and_writes_every_example(generate: Callable[[str], Path]) -> None:
    folder = generate("python")
    examples = [[example.schema, example.value] for example in contract.EXAMPLES]
    done = subprocess.run(
        [environment.made("generators"), "-c", textwrap.dedent(PROGRAM)],
        cwd=folder, input=json.dumps(examples), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["state"] == ["refunded", "by_bank"]
    assert said["balance"] == 2**53 - 1
    assert said["payment"] == {"method": "method-of-tomorrow", "amount": 10**13, "currency": "RUB"}
    assert_has_operations("\n".join(path.read_text("utf-8") for path in folder.rglob("api/*.py")))
