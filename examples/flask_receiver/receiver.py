"""A callback receiver in Flask, and the worker that handles what was received.

Run: `HIGHHELP_HOME=./home flask --app receiver run --port 8090`, and in another process `python receiver.py` for the
worker. Both use the database of `HIGHHELP_DATABASE_URL` (default: highhelp.db in the home directory). As many processes
of either kind as you like: PostgreSQL where they are on several machines.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Flask

from highhelp import CallbackInbox, flask_receiver

if TYPE_CHECKING:
    from highhelp import CallbackEvent

inbox = CallbackInbox()
app = Flask(__name__)
app.add_url_rule("/callbacks", view_func=flask_receiver(inbox), methods=["POST"])

tables = sa.MetaData()
credits_ = sa.Table(
    "credits",
    tables,
    sa.Column("payment_id", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger),  # minor units
    sa.Column("currency", sa.Text),
)


def credit(event: CallbackEvent, connection: sa.Connection) -> None:
    """Handle a final status, in the transaction that marks the event as done."""
    if event.status == "success":
        row = {"payment_id": event.payment_id, "amount": event.amount, "currency": event.currency}
        connection.execute(credits_.insert().values(row))


def work() -> None:
    """Handle callbacks until the process is stopped."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    tables.create_all(inbox.engine)
    print("working", flush=True)
    inbox.run(credit, stop=stop, poll=0.2)
    inbox.close()


if __name__ == "__main__":
    work()
