"""The hand-off to a broker: the real RabbitMQ, the real NATS, and senders that fail."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aio_pika
import nats
import pytest
import sqlalchemy as sa

from highhelp import CallbackInbox, Money, OutboxPublisher, nats_sender, rabbit_sender
from highhelp.storage.tables import OUTBOX
from tests.requirements import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from highhelp.inbox.outbox import CloudEvent
    from highhelp_mock import MockGateway

pytestmark = pytest.mark.slow

PAN = "4000001234567899"


@pytest.fixture
def outbox(gateway: MockGateway, url: str) -> Iterator[CallbackInbox]:
    with CallbackInbox(url, verifier=gateway.verifier(), clock=gateway.clock, outbox=True, environ={}) as made:
        yield made


def take(inbox: CallbackInbox, gateway: MockGateway, payment_id: str, *state: str, **how: Any) -> None:
    sent = gateway.signed_callback(payment_id, *state, **how)
    assert inbox.receive(sent.body, sent.headers)[0] == 200


def test_a_time_of_a_wrong_clock_holds_nothing_up(outbox: CallbackInbox, url: str, gateway: MockGateway) -> None:
    take(outbox, gateway, "order-1", "success")
    due_at = int((gateway.clock() + 10 * 3600) * 1000)
    with outbox.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(due_at=due_at))
    sent: list[str] = []

    async def send(event: CloudEvent) -> None:
        sent.append(event.subject)

    assert publish(url, gateway, send) == [1]
    assert sent == ["order-1"]


def publish(url: str, gateway: MockGateway, send: Any, times: int = 1, travel: float = 0) -> list[int]:
    async def scenario() -> list[int]:
        publisher = OutboxPublisher(url, send, clock=gateway.clock, environ={})
        sent = []
        try:
            for _ in range(times):
                sent.append(await publisher.publish())
                gateway.travel(travel)
        finally:
            await publisher.close()
        return sent

    return asyncio.run(scenario())


def broker(name: str, url: str) -> str:
    try:
        socket.create_connection((urlsplit(url).hostname, urlsplit(url).port or 0), timeout=2).close()
    except OSError:
        return require(name, None)
    return url


@pytest.fixture
def rabbit() -> str:
    return broker("rabbitmq", "amqp://guest:guest@127.0.0.1:5672/")


@pytest.fixture
def jetstream() -> str:
    return broker("nats", "nats://127.0.0.1:4222")


def test_accepted_events_reach_rabbitmq_as_cloudevents(
    outbox: CallbackInbox, gateway: MockGateway, url: str, rabbit: str
) -> None:
    queue = f"highhelp-test-{secrets.token_hex(4)}"
    take(outbox, gateway, "order-1", "processing", "requisites", body={"requisites": {"pan": PAN}})
    take(outbox, gateway, "order-1", "success")
    take(outbox, gateway, "order-1", "success")
    take(outbox, gateway, "order-1", "processing", "paid")  # superseded
    take(outbox, gateway, "order-1", "decline")  # parked
    take(outbox, gateway, "order-2", "success", timestamp=1_000_000_000)  # parked

    async def scenario() -> list[Any]:
        async with rabbit_sender(rabbit, queue=queue) as send:
            publisher = OutboxPublisher(url, send, clock=gateway.clock, environ={})
            assert await publisher.publish() == 2
            assert await publisher.publish() == 0
            await publisher.close()
        connection = await aio_pika.connect(rabbit)
        async with connection:
            channel = await connection.channel()
            declared = await channel.declare_queue(queue, durable=True)
            messages = [await declared.get() for _ in range(2)]
            assert await declared.get(fail=False) is None
            await declared.delete(if_unused=False, if_empty=False)
        return messages

    messages = asyncio.run(scenario())
    rows = {row["event_key"]: row for row in outbox.list()}
    for message, kind in zip(messages, ("update", "success"), strict=True):
        event = json.loads(message.body)
        assert message.message_id == event["id"]
        assert rows[event["id"]]["payment_id"] == "order-1"
        assert (event["specversion"], event["type"]) == ("1.0", f"highhelp.payment.{kind}")
        assert (event["subject"], event["source"]) == ("order-1", f"urn:highhelp:project:{gateway.project_id}")
        assert event["data"]["payment_info"]["amount"] == 10000
        assert message.content_type == "application/cloudevents+json"
        assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
        assert PAN.encode() not in message.body


def test_what_no_queue_takes_stays_in_the_outbox(
    outbox: CallbackInbox, gateway: MockGateway, url: str, rabbit: str
) -> None:
    take(outbox, gateway, "order-1", "success")
    name = f"highhelp-test-{secrets.token_hex(4)}"

    async def scenario() -> int:
        async with rabbit_sender(rabbit, exchange=name, routing_key="nobody") as send:
            publisher = OutboxPublisher(url, send, clock=gateway.clock, environ={})
            sent = await publisher.publish()
            await publisher.close()
        connection = await aio_pika.connect(rabbit)
        async with connection:
            await (await connection.channel()).exchange_delete(name)
        return sent

    assert asyncio.run(scenario()) == 0
    assert outbox.stats()["outbox"] == 1


def test_accepted_events_reach_nats_as_cloudevents(
    outbox: CallbackInbox, gateway: MockGateway, url: str, jetstream: str
) -> None:
    """Sent again after a crash, an event is in the stream once; without the stream it stays in the outbox."""
    name = f"highhelp-test-{secrets.token_hex(4)}"
    take(outbox, gateway, "order-1", "processing", "requisites", body={"requisites": {"pan": PAN}})
    take(outbox, gateway, "order-1", "success")

    async def scenario() -> list[Any]:
        async with nats_sender(jetstream, stream=name, subject=f"{name}.events") as send:

            async def send_and_crash(event: CloudEvent) -> None:
                await send(event)
                raise ConnectionError("after the broker has it, before the outbox is told")

            async def publish(how: Any) -> int:
                publisher = OutboxPublisher(url, how, clock=gateway.clock, environ={})
                sent = await publisher.publish()
                await publisher.close()
                gateway.travel(10)
                return sent

            assert await publish(send) == 0, "there is no such stream yet"
            client = await nats.connect(jetstream)
            stream = client.jetstream()
            await stream.add_stream(name=name, subjects=[f"{name}.*"])
            try:
                assert await publish(send_and_crash) == 0
                assert await publish(send) == 2
                assert (await stream.stream_info(name)).state.messages == 2
                return [await stream.get_msg(name, number) for number in (1, 2)]
            finally:
                await stream.delete_stream(name)
                await client.close()

    messages = asyncio.run(scenario())
    for message, kind in zip(messages, ("update", "success"), strict=True):
        event = json.loads(message.data)
        assert event["type"] == f"highhelp.payment.{kind}"
        assert message.headers["Nats-Msg-Id"] == event["id"]
        assert message.headers["content-type"] == "application/cloudevents+json"
        assert PAN.encode() not in message.data
    assert outbox.stats()["outbox"] == 0


def test_order_and_repetition(outbox: CallbackInbox, gateway: MockGateway, url: str) -> None:
    for number in range(3):
        take(outbox, gateway, f"order-{number}", "success")
    seen: list[str] = []
    failing = iter([False, True, True])

    async def send(event: CloudEvent) -> None:
        seen.append(event.subject)
        if next(failing, False):
            raise ConnectionError("the broker is gone")

    assert publish(url, gateway, send, times=4, travel=2) == [1, 0, 2, 0]
    assert seen == ["order-0", "order-1", "order-1", "order-1", "order-2"]
    assert outbox.stats()["outbox"] == 0


def test_a_crash_after_sending_sends_again(outbox: CallbackInbox, gateway: MockGateway, url: str) -> None:
    take(outbox, gateway, "order-1", "success")
    seen: list[str] = []

    async def send(event: CloudEvent) -> None:
        seen.append(event.id)
        if len(seen) == 1:
            raise KeyboardInterrupt  # after the broker has it, before the outbox is updated

    with pytest.raises(KeyboardInterrupt):
        publish(url, gateway, send)
    assert publish(url, gateway, send) == [1]
    assert len(set(seen)) == 1


def test_replayed_and_purged(outbox: CallbackInbox, gateway: MockGateway, url: str) -> None:
    outbox.expect("order-1", Money("1.00", "RUB"), project_id=gateway.project_id)
    take(outbox, gateway, "order-1", "success")
    assert outbox.stats()["outbox"] == 0, "a wrong sum is not handed on"
    outbox.replay(outbox.list()[0]["id"])
    outbox.process(lambda event: None)
    gateway.travel(700)  # nothing younger than twice the tolerance is purged
    assert outbox.purge(10) == 0, "not before it was published"

    async def send(event: CloudEvent) -> None:
        pass

    assert publish(url, gateway, send) == [1]
    assert outbox.purge(10) == 1


def test_without_the_outbox_nothing_is_put_out(inbox: CallbackInbox, gateway: MockGateway) -> None:
    take(inbox, gateway, "order-1", "success")
    assert inbox.stats()["outbox"] == 0
