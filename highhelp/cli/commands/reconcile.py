"""`highhelp reconcile`: guard, inbox and gateway side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from highhelp.cli import output
from highhelp.cli.durations import parse_moment
from highhelp.cli.options import AsJson
from highhelp.cli.output import ExitCode, format_amount, report_errors
from highhelp.cli.session import connect, open_guard

_PAYINS = ("payment_id", "state", "result")


@report_errors
def reconcile(
    since: Annotated[str, typer.Option(help="Age (30m, 12h, 7d) or a moment like 2026-11-24 or 2026-11-24T10:00.")] = (
        "1d"
    ),
    until: Annotated[str | None, typer.Option(help="As --since; default now. Moments are in UTC.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=12, help="How many queries at once.")] = 4,
    per_second: Annotated[float | None, typer.Option(help="How many queries per second.")] = None,
    payins: Annotated[
        bool, typer.Option(help="Ask about expected pay-ins without a final event, and store final states.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare payouts of guard, inbox and gateway.

    Sends nothing. Exit code 1 where something differs.
    """
    if payins:
        _reconcile_payins(as_json=as_json)
        return
    begin, end = parse_moment(since, "--since"), None if until is None else parse_moment(until, "--until")
    with open_guard() as guard:
        report = guard.reconcile(
            since=begin,
            until=end,
            concurrency=concurrency,
            per_second=per_second,
            progress=None if as_json else _show_progress,
        )
    if as_json:
        output.show_json(report.as_dict())
    else:
        rows = [
            (source, currency, format_amount(amount, currency, bare=True))
            for source, sums in report.success.items()
            for currency, amount in sorted(sums.items())
        ]
        if rows:
            output.show_table(["successful, according to", "currency", "sum"], rows)
        for difference in report.differences:
            sources = {"guard": difference.guard, "inbox": difference.inbox, "gateway": difference.gateway}
            views = ", ".join(f"{name}: {text}" for name, text in sources.items() if text is not None)
            output.show(f"\n{difference.payment_id}  {difference.kind}: {difference.meaning}")
            output.show(f"  {views}\n  -> {difference.action}")
        left_out = f", {report.being_sent} being sent left out" if report.being_sent else ""
        output.show(f"\n{report.compared} payouts compared{left_out}, {len(report.differences)} differences")
    if report.differences:
        raise typer.Exit(ExitCode.REFUSED)


def _reconcile_payins(*, as_json: bool) -> None:
    from highhelp import CallbackStore

    with connect() as client, CallbackStore() as store:
        asked = store.reconcile(client)
    rows = [{"payment_id": each.payment_id, "state": each.state, "result": each.result} for each in asked]
    output.show_rows(rows, list(_PAYINS), [[row[name] for name in _PAYINS] for row in rows], as_json=as_json)
    results = {each.result for each in asked}
    if "parked" in results:
        raise typer.Exit(ExitCode.REFUSED)
    if "unavailable" in results:
        raise typer.Exit(ExitCode.UNAVAILABLE)


def _show_progress(done: int, total: int) -> None:
    output.show(f"{done} of {total}", err=True)
