"""The environment that every script runs in: made once, made again when what it holds is no longer what is pinned.

A script calls `enter` first. On a machine with nothing but Python it makes `.venv`, installs the pinned development
dependencies and the package itself in editable form, and runs the script again with that interpreter.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PINS = ROOT / "scripts" / "requirements.txt"
STAMP = VENV / "installed"
OLDEST = (3, 11)


def enter(purpose: str | None = None) -> None:
    """Go on only inside the environment. Leaves with exit code 2 and a plain sentence where it cannot be made.

    Args:
        purpose: What the script does; said where it is asked for `--help` and has no parser of its own.
    """
    if sys.version_info < OLDEST:
        sys.exit(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {sys.version.split()[0]}: {sys.executable}"
        )
    if purpose and {"-h", "--help"} & set(sys.argv[1:2]):
        print(purpose.strip())
        sys.exit(0)
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if inside and _stamp() == _wanted():
        return
    if not inside:
        if _stamp() != _wanted():
            _make(python)
        command = [str(python), str(Path(sys.argv[0]).resolve()), *sys.argv[1:]]
        if os.name == "nt":
            sys.exit(subprocess.run(command, check=False).returncode)
        os.execv(command[0], command)
    sys.exit(f"{VENV} is not what is pinned any more; run the script with the Python that made it, not with this one")


def _wanted() -> str:
    parts = [PINS.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), str(ROOT).encode(), sys.version.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _stamp() -> str:
    return STAMP.read_text(encoding="ascii") if STAMP.is_file() else ""


def _make(python: Path) -> None:
    print(f"Setting up {VENV.name} (once; takes about half a minute) ...", file=sys.stderr, flush=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    steps = [
        (
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            "make a virtual environment; on Debian and Ubuntu: apt install python3-venv",
        ),
        ([*pip, "--require-hashes", "-r", str(PINS)], "install the pinned dependencies; is a package index reachable?"),
        ([*pip, "--no-deps", "-e", str(ROOT)], "install the package itself"),
    ]
    for command, what in steps:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            print("\n".join(done.stdout.splitlines()[-20:]), f"\nCould not {what}", file=sys.stderr)
            sys.exit(2)
    STAMP.write_text(_wanted(), encoding="ascii")
