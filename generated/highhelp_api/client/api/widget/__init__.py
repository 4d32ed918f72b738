# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Pay-ins that the payer completes on the gateway's hosted payment page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from .. import KeywordRequest, as_raw, as_raw_async, check_keywords, given, minor_units

if TYPE_CHECKING:
    from ...fields import CurrencyValue, CustomerFields, WidgetMethodValue
    from ...models.customer import Customer
    from ...models.payment_state import PaymentState
    from ...models.widget_payin_request import WidgetPayinRequest
    from ...payable import PayableState
    from .. import AsyncCalls, Calls, MoneyLike

__all__ = ("AsyncWidget", "Widget")


class Widget:
    """Pay-ins that the payer completes on the gateway's hosted payment page."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @cached_property
    def with_raw_response(self) -> WidgetWithRawResponse:
        """The same calls, which return an `ApiResponse`: the typed answer with its HTTP response."""
        return WidgetWithRawResponse(Widget(self._calls.returning_responses()))

    @overload
    def create_payin(
        self,
        *,
        payment_id: str,
        amount: MoneyLike,
        widget_method: WidgetMethodValue | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    def create_payin(
        self,
        *,
        payment_id: str,
        amount: int,
        currency: CurrencyValue,
        widget_method: WidgetMethodValue | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    def create_payin(
        self,
        body: WidgetPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    def create_payin(
        self,
        body: WidgetPayinRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        widget_method: WidgetMethodValue | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a pay-in on the hosted payment page.

        Opens a hosted page on which the payer completes the payment by transfer, card or mobile account. Send the
        payer to `integration.form_url`. Without `widget_method` the payer chooses.

        Args:
            body: Instead of the keywords: a `WidgetPayinRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
            widget_method: Known codes of widget methods. New codes appear without notice.
            lifetime: Seconds until the page expires. The gateway uses 600 by default.
            description: Free text. The name is documented, the bound is our assumption.
            customer: The payer or receiver, as known to the merchant. All fields are optional.
            merchant_callback_url: URL for informative callbacks (intermediate statuses, payment details, 3-D Secure data).
            merchant_success_callback_url: URL for the final success.
            merchant_decline_callback_url: URL for the final decline.
            redirect_url: Where the payer goes after the payment page, by default as set in the project.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Raises:
            TypeError: A required keyword is missing, or the amount is neither a Money nor an int with a currency.

        Provenance: documented, gateway documentation, widget (H2C) pages.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payin",
                body,
                {"payment_id": payment_id, "amount": amount},
                currency,
                widget_method,
                lifetime,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return self._calls.call(
                "create_widget_payin",
                body
                if body is not None
                else KeywordRequest(
                    general={
                        "payment_id": payment_id,
                        "merchant_callback_url": merchant_callback_url,
                        "merchant_success_callback_url": merchant_success_callback_url,
                        "merchant_decline_callback_url": merchant_decline_callback_url,
                        "redirect_url": redirect_url,
                    },
                    payment={
                        **minor_units("create_payin", amount, currency),
                        "widget_method": widget_method,
                        "lifetime": lifetime,
                        "description": description,
                    },
                    customer=customer,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del (
                body,
                payment_id,
                widget_method,
                lifetime,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
                amount,
                currency,
            )

    def get_payin(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a widget pay-in.

        The current state of the widget pay-in. No source documents this operation: only callbacks are
        documented for the widget.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: inferred, by the pattern of the other products.
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
        """Poll until the payment has a final status.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds after which WaitTimeout is raised with the last state.
            on_change: Called with each new state, including the last one.
            cancel: A `threading.Event`; the wait ends when another thread sets it. Asynchronous ones have none:
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

    def wait_requisites(
        self,
        payment_id: str,
        *,
        timeout: float = 60.0,
        cancel: threading.Event | None = None,
    ) -> PayableState:
        """Poll until the payment has payment details for the payer.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds after which WaitTimeout is raised with the last state.
            cancel: A `threading.Event`; the wait ends when another thread sets it. Asynchronous ones have none:
                cancel its task.

        Returns:
            The state with its `requisites`.

        Raises:
            PaymentEnded: The payment is final; names its status.
        """
        from ...payable import PayableState

        return self._calls.wait_requisites(
            "get_widget_payin",
            given({"general": given({"payment_id": payment_id})}),
            PayableState.from_dict,
            timeout=timeout,
            cancel=cancel,
        )


