"""No output raises or changes an exit code: a payment that was made stays one on every console."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from highhelp import HighHelp, cli
from highhelp_mock import MockGateway
from highhelp_signing import generate_home

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYMENT_ID = "выплата-7-🏔"
ENCODINGS = ["cp1252", "cp1251", "cp866", "ascii", "utf-8"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = generate_home(tmp_path_factory.mktemp("console") / "home", base_url="http://127.0.0.1:9").directory
    with MockGateway(directory).serve():
        with HighHelp(home=directory, environ={}) as client:
            payment = {"method": "card-p2p", "amount": 2500, "currency": "RUB"}
            client.p2p.create_payout(
                {
                    "general": {"payment_id": PAYMENT_ID},
                    "payment": payment,
                    "receiver": {"pan": "4000000000000002"},
                }
            )
        yield directory


def run(
    home: Path, encoding: str, *arguments: str, stdout: int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    environ = os.environ | {"HIGHHELP_HOME": str(home), "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "highhelp.cli", *arguments]
    return subprocess.run(command, env=environ, stdout=stdout, stderr=subprocess.PIPE, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_shows_a_payment(home: Path, encoding: str) -> None:
    done = run(home, encoding, "payout", "info", PAYMENT_ID)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert (PAYMENT_ID.encode(encoding, "backslashreplace")) in done.stdout
    done = run(home, encoding, "payout", "info", PAYMENT_ID, "--json")
    assert json.loads(done.stdout.decode(encoding))["payment_id"] == PAYMENT_ID
    for form in ([], ["--json"]):
        done = run(home, encoding, "payout", "info", "нет-такой", *form)
        assert (done.returncode, b"Traceback" in done.stderr) == (1, False)
    assert json.loads(done.stderr.decode(encoding))["payment_id"] == "нет-такой"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_full_or_closed_output_changes_no_exit_code(home: Path, form: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(home, "utf-8", "payout", "info", PAYMENT_ID, *form, stdout=full.fileno())
    said = b"highhelp: the output could not be written: No space left on device"
    assert (done.returncode, done.stderr.strip()) == (0, said)
    read, write = os.pipe()
    os.close(read)
    done = run(home, "utf-8", "payout", "info", PAYMENT_ID, *form, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_unexpected_exception_ends_with_70(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError("with 4000000000000002 in it")

    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    monkeypatch.setattr("highhelp.cli.commands.payments._show", fail)
    assert cli.main(["payout", "info", PAYMENT_ID]) == 70
    told = capsys.readouterr().err
    assert "LookupError" in told
    assert "bug in the package" in told
    assert "4000000000000002" not in told
