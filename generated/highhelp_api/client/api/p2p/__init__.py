# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Transfers between people and the merchant, host to host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .. import given

if TYPE_CHECKING:
    from ...models.p2p_payin_request import P2PPayinRequest
    from ...models.p2p_payout_request import P2PPayoutRequest
    from ...models.payment_state import PaymentState
    from .. import AsyncCalls, Calls

__all__ = ("AsyncP2p", "P2p")


class P2p:
    """Transfers between people and the merchant, host to host."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create_payin(
        self,
        body: P2PPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a P2P pay-in.

        Asks the gateway for payment details to which the payer sends the money. The details arrive by callback, and
        the answer may name a hosted page in `integration`. `payment_id` is unique within the project.

        Args:
            body: The request: a `P2PPayinRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: documented, gateway documentation, P2P pages.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call("create_p2p_payin", body, PaymentState.from_dict, timeout=timeout)

    def get_payin(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a P2P pay-in.

        Where the pay-in stands now, with the payment details once they are known.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
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
            "get_p2p_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
            cancel=cancel,
        )

    def create_payout(
        self,
        body: P2PPayoutRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a P2P payout.

        Sends money from the project's balance to a person. What the receiver block must hold depends on the method.
        `payment_id` is unique within the project: the same one never pays twice.

        Args:
            body: The request: a `P2PPayoutRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: integrator, the path's pattern is documented, the body was seen in a public integrator's code.
        """
        from ...models.payment_state import PaymentState

        return self._calls.call("create_p2p_payout", body, PaymentState.from_dict, timeout=timeout)

    def get_payout(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a P2P payout.

        Where the payout stands now.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
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
            "get_p2p_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
            cancel=cancel,
        )


class AsyncP2p:
    """Transfers between people and the merchant, host to host."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    async def create_payin(
        self,
        body: P2PPayinRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a P2P pay-in.

        Asks the gateway for payment details to which the payer sends the money. The details arrive by callback, and
        the answer may name a hosted page in `integration`. `payment_id` is unique within the project.

        Args:
            body: The request: a `P2PPayinRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: documented, gateway documentation, P2P pages.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call("create_p2p_payin", body, PaymentState.from_dict, timeout=timeout)

    async def get_payin(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a P2P pay-in.

        Where the pay-in stands now, with the payment details once they are known.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
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
            "get_p2p_payin",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
        )

    async def create_payout(
        self,
        body: P2PPayoutRequest | Mapping[str, Any],
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """Create a P2P payout.

        Sends money from the project's balance to a person. What the receiver block must hold depends on the method.
        `payment_id` is unique within the project: the same one never pays twice.

        Args:
            body: The request: a `P2PPayoutRequest`, or a mapping of the same form.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: integrator, the path's pattern is documented, the body was seen in a public integrator's code.
        """
        from ...models.payment_state import PaymentState

        return await self._calls.call("create_p2p_payout", body, PaymentState.from_dict, timeout=timeout)

    async def get_payout(
        self,
        payment_id: str,
        *,
        timeout: float | None = None,
    ) -> PaymentState:
        """State of a P2P payout.

        Where the payout stands now.

        Args:
            payment_id: The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key.
            timeout: Seconds for the whole call; absent, the client's own setting holds.

        Returns:
            The answer, a `PaymentState`.

        How this is known: family, the path's pattern is documented, the request is that of the platform family, the answer is inferred.
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
            "get_p2p_payout",
            given({"general": given({"payment_id": payment_id})}),
            PaymentState.from_dict,
            timeout=timeout,
            on_change=on_change,
        )
