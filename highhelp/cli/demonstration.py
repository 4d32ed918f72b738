"""The demo: one signed pay-in over real HTTP, every stage shown and every claim checked."""

from __future__ import annotations

import queue
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from highhelp import models
from highhelp.client import HighHelp
from highhelp.money import Money
from highhelp.settings import Source, load_callback_keys
from highhelp_api.contract import FINAL_STATUSES
from highhelp_mock import MockGateway
from highhelp_signing import CallbackRejected, CallbackVerifier, VerifiedCallback, generate_home, normalize, parse_body

Say = Callable[[str], object]
Event = VerifiedCallback | CallbackRejected

AMOUNT = Money("100.00", "RUB")
PATIENCE = 30.0
"""Seconds until the demo gives up on a callback."""


def run_demo(say: Say) -> bool:
    """Run it. True only if the final status was `success` and every signature checked."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory) / "home"
        generate_home(home, base_url="http://127.0.0.1")
        with MockGateway(home).serve() as gateway:
            source = Source.load({}, home)
            ring, _ = load_callback_keys(source)
            say(f"gateway     {gateway.base_url}, with fresh keys, on this machine only")
            sent: list[httpx.Request] = []
            with (
                httpx.Client(event_hooks={"request": [sent.append]}) as connection,
                HighHelp(home=home, environ={}, http_client=connection) as client,
                receiver(CallbackVerifier({client.settings.project_id: ring})) as (callback_url, events),
            ):
                return _travel(say, client, callback_url, events, sent)


def _travel(
    say: Say, client: HighHelp, callback_url: str, events: queue.Queue[Event], sent: list[httpx.Request]
) -> bool:
    before = _available(client)
    request = models.P2PPayinRequest(
        general=models.General(
            project_id=client.settings.project_id,
            payment_id=f"demo-{uuid.uuid4().hex[:8]}",
            merchant_callback_url=callback_url,
            merchant_success_callback_url=callback_url,
            merchant_decline_callback_url=callback_url,
        ),
        payment=models.P2PPayinPayment(
            method=models.Method.CARD_P2P, amount=AMOUNT.minor, currency=models.Currency.RUB
        ),
        customer=models.Customer(id="customer-17", country=models.Country.RU),
    )
    payment_id = request.general.payment_id
    say(f"request     P2PPayinRequest {payment_id}, {AMOUNT}")
    began = time.monotonic()
    state = client.p2p.create_payin(request)
    wire = sent[-1]
    say("normalised  " + normalize(parse_body(wire.content)).replace(";", "\n            "))
    for name, value in wire.headers.items():
        if not name.startswith("x-access-"):
            continue
        shown = value if len(value) < 44 else f"{value[:28]}... ({len(value)} characters)"
        say(f"signed      {name}: {shown}")
    say(f"answer      {_name(state.status, state.sub_status)}, gateway's id {state.request_id}")
    say("timeline")
    say(f"  {time.monotonic() - began:4.1f} s    {_name(state.status, state.sub_status):30} answer to the request")

    seen, genuine = "", True
    while seen not in FINAL_STATUSES:
        try:
            event = events.get(timeout=PATIENCE)
        except queue.Empty:
            say(f"no final callback within {PATIENCE:.0f} s")
            return False
        at = f"  {time.monotonic() - began:4.1f} s    "
        if isinstance(event, CallbackRejected):
            say(f"{at}callback refused: {event.reason}: {event.detail}")
            genuine = False
            continue
        say(f"{at}{_name(event.status, event.sub_status):30} callback, signature checked with {event.key_id}")
        seen = event.status

    final = client.p2p.get_payin(payment_id)
    after = _available(client)
    say(f"info        {_name(final.status, final.sub_status)}")
    say(f"books       {before} before, {after} after")
    right = genuine and seen == final.status == models.Status.SUCCESS and after - before == AMOUNT
    say("Every signature checked, the money arrived." if right else "Something is wrong, see above.")
    return right


def _name(status: object, sub_status: object) -> str:
    return f"{status}/{sub_status}" if isinstance(sub_status, str) else str(status)


def _available(client: HighHelp) -> Money:
    rows = client.service.balance().balance
    return next(
        (Money.from_minor(row.amount, row.currency) for row in rows if row.currency == AMOUNT.currency),
        Money(0, AMOUNT.currency),
    )


@dataclass
class Receiver:
    """A callback receiver: verifies, queues, answers."""

    verifier: CallbackVerifier
    events: queue.Queue[Event]

    def receive(self, body: bytes, headers: dict[str, str]) -> int:
        """Take one callback and say with which HTTP status it is answered."""
        try:
            self.events.put(self.verifier.verify(body, headers))
        except CallbackRejected as refusal:
            self.events.put(refusal)
            return 401
        return 200


@contextmanager
def receiver(verifier: CallbackVerifier) -> Iterator[tuple[str, queue.Queue[Event]]]:
    """Receive callbacks on a free loopback port."""
    takes = Receiver(verifier, queue.Queue())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that http.server calls
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            status = takes.receive(body, dict(self.headers.items()))
            self.send_response(status)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"OK" if status == 200 else b"no")

        def log_message(self, *_: Any) -> None:
            """Quiet: the demo tells what arrives."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/callbacks", takes.events
    finally:
        server.shutdown()
        server.server_close()
