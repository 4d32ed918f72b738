"""Classify the changes of the OpenAPI document: breaking, risky, safe or documentation only.

`scripts/contract-diff OLD NEW` compares two documents. Each is a path, or `git:REVISION` for `spec/openapi.yaml` as it
was (`git:REVISION:PATH` for another file). Requests, answers and callbacks are judged apart. `scripts/contract-diff
--gate` compares with the last release, and demands a line in CHANGELOG.md and a step of the version that fit.

Exit code: 0, or 1 where a change is breaking or the gate demands something, or 2 for wrong use and for documents that
cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tools.contract_diff import gate
from tools.contract_diff.changes import Level
from tools.contract_diff.documents import compare
from tools.generate.document import DocumentError, load, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.contract_diff.changes import Change
    from tools.generate.document import Json

ROOT = Path(__file__).resolve().parents[3]


def read(source: str, root: Path = ROOT) -> Json:
    """A document from a path or from `git:REVISION[:PATH]`.

    Raises:
        DocumentError: It is not an OpenAPI document.
        GateError: Git does not have it.
    """
    if not source.startswith("git:"):
        return load(Path(source))
    revision, _, path = source.removeprefix("git:").partition(":")
    return parse(gate.git(root, "show", f"{revision}:{path or gate.SPEC}"), source)


def report(changes: Sequence[Change]) -> str:
    """For people: one line per change, and a count."""
    counts = Counter(change.level for change in changes)
    total = ", ".join(f"{counts[level]} {level.word}" for level in sorted(Level, reverse=True))
    return "\n".join([*map(str, changes), total if changes else "no change"])


def run_gate(root: Path) -> int:
    """Compare with the last release and report what is missing. Returns the exit code."""
    made = gate.sections((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    current = gate.current_version(root)
    last = gate.last_release(made, current, gate.tags_of(root))
    if last is None:
        print(f"nothing was released before {current}: there is no document to compare with")
        return 0
    changes = compare(read(f"git:v{last}", root), load(root / gate.SPEC))
    missing = gate.demands(changes, last, current, gate.section_of(made, current))
    print(f"since {last}:", report(changes), *missing, sep="\n")
    return 1 if missing else 0


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/contract-diff", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("documents", nargs="*", metavar="DOCUMENT", help="OLD and NEW: paths or git:REVISION[:PATH]")
    parser.add_argument("--gate", action="store_true", help="compare with the last release")
    options = parser.parse_args(arguments)
    if len(options.documents) != (0 if options.gate else 2):
        parser.error("--gate takes no documents" if options.gate else "two documents are needed: OLD NEW")
    try:
        if options.gate:
            return run_gate(root)
        old, new = (read(source, root) for source in options.documents)
        changes = compare(old, new)
    except (DocumentError, gate.GateError) as error:
        print(error, file=sys.stderr)
        return 2
    print(report(changes))
    return 1 if gate.worst(changes) is Level.BREAKING else 0
