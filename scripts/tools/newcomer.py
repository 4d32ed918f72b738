"""Follow a page to the letter, as somebody who has nothing but Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blocks import blocks_of
from tests.docs.player import Player

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 900.0
"""Seconds that a command may take; the first one makes environments."""

# how this machine reaches its package index; nothing else of the environment is kept
_KEPT = ("PIP_", "UV_", "SSL_", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "LANG", "LC_", "TMPDIR")
_ASKED = re.compile(r"`(highhelp (?:mock|listen)\b[^`\n]*|[A-Z][A-Z0-9_]*=[^`\s]+)`")


def follow(name: str, place: Path, *, full: bool) -> list[str]:
    """Follow a page of a fresh clone below `place`, in a fresh virtual environment. Returns what went wrong."""
    clone = place / "clone"
    _run("git", "clone", "--quiet", "--no-hardlinks", ROOT, clone)
    environ = surroundings(place)
    page = (clone / name).read_text(encoding="utf-8")
    if "pip install" in page:  # until the package is on an index, pip gets the wheel of the clone
        wheels = place / "wheels"
        _run(place / "venv" / "bin" / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", wheels, clone)
        environ["PIP_FIND_LINKS"] = f"{environ.get('PIP_FIND_LINKS', '')} {wheels}".strip()
    if not full:  # the tests are only shown to be found
        page = re.sub(r"(?m)^scripts/test\b", "scripts/test --collect-only -q | tail -n 2", page)
    here = clone if name == "README.md" else place / "shop"
    here.mkdir(exist_ok=True)
    return problems_of(name, page, here, environ)


def problems_of(name: str, page: str, directory: Path, environ: Mapping[str, str]) -> list[str]:
    """Follow a page in a directory, by a reader whose shell knows `environ` and nothing else."""
    player = Player(name, directory, environ, alone=True, elsewhere={}, patience=PATIENCE)
    try:
        return player.play(spelt_out(page)).problems
    except RuntimeError as error:
        return [f"{name}: {error}"]


def spelt_out(page: str) -> str:
    """The page with commands for what the prose around a `python` block asks for.

    An inline `highhelp mock ...` or `highhelp listen ...` is started, an inline `NAME=value` is exported: that is how a
    reader reads "in another terminal".
    """
    made, end = "", 0
    for block in blocks_of(page):
        first, last = block.place
        if block.language == "python":
            before = page[end:first].rstrip("\n").rsplit("\n\n", 1)[-1]
            after = page[last:].lstrip("\n").split("\n\n", 1)[0]
            asked = _ASKED.findall(before if after.startswith("```") else f"{before}\n{after}")
            lines = [f"{one} &" if one.startswith("highhelp") else f"export {one}" for one in asked]
            made += page[end:first] + "".join(f"```sh\n{line}\n```\n\n" for line in lines) + page[first:last]
        else:
            made += page[end:last]
        end = last
    return made + page[end:]


def surroundings(place: Path) -> dict[str, str]:
    """A fresh virtual environment that is active, and an empty home."""
    home, environment = place / "home", place / "venv"
    home.mkdir()
    _run(sys.executable, "-m", "venv", environment)
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(_KEPT)}
    system = os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin", str(Path(sys.base_prefix) / "bin")])
    pip = {"PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip"))}
    own = Path.home() / ".config" / "pip" / "pip.conf"
    if "PIP_CONFIG_FILE" not in os.environ and own.is_file():
        pip["PIP_CONFIG_FILE"] = str(own)
    return {
        **kept, **pip, "HOME": str(home), "PATH": f"{environment / 'bin'}{os.pathsep}{system}",
        "VIRTUAL_ENV": str(environment), "TERM": "dumb",
    }  # fmt: skip


def _run(*command: str | Path) -> None:
    # a failure here is ours, not the page's
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
