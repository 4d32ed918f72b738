"""Reinstallation of a script's environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A separate project folder."""
    (tmp_path / "scripts" / "requirements").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    pins = environment.pins()
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    environment.pins().write_bytes(pins.read_bytes())
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new"), [("line-length = 120", "line-length = 99"), ("xfail_strict = true", "xfail_strict = false")]
)
def test_setting_of_a_tool_reinstalls_nothing(tree: Path, old: str, new: str) -> None:
    before = environment._wanted("development")
    edit(tree / "pyproject.toml", old, new)
    assert environment._wanted("development") == before


@pytest.mark.parametrize(
    "old", ["[project.scripts]\n", "[project.entry-points.pytest11]\n", '"attrs>=22.2",', "dev-mode-dirs = ["]
)
def test_metadata_reinstalls_the_package_alone(tree: Path, old: str) -> None:
    before = environment._wanted("development")
    new = {"[": f'{old}other = "highhelp.cli:main"\n', '"': f'{old}"typer",\n', "d": f'{old}"docs", '}[old[0]]
    edit(tree / "pyproject.toml", old, new)
    dependencies, package = environment._wanted("development")
    assert dependencies == before[0]
    assert package != before[1]


def test_changed_pin_installs_everything(tree: Path) -> None:
    before = environment._wanted("development")
    edit(environment.pins(), "pytest==", "pytest==0")
    assert environment._wanted("development")[0] != before[0]


def test_failing_installer_is_followed_by_the_next(capfd: pytest.CaptureFixture[str]) -> None:
    fails = [sys.executable, "-c", "print('no index'); raise SystemExit(1)"]
    environment._run([fails, [sys.executable, "-c", ""]], "install")
    with pytest.raises(SystemExit, match="2"):
        environment._run([fails], "install it")
    assert capfd.readouterr().err.split() == ["no", "index", "Could", "not", "install", "it"]


@pytest.mark.slow
def test_short_run_leaves_slow_tests_out_and_named_ones_run() -> None:
    def collected(*arguments: str) -> str:
        command = [sys.executable, str(ROOT / "scripts" / "test"), *arguments, "--collect-only", "-q"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    assert "test_mixed_traffic" in collected("tests/gateway/test_soak.py")
    assert "test_mixed_traffic" not in (short := collected("-o", "testpaths=tests/gateway"))
    assert "test_wire.py" in short
