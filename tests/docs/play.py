"""Run the blocks of the pages and compare what they show: `python tests/docs/play.py [--write] [PAGE ...]`.

With `--write`, the outputs that the pages show are replaced by those that came; read the diff.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.docs.pages import PAGES, played


def main(arguments: list[str]) -> int:
    """Play the pages that are named, or all."""
    write = "--write" in arguments
    names = [one for one in arguments if one != "--write"] or list(PAGES)
    if unknown := set(names) - set(PAGES):
        print(f"no such page: {', '.join(sorted(unknown))}; there are {', '.join(PAGES)}", file=sys.stderr)
        return 2
    counted: Counter[str] = Counter()
    bad = 0
    not_run: list[str] = []
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            found = played(name, Path(place))
        counted += found.counted
        bad += len(found.problems)
        not_run += [f"not run here: {name}:{line}: {reason}" for line, reason in found.not_run]
        print("\n".join(found.problems) or f"{name}: shows what is")
        if write and found.page != PAGES[name].read_text(encoding="utf-8"):
            PAGES[name].write_text(found.page, encoding="utf-8")
            print(f"{name}: was rewritten; read the diff")
    print("\n".join(not_run))
    print(f"{counted.total()} blocks:", ", ".join(f"{number} {language}" for language, number in counted.most_common()))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
