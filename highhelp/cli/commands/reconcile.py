"""`highhelp reconcile`: guard, inbox and gateway side by side."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from highhelp.cli import output
from highhelp.cli.commands.payouts import major, opened
from highhelp.cli.output import guarded

_AGE = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@guarded
def reconcile(
    since: Annotated[str, typer.Option(help="Age (30m, 12h, 7d) or a moment like 2026-11-24 or 2026-11-24T10:00.")] = (
        "1d"
    ),
    until: Annotated[str | None, typer.Option(help="The same; now, if absent. Moments are UTC.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Compare payouts of guard, inbox and gateway. Only reads and asks. Exit code 1 where something differs."""
    begin, end = moment(since, "--since"), None if until is None else moment(until, "--until")
    with opened() as guard:
        found = guard.reconcile(since=begin, until=end)
    if as_json:
        output.show_json(found.as_dict())
    else:
        rows = [
            (source, currency, major(amount, currency))
            for source, sums in found.success.items()
            for currency, amount in sorted(sums.items())
        ]
        if rows:
            output.show_table(["successful, as told by", "currency", "sum"], rows)
        for one in found.differences:
            sources = {"guard": one.guard, "inbox": one.inbox, "gateway": one.gateway}
            told = ", ".join(f"{name}: {text}" for name, text in sources.items() if text is not None)
            output.show(f"\n{one.payment_id}  {one.kind}: {one.meaning}\n  {told}\n  -> {one.action}")
        left_out = f", {found.being_sent} being sent left out" if found.being_sent else ""
        output.show(f"\n{found.compared} payouts compared{left_out}, {len(found.differences)} differences")
    if found.differences:
        raise typer.Exit(output.REFUSED)


def moment(text: str, name: str) -> float:
    """Unix seconds of an age or a moment."""
    age = _AGE.fullmatch(text)
    if age is not None:
        return time.time() - int(age[1]) * _UNITS[age[2]]
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        problem = f"{name}: {text!r} is no age and no moment; write it like 7d or 2026-11-24"
        raise output.UsageProblem(problem) from None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
