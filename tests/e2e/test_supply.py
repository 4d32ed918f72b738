"""The shipped files and their dependencies: reproducible builds and allowed licences."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

import environment
import interpreters
from tools import licences

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("HIGHHELP_", "PYTHON", "SOURCE_"))}
NOT_SOURCES = shutil.ignore_patterns(
    ".git", ".venv*", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", "node_modules", "site"
)


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build backend, in a separate folder."""
    target = tmp_path_factory.mktemp("builder")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), "hatchling>=1.26"]
    done = subprocess.run(command, env=CLEAN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def build(builder: Path) -> Callable[..., dict[str, Path]]:
    """Builds a tree; the files that were made, by their ending."""

    def build(tree: Path, *kinds: str, umask: int = 0o022, **environment: str) -> dict[str, Path]:
        target = tree.with_name(f"{tree.name}-built")
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
        command += [part for kind in kinds for part in ("-t", kind)]
        done = subprocess.run(
            command,
            cwd=tree,
            env={**CLEAN, "PYTHONPATH": str(builder), **environment},
            capture_output=True,
            text=True,
            check=False,
            umask=umask,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return {path.suffix: path for path in target.iterdir()}

    return build


def copy(target: Path) -> Path:
    """The sources as they are now."""
    shutil.copytree(ROOT, target, ignore=NOT_SOURCES)
    return target


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def first(build: Callable[..., dict[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(copy(tmp_path_factory.mktemp("first") / "tree"), "wheel", "sdist")


def test_two_builds_come_out_the_same(
    build: Callable[..., dict[str, Path]], first: dict[str, Path], tmp_path: Path
) -> None:
    tree = copy(tmp_path / "elsewhere" / "another name")
    for number, path in enumerate(sorted(tree.rglob("*"))):
        # as another person has them: other times, other rights, but what is executable stays so
        os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))
        path.chmod(0o700 if path.is_dir() or path.stat().st_mode & 0o100 else 0o600)
    second = build(tree, "wheel", "sdist", umask=0o077, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7")
    assert {kind: digest(path) for kind, path in second.items()} == {kind: digest(path) for kind, path in first.items()}


def test_a_time_that_is_asked_for_is_the_time_of_all_files(
    build: Callable[..., dict[str, Path]], first: dict[str, Path], tmp_path: Path
) -> None:
    made = [build(copy(tmp_path / name), "sdist", SOURCE_DATE_EPOCH="1700000000")[".gz"] for name in ("one", "two")]
    assert digest(made[0]) == digest(made[1]) != digest(first[".gz"])
    with tarfile.open(made[0]) as archive:
        assert {member.mtime for member in archive} == {1_700_000_000}


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_tree(
    build: Callable[..., dict[str, Path]], first: dict[str, Path], tmp_path: Path
) -> None:
    with tarfile.open(first[".gz"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert digest(build(unpacked, "wheel")[".whl"]) == digest(first[".whl"])


def test_a_changed_file_is_another_wheel(
    build: Callable[..., dict[str, Path]], first: dict[str, Path], tmp_path: Path
) -> None:
    tree = copy(tmp_path / "tree")
    changed = tree / "highhelp" / "_version.py"
    changed.write_text(changed.read_text("utf-8") + "# changed\n", "utf-8")
    assert digest(build(tree, "wheel")[".whl"]) != digest(first[".whl"])


def test_every_licence_may_be_used_and_the_page_says_so() -> None:
    found = licences.parts()
    assert [part.problem for part in found if part.problem] == []
    assert licences.PAGE.read_text(encoding="utf-8") == licences.page(found), "run scripts/licences"
    names = {part.name for part in found}
    assert {"httpx", "certifi", "cryptography", "psycopg", "aio-pika", "pyreqwest", "typer"} <= names
    assert not {"pytest", "highhelp"} & names
    inside = {name for part in found for name, _ in part.inside}
    assert set(licences.READ) | set(licences.EXCEPTIONS) <= names | inside, "one is not needed any more"


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a package into the environment that every install of ours brings along."""

    def plant(metadata: str, sbom: str = "") -> None:
        home = tmp_path / "planted-1.0.dist-info"
        home.mkdir()
        (home / "METADATA").write_text(f"Metadata-Version: 2.4\nName: planted\nVersion: 1.0\n{metadata}", "utf-8")
        record = "planted-1.0.dist-info/METADATA,,\n"
        if sbom:
            (home / "sboms").mkdir()
            (home / "sboms" / "planted.cyclonedx.json").write_text(sbom, "utf-8")
            record += "planted-1.0.dist-info/sboms/planted.cyclonedx.json,,\n"
        (home / "RECORD").write_text(record, "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # for pip-licenses, which is another process
        honest = licences.needs

        def needs(name: str, wanted: frozenset[str]) -> list[Requirement]:
            return [*honest(name, wanted), *([Requirement("planted")] if name == "highhelp" else [])]

        monkeypatch.setattr(licences, "needs", needs)

    return plant


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ("License-Expression: LGPL-3.0-only\n", "planted: LGPL-3.0-only is not permissive"),
        ("License-Expression: MIT AND GPL-2.0-or-later\n", "planted: MIT AND GPL-2.0-or-later is not permissive"),
        (
            "Classifier: License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)\n",
            "planted: GNU Lesser General Public License v3 (LGPLv3) is not permissive",
        ),
        ("License-Expression: MPL-2.0\n", "planted: MPL-2.0 is not permissive"),
        ("", "planted: UNKNOWN is not permissive"),
        ("License-Expression: MIT OR GPL-3.0-only\n", None),
        ("Classifier: License :: OSI Approved :: BSD License\n", None),
    ],
)
def test_a_package_that_may_not_be_used_is_refused(
    plant: Callable[..., None], metadata: str, problem: str | None
) -> None:
    plant(metadata)
    found = {part.name: part for part in licences.parts()}
    assert found["planted"].problem == problem
    assert [name for name, part in found.items() if part.problem] == (["planted"] if problem else [])


def test_what_is_compiled_in_is_judged_as_well(plant: Callable[..., None]) -> None:
    plant(
        "License-Expression: MIT\n",
        '{"components": [{"name": "fine", "licenses": [{"expression": "MIT"}]},'
        ' {"name": "copyleft", "licenses": [{"license": {"id": "LGPL-2.1-only"}}]}]}',
    )
    (found,) = [part for part in licences.parts() if part.name == "planted"]
    assert found.problem == "copyleft: LGPL-2.1-only is not permissive"


def test_an_exception_is_for_one_licence() -> None:
    assert licences.judge("certifi", "Mozilla Public License 2.0 (MPL 2.0)") is None
    assert "though the exception is for Mozilla Public" in (licences.judge("certifi", "GPL-3.0-only") or "")
    assert licences.judge("other", "MPL-2.0") is not None


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("MIT", True),
        ("MIT License", True),
        ("Apache Software License; BSD License", True),
        ("Apache Software License; GNU General Public License (GPL)", False),
        ("(MIT OR GPL-2.0-only) AND Unicode-3.0", True),
        ("MIT OR GPL-2.0-only AND LGPL-3.0-only", False),  # stricter than meant, never laxer
        ("(MIT OR GPL-2.0-only) AND LGPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("(Apache-2.0 WITH LLVM-exception)", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("MIT AND", False),
        ("MIT GPL-2.0-only", False),
        ("", False),
        ("UNKNOWN", False),
    ],
)
def test_a_licence_expression_never_allows_too_much(text: str, good: bool) -> None:
    assert licences.is_permissive(text) is good


def test_the_promised_pythons_are_known() -> None:
    oldest = interpreters.promised()[0]
    assert oldest == ".".join(map(str, environment.OLDEST))
    assert f'requires-python = ">={oldest}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
