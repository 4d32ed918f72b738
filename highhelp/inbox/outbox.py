"""Publish accepted events from the outbox to a message broker as CloudEvents, at least once and in order.

An event is put into the outbox by the transaction that accepts it, and removed only when the broker has confirmed it.
After a crash in between it is sent again under the same id.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Unpack

from sqlalchemy import delete, select, update

from highhelp.inbox.handling import logged
from highhelp.inbox.transitions import back_off
from highhelp.storage.database import AsyncDatabase
from highhelp.storage.engine import cause
from highhelp.storage.tables import EVENTS, OUTBOX
from highhelp.telemetry.log import log_event
from highhelp_api.contract import FINAL_STATUSES

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection, Row

    from highhelp.storage.database import DatabaseOptions

CONTENT_TYPE = "application/cloudevents+json"
_LONGEST_PAUSE = 60_000
"""Milliseconds until an event is sent again."""
_BATCH = 50


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """An event to be published.

    Attributes:
        id: The event's unique key; a consumer that has seen it can skip the event.
        subject: The payment_id, for brokers that keep order by a key.
        content: The CloudEvent 1.0 in its JSON form, card data masked.
    """

    id: str
    subject: str
    content: bytes = field(repr=False)


Sender = Callable[[CloudEvent], Awaitable[object]]
"""Send an event to a broker; return once the broker has confirmed it, raise otherwise."""


class OutboxPublisher:
    """Publish the outbox. One publisher at a time keeps the order; two publish some events twice, none never.

    Args:
        url: The database, as for :class:`highhelp.CallbackInbox`, which must be created with `outbox=True`.
        send: See :data:`Sender`; :func:`rabbit_sender` and :func:`nats_sender` create one. For another broker write a
            short coroutine that returns once the broker has confirmed.
        options: `database_key`, `clock`, `home`, `environ`, as for the inbox.
    """

    def __init__(self, url: str | os.PathLike[str] | None, send: Sender, **options: Unpack[DatabaseOptions]) -> None:
        self._database = AsyncDatabase(url, **options)
        self._send = send

    async def publish(self) -> int:
        """Publish what is due, in order.

        Returns:
            The number sent. Stops at the first event that the broker refuses, which is due again after a pause.
        """
        sent = 0
        while rows := await self._database.read(_due, self._database.now()):
            for row in rows:
                try:
                    await self._send(cloud_event(row))
                except Exception as error:  # noqa: BLE001 - whatever a broker raises, the event stays in the outbox
                    log_event(logging.WARNING, "event not published", payment_id=row.payment_id, error=cause(error))
                    await self._database.write(_later, row, self._database.now())
                    return sent
                await self._database.write(_done, row)
                sent += 1
        return sent

    async def run(self, *, stop: asyncio.Event | None = None, poll: float = 1.0) -> None:
        """Publish until `stop` is set; survives outages of the database or broker.

        Args:
            stop: Ends the work after the current event.
            poll: Seconds between polls of an empty outbox.
        """
        stop = asyncio.Event() if stop is None else stop
        while not stop.is_set():
            with logged("events not published"):
                await self.publish()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), poll)

    async def close(self) -> None:
        """Close all connections to the database."""
        await self._database.close()


@asynccontextmanager
async def rabbit_sender(
    url: str, *, queue: str = "", exchange: str = "", routing_key: str = ""
) -> AsyncIterator[Sender]:
    """Send to RabbitMQ with FastStream: persistent, mandatory, confirmed by the broker.

    Args:
        url: `amqp://...`.
        queue: A durable queue, declared if absent, or
        exchange: a durable topic exchange, declared if absent, with
        routing_key: this routing key. A message that no queue takes counts as not sent.
    """
    from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

    # an unroutable message must be an error: by default it would be confirmed and lost
    broker = RabbitBroker(url, default_channel=Channel(publisher_confirms=True, on_return_raises=True), logger=None)
    async with broker:
        target: dict[str, Any] = {"routing_key": routing_key}
        if exchange:
            target["exchange"] = RabbitExchange(exchange, type=ExchangeType.TOPIC, durable=True)
            await broker.declare_exchange(target["exchange"])
        else:
            target["queue"] = RabbitQueue(queue, durable=True)
            await broker.declare_queue(target["queue"])

        async def send(event: CloudEvent) -> None:
            await broker.publish(
                event.content,
                **target,
                mandatory=True,
                persist=True,
                message_id=event.id,
                content_type=CONTENT_TYPE,
                timeout=30,
            )

        yield send


@asynccontextmanager
async def nats_sender(url: str, *, stream: str, subject: str) -> AsyncIterator[Sender]:
    """Send to NATS JetStream with FastStream, confirmed by the stream, which drops repeated events by their id.

    Args:
        url: `nats://...`.
        stream: An existing stream. If it does not exist or lacks the subject, the event counts as not sent.
        subject: The subject of the events.
    """
    from faststream.nats import NatsBroker

    async with NatsBroker(url, logger=None, allow_reconnect=True, max_reconnect_attempts=-1) as broker:

        async def send(event: CloudEvent) -> None:
            headers = {"Nats-Msg-Id": event.id, "content-type": CONTENT_TYPE}
            await broker.publish(event.content, subject, stream=stream, headers=headers, timeout=30)

        yield send


def cloud_event(row: Row[Any]) -> CloudEvent:
    """Convert a stored event to a CloudEvent."""
    kind = row.status if row.status in FINAL_STATUSES else "update"
    document = {
        "specversion": "1.0",
        "id": row.event_key,
        "source": f"urn:highhelp:project:{row.project_id}",
        "type": f"highhelp.payment.{kind}",
        "subject": row.payment_id,
        "time": datetime.fromtimestamp(row.received_at / 1000, UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": json.loads(row.body),
    }
    return CloudEvent(row.event_key, row.payment_id, json.dumps(document, ensure_ascii=False).encode())


def _due(connection: Connection, now: int) -> list[Row[Any]]:
    first = select(OUTBOX.c.due_at).order_by(OUTBOX.c.id).limit(1)
    oldest = connection.execute(first).scalar_one_or_none()
    # a pause that is longer than any was stored by a wrong clock
    if oldest is None or now < oldest <= now + _LONGEST_PAUSE:
        return []  # a later event must not overtake the waiting one
    columns: list[Any] = [OUTBOX.c.id.label("outbox_id"), OUTBOX.c.attempts.label("sendings"), EVENTS]
    wanted = select(*columns).join(EVENTS, EVENTS.c.id == OUTBOX.c.event_id).order_by(OUTBOX.c.id).limit(_BATCH)
    return list(connection.execute(wanted).all())


def _done(connection: Connection, row: Row[Any]) -> None:
    connection.execute(delete(OUTBOX).where(OUTBOX.c.id == row.outbox_id))


def _later(connection: Connection, row: Row[Any], now: int) -> None:
    due_at = now + min(_LONGEST_PAUSE, int(back_off(row.sendings + 1) * 1000))
    values = {"due_at": due_at, "attempts": row.sendings + 1}
    connection.execute(update(OUTBOX).where(OUTBOX.c.id == row.outbox_id).values(**values))
