"""The demo: one signed pay-in over real HTTP, with every stage shown and checked."""

from __future__ import annotations

import queue
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from highhelp import models
from highhelp.cli.callback_server import CallbackServer, running
from highhelp.client import HighHelp
from highhelp.money import Money
from highhelp.settings import Source, load_callback_keys
from highhelp_api.contract import FINAL_STATUSES
from highhelp_mock import MockGateway
from highhelp_signing import CallbackRejected, CallbackVerifier, VerifiedCallback, generate_home, normalize, parse_body

Say = Callable[[str], object]
Received = VerifiedCallback | CallbackRejected

AMOUNT = Money("100.00", "RUB")
PATIENCE = 30.0
"""Seconds until the demo gives up on a callback."""


@dataclass
class Receiver:
    """Verifies callbacks and queues what was received."""

    verifier: CallbackVerifier
    events: queue.Queue[Received]

    def receive(self, raw_body: bytes, headers: Any, /) -> tuple[int, bytes]:
        """Return HTTP status and body for a callback."""
        try:
            self.events.put(self.verifier.verify(raw_body, headers))
        except CallbackRejected as refusal:
            self.events.put(refusal)
            return 401, b"no"
        return 200, b"OK"


def run_demo(say: Say) -> bool:
    """Run the demo; return whether the final status was `success` and every signature verified."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory) / "home"
        generate_home(home, base_url="http://127.0.0.1")
        with MockGateway(home).serve() as gateway:
            ring, _ = load_callback_keys(Source.load({}, home))
            say(f"gateway     {gateway.base_url}, with fresh keys, on this machine only")
            receiver = Receiver(CallbackVerifier({gateway.project_id: ring}), queue.Queue())
            sent: list[httpx.Request] = []
            with (
                httpx.Client(event_hooks={"request": [sent.append]}) as connection,
                HighHelp(home=home, environ={}, http_client=connection) as client,
                running(CallbackServer(receiver, "127.0.0.1", 0)) as url,
            ):
                return _pay(say, client, f"{url}callbacks", receiver.events, sent)


def _pay(
    say: Say, client: HighHelp, callback_url: str, events: queue.Queue[Received], sent: list[httpx.Request]
) -> bool:
    before = _available(client)
    request = _make_request(client.settings.project_id, callback_url)
    say(f"request     P2PPayinRequest {request.general.payment_id}, {AMOUNT}")
    began = time.monotonic()
    state = client.p2p.create_payin(request)
    _show_signed(say, sent[-1])
    say(f"answer      {_name(state)}, gateway's id {state.request_id}")
    say("timeline")
    last, genuine = _follow(say, events, began)
    if last is None:
        return False
    final = client.p2p.get_payin(request.general.payment_id)
    after = _available(client)
    say(f"info        {_name(final)}")
    say(f"books       {before} before, {after} after")
    right = genuine and last == final.status == models.Status.SUCCESS and after - before == AMOUNT
    say("Every signature checked, the money arrived." if right else "Something is wrong, see above.")
    return right


def _make_request(project_id: str, callback_url: str) -> models.P2PPayinRequest:
    return models.P2PPayinRequest(
        general=models.General(
            project_id=project_id,
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


def _show_signed(say: Say, request: httpx.Request) -> None:
    say("normalised  " + normalize(parse_body(request.content)).replace(";", "\n            "))
    for name, value in request.headers.items():
        if name.startswith("x-access-"):
            shown = value if len(value) < 44 else f"{value[:28]}... ({len(value)} characters)"
            say(f"signed      {name}: {shown}")


def _follow(say: Say, events: queue.Queue[Received], began: float) -> tuple[str | None, bool]:
    """Show callbacks until the final one; return its status (None if it is missing) and whether all were genuine."""
    last, genuine = "", True
    while last not in FINAL_STATUSES:
        try:
            event = events.get(timeout=PATIENCE)
        except queue.Empty:
            say(f"no final callback within {PATIENCE:.0f} s")
            return None, genuine
        at = f"  {time.monotonic() - began:4.1f} s    "
        if isinstance(event, CallbackRejected):
            say(f"{at}callback refused: {event.reason}: {event.detail}")
            genuine = False
        else:
            say(f"{at}{_name(event):30} callback, signature checked with {event.key_id}")
            last = event.status
    return last, genuine


def _name(state: models.PaymentState | VerifiedCallback) -> str:
    return f"{state.status}/{state.sub_status}" if isinstance(state.sub_status, str) else str(state.status)


def _available(client: HighHelp) -> Money:
    rows = client.service.balance().balance
    return next(
        (Money.from_minor(row.amount, row.currency) for row in rows if row.currency == AMOUNT.currency),
        Money(0, AMOUNT.currency),
    )
