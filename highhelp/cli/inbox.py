"""`highhelp inbox`: look at stored callbacks, send parked ones to the handler, tidy up."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from highhelp.cli import output
from highhelp.cli.output import guarded
from highhelp.errors import HighHelpError

app = typer.Typer(no_args_is_help=True, help="Callbacks that were received.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]
EventId = Annotated[int, typer.Argument(help="The event's number, as `highhelp inbox list` shows it.")]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def opened() -> Any:
    """The store of the settings."""
    from highhelp import CallbackStore

    return CallbackStore()


@app.command("list")
@guarded
def list_events(
    refused: Annotated[bool, typer.Option(help="What was not accepted, instead.")] = False,
    state: Annotated[str | None, typer.Option(help="Only this state.")] = None,
    payment_id: Annotated[str | None, typer.Option(help="Only this payment.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Events, the newest first."""
    if state is not None:
        from highhelp.inbox.transitions import STATES_OF_EVENTS

        if state not in STATES_OF_EVENTS:
            raise output.UsageProblem(f"--state: {state!r} is not one of {', '.join(STATES_OF_EVENTS)}")
    with output_of_database(), opened() as store:
        wanted = {"limit": limit, "state": state, "payment_id": payment_id}
        rows = store.refused(limit=limit) if refused else store.list(**wanted)
    if as_json:
        output.show_json(rows)
    elif refused:
        names = ["received", "genuine", "reason", "detail"]
        output.show_table(names, [(_time(r), r["genuine"], r["reason"], r.get("detail", "")) for r in rows])
    else:
        output.show_table(
            ["id", "received", "payment_id", "status", "sub_status", "amount", "state", "reason"],
            [
                (
                    *(r["id"], _time(r), r["payment_id"], r["status"], r["sub_status"]),
                    *(output.money(r["amount"], r["currency"]), r["state"], r["reason"]),
                )
                for r in rows
            ],
        )


@app.command()
@guarded
def show(event: EventId, as_json: AsJson = False) -> None:
    """One event with its body, card data masked."""
    with output_of_database(), opened() as store:
        row = store.show(event)
    output.show_row(row, as_json=as_json)


@app.command()
@guarded
def replay(event: EventId, as_json: AsJson = False) -> None:
    """Send a parked event to the handler after all."""
    with output_of_database(), opened() as store:
        store.replay(event)
    _said(event, "received", as_json=as_json)


@app.command()
@guarded
def park(event: EventId, as_json: AsJson = False) -> None:
    """Keep a waiting event from the handler."""
    with output_of_database(), opened() as store:
        store.park(event)
    _said(event, "parked", as_json=as_json)


@app.command()
@guarded
def stats(as_json: AsJson = False) -> None:
    """How many events are in which state, and why."""
    with output_of_database(), opened() as store:
        told = store.stats()
    if as_json:
        output.show_json(told)
        return
    rows = [("state", name, number) for name, number in told["states"].items()]
    rows += [(part, name, number) for part in ("parked", "refused") for name, number in told[part].items()]
    rows.append(("outbox", "waiting", told["outbox"]))
    output.show_table(["what", "which", "number"], rows)


@app.command()
@guarded
def purge(
    older_than: Annotated[str, typer.Option(help="Age, such as 90d, 12h, 30m or 45s.")],
    parked: Annotated[bool, typer.Option(help="Parked ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete finished events and refused samples. Final callbacks stay known as duplicates."""
    age = re.fullmatch(r"([0-9]{1,9})([smhd])", older_than)
    if age is None:
        raise output.UsageProblem(f"--older-than: {older_than!r} is no age; write it like 90d, 12h, 30m or 45s")
    with output_of_database(), opened() as store:
        number = store.purge(int(age[1]) * _UNITS[age[2]], parked=parked)
    if as_json:
        output.show_json({"purged": number})
    else:
        output.show(f"purged {number}")


class output_of_database:  # noqa: N801 - used like a function
    """What goes wrong with the database, as a plain sentence."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or isinstance(error, HighHelpError | typer.Exit | KeyboardInterrupt):
            return
        if type(error).__module__.partition(".")[0] == "sqlalchemy":
            from highhelp.storage.engine import cause

            problem = f"HIGHHELP_DATABASE_URL: the database cannot be used: {cause(error)}"
            raise output.UsageProblem(problem) from None


def _said(event: int, state: str, *, as_json: bool) -> None:
    if as_json:
        output.show_json({"id": event, "state": state})
    else:
        output.show(f"event {event} is {state}")


def _time(row: dict[str, Any]) -> str:
    return datetime.fromtimestamp(row["received_at"], UTC).strftime("%Y-%m-%d %H:%M:%S")
