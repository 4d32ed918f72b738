"""The wheel in an empty environment for each extra: it installs, and what the extra brings works."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_HOME = """
import os
from highhelp_signing import generate_home
os.environ["HIGHHELP_HOME"] = "home"
if not os.path.exists("home"):
    generate_home("home", base_url="http://127.0.0.1:9")
"""
_NOT_SENT = """
import highhelp
try:
    highhelp.HighHelp({arguments}).service.balance()
except highhelp.Unavailable as error:
    print("asked, and nobody was there:", type(error).__name__)
"""

PROGRAMS: dict[str, str] = {
    "": _HOME + _NOT_SENT.format(arguments=""),
    "cli": """
        import subprocess, sysconfig, pathlib
        command = str(pathlib.Path(sysconfig.get_path("scripts")) / "highhelp")
        for arguments in (["--version"], ["keys", "generate", "--out", "made"], ["payin", "--help"]):
            print(subprocess.run([command, *arguments], check=True, capture_output=True, text=True).stdout.strip()[:60])
        assert pathlib.Path("made", "private_key.pem").is_file()
    """,
    "callbacks": _HOME
    + """
import asyncio
from highhelp import AsyncCallbackInbox, CallbackInbox, HighHelp, PayoutGuard
with CallbackInbox("inbox.db") as inbox, PayoutGuard(HighHelp(), "inbox.db") as guard:
    assert inbox.receive(b"{}", {})[0] == 401
    assert inbox.process(lambda event: None) == 0 and guard.list() == []
async def handle(event): ...
async def again():
    async with AsyncCallbackInbox("inbox.db") as inbox:
        return await inbox.process(handle)
assert asyncio.run(again()) == 0
""",
    "postgres": _HOME
    + """
import asyncio, sqlalchemy
from highhelp import AsyncCallbackInbox, CallbackInbox
# nobody listens at port 9: that it is tried at all shows that the driver is there
try:
    CallbackInbox("postgresql://nobody@127.0.0.1:9/none").list()
except sqlalchemy.exc.SQLAlchemyError as error:
    print(type(error).__name__)
else:
    raise SystemExit("a database at port 9?")
try:
    asyncio.run(AsyncCallbackInbox("postgresql://nobody@127.0.0.1:9/none").list())
except sqlalchemy.exc.SQLAlchemyError as error:
    print(type(error).__name__)
else:
    raise SystemExit("a database at port 9?")
""",
    "publish": _HOME
    + """
from highhelp import OutboxPublisher, rabbit_sender
async def send(event): ...
OutboxPublisher("inbox.db", send); rabbit_sender("amqp://127.0.0.1:9", queue="q")
""",
    "mock": """
        from highhelp import HighHelp, models
        from highhelp_mock import MockGateway
        gateway = MockGateway()
        client = HighHelp(base_url=gateway.base_url, project_id=gateway.project_id, signer=gateway.signer,
                          transport=gateway.transport)
        request = models.P2PPayinRequest(
            general=models.General(payment_id="one"),
            payment=models.P2PPayinPayment(method="card-p2p", amount=100, currency="RUB"))
        assert client.p2p.create_payin(request).status == "processing"
        assert gateway.payment("one").amount == 100
    """,
    "fast": _HOME + "import pyreqwest\n" + _NOT_SENT.format(arguments='transport="fast"'),
    "otel": _HOME + "import opentelemetry.trace\n" + _NOT_SENT.format(arguments=""),
    "all": """
        import subprocess, sysconfig, pathlib
        command = str(pathlib.Path(sysconfig.get_path("scripts")) / "highhelp")
        done = subprocess.run([command, "demo"], check=True, capture_output=True, text=True)
        assert "Every signature checked" in done.stdout, done.stdout
    """,
}
"""By extra: a program that uses what it brings, and ends with 0."""


@dataclass(frozen=True)
class Trial:
    """One extra with one interpreter.

    Attributes:
        extra: Its name; empty for the bare package.
        python: The interpreter.
        problem: What went wrong; None where all is well.
    """

    extra: str
    python: Path
    problem: str | None


def declared(project: Path) -> set[str]:
    """The extras of pyproject.toml, and the bare package."""
    return {"", *tomllib.loads(project.read_text(encoding="utf-8"))["project"]["optional-dependencies"]}


def without_trial(project: Path) -> set[str]:
    """Extras that nobody wrote a program for, and programs for what is no extra."""
    return declared(project) ^ set(PROGRAMS)


def tried(wheel: Path, extra: str, python: Path) -> Trial:
    """Install the wheel with one extra in an empty environment, and run its program there."""
    with TemporaryDirectory() as place:
        home = Path(place)
        inside = home / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        uv = [sys.executable, "-m", "uv"]
        program = home / "program.py"
        program.write_text(textwrap.dedent(PROGRAMS[extra]), encoding="utf-8")
        steps = (
            [*uv, "venv", "--quiet", "--python", str(python), str(home / "env")],
            [*uv, "pip", "install", "--quiet", "--python", str(inside), f"{wheel}[{extra}]" if extra else str(wheel)],
            [*uv, "pip", "check", "--quiet", "--python", str(inside)],
            [str(inside), "-X", "utf8", str(program)],
        )
        for step in steps:
            done = subprocess.run(step, cwd=home, env=clean(home), capture_output=True, text=True, check=False)
            if done.returncode:
                said = (done.stdout + done.stderr).strip()
                return Trial(extra, python, f"{' '.join(step[:4])} ...: exit code {done.returncode}\n{said}")
    return Trial(extra, python, None)


def clean(home: Path) -> dict[str, str]:
    """This process's environment without what is ours or Python's; the caches of uv stay where they are."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("HIGHHELP_", "PYTHON", "VIRTUAL"))
    }
    cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    return kept | {"UV_CACHE_DIR": cache, "HOME": str(home)}
