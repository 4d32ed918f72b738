"""Build the wheel and the sdist into dist/ and check them as users get them. Publishes nothing.

Checked are: the contract's changes against the last release, with CHANGELOG.md and the version's step; what is in both
files; twine; and for each extra an empty environment on the oldest and the newest Python that is supported and found.
With `--final` also that the work tree is clean and CHANGELOG.md gives the version a date.
"""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import environment
import interpreters
from tools.contract_diff import gate
from tools.release import artifacts, extras

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[3]
DIST = ROOT / "dist"


def contract(_: argparse.Namespace) -> list[str]:
    """The gate of the contract."""
    # another environment has what reads the document
    return _said(sys.executable, str(ROOT / "scripts" / "contract-diff"), "--gate")


def finality(options: argparse.Namespace) -> list[str]:
    """Demands on the very commit of a release."""
    if not options.final:
        return []
    version = gate.current_version(ROOT)
    problems = []
    if gate.git(ROOT, "status", "--porcelain"):
        problems.append("the work tree is not clean")
    if f"v{version}" in gate.tags_of(ROOT):
        problems.append(f"the tag v{version} is there already")
    section = gate.section_of(gate.sections((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")), version)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    if section.name != str(version) or section.date is None:
        problems.append(f"CHANGELOG.md: has no section `## [{version}] - {today}`")
    elif section.date > today:
        problems.append(f"CHANGELOG.md: {section.date} is yet to come")
    return problems


def built(_: argparse.Namespace) -> list[str]:
    """Build both files, and check their content."""
    try:
        wheel, sdist = artifacts.build(ROOT, DIST)
    except RuntimeError as error:
        return [str(error)]
    return artifacts.problems(wheel, sdist, str(gate.current_version(ROOT)))


def twine(_: argparse.Namespace) -> list[str]:
    """Whether an index would take and show them."""
    return _said(sys.executable, "-m", "twine", "check", "--strict", *map(str, sorted(DIST.iterdir())))


def installed(_: argparse.Namespace) -> list[str]:
    """Every extra in an empty environment, on the oldest and on the newest Python."""
    problems = [f"extra [{one}]: has no program in release/extras.py, or is no extra"
                for one in extras.without_program(ROOT / "pyproject.toml")]  # fmt: skip
    found = interpreters.found()
    oldest, newest = min(found), max(found)
    if oldest != environment.OLDEST:
        problems.append(
            f"Python {'.'.join(map(str, environment.OLDEST))}, the oldest supported, is not on this machine"
        )
    wheel = next(DIST.glob("*.whl"))
    pairs = [(extra, found[version]) for version in sorted({oldest, newest}) for extra in extras.PROGRAMS]
    with ThreadPoolExecutor(2) as pool:
        problems += filter(None, pool.map(lambda pair: extras.problem(wheel, *pair), pairs))
    shown = " and ".join(".".join(map(str, version)) for version in sorted({oldest, newest}))
    print(f"        {len(pairs)} environments, Python {shown}", flush=True)
    return problems


STEPS: dict[str, Callable[[argparse.Namespace], list[str]]] = {
    "contract, CHANGELOG and version": contract,
    "ready to be released": finality,
    "wheel and sdist": built,
    "twine": twine,
    "extras in empty environments": installed,
}


def _said(*command: str) -> list[str]:
    """The output of a command that fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [done.stdout + done.stderr] if done.returncode else []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every step. Returns the exit code: 0, or 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="scripts/release", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--final", action="store_true", help="this is the commit that will get the tag")
    options = parser.parse_args(arguments)
    failed = 0
    for name, step in STEPS.items():
        begun = time.monotonic()
        try:
            problems = step(options)
        except gate.GateError as error:
            problems = [str(error)]
        print(f"{'FAILED' if problems else 'ok    '}  {name} ({time.monotonic() - begun:.0f} s)", flush=True)
        for line in "\n".join(problems).splitlines():
            print(f"        {line}")
        failed += bool(problems)
        if problems and step is built:
            break  # the later steps check files that were not built
    print("nothing was published;", *sorted(path.name for path in DIST.glob("*")))
    return 1 if failed else 0
