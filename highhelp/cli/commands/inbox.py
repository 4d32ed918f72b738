"""`highhelp inbox` and `highhelp db`: look at stored callbacks, replay and park them, purge, upgrade the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from highhelp.cli import output
from highhelp.cli.durations import parse_age
from highhelp.cli.options import AsJson, Limit
from highhelp.cli.output import format_amount, format_moment, report_errors

if TYPE_CHECKING:
    from highhelp import CallbackStore

app = typer.Typer(no_args_is_help=True, help="Stored callbacks: list, show, replay, park, purge.")
database_app = typer.Typer(no_args_is_help=True, help="The database of callbacks and payouts.")

EventId = Annotated[int, typer.Argument(help="The event's number, as `highhelp inbox list` shows it.")]


def _open_store() -> CallbackStore:
    """Open the store of callbacks."""
    from highhelp import CallbackStore

    return CallbackStore()


@app.command("list")
@report_errors
def list_events(
    refused: Annotated[bool, typer.Option(help="Refused callbacks instead.")] = False,
    state: Annotated[str | None, typer.Option(help="Only this state.")] = None,
    payment_id: Annotated[str | None, typer.Option(help="Only this payment.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List events, the newest first."""
    from highhelp.inbox.transitions import STATES_OF_EVENTS

    output.check_choice("--state", state, STATES_OF_EVENTS)
    with _open_store() as store:
        rows = store.refused(limit=limit) if refused else store.list(limit=limit, state=state, payment_id=payment_id)
    if refused:
        columns = ["received", "genuine", "reason", "detail"]
    else:
        columns = ["id", "received", "payment_id", "status", "sub_status", "amount", "state", "reason"]
    output.show_rows(rows, columns, [[_cell(row, column) for column in columns] for row in rows], as_json=as_json)


def _cell(row: Mapping[str, Any], column: str) -> object:
    if column == "received":
        return format_moment(row["received_at"])
    return format_amount(row["amount"], row["currency"]) if column == "amount" else row.get(column)


@app.command()
@report_errors
def show(event: EventId, as_json: AsJson = False) -> None:
    """Show an event with its body, card data masked."""
    with _open_store() as store:
        row = store.show(event)
    output.show_row(row, as_json=as_json)


@app.command()
@report_errors
def replay(event: EventId, as_json: AsJson = False) -> None:
    """Give a parked event to the handler after all."""
    with _open_store() as store:
        store.replay(event)
    output.show_result({"id": event, "state": "received"}, f"event {event} is received", as_json=as_json)


@app.command()
@report_errors
def park(event: EventId, as_json: AsJson = False) -> None:
    """Park a waiting event, so that it is not handled."""
    with _open_store() as store:
        store.park(event)
    output.show_result({"id": event, "state": "parked"}, f"event {event} is parked", as_json=as_json)


@app.command()
@report_errors
def stats(as_json: AsJson = False) -> None:
    """Count events by state and reason."""
    with _open_store() as store:
        counts = store.stats()
    rows = [("state", name, number) for name, number in counts["states"].items()]
    rows += [(part, name, number) for part in ("parked", "refused") for name, number in counts[part].items()]
    rows.append(("outbox", "waiting", counts["outbox"]))
    output.show_rows(counts, ["what", "which", "number"], rows, as_json=as_json)


@app.command()
@report_errors
def purge(
    older_than: Annotated[str, typer.Option(help="Age, such as 90d, 12h, 30m or 45s.")],
    parked: Annotated[bool, typer.Option(help="Parked events too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete finished events and refused samples.

    Final callbacks stay known as duplicates.
    """
    age = parse_age(older_than)
    if age is None:
        raise output.UsageProblem(f"--older-than: {older_than!r} is not an age; write it like 90d, 12h, 30m or 45s")
    with _open_store() as store:
        number = store.purge(age, parked=parked)
    output.show_result({"purged": number}, f"purged {number}", as_json=as_json)


@database_app.callback()
def database() -> None:
    """Manage the database of callbacks and payouts."""


@database_app.command()
@report_errors
def upgrade(as_json: AsJson = False) -> None:
    """Upgrade the tables to the version of this code."""
    from highhelp import CallbackStore

    before, after = CallbackStore.upgrade()
    text = f"the tables are of version {after}" + (f", before {before}" if before != after else "")
    output.show_result({"before": before, "after": after}, text, as_json=as_json)