class WidgetWithRawResponse:
    """The calls of `Widget`, which return an `ApiResponse`."""

    def __init__(self, calls: Widget) -> None:
        self.create_payin = as_raw(calls.create_payin)
        self.get_payin = as_raw(calls.get_payin)


class AsyncWidget:
    """Pay-ins that the payer completes on the gateway's hosted payment page."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def with_raw_response(self) -> AsyncWidgetWithRawResponse:
        """The same calls, which return an `ApiResponse`: the typed answer with its HTTP response."""
        return AsyncWidgetWithRawResponse(AsyncWidget(self._calls.returning_responses()))

    @overload
    async def create_payin(
        self,
        *,
        payment_id: str,
        amount: MoneyLike,
        widget_method: WidgetMethodValue | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    async def create_payin(
        self,
        *,
        payment_id: str,
        amount: int,
        currency: CurrencyValue,
        widget_method: WidgetMethodValue | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    async def create_payin(
        self,
        body: WidgetPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    async def create_payin(
        self,
        body: WidgetPayinRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        widget_method: WidgetMethodValue | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a pay-in on the hosted payment page.

        Opens a hosted page on which the payer completes the payment by transfer, card or mobile account. Send the
        payer to `integration.form_url`. Without `widget_method` the payer chooses.

        Args:
            body: Instead of the keywords: a `WidgetPayinRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
            widget_method: Known codes of widget methods. New codes appear without notice.
            lifetime: Seconds until the page expires. The gateway uses 600 by default.
            description: Free text. The name is documented, the bound is our assumption.
            customer: The payer or receiver, as known to the merchant. All fields are optional.
            merchant_callback_url: URL for informative callbacks (intermediate statuses, payment details, 3-D Secure data).
            merchant_success_callback_url: URL for the final success.
            merchant_decline_callback_url: URL for the final decline.
            redirect_url: Where the payer goes after the payment page, by default as set in the project.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Raises:
            TypeError: A required keyword is missing, or the amount is neither a Money nor an int with a currency.

        Provenance: documented, gateway documentation, widget (H2C) pages.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payin",
                body,
                {"payment_id": payment_id, "amount": amount},
                currency,
                widget_method,
                lifetime,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return await self._calls.call(
                "create_widget_payin",
                body
                if body is not None
                else KeywordRequest(
                    general={
                        "payment_id": payment_id,
                        "merchant_callback_url": merchant_callback_url,
                        "merchant_success_callback_url": merchant_success_callback_url,
                        "merchant_decline_callback_url": merchant_decline_callback_url,
                        "redirect_url": redirect_url,
                    },
                    payment={
                        **minor_units("create_payin", amount, currency),
                        "widget_method": widget_method,
                        "lifetime": lifetime,
                        "description": description,
                    },
                    customer=customer,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del (
                body,
                payment_id,
                widget_method,
                lifetime,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
                amount,
                currency,
            )

    async def get_payin(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a widget pay-in.

        The current state of the widget pay-in. No source documents this operation: only callbacks are
        documented for the widget.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: inferred, by the pattern of the other products.
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
        """Poll until the payment has a final status.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds after which WaitTimeout is raised with the last state.
            on_change: Called with each new state, including the last one.
            cancel: A `threading.Event`; the wait ends when another thread sets it. Asynchronous ones have none:
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

    async def wait_requisites(
        self,
        payment_id: str,
        *,
        timeout: float = 60.0,
    ) -> PayableState:
        """Poll until the payment has payment details for the payer.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds after which WaitTimeout is raised with the last state.
            cancel: A `threading.Event`; the wait ends when another thread sets it. Asynchronous ones have none:
                cancel its task.

        Returns:
            The state with its `requisites`.

        Raises:
            PaymentEnded: The payment is final; names its status.
        """
        from ...payable import PayableState

        return await self._calls.wait_requisites(
            "get_widget_payin",
            given({"general": given({"payment_id": payment_id})}),
            PayableState.from_dict,
            timeout=timeout,
        )


class AsyncWidgetWithRawResponse:
    """The calls of `AsyncWidget`, which return an `ApiResponse`."""

    def __init__(self, calls: AsyncWidget) -> None:
        self.create_payin = as_raw_async(calls.create_payin)
        self.get_payin = as_raw_async(calls.get_payin)
