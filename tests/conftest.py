"""Programs that some tests need beyond Python, and the recorder that checks all answers of all gateways.

`tests/requirements.py` defines what happens if a program is missing.
"""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.recorder import Recorder
from tests.requirements import require

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDED = pytest.StashKey[Recorder]()

# a run in the background of a shell ignores Ctrl-C, and so would every program that a test starts and interrupts
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def recorder(request: pytest.FixtureRequest) -> Iterator[Recorder]:
    """Record every gateway of the run; a violation of the contract fails its test."""
    made = request.config.stash[RECORDED] = Recorder()
    with made.listening():
        yield made
    assert made.take() == []


@pytest.fixture(autouse=True)
def said_by_the_contract(recorder: Recorder) -> Iterator[None]:
    """In every test, each answer and callback fits its schema, unless a fault breaks it on purpose."""
    yield
    assert recorder.take() == []


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With several processes, pass on the counts of each."""
    made = session.config.stash.get(RECORDED, None)
    output = getattr(session.config, "workeroutput", None)
    if made is not None and output is not None:
        output["recorded"] = [[[*key, n] for key, n in counted.items()] for counted in (made.answers, made.callbacks)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up the counts of the processes."""
    made = node.config.stash.setdefault(RECORDED, Recorder())
    for counted, rows in zip((made.answers, made.callbacks), node.workeroutput.get("recorded", ([], [])), strict=True):
        for *key, n in rows:
            counted[tuple(key)] += n


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report how much was checked."""
    made = config.stash.get(RECORDED, None)
    if made is not None and made.answers:
        terminalreporter.write_line(made.summary())


# the duration of an example depends only on the machine
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

COUNTS = {
    "--crashes": (40, 1000, "how often the crash test kills, per database"),
    "--payout-kills": (6, 1000, "how often a crash test of payouts kills, per case"),
    "--failovers": (3, 20, "how often a primary dies, per mode of its standby"),
    "--payout-histories": (300, 2000, "how many random histories of the payout guard"),
    "--payout-rows": (30, 1000, "how many rows the batch that is killed has"),
    "--bodies": (300, 5000, "from how many bodies a search for collisions starts"),
    "--callbacks": (600, 20_000, "how many callbacks the drain test sends"),
    "--rows": (20_000, 1_000_000, "how many stored events the claim test compares with 1000"),
    "--soak-seconds": (4, 60, "how long the gateway is under load"),
    "--load-turns": (3, 200, "how many payments each of a hundred threads or tasks makes with one client"),
}
"""Option -> its count in every run, its count with --long, its meaning."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="take the long counts")
    for name, (usual, long, meaning) in COUNTS.items():
        parser.addoption(name, type=int, help=f"{meaning}: {usual}, with --long {long}")


def pytest_configure(config: pytest.Config) -> None:
    for name, (usual, long, _) in COUNTS.items():
        if config.getoption(name) is None:
            setattr(config.option, name.strip("-").replace("-", "_"), long if config.getoption("--long") else usual)


@pytest.fixture(scope="session")
def openssl() -> str:
    """The `openssl` command."""
    return require("openssl", shutil.which("openssl"))


@pytest.fixture(scope="session")
def node() -> str:
    """The `node` command."""
    return require("node", shutil.which("node"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """An installed Chromium browser."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return require("chromium", next(filter(None, map(shutil.which, names)), None))
