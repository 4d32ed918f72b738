"""Equivalent mutants, which no test can notice, each with the reason."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tools.mutate.mutants import Identity

_FILE = Path(__file__).with_name("equivalent.toml")


def read() -> dict[Identity, str]:
    """Mutant -> why it does the same.

    Raises:
        ValueError: A reason is missing, or a mutant is there twice.
    """
    found: dict[Identity, str] = {}
    for group in tomllib.loads(_FILE.read_text(encoding="utf-8"))["equivalent"]:
        for change in group["changes"]:
            one = Identity(
                group["module"],
                group["function"],
                change["old"].strip(),
                change["new"].strip(),
                change.get("nth", 1),
            )
            if one in found or not group["why"].strip():
                raise ValueError(f"twice, or without a reason: {one}")
            found[one] = group["why"]
    return found
