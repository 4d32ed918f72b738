"""The command, and the gate before a release: in repositories made for the purpose."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from packaging.version import Version

from tests.requirements import require
from tools.contract_diff import gate, main
from tools.contract_diff.changes import Level
from tools.release import main as releasing

ROOT = Path(__file__).resolve().parents[2]
SPEC = """
openapi: 3.1.0
info: { title: Small, version: 0.1.0 }
paths:
  /pay:
    post:
      operationId: pay
      tags: [p2p]
      requestBody:
        content: { application/json: { schema: { $ref: '#/components/schemas/Amount' } } }
      responses:
        '200':
          description: Done.
          content: { application/json: { schema: { $ref: '#/components/schemas/Status' } } }
components:
  schemas:
    Amount: { type: integer, maximum: 1000, description: Whole minor units. }
    Status: { type: string, enum: [success, decline] }
"""
BREAKS = ("maximum: 1000", "maximum: 10")
IS_RISKY = ("enum: [success,", "enum: [success, frozen,")
IS_SAFE = ("maximum: 1000", "maximum: 2000")
IS_TEXT = ("Whole minor units.", "Minor units.")
PLAIN = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Something.\n\n## [{0}] - 2026-12-01\n\n- The first.\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path, require("git", shutil.which("git")))


class Repository:
    """A repository with a contract, a version and a CHANGELOG."""

    def __init__(self, root: Path, git: str) -> None:
        self.root, self._git = root, git
        self.git("init", "--quiet")
        self.version("0.3.1")
        self.write("spec/openapi.yaml", SPEC)
        self.changelog(PLAIN.format("0.3.1"))
        self.commit()

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
        environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run([self._git, *who, *arguments], cwd=self.root, env=environ, check=True, capture_output=True)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def version(self, text: str) -> None:
        self.write("highhelp/_version.py", f'"""The version."""\n\n__version__ = "{text}"\n')

    def changelog(self, text: str) -> None:
        self.write("CHANGELOG.md", text)

    def contract(self, *edits: tuple[str, str]) -> None:
        text = SPEC
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        self.write("spec/openapi.yaml", text)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")

    def gate(self) -> int:
        return main.main(["--gate"], self.root)


def entry(*lines: str) -> str:
    entries = "\n".join(f"- {line}" for line in lines)
    return f"# Changelog\n\n## [Unreleased]\n\n### Contract\n\n{entries}\n\n## [0.3.1] - 2026-12-01\n\n- The first.\n"


def test_gate_without_a_release_has_nothing_to_compare(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.changelog("# Changelog\n\n## [Unreleased]\n\n### Added\n\n- All.\n")
    repository.contract(BREAKS)
    assert repository.gate() == 0
    assert capsys.readouterr().out == "nothing was released before 0.3.1: there is no document to compare with\n"


def test_the_commit_of_the_first_release_passes_too(repository: Repository) -> None:
    assert repository.gate() == 0  # dated, and its tag is made after it


def test_a_release_without_its_tag_is_no_reason_to_pass(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.version("0.4.0")
    assert repository.gate() == 2
    assert "there is no tag v0.3.1: git fetch --tags" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("edit", "version", "lines", "missing"),
    [
        (BREAKS, "0.3.1", ["Added: x"], ["need a minor step after 0.3.1, and 0.3.1 is none", "`breaking:`"]),
        (BREAKS, "0.3.2", ["breaking: the maximum of amount"], ["and 0.3.2 is a patch step"]),
        (BREAKS, "0.4.0", ["risky: no"], ["no line begins with `breaking:`"]),
        (BREAKS, "0.4.0", ["breaking: the maximum of amount"], []),
        (IS_RISKY, "0.3.2", ["risky: a status"], ["risky changes need a minor step"]),
        (IS_RISKY, "0.4.0", ["safe: a status"], ["no line begins with `risky:`"]),
        (IS_RISKY, "0.4.0", ["risky: a status"], []),
        (IS_SAFE, "0.3.1", ["safe: larger amounts"], ["need a patch step"]),
        (IS_SAFE, "0.3.2", ["risky: x"], ["no line begins with `safe:`"]),
        (IS_SAFE, "0.3.2", ["safe: larger amounts"], []),
        (IS_TEXT, "0.3.1", ["x"], []),
    ],
)
def test_version_and_changelog_have_to_fit(
    repository: Repository,
    capsys: pytest.CaptureFixture[str],
    edit: tuple[str, str],
    version: str,
    lines: list[str],
    missing: list[str],
) -> None:
    repository.git("tag", "v0.3.1")
    repository.contract(edit)
    repository.version(version)
    repository.changelog(entry(*lines))
    assert repository.gate() == (1 if missing else 0)
    told = capsys.readouterr().out
    assert told.startswith("since 0.3.1:\n")
    for words in missing:
        assert words in told
    assert ("CHANGELOG.md, " in told or "_version.py: " in told) == bool(missing)


def test_the_section_of_the_version_counts_before_unreleased(repository: Repository) -> None:
    repository.git("tag", "v0.3.1")
    repository.contract(BREAKS)
    repository.version("0.4.0")
    entries = entry("breaking: amounts")
    repository.changelog(entries.replace("## [Unreleased]", "## [Unreleased]\n\n## [0.4.0] - 2027-01-01"))
    assert repository.gate() == 0  # the commit of release 0.4.0: dated, not yet tagged
    repository.git("tag", "v0.4.0")  # it is out now, though its document was never committed with it
    assert repository.gate() == 1


def test_the_last_release_is_the_newest_by_version(repository: Repository) -> None:
    names = ["0.10.0", "0.9.1", "0.2.0"]
    made = gate.sections("".join(f"## [{name}] - 2026-12-01\n" for name in names))
    tags = {f"v{name}" for name in names}
    assert gate.last_release(made, Version("0.11.0"), tags) == Version("0.10.0")
    assert gate.last_release(made, Version("0.10.0"), tags) == Version("0.10.0")
    assert gate.last_release(made, Version("0.10.0"), tags - {"v0.10.0"}) == Version("0.9.1")


@pytest.mark.parametrize(
    ("last", "level", "step"),
    [
        ("0.1.0", Level.BREAKING, "minor"), ("0.1.0", Level.RISKY, "minor"), ("0.1.0", Level.SAFE, "patch"),
        ("0.1.0", Level.DOCUMENTATION, "none"), ("1.2.3", Level.BREAKING, "major"), ("1.2.3", Level.RISKY, "minor"),
        ("1.2.3", Level.SAFE, "minor"), ("1.2.3", Level.DOCUMENTATION, "none"),
    ],
)  # fmt: skip
def test_steps_that_are_needed(last: str, level: Level, step: str) -> None:
    assert gate.needed_step(level, Version(last)) == step


@pytest.mark.parametrize(
    ("last", "current", "step"),
    [("0.1.0", "0.1.0", "none"), ("0.1.0", "0.1.1", "patch"), ("0.1.9", "0.2.0", "minor"), ("0.9.9", "1.0.0", "major"),
     ("1.2.3", "2.0.0", "major"), ("0.1.0", "0.2.0rc1", "minor")],
)  # fmt: skip
def test_steps_that_are_made(last: str, current: str, step: str) -> None:
    assert gate.made_step(Version(last), Version(current)) == step


def test_a_version_does_not_go_back() -> None:
    with pytest.raises(gate.GateError, match="comes before"):
        gate.made_step(Version("0.2.0"), Version("0.1.9"))


def test_the_command(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.contract(BREAKS)
    new = str(repository.root / "spec" / "openapi.yaml")
    assert main.main(["git:HEAD", new], repository.root) == 1
    assert "1 breaking, 0 risky, 0 safe, 0 documentation" in capsys.readouterr().out
    assert main.main(["git:HEAD:spec/openapi.yaml", new], repository.root) == 1
    said = capsys.readouterr().out
    assert said.startswith("breaking, request: pay: the maximum 1000 becomes 10;")
    assert "(#/components/schemas/Amount/maximum)" in said
    assert main.main([new, new], repository.root) == 0
    assert capsys.readouterr().out == "no change\n"
    repository.contract(IS_RISKY)
    assert main.main(["git:HEAD", new], repository.root) == 0
    capsys.readouterr()
    for wrong in ("git:nowhere", "nothing.yaml", str(ROOT / "README.md"), "git:HEAD:CHANGELOG.md"):
        assert main.main([wrong, new], repository.root) == 2
        assert "Traceback" not in capsys.readouterr().err
    for arguments in ([new], ["--gate", new], []):
        with pytest.raises(SystemExit) as end:
            main.main(arguments, repository.root)
        assert end.value.code == 2


def test_this_repository_passes_its_own_gate(capsys: pytest.CaptureFixture[str]) -> None:
    require("git", shutil.which("git"))
    assert main.main(["--gate"], ROOT) == 0, capsys.readouterr()


def test_what_only_the_commit_of_a_release_has(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "ROOT", repository.root)
    repository.changelog(PLAIN.format("0.3.1").replace("2026-12-01", "9999-12-01"))
    repository.commit()
    final = argparse.Namespace(final=True)
    assert releasing.finality(final) == ["CHANGELOG.md: 9999-12-01 is yet to come"]
    repository.changelog(PLAIN.format("0.3.1").replace("2026-12-01", "2026-01-01"))
    assert releasing.finality(final) == ["the work tree is not clean"]
    repository.commit()
    assert releasing.finality(final) == []
    repository.git("tag", "v0.3.1")
    assert releasing.finality(final) == ["the tag v0.3.1 is there already"]
    repository.version("0.3.2")
    repository.commit()
    (missing,) = releasing.finality(final)
    assert missing.startswith("CHANGELOG.md: has no section `## [0.3.2] - ")
