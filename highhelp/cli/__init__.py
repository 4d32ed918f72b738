"""The command `highhelp`. Needs the extra `[cli]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 ok, 1 refused or declined, 2 wrong use or settings, 3 outcome unknown, 4 not sent, 5 unavailable and safe to
        repeat, 70 a fault of this package.
    """
    try:
        from highhelp.cli.app import run
    except ModuleNotFoundError as missing:
        if missing.name not in {"typer", "rich"}:
            raise
        print("the command line needs the extra [cli]: pip install 'highhelp[cli]'", file=sys.stderr)
        return 2
    return run(arguments)
