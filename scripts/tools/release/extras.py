"""Test the wheel in an empty environment for each extra: it installs, and the extra works."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

PRELUDE = """
import os
from highhelp_signing import generate_home
os.environ["HIGHHELP_HOME"] = str(generate_home("home", base_url="http://127.0.0.1:9").directory)
"""
PROGRAMS: dict[str, str] = {
    "": "from highhelp import HighHelp; HighHelp().close()",
    "cli": "from highhelp.cli import main; raise SystemExit(main(['payin', '--help']))",
    "callbacks": "from highhelp import CallbackInbox; assert CallbackInbox('inbox.db').receive(b'{}', {})[0] == 401",
    "postgres": "from highhelp import CallbackInbox; CallbackInbox('postgresql://nobody@127.0.0.1:9/none').close()",
    "django": "from highhelp.django import exactly_once; exactly_once(print)",
    "publish": "from highhelp import rabbit_sender; rabbit_sender('amqp://127.0.0.1:9', queue='q')",
    "mock": "from highhelp_mock import MockGateway; assert MockGateway().payments == ()",
    "fast": "from highhelp import HighHelp; HighHelp(transport='fast').close()",
    "otel": "import opentelemetry.trace",
    "all": "from highhelp.cli import main; raise SystemExit(main(['demo']))",
}
"""By extra: a program that uses it, and ends with 0."""


def without_program(project: Path) -> set[str]:
    """Extras of pyproject.toml that nobody wrote a program for, and programs without an extra."""
    extras = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    return {"", *extras} ^ set(PROGRAMS)


def problem(wheel: Path, extra: str, python: Path) -> str | None:
    """Say what fails when the wheel is installed with one extra in an empty environment, and its program run there."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HIGHHELP_", "PYTHON", "VIRTUAL"))}
    kept.setdefault("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    with TemporaryDirectory() as home:
        inside = Path(home) / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        uv = [sys.executable, "-m", "uv"]
        steps: list[list[str | Path]] = [
            [*uv, "venv", "--quiet", "--python", python, "env"],
            [*uv, "pip", "install", "--quiet", "--python", inside, f"{wheel}[{extra}]" if extra else wheel],
            [*uv, "pip", "check", "--quiet", "--python", inside],
            [inside, "-X", "utf8", "-c", PRELUDE + PROGRAMS[extra]],
        ]
        for step in steps:
            environ = kept | {"HOME": home}
            done = subprocess.run(step, cwd=home, env=environ, capture_output=True, text=True, check=False)
            if done.returncode:
                return f"extra [{extra}] with {python}: {step}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return None
