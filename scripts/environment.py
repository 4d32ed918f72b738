"""The environments that scripts run in: made once, made again when what one holds is no longer what is pinned.

A script calls `enter` first. On a machine with nothing but Python it makes `.venv`, installs the pinned development
dependencies and the package itself in editable form, and runs the script again with that interpreter. Heavy tools that
only one script needs have an environment of their own, `.venv-NAME` with the pins of `requirements/NAME.txt`, so that
tests and checks start quickly.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEVELOPMENT = "development"
OLDEST = (3, 11)


def enter(purpose: str | None = None, name: str = DEVELOPMENT) -> None:
    """Go on only inside the environment. Leaves with exit code 2 and a plain sentence where it cannot be made.

    Args:
        purpose: What the script does; said where it is asked for `--help` and has no parser of its own.
        name: Whose pins it holds: a file of `scripts/requirements`, without its ending.
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
    sys.exit(f"{home} is not what is pinned any more; run the script with the Python that made it, not with this one")


def folder(name: str = DEVELOPMENT) -> Path:
    """Where the environment is, or will be."""
    return ROOT / (".venv" if name == DEVELOPMENT else f".venv-{name}")


def pins(name: str = DEVELOPMENT) -> Path:
    """The file with what the environment holds, each version with its hashes."""
    return ROOT / "scripts" / "requirements" / f"{name}.txt"


def made(name: str = DEVELOPMENT, base: Path | None = None) -> Path:
    """The interpreter of an environment, made or brought up to date first where that is needed.

    Args:
        name: Whose pins it holds.
        base: Another Python than this one, of which the environment is made; it is then called like that one.
    """
    home = folder(name if base is None else base.name)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if _stamp(home) != _wanted(name, base):
        _make(home, python, name, base)
    return python


def _wanted(name: str, base: Path | None = None) -> str:
    version = sys.version if base is None else str(base.resolve())
    parts = [pins(name).read_bytes(), (ROOT / "pyproject.toml").read_bytes(), str(ROOT).encode(), version.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _stamp(home: Path) -> str:
    stamp = home / "installed"
    return stamp.read_text(encoding="ascii") if stamp.is_file() else ""


def _make(home: Path, python: Path, name: str, base: Path | None) -> None:
    print(f"Setting up {home.name} (once; takes about half a minute) ...", file=sys.stderr, flush=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    steps = [
        (
            [str(base or sys.executable), "-m", "venv", "--clear", str(home)],
            "make a virtual environment; on Debian and Ubuntu: apt install python3-venv",
        ),
        (
            [*pip, "--require-hashes", "-r", str(pins(name))],
            "install the pinned dependencies; is a package index reachable?",
        ),
        ([*pip, "--no-deps", "-e", str(ROOT)], "install the package itself"),
    ]
    for command, what in steps:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            print("\n".join(done.stdout.splitlines()[-20:]), f"\nCould not {what}", file=sys.stderr)
            sys.exit(2)
    (home / "installed").write_text(_wanted(name, base), encoding="ascii")
