"""The command line of `scripts/bench`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tools.bench import budgets, calls, imports, inbox, mock, payouts, peers, report, signing, size
from tools.bench.measure import Bench, NotMeasured, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]
ROWS: dict[str, Callable[[Bench], Row]] = {
    "signing": signing.signing,
    "sizes": signing.sizes,
    "callback": signing.callback,
    "model": signing.model,
    "loop": signing.loop,
    "sync": calls.sync,
    "async": calls.asynchronous,
    "imports": imports.imports,
    "mock": mock.mock,
    "inbox-sqlite": inbox.sqlite,
    "inbox-postgres": inbox.postgres,
    "payouts-sqlite": payouts.sqlite,
    "payouts-postgres": payouts.postgres,
    "peers": peers.peers,
    "wheel": size.wheel,
}
QUICK = 0.1
RESULTS = ROOT / "build" / "bench.json"


def main(arguments: list[str]) -> int:
    """Run. Returns 0, 1 where --check finds a regression, 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure against the package's dependencies.")
    parser.add_argument("--quick", action="store_true", help="few rounds, less than a minute, rough numbers")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS), metavar="NAME",
                        help=f"only some of: {', '.join(ROWS)}")  # fmt: skip
    parser.add_argument("--check", action="store_true", help="exit 1 where a row has clearly become worse")
    parser.add_argument("--write", action="store_true", help="make docs/performance.md from build/bench.json")
    options = parser.parse_args(arguments)
    aims = budgets.load()
    if options.write:
        text = report.rendered("page", json.loads(RESULTS.read_text(encoding="utf-8")), aims)
        (ROOT / "docs" / "performance.md").write_text(text, encoding="utf-8")
        return 0
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    for results in measured(options.rows, quick=options.quick):
        # after each row, so that an aborted run keeps the earlier rows
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for table in ("sides", "budgets"):
        print(report.rendered(table, results, aims))
    print("\n".join(results["missing"]))
    found = budgets.verdicts(report.claims(results), aims)
    print("\n".join(found) if found else "nothing has clearly become worse")
    return 1 if found and options.check else 0


def measured(names: list[str], *, quick: bool) -> Iterator[dict[str, Any]]:
    """Measure rows: the results so far, after each. A row that cannot be measured here is named in `missing`."""
    rows: dict[str, Any] = {}
    missing: list[str] = []
    began = time.monotonic()
    with TemporaryDirectory() as directory:
        for name in names:
            scratch = Path(directory) / name
            scratch.mkdir()
            bench = Bench(QUICK if quick else 1.0, scratch)
            print(f"{name} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
            try:
                rows[name] = report.as_json(ROWS[name](bench))
            except NotMeasured as reason:
                missing.append(str(reason))
            about = report.machine(quick=quick, seconds=time.monotonic() - began)
            yield {"about": about, "rows": rows, "missing": missing}
