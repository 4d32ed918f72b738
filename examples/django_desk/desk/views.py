"""The desk's page, its form, and the endpoint for callbacks."""

from __future__ import annotations

import base64
import binascii
import functools
import hmac
import os
import uuid
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.html import format_html, format_html_join

from highhelp import (
    CallbackInbox,
    HighHelpError,
    Money,
    OutcomeUnknown,
    PayoutBusy,
    PayoutUnsettled,
    django_receiver,
    models,
)

from .gateway import guard
from .models import Payout

if TYPE_CHECKING:
    from collections.abc import Callable


def staff_only(view: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Ask for the desk's password. Nobody gets in while no password is set."""

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
    """Show the payouts and a form. The form carries the payout's id, so sending it twice pays once."""
    if request.method == "POST":
        return pay(request.POST)
    rows = format_html_join(
        "",
        "<tr><td>{}<td>{}<td>{}",
        ((one.payment_id, Money.from_minor(one.amount, "RUB"), one.status) for one in Payout.objects.all()[:50]),
    )
    form = (
        '<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="payment_id" value="payout-{}"><input name="amount"> RUB to card <input name="pan">'
        "<button>Pay</button></form><table>{}</table>"
    )
    return HttpResponse(format_html(form, get_token(request), uuid.uuid4(), rows))


def pay(form: Any) -> Any:
    """Send the payout of a form."""
    try:
        request = models.P2PPayoutRequest(
            general=models.General(payment_id=form.get("payment_id", "")),
            payment=models.P2PPayoutPayment(
                method=models.Method.CARD_P2P,
                amount=Money(form.get("amount", ""), "RUB").minor,
                currency=models.Currency.RUB,
            ),
            receiver=models.Receiver(pan=form.get("pan", "")),
        )
        intent = guard.prepare(request)  # refuses what is wrong before anything is stored
        Payout.objects.get_or_create(payment_id=intent.payment_id, defaults={"amount": intent.amount})
        payout = guard.send(request)
    except (OutcomeUnknown, PayoutUnsettled, PayoutBusy) as error:
        # it may be on its way; `highhelp payouts recover` asks the gateway, and the form may be sent again
        return HttpResponse(f"not known yet: {error}", status=202, content_type="text/plain")
    except HighHelpError as error:
        return HttpResponse(f"not paid: {error}", status=422, content_type="text/plain")
    return HttpResponseRedirect("/") if payout.state == "settled" else HttpResponse(payout.state, status=202)


urlpatterns = [path("", desk), path("callbacks", django_receiver(CallbackInbox()))]
