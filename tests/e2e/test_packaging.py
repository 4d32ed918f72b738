"""The built wheel in an empty environment: with everything, and bare."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import ROOT, empty, run
from tools.bench import budgets, size

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_the_wheel_holds_the_packages_and_their_marks(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in ("highhelp", "highhelp_api", "highhelp_mock", "highhelp_signing"):
        assert f"{package}/__init__.py" in names
        assert f"{package}/py.typed" in names
    assert "highhelp/storage/migrations/versions/0001_inbox.py" in names
    document = zipfile.ZipFile(wheel).read("highhelp_api/openapi.yaml")
    assert document == (ROOT / "spec" / "openapi.yaml").read_bytes()
    assert not any(name.startswith(("tests/", "scripts/", "spec/")) for name in names)


def test_the_wheel_stays_small(wheel: Path) -> None:
    files = zipfile.ZipFile(wheel).infolist()
    pages = sum(file.compress_size for file in files if file.filename.startswith(size.PAGES))
    assert pages, "the gateway's pages have moved"
    assert not budgets.load()["wheel"].regressed((wheel.stat().st_size - pages) / 1000)
    assert len(files) < 320


def test_the_demo_runs_from_the_wheel(programs: Path, tmp_path: Path) -> None:
    done = run(programs / "highhelp", "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every signature checked" in done.stdout


USERS_TEST = """
import asyncio

import pytest

from highhelp import models
from highhelp_signing import CallbackRejected, CallbackVerifier


def order(payment_id):
    return models.P2PPayinRequest(
        general=models.General(payment_id=payment_id, merchant_success_callback_url="http://localhost:1/success"),
        payment=models.P2PPayinPayment(method=models.Method.CARD_P2P, amount=10000, currency=models.Currency.RUB),
    )


def test_time_is_shared(highhelp_gateway, highhelp_api):
    highhelp_gateway.travel(86400)
    assert highhelp_api.p2p.create_payin(order("order-1")).sub_status == "new"
    highhelp_gateway.travel(10)
    assert highhelp_api.p2p.get_payin("order-1").status == "success"
    assert [one.kind for one in highhelp_gateway.callbacks][-1] == "payment_success"


def test_each_test_begins_anew(highhelp_gateway):
    assert highhelp_gateway.payments == ()


def test_on_an_event_loop(highhelp_gateway, highhelp_async_api):
    state = asyncio.run(highhelp_async_api.p2p.create_payin(order("order-2")))
    assert highhelp_gateway.payment(state.payment_id).status == "processing"


def test_a_lost_answer_is_no_second_payment(highhelp_gateway, highhelp_api):
    highhelp_gateway.fault("create_p2p_payin", "drop_response_after_commit")
    assert highhelp_api.p2p.create_payin(order("order-3")).payment_id == "order-3"
    assert len(highhelp_gateway.payments) == 1


def test_callbacks(highhelp_gateway, signed_callback):
    verifier = CallbackVerifier(highhelp_gateway.callback_keys, clock=highhelp_gateway.clock)
    for algorithm in ("rsa", "hmac"):
        made = signed_callback("order-4", "dispute", "no_payment", algorithm=algorithm)
        assert verifier.verify(made.body, made.headers).sub_status == "no_payment"
    for wrong in ("signature", "key", "stale", "future", "body", "unsigned", "project"):
        made = signed_callback("order-4", "success", wrong=wrong)
        with pytest.raises(CallbackRejected):
            verifier.verify(made.body, made.headers)
"""

NOT_USED = """
import sys


def test_nothing_is_loaded():
    names = {name for name in sys.modules if name.startswith("highhelp")}
    assert names == {"highhelp", "highhelp._version", "highhelp.testing"}
    assert not {"httpx", "attrs", "cryptography", "pydantic", "uvicorn", "typer"} & set(sys.modules)
"""


def pytest_in(programs: Path, directory: Path, content: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a user's own test file, where every warning is an error."""
    (directory / "test_orders.py").write_text(content, encoding="utf-8")
    standing = ["-q", "-W", "error", "-p", "no:cacheprovider"]
    return run(programs / "python", "-m", "pytest", *standing, *options, cwd=directory)


def test_the_fixtures_serve_a_users_own_tests(programs: Path, tmp_path: Path) -> None:
    done = pytest_in(programs, tmp_path, USERS_TEST)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    named_again = pytest_in(programs, tmp_path, USERS_TEST, "-p", "highhelp.testing", "-k", "callbacks")
    assert "1 passed" in named_again.stdout, named_again.stdout + named_again.stderr


def test_the_plugin_loads_nothing_until_a_fixture_is_used(programs: Path, tmp_path: Path) -> None:
    done = pytest_in(programs, tmp_path, NOT_USED)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = run(programs / "python", "-m", "pytest", "--fixtures", "-q", cwd=tmp_path)
    for name in ("highhelp_gateway", "highhelp_api", "highhelp_async_api", "signed_callback"):
        assert f"\n{name}" in listed.stdout


def test_the_bare_wheel_is_light_and_says_what_it_lacks(wheel: Path, tmp_path: Path) -> None:
    programs = empty(tmp_path / "bare", str(wheel), "pytest")
    program = "import highhelp, sys; highhelp.HighHelp; highhelp.models.P2PPayinRequest; print(*sorted(sys.modules))"
    done = run(programs / "python", "-c", program, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"pydantic", "highhelp_mock", "typer", "uvicorn", "jsonschema_rs", "yaml", "sqlalchemy"}
    done = run(programs / "python", "-c", "import highhelp; highhelp.CallbackInbox", cwd=tmp_path)
    assert "SettingsError: CallbackInbox: needs the extra [callbacks]" in done.stderr
    command = run(programs / "highhelp", "demo", cwd=tmp_path)
    assert command.returncode == 2
    assert "highhelp[cli]" in command.stderr
    assert "Traceback" not in command.stderr
    asked = pytest_in(programs, tmp_path, "def test_it(highhelp_gateway): pass")
    assert asked.returncode == 1
    assert "pip install 'highhelp[mock]'" in asked.stdout
