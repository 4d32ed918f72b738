"""A payout desk in Django, in one file: staff fill in a form, the guard pays once, callbacks settle what was paid.

Run: `python desk.py serve 8000` for the desk and the callbacks, `python desk.py work` for the worker. Settings come
from `HIGHHELP_HOME`, `DESK_URL` (where the gateway reaches the desk), `DESK_PASSWORD` (asked for by HTTP Basic, any
user name) and `DESK_SECRET` (signs Django's forms). The database of guard and inbox is that of `HIGHHELP_DATABASE_URL`.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hmac
import os
import signal
import sys
import threading
import uuid
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.html import format_html, format_html_join
from sqlalchemy.exc import SQLAlchemyError

from highhelp import (
    CallbackInbox,
    HighHelp,
    HighHelpError,
    Money,
    OutcomeUnknown,
    PayoutBusy,
    PayoutGuard,
    PayoutUnsettled,
    django_receiver,
    models,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp import CallbackEvent

DESK = os.environ.get("DESK_URL", "http://127.0.0.1:8000")

settings.configure(
    ALLOWED_HOSTS=[DESK.partition("://")[2].partition(":")[0].partition("/")[0]],
    SECRET_KEY=os.environ.get("DESK_SECRET") or str(uuid.uuid4()),
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    ROOT_URLCONF=__name__,
)
django.setup()

client = HighHelp(callback_url=f"{DESK}/callbacks")
guard = PayoutGuard(client)
inbox = CallbackInbox()


def staff_only(view: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Ask for the desk's password. Without one that is set, nobody comes in."""

    @functools.wraps(view)
    def guarded(request: Any) -> Any:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            password = base64.b64decode(given, validate=True).partition(b":")[2]
        except (ValueError, binascii.Error):
            password = b""
        expected = os.environ.get("DESK_PASSWORD", "").encode()
        if kind.lower() == "basic" and expected and hmac.compare_digest(password, expected):
            return view(request)
        return HttpResponse("who are you?", status=401, headers={"www-authenticate": 'Basic realm="desk"'})

    return guarded


@staff_only
def desk(request: Any) -> Any:
    """What was paid, and a form. The form carries the payout's id, so sending it twice pays once."""
    if request.method == "POST":
        return pay(request.POST)
    rows = format_html_join("", "<tr><td>{}<td>{} {}<td>{}", (
        (one.payment_id, one.amount, one.currency, one.outcome) for one in guard.list(limit=50)
    ))  # fmt: skip
    form = (
        '<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="payment_id" value="payout-{}"><input name="amount"> RUB to card <input name="pan">'
        "<button>Pay</button></form><table>{}</table>"
    )
    return HttpResponse(format_html(form, get_token(request), uuid.uuid4(), rows))


def pay(form: Any) -> Any:
    """Send the payout of a form."""
    try:
        payout = guard.send(
            models.P2PPayoutRequest(
                general=models.General(payment_id=form.get("payment_id", "")),
                payment=models.P2PPayoutPayment(
                    method=models.Method.CARD_P2P,
                    amount=Money(form.get("amount", ""), "RUB").minor,
                    currency=models.Currency.RUB,
                ),
                receiver=models.Receiver(pan=form.get("pan", "")),
            )
        )
    except (OutcomeUnknown, PayoutUnsettled, PayoutBusy) as error:
        # it may be on its way; the worker asks the gateway, and the form may be sent again
        return HttpResponse(f"not known yet: {error}", status=202, content_type="text/plain")
    except HighHelpError as error:
        return HttpResponse(f"not paid: {error}", status=422, content_type="text/plain")
    return HttpResponseRedirect("/") if payout.state == "settled" else HttpResponse(payout.state, status=202)


def settled(event: CallbackEvent, connection: Any) -> None:
    """Handle a status, in the transaction that marks the event as done."""
    guard.settle(event, connection)


def work(stop: threading.Event) -> None:
    """Settle what callbacks tell, and ask the gateway about what nobody knows."""
    recovering = threading.Thread(target=recover, args=[stop])
    recovering.start()
    inbox.run(settled, settled, stop=stop, poll=0.2)
    recovering.join()


def recover(stop: threading.Event) -> None:
    """Ask, every minute, what became of the payouts whose sender died. Asking never pays."""
    while not stop.is_set():
        try:
            guard.recover()
        except (HighHelpError, SQLAlchemyError) as error:
            print(f"cannot ask now: {error}", file=sys.stderr, flush=True)
        stop.wait(60)


urlpatterns = [path("", desk), path("callbacks", django_receiver(inbox))]


def main(command: str, port: str = "8000") -> None:
    """Serve, or work until told to end."""
    if command == "serve":
        execute_from_command_line(["desk.py", "runserver", "--noreload", f"127.0.0.1:{port}"])
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    work(stop)
    guard.close()
    inbox.close()
    client.close()


if __name__ == "__main__":
    if sys.argv[1:2] not in (["serve"], ["work"]):
        sys.exit(__doc__)
    main(*sys.argv[1:3])
