"""The versions of Python that a release is tried on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NEWEST = "3.14"
"""The newest released Python: it is named where it is not to be found, also before the package promises it."""


def promised() -> list[str]:
    """The versions that the package's metadata names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one) for one in project["classifiers"]]
    return [match[1] for match in found if match]
