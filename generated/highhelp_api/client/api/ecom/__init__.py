# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Card payments and payouts, host to host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from .. import KeywordRequest, as_raw, as_raw_async, check_keywords, given, minor_units

if TYPE_CHECKING:
    from ...fields import (
        CardFields,
        CardReceiverFields,
        CurrencyValue,
        CustomerFields,
        MethodValue,
    )
    from ...models.card import Card
    from ...models.card_receiver import CardReceiver
    from ...models.confirm_three_ds_request import ConfirmThreeDSRequest
    from ...models.customer import Customer
    from ...models.ecom_payin_request import EcomPayinRequest
    from ...models.ecom_payout_request import EcomPayoutRequest
    from ...models.payment_state import PaymentState
    from ...payable import PayableState
    from .. import AsyncCalls, Calls, MoneyLike

__all__ = ("AsyncEcom", "Ecom")


class Ecom:
    """Card payments and payouts, host to host."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @cached_property
    def with_raw_response(self) -> EcomWithRawResponse:
        """The same calls, which return an `ApiResponse`: the typed answer with its HTTP response."""
        return EcomWithRawResponse(Ecom(self._calls.returning_responses()))

    @overload
    def create_payin(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: MoneyLike,
        card: Card | CardFields,
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
        method: MethodValue,
        amount: int,
        currency: CurrencyValue,
        card: Card | CardFields,
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
        body: EcomPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    def create_payin(
        self,
        body: EcomPayinRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        method: MethodValue | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        card: Card | CardFields | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a card pay-in.

        Charges a card in one step. The card may be charged at once (frictionless), or the payer has to pass 3-D Secure
        or a redirect first. The data for that is documented in callbacks only, so a pay-in without a reachable
        `merchant_callback_url`, here or in the project's settings, cannot finish a challenge; that info shows it too is
        our assumption. More data about the customer makes the frictionless flow more likely.

        Args:
            body: Instead of the keywords: a `EcomPayinRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            method: Known codes of host-to-host methods. New codes appear without notice.
            card: The card to charge.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
            lifetime: Seconds until the payment expires. An integrator keeps it within 300..900; the bounds here are ours.
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

        Provenance: documented, gateway documentation, ECOM H2H pages; the card block is that of the platform family.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payin",
                body,
                {"payment_id": payment_id, "method": method, "card": card, "amount": amount},
                currency,
                lifetime,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return self._calls.call(
                "create_ecom_payin",
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
                        "method": method,
                        "lifetime": lifetime,
                        "description": description,
                    },
                    card=card,
                    customer=customer,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del (
                body,
                payment_id,
                method,
                card,
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
        """State of a card pay-in.

        The current state of the card pay-in. That it includes the data for 3-D Secure or the redirect is our assumption.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call(
            "get_ecom_payin",
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
            "get_ecom_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
            cancel=cancel,
        )

    @overload
    def confirm_3ds(
        self,
        *,
        payment_id: str,
        pares: str | None = None,
        md: str | None = None,
        cres: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    def confirm_3ds(
        self,
        body: ConfirmThreeDSRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    def confirm_3ds(
        self,
        body: ConfirmThreeDSRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        pares: str | None = None,
        md: str | None = None,
        cres: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Submit the 3-D Secure result of a card pay-in.

        Passes the result of the issuer's page to the gateway to complete the charge: `pares` and `md` for
        3-D Secure 1, `cres` for 3-D Secure 2. The client never repeats it: if the answer is lost,
        query the payment with the info operation.

        Args:
            body: Instead of the keywords: a `ConfirmThreeDSRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            pares: PaRes of 3-D Secure 1.
            md: MD of 3-D Secure 1.
            cres: CRes of 3-D Secure 2.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Raises:
            TypeError: A required keyword is missing.

        Provenance: family, the path's pattern is documented, the body is that of the platform family.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "confirm_3ds",
                body,
                {
                    "payment_id": payment_id,
                },
                pares,
                md,
                cres,
            )
            return self._calls.call(
                "confirm_ecom_3ds",
                body
                if body is not None
                else KeywordRequest(
                    general={
                        "payment_id": payment_id,
                    },
                    pares=pares,
                    md=md,
                    cres=cres,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del body, payment_id, pares, md, cres

    @overload
    def create_payout(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: MoneyLike,
        receiver: CardReceiver | CardReceiverFields,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    def create_payout(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: int,
        currency: CurrencyValue,
        receiver: CardReceiver | CardReceiverFields,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    def create_payout(
        self,
        body: EcomPayoutRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    def create_payout(
        self,
        body: EcomPayoutRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        method: MethodValue | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        receiver: CardReceiver | CardReceiverFields | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a card payout.

        Sends money from the project's balance to a card. The same `payment_id` never pays twice.

        Args:
            body: Instead of the keywords: a `EcomPayoutRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            method: Known codes of host-to-host methods. New codes appear without notice.
            receiver: The card that a payout goes to.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
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

        Provenance: inferred, the path's pattern is documented, the body follows the pattern of the rest.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payout",
                body,
                {"payment_id": payment_id, "method": method, "receiver": receiver, "amount": amount},
                currency,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return self._calls.call(
                "create_ecom_payout",
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
                        **minor_units("create_payout", amount, currency),
                        "method": method,
                        "description": description,
                    },
                    receiver=receiver,
                    customer=customer,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del (
                body,
                payment_id,
                method,
                receiver,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
                amount,
                currency,
            )

    def get_payout(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a card payout.

        The current state of the card payout.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call(
            "get_ecom_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
        )

    def wait_payout(
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
            "get_ecom_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
            cancel=cancel,
        )


class EcomWithRawResponse:
    """The calls of `Ecom`, which return an `ApiResponse`."""

    def __init__(self, calls: Ecom) -> None:
        self.create_payin = as_raw(calls.create_payin)
        self.get_payin = as_raw(calls.get_payin)
        self.confirm_3ds = as_raw(calls.confirm_3ds)
        self.create_payout = as_raw(calls.create_payout)
        self.get_payout = as_raw(calls.get_payout)


class AsyncEcom:
    """Card payments and payouts, host to host."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def with_raw_response(self) -> AsyncEcomWithRawResponse:
        """The same calls, which return an `ApiResponse`: the typed answer with its HTTP response."""
        return AsyncEcomWithRawResponse(AsyncEcom(self._calls.returning_responses()))

    @overload
    async def create_payin(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: MoneyLike,
        card: Card | CardFields,
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
        method: MethodValue,
        amount: int,
        currency: CurrencyValue,
        card: Card | CardFields,
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
        body: EcomPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    async def create_payin(
        self,
        body: EcomPayinRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        method: MethodValue | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        card: Card | CardFields | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a card pay-in.

        Charges a card in one step. The card may be charged at once (frictionless), or the payer has to pass 3-D Secure
        or a redirect first. The data for that is documented in callbacks only, so a pay-in without a reachable
        `merchant_callback_url`, here or in the project's settings, cannot finish a challenge; that info shows it too is
        our assumption. More data about the customer makes the frictionless flow more likely.

        Args:
            body: Instead of the keywords: a `EcomPayinRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            method: Known codes of host-to-host methods. New codes appear without notice.
            card: The card to charge.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
            lifetime: Seconds until the payment expires. An integrator keeps it within 300..900; the bounds here are ours.
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

        Provenance: documented, gateway documentation, ECOM H2H pages; the card block is that of the platform family.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payin",
                body,
                {"payment_id": payment_id, "method": method, "card": card, "amount": amount},
                currency,
                lifetime,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return await self._calls.call(
                "create_ecom_payin",
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
                        "method": method,
                        "lifetime": lifetime,
                        "description": description,
                    },
                    card=card,
                    customer=customer,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del (
                body,
                payment_id,
                method,
                card,
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
        """State of a card pay-in.

        The current state of the card pay-in. That it includes the data for 3-D Secure or the redirect is our assumption.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call(
            "get_ecom_payin",
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
            "get_ecom_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
        )

    @overload
    async def confirm_3ds(
        self,
        *,
        payment_id: str,
        pares: str | None = None,
        md: str | None = None,
        cres: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    async def confirm_3ds(
        self,
        body: ConfirmThreeDSRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    async def confirm_3ds(
        self,
        body: ConfirmThreeDSRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        pares: str | None = None,
        md: str | None = None,
        cres: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Submit the 3-D Secure result of a card pay-in.

        Passes the result of the issuer's page to the gateway to complete the charge: `pares` and `md` for
        3-D Secure 1, `cres` for 3-D Secure 2. The client never repeats it: if the answer is lost,
        query the payment with the info operation.

        Args:
            body: Instead of the keywords: a `ConfirmThreeDSRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            pares: PaRes of 3-D Secure 1.
            md: MD of 3-D Secure 1.
            cres: CRes of 3-D Secure 2.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Raises:
            TypeError: A required keyword is missing.

        Provenance: family, the path's pattern is documented, the body is that of the platform family.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "confirm_3ds",
                body,
                {
                    "payment_id": payment_id,
                },
                pares,
                md,
                cres,
            )
            return await self._calls.call(
                "confirm_ecom_3ds",
                body
                if body is not None
                else KeywordRequest(
                    general={
                        "payment_id": payment_id,
                    },
                    pares=pares,
                    md=md,
                    cres=cres,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del body, payment_id, pares, md, cres

    @overload
    async def create_payout(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: MoneyLike,
        receiver: CardReceiver | CardReceiverFields,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    async def create_payout(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: int,
        currency: CurrencyValue,
        receiver: CardReceiver | CardReceiverFields,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    async def create_payout(
        self,
        body: EcomPayoutRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    async def create_payout(
        self,
        body: EcomPayoutRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        method: MethodValue | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        receiver: CardReceiver | CardReceiverFields | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a card payout.

        Sends money from the project's balance to a card. The same `payment_id` never pays twice.

        Args:
            body: Instead of the keywords: a `EcomPayoutRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            method: Known codes of host-to-host methods. New codes appear without notice.
            receiver: The card that a payout goes to.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
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

        Provenance: inferred, the path's pattern is documented, the body follows the pattern of the rest.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payout",
                body,
                {"payment_id": payment_id, "method": method, "receiver": receiver, "amount": amount},
                currency,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return await self._calls.call(
                "create_ecom_payout",
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
                        **minor_units("create_payout", amount, currency),
                        "method": method,
                        "description": description,
                    },
                    receiver=receiver,
                    customer=customer,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del (
                body,
                payment_id,
                method,
                receiver,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
                amount,
                currency,
            )

    async def get_payout(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a card payout.

        The current state of the card payout.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call(
            "get_ecom_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
        )

    async def wait_payout(
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
            "get_ecom_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
        )


class AsyncEcomWithRawResponse:
    """The calls of `AsyncEcom`, which return an `ApiResponse`."""

    def __init__(self, calls: AsyncEcom) -> None:
        self.create_payin = as_raw_async(calls.create_payin)
        self.get_payin = as_raw_async(calls.get_payin)
        self.confirm_3ds = as_raw_async(calls.confirm_3ds)
        self.create_payout = as_raw_async(calls.create_payout)
        self.get_payout = as_raw_async(calls.get_payout)
