"""Builds the site with the tools of `.venv-docs`, and checks it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import environment
from tools.docs import look, stage

ROOT = stage.ROOT
WORDS = Path(__file__).with_name("words.txt")
"""Correct words that look like mistakes."""
SPELT = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
SPELT += ["docs", "spec", "highhelp", "signing", "gateway", "scripts", "generated"]
_LINE_LINK = re.compile(r'<a id="__codelineno-[^"]*" name="[^"]*" href="[^"]*"></a>')
"""An empty link before each line of code: a screen reader would read each of them."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _tool(*command: str, cwd: Path = ROOT) -> tuple[int, str]:
    python = environment.made("docs")
    done = subprocess.run(
        [str(python.with_name(command[0])), *command[1:]],
        cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env={**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    return done.returncode, _COLOUR.sub("", done.stdout)


def build() -> list[str]:
    """Build the site. Returns its problems."""
    shutil.rmtree(stage.SITE, ignore_errors=True)
    stage.stage()
    # --strict: a link or an anchor of a page that leads nowhere ends it
    code, output = _tool("zensical", "build", "--strict", "--clean", cwd=stage.BUILD)
    for page in stage.SITE.rglob("*.html"):
        page.write_text(_LINE_LINK.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
    return [output] if code or "No issues found" not in output or "griffe:" in output else []


def spelling() -> list[str]:
    """Misspelt words."""
    code, output = _tool("codespell", "--ignore-words", str(WORDS), "--skip", "*.json,*.svg,*.css,*.js", *SPELT)
    return output.splitlines() or ["codespell failed"] if code else []


def serve() -> None:
    """Show the site until Ctrl-C."""
    with look.served(stage.SITE) as url:
        print(f"{url}\nCtrl-C stops it.", flush=True)
        threading.Event().wait()
