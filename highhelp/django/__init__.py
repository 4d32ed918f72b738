"""Django app that runs the inbox's handlers inside ORM transactions, each exactly once.

Add `"highhelp.django"` to `INSTALLED_APPS` and run `manage.py migrate`. Then:

    @exactly_once
    def credit(event):
        Order.objects.filter(id=event.payment_id).update(paid=event.status == "success")
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.db import router, transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from highhelp import CallbackEvent

__all__ = ["exactly_once"]


def exactly_once(
    handler: Callable[[CallbackEvent], object] | None = None, /, *, using: str | None = None
) -> Callable[..., Any]:
    """Decorate a handler of the inbox: its ORM writes are stored exactly once, whatever crashes.

    The event's key is stored in the same transaction; when the event comes again after a crash, the handler is not
    called. Decorate only one handler for each kind of event: a second one would find the key of the first. When the
    handler raises, nothing is stored, and the event comes again. Other side effects, such as sending a mail, may
    happen again: use `event.key` or `transaction.on_commit` for them.

    Args:
        handler: Called as `handler(event)`. It must not commit.
        using: The database, as named in `DATABASES`, that the handler writes to. Default: the router's choice for the
            table of handled events.
    """
    if handler is None:
        return lambda decorated: exactly_once(decorated, using=using)

    @wraps(handler)
    def handle(event: CallbackEvent) -> None:
        # models can only be imported once the apps are loaded
        from highhelp.django.models import HandledEvent

        database = using or router.db_for_write(HandledEvent)
        # durable: within another transaction the event would be marked as done before this one is committed
        with transaction.atomic(using=database, durable=True):
            _, is_new = HandledEvent.objects.using(database).get_or_create(
                key=event.key, defaults={"payment_id": event.payment_id}
            )
            if is_new:
                handler(event)

    return handle
