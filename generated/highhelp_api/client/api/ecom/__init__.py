# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Card payments and payouts, host to host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .. import given

if TYPE_CHECKING:
    from ...models.confirm_three_ds_request import ConfirmThreeDSRequest
    from ...models.ecom_payin_request import EcomPayinRequest
    from ...models.ecom_payout_request import EcomPayoutRequest
    from ...models.payment_state import PaymentState
    from .. import AsyncCalls, Calls

__all__ = ("AsyncEcom", "Ecom")


class Ecom:
    """Card payments and payouts, host to host."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create_payin(
        self,
        body: EcomPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a card pay-in.

        Charges a card in one step. The card may be charged at once (frictionless), or the payer has to pass 3-D Secure
        or a redirect first. What is needed for that is documented in callbacks only, so a pay-in without a reachable
        `merchant_callback_url`, here or in the project's settings, cannot finish a challenge; that info shows it too is
        our assumption. The more of the customer is known, the more likely the frictionless course.

        Args:
            body: The request: a `EcomPayinRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: documented, gateway documentation, ECOM H2H pages; the card block is that of the platform family.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call("create_ecom_payin", body, PaymentState.from_dict, timeout=timeout)

    def get_payin(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a card pay-in.

        Where the card pay-in stands now. That it shows what 3-D Secure or the redirect needs is our assumption.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
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
            "get_ecom_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
            cancel=cancel,
        )

    def confirm_3ds(
        self,
        body: ConfirmThreeDSRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Hand over the 3-D Secure result of a card pay-in.

        Gives the gateway what the issuer's page returned, so that the charge can be completed: `pares` and `md` for
        3-D Secure 1, `cres` for 3-D Secure 2. Never repeated by the client on its own: when the answer is lost, ask
        the info operation what became of the payment.

        Args:
            body: The request: a `ConfirmThreeDSRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the body is that of the platform family.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call("confirm_ecom_3ds", body, PaymentState.from_dict, timeout=timeout)

    def create_payout(
        self,
        body: EcomPayoutRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a card payout.

        Sends money from the project's balance to a card. The same `payment_id` never pays twice.

        Args:
            body: The request: a `EcomPayoutRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: inferred, the path's pattern is documented, the body follows the pattern of the rest.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call("create_ecom_payout", body, PaymentState.from_dict, timeout=timeout)

    def get_payout(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a card payout.

        Where the card payout stands now.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
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
            "get_ecom_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
            cancel=cancel,
        )


class AsyncEcom:
    """Card payments and payouts, host to host."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    async def create_payin(
        self,
        body: EcomPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a card pay-in.

        Charges a card in one step. The card may be charged at once (frictionless), or the payer has to pass 3-D Secure
        or a redirect first. What is needed for that is documented in callbacks only, so a pay-in without a reachable
        `merchant_callback_url`, here or in the project's settings, cannot finish a challenge; that info shows it too is
        our assumption. The more of the customer is known, the more likely the frictionless course.

        Args:
            body: The request: a `EcomPayinRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: documented, gateway documentation, ECOM H2H pages; the card block is that of the platform family.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call("create_ecom_payin", body, PaymentState.from_dict, timeout=timeout)

    async def get_payin(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a card pay-in.

        Where the card pay-in stands now. That it shows what 3-D Secure or the redirect needs is our assumption.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
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
            "get_ecom_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
        )

    async def confirm_3ds(
        self,
        body: ConfirmThreeDSRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Hand over the 3-D Secure result of a card pay-in.

        Gives the gateway what the issuer's page returned, so that the charge can be completed: `pares` and `md` for
        3-D Secure 1, `cres` for 3-D Secure 2. Never repeated by the client on its own: when the answer is lost, ask
        the info operation what became of the payment.

        Args:
            body: The request: a `ConfirmThreeDSRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the body is that of the platform family.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call("confirm_ecom_3ds", body, PaymentState.from_dict, timeout=timeout)

    async def create_payout(
        self,
        body: EcomPayoutRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a card payout.

        Sends money from the project's balance to a card. The same `payment_id` never pays twice.

        Args:
            body: The request: a `EcomPayoutRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: inferred, the path's pattern is documented, the body follows the pattern of the rest.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call("create_ecom_payout", body, PaymentState.from_dict, timeout=timeout)

    async def get_payout(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a card payout.

        Where the card payout stands now.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
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
            "get_ecom_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
        )
