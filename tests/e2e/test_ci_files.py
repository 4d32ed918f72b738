"""Workflows, forms and the files for users to copy: valid, pinned, and naming only what exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

import interpreters
from tests.e2e.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

GITHUB = ROOT / ".github"
WORKFLOWS = [*sorted((GITHUB / "workflows").glob("*.yml")), ROOT / "examples" / "ci" / "github-workflow.yml"]
TO_COPY = [ROOT / "examples" / "ci" / name for name in ("github-workflow.yml", "gitlab-ci.yml")]
SCHEMAS = {
    "github-workflows": WORKFLOWS,
    "gitlab-ci": [TO_COPY[1]],
    "dependabot": [GITHUB / "dependabot.yml"],
    "github-issue-forms": [GITHUB / "ISSUE_TEMPLATE" / name for name in ("bug.yml", "contract.yml")],
    "github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
}
PINNED = re.compile(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
FOLLOWS_THE_INDEX = "uses: pypa/gh-action-pypi-publish@release/v1"


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def commands(value: Any) -> list[str]:
    """Every line of shell in a workflow or pipeline."""
    if isinstance(value, dict):
        own = [value[key] for key in ("run", "script") if key in value]
        found = [line for text in own for line in (text if isinstance(text, list) else str(text).splitlines())]
        return found + [line for inner in value.values() for line in commands(inner)]
    if isinstance(value, list):
        return [line for inner in value if not isinstance(inner, str) for line in commands(inner)]
    return []


def check(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    options = ["--data-transform", "gitlab-ci"] if schema == "gitlab-ci" else []
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *options, *files]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_follow_the_schema_of_their_forge(schema: str) -> None:
    done = check(schema, *SCHEMAS[schema])
    assert done.returncode == 0, done.stdout


def test_a_workflow_with_a_wrong_key_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("runs-on:", "run-on:"), encoding="utf-8")
    assert check("github-workflows", wrong).returncode == 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    used = [
        line.strip().removeprefix("- ") for line in path.read_text(encoding="utf-8").splitlines() if " uses: " in line
    ]
    assert used
    assert not [line for line in used if not PINNED.search(line) and line != FOLLOWS_THE_INDEX]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_few_rights_and_an_end(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_tests_run_on_every_promised_python() -> None:
    matrix = read(GITHUB / "workflows" / "checks.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert {*interpreters.promised(), interpreters.NEWEST} == set(matrix)


def test_workflows_run_scripts_that_exist() -> None:
    lines = [line for path in WORKFLOWS for line in commands(read(path))]
    hooks = read(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    lines += [hook["entry"] for hook in hooks]
    scripts = {word for line in lines for word in shlex.split(line) if word.startswith(("scripts/", ".ci/"))}
    assert {"scripts/test", "scripts/docs", "scripts/release", "scripts/lint", ".ci/run"} <= scripts
    assert all((ROOT / script).stat().st_mode & 0o111 for script in scripts)


@pytest.mark.parametrize("path", TO_COPY, ids=lambda path: path.name)
def test_files_to_copy_install_extras_that_exist(path: Path) -> None:
    install, *others = commands(read(path))
    requirement, *_ = (word for word in shlex.split(install) if word.startswith("highhelp["))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(requirement[len("highhelp[") : -1].split(",")) <= set(project["optional-dependencies"])
    assert others == ["highhelp demo", "highhelp db upgrade", "python -m pytest"]
