"""`highhelp payouts`: what the guard knows, what became of it, and files of payouts."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from highhelp.cli import output
from highhelp.cli.inbox import output_of_database
from highhelp.cli.output import guarded
from highhelp.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp import Payout, PayoutGuard
    from highhelp.payouts.batch import BatchReport, Progress

app = typer.Typer(no_args_is_help=True, help="Payouts, each sent once.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
PaymentId = Annotated[str, typer.Argument(help="The payout's payment_id.")]


@contextmanager
def opened() -> Iterator[PayoutGuard]:
    """The guard of the settings."""
    from highhelp import PayoutGuard
    from highhelp.client import HighHelp

    with output_of_database(), HighHelp() as client, PayoutGuard(client) as guard:
        yield guard


@app.command("list")
@guarded
def list_payouts(
    state: Annotated[str | None, typer.Option(help="Only this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Intents, the newest first."""
    from highhelp import PayoutBook
    from highhelp.payouts.intents import STATES_OF_INTENTS, as_dict

    if state is not None and state not in STATES_OF_INTENTS:
        raise output.UsageProblem(f"--state: {state!r} is not one of {', '.join(STATES_OF_INTENTS)}")
    with output_of_database(), PayoutBook() as book:
        rows = book.list(limit=limit, state=state)
    if as_json:
        output.show_json([as_dict(one) for one in rows])
    else:
        show_payouts(rows)


@app.command()
@guarded
def show(
    payment_id: PaymentId,
    ask: Annotated[bool, typer.Option("--ask", help="Ask the gateway first, and note what it says.")] = False,
    as_json: AsJson = False,
) -> None:
    """One intent with its body, card data masked."""
    from highhelp import PayoutBook

    if ask:
        with opened() as guard:
            guard.status(payment_id)
    with output_of_database(), PayoutBook() as book:
        row = book.show(payment_id)
    output.show_row(row, as_json=as_json)


@app.command()
@guarded
def recover(
    payment_id: Annotated[str | None, typer.Argument(help="Only this one.")] = None, as_json: AsJson = False
) -> None:
    """Ask the gateway what became of unsettled payouts. Sends nothing. Exit code 3 where it cannot tell."""
    from highhelp.payouts.intents import as_dict

    with opened() as guard:
        found = guard.recover(payment_id)
    if as_json:
        output.show_json([as_dict(one) for one in found])
    elif found:
        show_payouts(found)
    else:
        output.show("nothing is unsettled")
    if any(one.state == "unknown" for one in found):
        raise typer.Exit(output.UNKNOWN)


@app.command()
@guarded
def send(
    file: Annotated[str, typer.Argument(help="CSV with payment_id, amount (100.00), currency ...; - for stdin.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file; store and send nothing.")] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=12, help="How many at once.")] = 4,
    per_second: Annotated[float | None, typer.Option(help="How many may be begun in a second.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send every payout of a file once. After a crash, the same command continues.

    Exit code 0: the gateway holds all of them; 1: some were refused or declined; 3: some are unknown; 4: some were not
    sent. Columns: payment_id, amount, currency, product (p2p or ecom), method, pan, phone, bank_code ... and any other
    field of the request by its path, such as customer:phone.
    """
    from highhelp.payouts.csv_file import read_csv

    rows = read_csv(output.read_bytes(file, "FILE"))
    if dry_run:
        _show_check(rows, as_json=as_json)
        return
    with opened() as guard:
        report = guard.send_batch(
            rows, concurrency=concurrency, per_second=per_second, progress=None if as_json else _progress
        )
    if as_json:
        output.show_json(report.as_dict())
    else:
        _show_report(report)
    raise typer.Exit(exit_code(report))


def exit_code(report: BatchReport) -> int:
    """Of a batch: what is least known about the money decides."""
    states = {one.state for one in report.payouts}
    if states & {"unknown", "sent"}:
        return output.UNKNOWN
    if "prepared" in states:
        return output.NOT_SENT
    declined = any(one.status == "decline" for one in report.payouts)
    return output.REFUSED if declined or "refused" in states else output.OK


def show_payouts(rows: list[Payout]) -> None:
    """A table."""
    names = ["created", "payment_id", "amount", "currency", "state", "status", "sub_status", "reason"]
    output.show_table(
        names,
        [
            (
                datetime.fromtimestamp(one.created_at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
                one.payment_id,
                major(one.amount, one.currency),
                *(getattr(one, name) for name in names[3:]),
            )
            for one in rows
        ],
    )


def major(minor: int, currency: str) -> str:
    """An amount as people write it."""
    try:
        return f"{Money.from_minor(minor, currency).amount:f}"
    except ValueError:
        return f"{minor} minor units"


def _show_check(rows: list[Any], *, as_json: bool) -> None:
    with opened() as guard:
        totals = guard.check_batch(rows)
    if as_json:
        sums = [{"currency": one.currency, "count": one.count, "amount": one.amount} for one in totals]
        output.show_json({"rows": len(rows), "totals": sums})
        return
    table = [(one.currency, one.count, major(one.amount, one.currency)) for one in totals]
    output.show_table(["currency", "payouts", "sum"], table)
    output.show("nothing was stored or sent")


def _progress(told: Progress) -> None:
    step = max(told.total // 20, 1)
    if told.done % step == 0 or told.done == told.total:
        output.show(f"{told.done} of {told.total}", err=True)


def _show_report(report: BatchReport) -> None:
    rows = [(one.outcome, one.currency, one.count, major(one.amount, one.currency)) for one in report.totals]
    output.show_table(["outcome", "currency", "payouts", "sum"], rows)
    left = [one for one in report.payouts if one.state != "settled" or one.status in ("decline", "error")]
    if left:
        output.show("")
        show_payouts(left)
    if report.stopped:
        output.show(f"stopped early: {report.stopped}", err=True)
    if not report.complete:
        output.show("not complete: run the same command again", err=True)
