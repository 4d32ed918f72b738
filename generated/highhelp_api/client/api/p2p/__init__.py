# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Transfers between people and the merchant, host to host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from .. import KeywordRequest, as_raw, as_raw_async, check_keywords, given, minor_units

if TYPE_CHECKING:
    from ...fields import (
        CurrencyValue,
        CustomerFields,
        MethodValue,
        ReceiverFields,
        SenderFields,
    )
    from ...models.customer import Customer
    from ...models.p2p_payin_request import P2PPayinRequest
    from ...models.p2p_payout_request import P2PPayoutRequest
    from ...models.payment_state import PaymentState
    from ...models.receiver import Receiver
    from ...models.sender import Sender
    from ...payable import PayableState
    from .. import AsyncCalls, Calls, MoneyLike

__all__ = ("AsyncP2p", "P2p")


class P2p:
    """Transfers between people and the merchant, host to host."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @cached_property
    def with_raw_response(self) -> P2pWithRawResponse:
        """The same calls, which return an `ApiResponse`: the typed answer with its HTTP response."""
        return P2pWithRawResponse(P2p(self._calls.returning_responses()))

    @overload
    def create_payin(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: MoneyLike,
        payment_system: str | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        sender: Sender | SenderFields | None = None,
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
        payment_system: str | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        sender: Sender | SenderFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    def create_payin(
        self,
        body: P2PPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    def create_payin(
        self,
        body: P2PPayinRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        method: MethodValue | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        payment_system: str | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        sender: Sender | SenderFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a P2P pay-in.

        Asks the gateway for payment details to which the payer sends the money. The details arrive by callback, and
        the answer may name a hosted page in `integration`. `payment_id` is unique within the project.

        Args:
            body: Instead of the keywords: a `P2PPayinRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            method: Known codes of host-to-host methods. New codes appear without notice.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
            payment_system: The payment system, if a country's pages require it (AZ, AR, NG, KZ; not KE). Its codes were not legible.
            lifetime: Seconds until the payment expires. An integrator keeps it within 300..900; the bounds here are ours.
            description: Free text. The name is documented, the bound is our assumption.
            customer: The payer or receiver, as known to the merchant. All fields are optional.
            sender: The sender of a P2P pay-in, as far as the merchant knows. May be empty.
            merchant_callback_url: URL for informative callbacks (intermediate statuses, payment details, 3-D Secure data).
            merchant_success_callback_url: URL for the final success.
            merchant_decline_callback_url: URL for the final decline.
            redirect_url: Where the payer goes after the payment page, by default as set in the project.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Raises:
            TypeError: A required keyword is missing, or the amount is neither a Money nor an int with a currency.

        Provenance: documented, gateway documentation, P2P pages.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payin",
                body,
                {"payment_id": payment_id, "method": method, "amount": amount},
                currency,
                payment_system,
                lifetime,
                description,
                customer,
                sender,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return self._calls.call(
                "create_p2p_payin",
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
                        "payment_system": payment_system,
                        "lifetime": lifetime,
                        "description": description,
                    },
                    customer=customer,
                    sender=sender,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del (
                body,
                payment_id,
                method,
                payment_system,
                lifetime,
                description,
                customer,
                sender,
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
        """State of a P2P pay-in.

        The current state of the pay-in, with the payment details once they are known.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call(
            "get_p2p_payin",
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
            "get_p2p_payin",
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
            "get_p2p_payin",
            given({"general": given({"payment_id": payment_id})}),
            PayableState.from_dict,
            timeout=timeout,
            cancel=cancel,
        )

    @overload
    def create_payout(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: MoneyLike,
        receiver: Receiver | ReceiverFields,
        payment_system: str | None = None,
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
        receiver: Receiver | ReceiverFields,
        payment_system: str | None = None,
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
        body: P2PPayoutRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    def create_payout(
        self,
        body: P2PPayoutRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        method: MethodValue | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        receiver: Receiver | ReceiverFields | None = None,
        payment_system: str | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a P2P payout.

        Sends money from the project's balance to a person. The required fields of the receiver block depend on the method.
        `payment_id` is unique within the project: the same one never pays twice.

        Args:
            body: Instead of the keywords: a `P2PPayoutRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            method: Known codes of host-to-host methods. New codes appear without notice.
            receiver: The receiver of a payout. The required fields depend on the method.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
            payment_system: The payment system, if a country's pages require it (AZ, AR, NG, KZ; not KE). Its codes were not legible.
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

        Provenance: integrator, the path's pattern is documented, the body was seen in a public integrator's code.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payout",
                body,
                {"payment_id": payment_id, "method": method, "receiver": receiver, "amount": amount},
                currency,
                payment_system,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return self._calls.call(
                "create_p2p_payout",
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
                        "payment_system": payment_system,
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
                payment_system,
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
        """State of a P2P payout.

        The current state of the payout.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call(
            "get_p2p_payout",
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
            "get_p2p_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
            cancel=cancel,
        )


class P2pWithRawResponse:
    """The calls of `P2p`, which return an `ApiResponse`."""

    def __init__(self, calls: P2p) -> None:
        self.create_payin = as_raw(calls.create_payin)
        self.get_payin = as_raw(calls.get_payin)
        self.create_payout = as_raw(calls.create_payout)
        self.get_payout = as_raw(calls.get_payout)


class AsyncP2p:
    """Transfers between people and the merchant, host to host."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def with_raw_response(self) -> AsyncP2pWithRawResponse:
        """The same calls, which return an `ApiResponse`: the typed answer with its HTTP response."""
        return AsyncP2pWithRawResponse(AsyncP2p(self._calls.returning_responses()))

    @overload
    async def create_payin(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: MoneyLike,
        payment_system: str | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        sender: Sender | SenderFields | None = None,
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
        payment_system: str | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        sender: Sender | SenderFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState: ...

    @overload
    async def create_payin(
        self,
        body: P2PPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    async def create_payin(
        self,
        body: P2PPayinRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        method: MethodValue | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        payment_system: str | None = None,
        lifetime: int | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        sender: Sender | SenderFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a P2P pay-in.

        Asks the gateway for payment details to which the payer sends the money. The details arrive by callback, and
        the answer may name a hosted page in `integration`. `payment_id` is unique within the project.

        Args:
            body: Instead of the keywords: a `P2PPayinRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            method: Known codes of host-to-host methods. New codes appear without notice.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
            payment_system: The payment system, if a country's pages require it (AZ, AR, NG, KZ; not KE). Its codes were not legible.
            lifetime: Seconds until the payment expires. An integrator keeps it within 300..900; the bounds here are ours.
            description: Free text. The name is documented, the bound is our assumption.
            customer: The payer or receiver, as known to the merchant. All fields are optional.
            sender: The sender of a P2P pay-in, as far as the merchant knows. May be empty.
            merchant_callback_url: URL for informative callbacks (intermediate statuses, payment details, 3-D Secure data).
            merchant_success_callback_url: URL for the final success.
            merchant_decline_callback_url: URL for the final decline.
            redirect_url: Where the payer goes after the payment page, by default as set in the project.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Raises:
            TypeError: A required keyword is missing, or the amount is neither a Money nor an int with a currency.

        Provenance: documented, gateway documentation, P2P pages.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payin",
                body,
                {"payment_id": payment_id, "method": method, "amount": amount},
                currency,
                payment_system,
                lifetime,
                description,
                customer,
                sender,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return await self._calls.call(
                "create_p2p_payin",
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
                        "payment_system": payment_system,
                        "lifetime": lifetime,
                        "description": description,
                    },
                    customer=customer,
                    sender=sender,
                ),
                PaymentState.from_dict,
                timeout=timeout,
            )
        finally:  # error trackers send the local variables of frames
            del (
                body,
                payment_id,
                method,
                payment_system,
                lifetime,
                description,
                customer,
                sender,
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
        """State of a P2P pay-in.

        The current state of the pay-in, with the payment details once they are known.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call(
            "get_p2p_payin",
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
            "get_p2p_payin",
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
            "get_p2p_payin",
            given({"general": given({"payment_id": payment_id})}),
            PayableState.from_dict,
            timeout=timeout,
        )

    @overload
    async def create_payout(
        self,
        *,
        payment_id: str,
        method: MethodValue,
        amount: MoneyLike,
        receiver: Receiver | ReceiverFields,
        payment_system: str | None = None,
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
        receiver: Receiver | ReceiverFields,
        payment_system: str | None = None,
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
        body: P2PPayoutRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState: ...

    async def create_payout(
        self,
        body: P2PPayoutRequest | Mapping[str, Any] | None = None,
        *,
        payment_id: str | None = None,
        method: MethodValue | None = None,
        amount: MoneyLike | int | None = None,
        currency: CurrencyValue | None = None,
        receiver: Receiver | ReceiverFields | None = None,
        payment_system: str | None = None,
        description: str | None = None,
        customer: Customer | CustomerFields | None = None,
        merchant_callback_url: str | None = None,
        merchant_success_callback_url: str | None = None,
        merchant_decline_callback_url: str | None = None,
        redirect_url: str | None = None,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a P2P payout.

        Sends money from the project's balance to a person. The required fields of the receiver block depend on the method.
        `payment_id` is unique within the project: the same one never pays twice.

        Args:
            body: Instead of the keywords: a `P2PPayoutRequest`, or an equivalent mapping.
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            method: Known codes of host-to-host methods. New codes appear without notice.
            receiver: The receiver of a payout. The required fields depend on the method.
            amount: A `Money`, or whole minor units with a currency.
            currency: The currency of minor units.
            payment_system: The payment system, if a country's pages require it (AZ, AR, NG, KZ; not KE). Its codes were not legible.
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

        Provenance: integrator, the path's pattern is documented, the body was seen in a public integrator's code.
        """
        from ...models.payment_state import PaymentState

        try:
            check_keywords(
                "create_payout",
                body,
                {"payment_id": payment_id, "method": method, "receiver": receiver, "amount": amount},
                currency,
                payment_system,
                description,
                customer,
                merchant_callback_url,
                merchant_success_callback_url,
                merchant_decline_callback_url,
                redirect_url,
            )
            return await self._calls.call(
                "create_p2p_payout",
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
                        "payment_system": payment_system,
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
                payment_system,
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
        """State of a P2P payout.

        The current state of the payout.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentState`.

        Provenance: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call(
            "get_p2p_payout",
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
            "get_p2p_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
        )


class AsyncP2pWithRawResponse:
    """The calls of `AsyncP2p`, which return an `ApiResponse`."""

    def __init__(self, calls: AsyncP2p) -> None:
        self.create_payin = as_raw_async(calls.create_payin)
        self.get_payin = as_raw_async(calls.get_payin)
        self.create_payout = as_raw_async(calls.create_payout)
        self.get_payout = as_raw_async(calls.get_payout)
