"""The client's templates: those of openapi-python-client, patched, and a few additional ones.

No upstream template is kept in this repository. `patches/` has one patch for each difference. They are applied
in the order of their names and must fit line by line, so an upgrade of the generator that changes a patched place fails
here instead of changing the client silently.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import openapi_python_client

OWN = Path(__file__).parent / "templates"
PATCHES = Path(__file__).parent / "patches"

# git settings of the user must not matter
_ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


class TemplateError(Exception):
    """A patch does not fit the installed templates: another version of the generator is installed."""


def write(target: Path) -> None:
    """Write all templates into a directory. Raises TemplateError where a patch does not fit."""
    shutil.copytree(Path(openapi_python_client.__file__).parent / "templates", target, dirs_exist_ok=True)
    for patch in sorted(PATCHES.glob("*.patch")):
        _apply(patch, target)
    for own in OWN.glob("*.jinja"):
        shutil.copy(own, target / own.name)


def _apply(patch: Path, target: Path) -> None:
    # the ceiling: git must not take the target for a folder of a repository around it
    environ = {**os.environ, **_ALONE, "GIT_CEILING_DIRECTORIES": str(target.resolve().parent)}
    command = ["git", "apply", "--verbose", "--whitespace=nowarn", str(patch)]
    done = subprocess.run(command, cwd=target, env=environ, capture_output=True, text=True, check=False)
    # git looks for the lines elsewhere too, and would say at which offset it found them
    if done.returncode or "offset" in done.stderr:
        raise TemplateError(
            f"{patch.name} does not fit the templates of openapi-python-client "
            f"{version('openapi-python-client')}:\n{done.stderr.strip()}\n"
            f"Read what changed upstream. Delete the patch where upstream now does the same. Otherwise make it again: "
            "copy the installed templates, apply the patches before it, make its change by hand, and put the output of "
            f"`git diff --no-index --no-prefix a b` below its reason, in {PATCHES}."
        )
