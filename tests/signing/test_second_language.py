"""The vectors in a second language: node, with nothing but its own modules, from the text of spec/README.md."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.signing import test_vectors as python

FOLDER = Path(__file__).parent
ROWS = {row["id"]: row for row in python.VECTORS}
Row = dict[str, Any]


def node_says(node: str, *arguments: str | Path) -> tuple[int, list[str]]:
    done = subprocess.run([node, FOLDER / "verify.mjs", *arguments], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def python_accepts(row: Row) -> bool:
    """The checks of `test_vectors` on one vector."""
    if row["result"] == "valid":
        check = python.test_each_stage_of_a_valid_vector
    elif "body" in row["flags"]:
        check = python.test_an_invalid_body_is_refused_for_the_stated_reason
    else:
        check = python.test_an_invalid_signature_does_not_verify
    try:
        check(row)
    except (AssertionError, ValueError, pytest.fail.Exception):
        return False
    return True


def test_node_agrees_on_every_stage_and_every_reason(node: str) -> None:
    results = [row["result"] for row in python.VECTORS]
    counts = f"{results.count('valid')} valid and {results.count('invalid')} invalid vectors"
    assert node_says(node) == (0, [f"{counts}, 0 differences"])


def test_it_uses_nothing_but_nodes_own_modules() -> None:
    for name in ("signature.mjs", "verify.mjs"):
        lines = (FOLDER / name).read_text("utf-8").splitlines()
        sources = {line.rsplit(" from ", 1)[1] for line in lines if " from " in line and line.endswith('";')}
        assert sources <= {'"node:crypto";', '"node:fs";', '"./signature.mjs";'}


DAMAGE: dict[str, tuple[str, list[str], Any]] = {
    "normalized": ("payin", ["stages", "normalized"], "general:payment_id:order-2"),
    "message": ("cyrillic", ["stages", "message"], "Zz1706182847"),
    "digest": ("single", ["stages", "digest"], "0" * 64),
    "no digest": ("hmac", ["stages", "digest"], "0" * 64),
    "signature": ("padded", ["stages", "signature"], "AAAA"),
    "hmac": ("hmac-unicode", ["stages", "signature"], "AAAA"),
    "token": ("token-pem", ["stages", "headers", "x-access-token"], "AAAA"),
    "algorithm": ("hmac-renamed", ["stages", "headers", "x-access-merchant-algorithm"], "hmac-sha512"),
    "scheme": ("joiner-newline", ["scheme", "joiner"], "&"),
    "timestamp": ("first-ten-digits", ["timestamp"], 1_000_000_001),
    "input": ("nulls", ["input"], "eyJhIjoxfQ=="),
    "key": ("other-key", ["key"], "rsa"),
    "reason of a body": ("float", ["reason"], "syntax"),
    "valid body said to be refused": ("bom", ["input"], "eyJhIjoxfQ=="),
    "message of a wrong signature": ("wrong-key", ["stages", "message"], "Zz1706182847"),
    "right signature said to be wrong": ("rsa-sha512", ["stages", "signature"], ROWS["info"]["stages"]["signature"]),
}


@pytest.mark.slow
def test_both_languages_notice_every_damaged_vector(node: str, tmp_path: Path) -> None:
    document = copy.deepcopy(python.DOCUMENT)
    rows = {row["id"]: row for row in document["vectors"]}
    # a right signature of another body
    rows["rsa-sha512"] |= {name: copy.deepcopy(ROWS["info"][name]) for name in ("input", "stages")}
    rows["rsa-sha512"]["stages"]["headers"] = None
    for name, place, value in DAMAGE.values():
        holder = rows[name]
        for key in place[:-1]:
            holder = holder[key]
        assert python_accepts(ROWS[name])
        holder[place[-1]] = value
        assert not python_accepts(rows[name])
    (tmp_path / "vectors.json").write_text(json.dumps(document), "utf-8")
    code, lines = node_says(node, tmp_path / "vectors.json")
    assert code == 1
    assert {line.split(":")[0] for line in lines[:-1]} == {name for name, _, _ in DAMAGE.values()}


def test_node_tells_one_wrong_signature_from_another(node: str, tmp_path: Path) -> None:
    """The mistake in a signature is found by trying; only node is tested here, `explain` has its own tests."""
    document = copy.deepcopy(python.DOCUMENT)
    reasons = ["timestamp", "digest", "padding", "reading", "key_mismatch", "algorithm", "spelling", "signature"]
    for row in document["vectors"]:
        if row["reason"] in reasons:
            row["reason"] = reasons[reasons.index(row["reason"]) - 1]
    (tmp_path / "vectors.json").write_text(json.dumps(document), "utf-8")
    code, lines = node_says(node, tmp_path / "vectors.json")
    assert code == 1
    assert len(lines) - 1 == sum(row["reason"] in reasons for row in python.VECTORS)
