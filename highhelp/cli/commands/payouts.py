"""`highhelp payouts`: look at stored payouts, resolve them, and send files of payouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from highhelp.cli import output
from highhelp.cli.files import read_bytes
from highhelp.cli.options import AsJson, Limit
from highhelp.cli.output import FAILED_STATUSES, ExitCode, Interrupted, format_amount, format_moment, report_errors
from highhelp.cli.session import note_new_database, open_book, open_guard

if TYPE_CHECKING:
    from highhelp import Payout
    from highhelp.payouts.batch import BatchReport, Progress

app = typer.Typer(no_args_is_help=True, help="Stored payouts and files of payouts, each sent once.")

PaymentId = Annotated[str, typer.Argument(help="The payout's payment_id.")]


@app.command("list")
@report_errors
def list_payouts(
    state: Annotated[str | None, typer.Option(help="Only this state.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List stored payouts, the newest first."""
    from highhelp.payouts.intents import STATES_OF_INTENTS

    output.check_choice("--state", state, STATES_OF_INTENTS)
    with open_book() as book:
        rows = book.list(limit=limit, state=state)
    _show_payouts(rows, as_json=as_json)


@app.command()
@report_errors
def show(
    payment_id: PaymentId,
    ask: Annotated[bool, typer.Option("--ask", help="Ask the gateway first, and store its answer.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a payout with its body, card data masked."""
    if ask:
        with open_guard() as guard:
            guard.status(payment_id)
    with open_book() as book:
        row = book.show(payment_id)
    output.show_row(row, as_json=as_json)


@app.command()
@report_errors
def recover(
    payment_id: Annotated[str | None, typer.Argument(help="Only this payout.")] = None, as_json: AsJson = False
) -> None:
    """Ask the gateway about unsettled payouts.

    Sends nothing. Exit code 3 where the gateway does not know either, or a sender may still be at work.
    """
    note_new_database()
    with open_guard() as guard:
        if payment_id is not None:
            guard.show(payment_id)  # an id that was mistyped is not settled
        found = guard.recover(payment_id)
        asked = {payout.payment_id for payout in found}
        sent = guard.list(state="sent", limit=None, payment_id=payment_id)
    being_sent = [payout for payout in sent if payout.payment_id not in asked]
    if found or being_sent or as_json:
        _show_payouts(found + being_sent, as_json=as_json)
    else:
        output.show("nothing is unsettled")
    if being_sent:
        until = format_moment(max(payout.busy_until or 0 for payout in being_sent))
        output.show(
            f"{len(being_sent)} not asked about: a sender may be at work until {until} UTC; repeat it then", err=True
        )
    if being_sent or any(payout.state in ("unknown", "needs_review") for payout in found):
        raise typer.Exit(ExitCode.UNKNOWN)


@app.command()
@report_errors
def adopt(payment_id: PaymentId, as_json: AsJson = False) -> None:
    """Settle a payout that needs review: it was made.

    You have compared it: the payment that the gateway holds is this payout.
    """
    with open_guard() as guard:
        _show_decision(guard.adopt(payment_id), as_json=as_json)


@app.command()
@report_errors
def refuse(payment_id: PaymentId, as_json: AsJson = False) -> None:
    """Refuse a payout that needs review: it was not made.

    The gateway's support has confirmed that they hold nothing of it.
    """
    with open_guard() as guard:
        _show_decision(guard.refuse(payment_id), as_json=as_json)


@app.command()
@report_errors
def release(payment_id: PaymentId, as_json: AsJson = False) -> None:
    """Let a payout be sent again at once.

    The gateway's support has confirmed that they hold nothing of it.
    """
    with open_guard() as guard:
        _show_decision(guard.release(payment_id), as_json=as_json)


@app.command("move-gateway")
@report_errors
def move_gateway(
    old: Annotated[str, typer.Argument(help="As stored, like https://old.example:443.")],
    new: Annotated[str, typer.Argument(help="The same gateway's new origin, or its HIGHHELP_GATEWAY.")],
    as_json: AsJson = False,
) -> None:
    """Record that a gateway has a new address.

    Payouts are sent only to the gateway that they were prepared for.
    """
    with open_guard() as guard:
        moved = guard.move_gateway(old, new)
    if as_json:
        output.show_json({"moved": moved})
    else:
        output.show(f"{moved} payouts moved from {output.one_line(old)} to {output.one_line(new)}")
    if moved == 0:
        raise typer.Exit(ExitCode.REFUSED)


@app.command()
@report_errors
def send(
    file: Annotated[str, typer.Argument(help="CSV with payment_id, amount (100.00), currency ...; - for stdin.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file; store and send nothing.")] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=12, help="How many at once.")] = 4,
    per_second: Annotated[float | None, typer.Option(help="How many may be started per second.")] = None,
    new_codes: Annotated[
        bool, typer.Option("--new-codes", help="Accept codes, such as a method, that the contract does not know.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send every payout of a file once.

    After a crash, the same command continues. Exit code 0: the gateway holds all of them; 1: some were refused,
    declined or failed; 3: some are unknown or need review; 4: some were not sent. Columns: payment_id, amount,
    currency, product (p2p or ecom), method, pan, phone, bank_code ... and any other field of the request by its path,
    such as customer:phone.
    """
    from highhelp.payouts.csv_file import read_csv

    rows = read_csv(read_bytes(file, "FILE"), new_codes=new_codes)
    if dry_run:
        _show_check(rows, as_json=as_json)
        return
    with open_guard() as guard:
        try:
            report = guard.send_batch(
                rows, concurrency=concurrency, per_second=per_second, progress=None if as_json else _show_progress
            )
        except KeyboardInterrupt:
            text = "interrupted: run the same command again, or `highhelp payouts recover` later; no payout is lost"
            output.fail(Interrupted(text), ExitCode.UNKNOWN, as_json=as_json)
    if as_json:
        output.show_json(report.as_dict())
    else:
        _show_report(report)
    raise typer.Exit(_exit_code(report))


def _show_decision(payout: Payout, *, as_json: bool) -> None:
    from highhelp.payouts.intents import as_dict

    if as_json:
        output.show_json(as_dict(payout))
    else:
        _show_payouts([payout])


def _exit_code(report: BatchReport) -> ExitCode:
    """Return the exit code of a batch, decided by the payouts about which least is known."""
    states = {payout.state for payout in report.payouts}
    if states & {"unknown", "sent", "needs_review"}:
        return ExitCode.UNKNOWN
    if "prepared" in states:
        return ExitCode.NOT_SENT
    failed = any(payout.status in FAILED_STATUSES for payout in report.payouts)
    return ExitCode.REFUSED if failed or "refused" in states else ExitCode.OK


def _show_payouts(payouts: list[Payout], *, as_json: bool = False) -> None:
    from highhelp.payouts.intents import as_dict

    names = ["created", "payment_id", "amount", "currency", "state", "status", "sub_status", "reason"]
    rows = [
        (
            format_moment(payout.created_at),
            payout.payment_id,
            format_amount(payout.amount, payout.currency, bare=True),
            *(getattr(payout, name) for name in names[3:]),
        )
        for payout in payouts
    ]
    output.show_rows([as_dict(payout) for payout in payouts], names, rows, as_json=as_json)


def _show_check(rows: list[Any], *, as_json: bool) -> None:
    with open_guard() as guard:
        totals = guard.check_batch(rows)
    sums = [{"currency": each.currency, "count": each.count, "amount": each.amount} for each in totals]
    table = [(each.currency, each.count, format_amount(each.amount, each.currency, bare=True)) for each in totals]
    document = {"rows": len(rows), "totals": sums}
    output.show_rows(document, ["currency", "payouts", "sum"], table, as_json=as_json)
    if not as_json:
        output.show("nothing was stored or sent")


def _show_progress(progress: Progress) -> None:
    step = max(progress.total // 20, 1)
    if progress.done % step == 0 or progress.done == progress.total:
        output.show(f"{progress.done} of {progress.total}", err=True)


def _show_report(report: BatchReport) -> None:
    rows = [
        (total.outcome, total.currency, total.count, format_amount(total.amount, total.currency, bare=True))
        for total in report.totals
    ]
    output.show_table(["outcome", "currency", "payouts", "sum"], rows)
    left = [payout for payout in report.payouts if payout.state != "settled" or payout.status in FAILED_STATUSES]
    if left:
        output.show("")
        _show_payouts(left)
    if report.stopped:
        output.show(f"stopped early: {report.stopped}", err=True)
    if any(payout.state == "needs_review" for payout in report.payouts):
        text = "some need review: `highhelp payouts show ID --ask`, then `highhelp payouts adopt ID` or `refuse ID`"
        output.show(text, err=True)
    if not report.complete:
        output.show("not complete: run the same command again, or `highhelp payouts recover` later", err=True)
