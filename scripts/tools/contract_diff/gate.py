"""The gate: requirements of a contract change on the CHANGELOG and the version. Reads, never writes."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from tools.contract_diff.changes import Change, Level

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SPEC = "spec/openapi.yaml"
UNRELEASED = "Unreleased"
_HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?\s*$", re.MULTILINE)
STEPS = ("none", "patch", "minor", "major")


class GateError(Exception):
    """The gate cannot judge: a file, a heading or a tag is missing."""


@dataclass(frozen=True)
class Section:
    """A section of CHANGELOG.md.

    Attributes:
        name: A version, or `Unreleased`.
        date: When it was released; None where it was not.
        text: All below its heading.
    """

    name: str
    date: str | None
    text: str

    @property
    def contract(self) -> list[str]:
        """The lines about the contract: the entries below `### Contract`, each begun with its level and a colon."""
        found = re.search(r"^### Contract\s*\n(.*?)(?=^### |\Z)", self.text, re.MULTILINE | re.DOTALL)
        return re.findall(r"^- (.+(?:\n  .+)*)", found[1], re.MULTILINE) if found else []


def sections(changelog: str) -> list[Section]:
    """Return all sections, newest first. Raises GateError if there is none."""
    found = list(_HEADING.finditer(changelog))
    ends = [*(one.start() for one in found[1:]), len(changelog)]
    made = [Section(one["name"], one["date"], changelog[one.end() : end]) for one, end in zip(found, ends, strict=True)]
    if not made:
        raise GateError("CHANGELOG.md: has no section like `## [Unreleased]` or `## [0.1.0] - 2026-11-30`")
    return made


def current_version(root: Path) -> Version:
    """Return the version in `highhelp/_version.py`. Raises GateError if it cannot be read."""
    text = (root / "highhelp" / "_version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if not found:
        raise GateError('highhelp/_version.py: has no line like `__version__ = "1.2.3"`')
    return _version(found[1], "highhelp/_version.py")


def _version(text: str, where: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise GateError(f"{where}: {text!r} is not a version") from None


def last_release(made: Sequence[Section], current: Version, tags: set[str]) -> Version | None:
    """The release to compare with: the newest dated section, other than the one that is being released just now.

    Raises:
        GateError: It has no tag here, so its document cannot be had.
    """
    dated = [_version(one.name, "CHANGELOG.md") for one in made if one.date is not None]
    # the commit of a release is dated, but not yet tagged
    done = [version for version in dated if version != current or f"v{version}" in tags]
    if not done:
        return None
    newest = max(done)
    if f"v{newest}" not in tags:
        raise GateError(
            f"CHANGELOG.md says that {newest} was released, but there is no tag v{newest}: git fetch --tags"
        )
    return newest


def tags_of(root: Path) -> set[str]:
    """Return the tags of the repository. Raises GateError if there is no repository."""
    return set(git(root, "tag", "--list", "v*").split())


def git(root: Path, *arguments: str) -> str:
    """Return the output of a git command. Raises GateError with git's message if it fails."""
    done = subprocess.run(
        [shutil.which("git") or "git", "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise GateError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def worst(changes: Sequence[Change]) -> Level:
    """Return the most severe level; documentation if there is no change."""
    return max((change.level for change in changes), default=Level.DOCUMENTATION)


def needed_step(level: Level, last: Version) -> str:
    """The smallest step that may carry a change: `none`, `patch`, `minor` or `major`.

    Before 1.0 the second number is the one that warns users, so breaking and risky changes raise it and safe ones the
    third. From 1.0 on breaking ones raise the first, all others the second.
    """
    if level is Level.DOCUMENTATION:
        return "none"
    if last.major == 0:
        return "patch" if level is Level.SAFE else "minor"
    return "major" if level is Level.BREAKING else "minor"


def made_step(last: Version, current: Version) -> str:
    """The step from one version to another. Raises GateError for one backwards."""
    if current < last:
        raise GateError(f"the version {current} comes before the last release {last}")
    before, after = (*last.release, 0, 0), (*current.release, 0, 0)
    rises = (step for step, old, new in zip(("major", "minor", "patch"), before, after, strict=False) if new > old)
    return next(rises, "none")


def demands(changes: Sequence[Change], last: Version, current: Version, section: Section) -> list[str]:
    """The conditions that these changes do not meet yet, as sentences.

    Args:
        changes: From the last release's document to the present one.
        last: The last release.
        current: The version that is being prepared.
        section: The CHANGELOG's section of it.
    """
    missing = []
    level = worst(changes)
    needed, made = needed_step(level, last), made_step(last, current)
    if STEPS.index(made) < STEPS.index(needed):
        missing.append(
            f"highhelp/_version.py: {level.word} changes need a {needed} step after {last}, and {current} is "
            f"{'none' if made == 'none' else f'a {made} step'}"
        )
    for wanted in (Level.BREAKING, Level.RISKY, Level.SAFE):
        here = [change for change in changes if change.level is wanted]
        if here and not any(line.startswith(f"{wanted.word}:") for line in section.contract):
            missing.append(
                f"CHANGELOG.md, [{section.name}]: below `### Contract` no line begins with `{wanted.word}:`, and "
                f"{len(here)} changes of the contract are {wanted.word}"
            )
    return missing


def section_of(made: Sequence[Section], current: Version) -> Section:
    """Return the section of the next release: that of its version, else `Unreleased`.

    Raises:
        GateError: There is neither.
    """
    by_name = {one.name: one for one in made}
    found = by_name.get(str(current)) or by_name.get(UNRELEASED)
    if found is None:
        raise GateError(f"CHANGELOG.md: has neither a section [{current}] nor [{UNRELEASED}]")
    return found
