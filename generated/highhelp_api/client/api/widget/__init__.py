# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Pay-ins that the payer completes on the gateway's hosted payment page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .. import given

if TYPE_CHECKING:
    from ...models.payment_state import PaymentState
    from ...models.widget_payin_request import WidgetPayinRequest
    from .. import AsyncCalls, Calls

__all__ = ("AsyncWidget", "Widget")


class Widget:
    """Pay-ins that the payer completes on the gateway's hosted payment page."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create_payin(
        self,
        body: WidgetPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a pay-in on the hosted payment page.

        Opens a hosted page on which the payer completes the payment by transfer, card or mobile account. Send the
        payer to `integration.form_url`. Without `widget_method` the payer chooses.

        Args:
            body: The request: a `WidgetPayinRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: documented, gateway documentation, widget (H2C) pages.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call("create_widget_payin", body, PaymentState.from_dict, timeout=timeout)

    def get_payin(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a widget pay-in.

        Where the widget pay-in stands now. Nothing that was read documents this operation: only callbacks are
        documented for the widget.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: inferred, by the pattern of the other products.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call(
            "get_widget_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
        )

    def wait_payin(
        self,
        payment_id: str,
        *,
        timeout: float = 600.0,
        on_change: Callable[[PaymentState], object] | None = None,
        cancel: threading.Event | None = None,
    ) -> PaymentState:
        """Ask until the payment has a final status.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds after which WaitTimeout is raised with the last state.
            on_change: Called with each new state, also with the last one.
            cancel: A `threading.Event`; the wait ends when another thread sets it. An asynchronous one has none:
                cancel its task.

        Returns:
            The final state, a `PaymentState`.
        """
        from ...models.payment_state import PaymentState

        return self._calls.wait(
            "get_widget_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
            cancel=cancel,
        )


class AsyncWidget:
    """Pay-ins that the payer completes on the gateway's hosted payment page."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    async def create_payin(
        self,
        body: WidgetPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a pay-in on the hosted payment page.

        Opens a hosted page on which the payer completes the payment by transfer, card or mobile account. Send the
        payer to `integration.form_url`. Without `widget_method` the payer chooses.

        Args:
            body: The request: a `WidgetPayinRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: documented, gateway documentation, widget (H2C) pages.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call("create_widget_payin", body, PaymentState.from_dict, timeout=timeout)

    async def get_payin(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a widget pay-in.

        Where the widget pay-in stands now. Nothing that was read documents this operation: only callbacks are
        documented for the widget.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: inferred, by the pattern of the other products.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call(
            "get_widget_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
        )

    async def wait_payin(
        self,
        payment_id: str,
        *,
        timeout: float = 600.0,
        on_change: Callable[[PaymentState], object] | None = None,
    ) -> PaymentState:
        """Ask until the payment has a final status.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds after which WaitTimeout is raised with the last state.
            on_change: Called with each new state, also with the last one.
            cancel: A `threading.Event`; the wait ends when another thread sets it. An asynchronous one has none:
                cancel its task.

        Returns:
            The final state, a `PaymentState`.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.wait(
            "get_widget_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
        )
