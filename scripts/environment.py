"""The environments that scripts run in: created once, and again when the pins change.

A script calls `enter` first. On a machine with nothing but Python it creates `.venv`, installs the pinned development
dependencies and the package itself in editable form, and runs the script again with that interpreter. Heavy tools that
only one script needs have a separate environment, `.venv-NAME` with the pins of `requirements/NAME.txt`, so that
tests and checks start quickly. `uv` installs where it is found, pip otherwise; both check the hashes.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEVELOPMENT = "development"
OLDEST = (3, 11)


def enter(purpose: str | None = None, name: str = DEVELOPMENT) -> None:
    """Continue inside the environment only. Exits with code 2 and a plain message if it cannot be created.

    Args:
        purpose: The script's purpose; printed for `--help` if it has no parser.
        name: Name of its pins: a file of `scripts/requirements`, without its suffix.
    """
    if sys.version_info < OLDEST:
        sys.exit(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {sys.version.split()[0]}: {sys.executable}"
        )
    if purpose and {"-h", "--help"} & set(sys.argv[1:2]):
        print(purpose.strip())
        sys.exit(0)
    home = folder(name)
    inside = Path(sys.prefix).resolve() == home.resolve()
    if inside and _stamp(home) == _wanted(name):
        return
    if not inside:
        command = [str(made(name)), str(Path(sys.argv[0]).resolve()), *sys.argv[1:]]
        if os.name == "nt":
            sys.exit(subprocess.run(command, check=False).returncode)
        os.execv(command[0], command)
    sys.exit(f"{home} is out of date; run the script with the Python that created it, not with this one")


def folder(name: str = DEVELOPMENT) -> Path:
    """Return the path of the environment."""
    return ROOT / (".venv" if name == DEVELOPMENT else f".venv-{name}")


def pins(name: str = DEVELOPMENT) -> Path:
    """Return the file of the environment's pins, with hashes."""
    return ROOT / "scripts" / "requirements" / f"{name}.txt"


def made(name: str = DEVELOPMENT, base: Path | None = None) -> Path:
    """Return the interpreter of an environment, which is created or updated if needed.

    Args:
        name: Name of its pins.
        base: Another Python for the environment, which is then named after it.
    """
    home = folder(name if base is None else base.name)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if _stamp(home) != _wanted(name, base):
        _make(home, python, name, base)
    return python


def _wanted(name: str, base: Path | None = None) -> list[str]:
    """Return the stamp of an up-to-date environment: one hash for the dependencies, one for the package itself."""
    version = sys.version if base is None else str(base.resolve())
    dependencies = [pins(name).read_bytes(), str(ROOT).encode(), version.encode()]
    parts = [b"\0".join(dependencies), _package().encode()]
    return [hashlib.sha256(part).hexdigest() for part in parts]


def _package() -> str:
    """The part of pyproject.toml that an editable install reads; settings of ruff, mypy and pytest are not in it."""
    import tomllib  # not at the top: an older Python must get as far as the message about its version

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    relevant = [settings["build-system"], settings["project"], settings["tool"]["hatch"]]
    return json.dumps(relevant, sort_keys=True)


def _stamp(home: Path) -> list[str]:
    stamp = home / "installed"
    return stamp.read_text(encoding="ascii").split() if stamp.is_file() else []


def _make(home: Path, python: Path, name: str, base: Path | None) -> None:
    wanted, began = _wanted(name, base), time.monotonic()
    if _stamp(home)[:1] == wanted[:1]:
        _say(f"Installing the package into {home.name} again: its metadata in pyproject.toml changed")
    else:
        count = len(re.findall("^[^ #].*==", pins(name).read_text(encoding="utf-8"), re.MULTILINE))
        _say(f"Setting up {home.name} with {count} packages (once; takes about a minute) ...")
        _run(
            [[str(base or sys.executable), "-m", "venv", "--clear", str(home)]],
            "make a virtual environment; on Debian and Ubuntu: apt install python3-venv",
        )
        _say(f"  virtual environment created after {time.monotonic() - began:.0f} s; installing the packages ...")
        _install(python, ["--require-hashes", "-r", str(pins(name))], "the pinned dependencies", count)
    _install(python, ["--no-deps", "-e", str(ROOT)], "the package itself")
    (home / "installed").write_text("\n".join(wanted), encoding="ascii")
    _say(f"  {home.name} is ready after {time.monotonic() - began:.0f} s")


def _install(python: Path, arguments: list[str], what: str, count: int = 0) -> None:
    commands = [[str(python), "-m", "pip", "--disable-pip-version-check", "install", *arguments]]
    if uv := shutil.which("uv"):
        # pip is the fallback: it may be configured for an index that uv does not know
        commands.insert(0, [uv, "pip", "install", "--python", str(python), *arguments])
    _run(commands, f"install {what}; is a package index reachable?", count)


def _run(commands: list[list[str]], what: str, count: int = 0) -> None:
    """Run the first command that succeeds; count the packages that pip collects."""
    for command in commands:
        output, collected = [], 0
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            for line in process.stdout or ():
                output.append(line)
                collected += line.startswith("Collecting ")
                if count and line.startswith("Collecting ") and collected % 25 == 0:
                    _say(f"  {collected} of {count} packages ...")
                if count and line.startswith("Installing collected packages"):
                    _say("  writing the files ...")
        if process.returncode == 0:
            return
    print("".join(output[-20:]), f"\nCould not {what}", file=sys.stderr)
    sys.exit(2)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
