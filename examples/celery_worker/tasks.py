"""Callbacks handled by Celery workers.

The inbox is the queue, Celery only wakes somebody up: a message that is lost loses nothing.

Run: `HIGHHELP_HOME=./home celery --app tasks worker --beat`, and serve `tasks:receiver` with any WSGI server.
`CELERY_BROKER_URL` names the broker (default: RabbitMQ on this machine), `CELERY_QUEUE` the queue. Use PostgreSQL
(`HIGHHELP_DATABASE_URL`) where workers are on several machines.
"""

from __future__ import annotations

import contextlib
import functools
import os
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from celery import Celery
from kombu.exceptions import OperationalError

from highhelp import CallbackInbox, wsgi_receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from highhelp import CallbackEvent

app = Celery("tasks", broker=os.environ.get("CELERY_BROKER_URL", "amqp://guest@127.0.0.1:5672//"))
app.conf.task_default_queue = os.environ.get("CELERY_QUEUE", "highhelp")
app.conf.task_ignore_result = True
# events stored while messages did not get through are handled at the next beat
app.conf.beat_schedule = {"callbacks": {"task": "tasks.handle_callbacks", "schedule": 5.0}}

tables = sa.MetaData()
credits_ = sa.Table(
    "credits", tables, sa.Column("payment_id", sa.Text), sa.Column("amount", sa.BigInteger), sa.Column("by", sa.Text)
)


@functools.cache
def inbox() -> CallbackInbox:
    """One inbox per process; the inbox reopens connections that a forked worker inherits."""
    made = CallbackInbox()
    tables.create_all(made.engine)
    return made


def credit(event: CallbackEvent, connection: sa.Connection) -> None:
    """Handle a final status, in the transaction that marks the event as done: once, by one of the workers."""
    if event.status == "success":
        row = {"payment_id": event.payment_id, "amount": event.amount, "by": f"worker {os.getpid()}"}
        connection.execute(credits_.insert().values(row))


@app.task(name="tasks.handle_callbacks")  # type: ignore[untyped-decorator]  # Celery does not type it
def handle_callbacks() -> int:
    """Handle due events. Several workers may run at once; each event has one lease."""
    return inbox().process(credit)


def receiver(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Store a callback, wake a worker, and answer."""

    def answering(status: str, headers: list[tuple[str, str]]) -> Any:
        if status.startswith("200"):
            with contextlib.suppress(OperationalError):  # the broker is away; the beat finds what is stored
                handle_callbacks.apply_async(retry=False)
        return start_response(status, headers)

    return wsgi_receiver(inbox())(environ, answering)
