"""Payouts from a CSV file, each once: run it again after a crash, and it continues.

Run: `HIGHHELP_HOME=./home python pay.py salaries.csv`. Columns: `payment_id`, `amount` (100.00), `currency`, `method`
and what the method needs (`pan`, `phone`, `bank_code` ...), see docs/payouts.md. The database is that of
`HIGHHELP_DATABASE_URL` (default: highhelp.db in the home directory); it is what makes a second run safe, so keep it.
`highhelp payouts send FILE` does the same without a line of code.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from highhelp import HighHelp, HighHelpError, PayoutGuard
from highhelp.payouts.csv_file import RowsRefused, read_csv

if TYPE_CHECKING:
    from highhelp.payouts.batch import Progress


def show(progress: Progress) -> None:
    """Format one payout per line."""
    print(f"{progress.done}/{progress.total} {progress.payout.payment_id}: {progress.payout.outcome}", flush=True)


def main(path: str) -> int:
    """Send the payouts. Return the exit code: 0 every row has an answer, 2 a row is wrong, 3 run it again."""
    try:
        rows = read_csv(Path(path).read_bytes())
        with HighHelp() as client, PayoutGuard(client) as guard:
            report = guard.send_batch(rows, concurrency=4, progress=show)
    except RowsRefused as refused:  # nothing was sent
        print(*refused.rows, sep="\n", file=sys.stderr)
        return 2
    except (HighHelpError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    for total in report.totals:
        print(f"{total.outcome}: {total.count} payouts, {total.amount} minor units of {total.currency}")
    if report.stopped:
        print(f"stopped: {report.stopped}", file=sys.stderr)
    return 0 if report.complete else 3


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
