"""The tree for the mutation tester: the packages side by side, as they are imported.

In the repository `highhelp_signing` is in `signing/`; the tester derives a module's name from its path. It works
on a copy of this tree, `mutants/`, which comes before all else on the path: else the tests would import what is
installed in editable form, and no mutant would ever be run. (The tester stops where no test notices its planted fault.)
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.mutate.targets import Target

ROOT = Path(__file__).resolve().parents[3]
_PACKAGES = {
    "highhelp": "highhelp",
    "highhelp_signing": "signing/highhelp_signing",
    "highhelp_api": "generated/highhelp_api",
    "highhelp_mock": "gateway/highhelp_mock",
}
_BESIDE = ("tests", "spec", "scripts", "docs")
# a Protocol has no code; with the tester's methods in it, nothing would satisfy it any more
_PROTOCOL = re.compile(r"^(class \w+\((?:typing\.)?Protocol\b.*\):)$", re.MULTILINE)
_NEVER = shutil.ignore_patterns("__pycache__", ".*")


def folder(target: Target) -> Path:
    """Where a target is worked on."""
    return ROOT / "build" / "mutation" / target.name


def file_of(module: str) -> Path:
    """A module's file, from the top of the tree."""
    return Path(*module.split(".")).with_suffix(".py")


def source_of(module: str) -> Path:
    """A module's file in the repository."""
    package, _, name = module.partition(".")
    return ROOT / _PACKAGES[package] / file_of(name)


def laid_out(target: Target, *, fresh: bool) -> Path:
    """The tree, as the repository is now. Unless `fresh`, the findings of the last run are kept."""
    tree = folder(target)
    if fresh:
        shutil.rmtree(tree, ignore_errors=True)
    mutants = tree / "mutants"
    # a folder that is not there when the interpreter starts is not looked at later
    (mutants / "scripts").mkdir(parents=True, exist_ok=True)
    shutil.rmtree(mutants / "tests", ignore_errors=True)
    (mutants / "mutmut-stats.json").unlink(missing_ok=True)
    for name, source in {**_PACKAGES, **{one: one for one in _BESIDE}}.items():
        shutil.rmtree(tree / name, ignore_errors=True)
        shutil.copytree(ROOT / source, tree / name, ignore=_NEVER)
    for module in target.modules:
        file = tree / file_of(module)
        text = file.read_text(encoding="utf-8")
        if _PROTOCOL.search(text):
            file.write_text(_PROTOCOL.sub(r"\1  # pragma: no mutate block", text), encoding="utf-8")
    (tree / "pyproject.toml").write_text(_settings(target), encoding="utf-8")
    return tree


def _settings(target: Target) -> str:
    package = target.modules[0].partition(".")[0]
    others = [name for name in (*_PACKAGES, *_BESIDE) if name not in (package, "tests")]
    leave_out = [
        argument for path in target.without for argument in ("--deselect" if "::" in path else "--ignore", path)
    ]
    settings = {
        "source_paths": [package],
        "only_mutate": [str(file_of(module)) for module in target.modules],
        "also_copy": others,
        "pytest_add_cli_args_test_selection": list(target.tests),
        "pytest_add_cli_args": [
            *("-p", "tools.mutate.plugin", "-p", "no:xdist", "-p", "no:cacheprovider"),
            *("-k", target.keywords, *leave_out),
        ],
        "timeout_constant": 12.0,
        "timeout_multiplier": 3.0,
        "use_git_change_detection": False,
        "track_dependencies": False,
        "use_setproctitle": False,
    }
    lines = (f"{name} = {json.dumps(value)}" for name, value in settings.items())
    return "\n".join([(ROOT / "pyproject.toml").read_text(encoding="utf-8"), "[tool.mutmut]", *lines, ""])
