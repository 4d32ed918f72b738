"""The checks of `scripts/release`, with wrong files; `.ci/run` runs the script itself."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

import interpreters
from tools.release import artifacts, extras

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
VERSION = "1.2.3"
IN_WHEEL = [f"{package}/{name}" for package in artifacts.PACKAGES for name in ("__init__.py", "py.typed")]
IN_WHEEL += [f"highhelp-{VERSION}.dist-info/{name}" for name in ("METADATA", "licenses/LICENSE")]
IN_SDIST = ["spec/openapi.yaml", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tests/conftest.py"]


def files(directory: Path, in_wheel: list[str], in_sdist: list[str], version: str = VERSION) -> tuple[Path, Path]:
    wheel = directory / f"highhelp-{version}-py3-none-any.whl"
    sdist = directory / f"highhelp-{version}.tar.gz"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in in_wheel:
            archive.writestr(name, "")
    with tarfile.open(sdist, "w:gz") as archive:
        for name in in_sdist:
            archive.addfile(tarfile.TarInfo(f"highhelp-{version}/{name}"), io.BytesIO())
    return wheel, sdist


def test_good_files_have_no_problem(tmp_path: Path) -> None:
    assert artifacts.problems(*files(tmp_path, IN_WHEEL, IN_SDIST), VERSION) == []


@pytest.mark.parametrize(
    ("in_wheel", "in_sdist", "words"),
    [
        ([one for one in IN_WHEEL if one != "highhelp_mock/py.typed"], IN_SDIST, "lacks highhelp_mock/py.typed"),
        (IN_WHEEL[:-1], IN_SDIST, "lacks highhelp-1.2.3.dist-info/licenses/LICENSE"),
        ([*IN_WHEEL, "tests/conftest.py"], IN_SDIST, "tests/conftest.py does not belong there"),
        ([*IN_WHEEL, "highhelp/private_key.pem"], IN_SDIST, "highhelp/private_key.pem must not be published"),
        (IN_WHEEL, [*IN_SDIST, "tests/home/private_key.pem"], "tests/home/private_key.pem must not be published"),
        (IN_WHEEL, [*IN_SDIST, "scripts/__pycache__/x.pyc"], "x.pyc must not be published"),
        ([*IN_WHEEL, "highhelp/inbox.db"], IN_SDIST, "highhelp/inbox.db must not be published"),
        (IN_WHEEL, [*IN_SDIST, "tests/own.key"], "tests/own.key must not be published"),
        (IN_WHEEL, [*IN_SDIST, ".venv-docs/pyvenv.cfg"], ".venv-docs/pyvenv.cfg must not be published"),
        (IN_WHEEL, IN_SDIST[1:], "lacks spec/openapi.yaml"),
    ],
)
def test_wrong_files_are_found(tmp_path: Path, in_wheel: list[str], in_sdist: list[str], words: str) -> None:
    assert words in "\n".join(artifacts.problems(*files(tmp_path, in_wheel, in_sdist), VERSION))


def test_a_version_that_is_not_the_one_is_found(tmp_path: Path) -> None:
    found = artifacts.problems(*files(tmp_path, IN_WHEEL, IN_SDIST), "1.2.4")
    assert any("highhelp/_version.py says 1.2.4" in problem for problem in found)


def test_every_extra_has_its_program(tmp_path: Path) -> None:
    assert extras.without_program(ROOT / "pyproject.toml") == set()
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(text.replace("\nfast = [", '\nfaster = ["x"]\nfast = ['), encoding="utf-8")
    assert extras.without_program(tmp_path / "pyproject.toml") == {"faster"}
    for name, program in extras.PROGRAMS.items():
        compile(program, name, "exec")


def test_interpreters_are_asked_for_their_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, says in (("python3.97", "3 97"), ("python3.98", "3 12"), ("python3.99", ""), ("python3.10", "3 10")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {says}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = interpreters.found()
    assert found[3, 97] == tmp_path / "python3.97"
    assert (3, 99) not in found
    assert (3, 10) not in found


def test_the_version_stands_in_one_place() -> None:
    assert re.search(r'^dynamic = \["version"\]$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    version = (ROOT / "highhelp" / "_version.py").read_text(encoding="utf-8").split('"')[-2]
    others = [
        path.relative_to(ROOT)
        for folder in ("highhelp", "signing", "gateway", "scripts")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "_version.py"
        and re.search(rf"(?i)version\w* = \"{re.escape(version)}\"", path.read_text("utf-8"))
    ]
    assert others == []


def test_every_script_is_told_of() -> None:
    told = set(
        re.findall(r"^\| `scripts/([\w-]+)", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    scripts = {one.name for one in (ROOT / "scripts").iterdir() if one.is_file() and one.stat().st_mode & 0o100}
    assert told == scripts
