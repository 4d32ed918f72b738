# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Balances, banks and payment methods."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from .. import KeywordRequest, as_raw, as_raw_async, check_keywords, given, minor_units

if TYPE_CHECKING:
    from ...models.balance_response import BalanceResponse
    from ...models.bank_list_response import BankListResponse
    from ...models.payment_methods_response import PaymentMethodsResponse
    from ...payable import PayableState
    from .. import AsyncCalls, Calls, MoneyLike

__all__ = ("AsyncService", "Service")


class Service:
    """Balances, banks and payment methods."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @cached_property
    def with_raw_response(self) -> ServiceWithRawResponse:
        """The same calls, which return an `ApiResponse`: the typed answer with its HTTP response."""
        return ServiceWithRawResponse(Service(self._calls.returning_responses()))

    def balance(
        self,
        *,
        timeout: float | None = None,
    ) -> BalanceResponse:
        """Balances of the project.

        The project's balance in each currency.

        Args:
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `BalanceResponse`.

        Provenance: documented, gateway documentation, API service endpoints.
        """
        from ...models.balance_response import BalanceResponse

        return self._calls.call(
            "get_balance", given({"general": given({})}), BalanceResponse.from_dict, timeout=timeout
        )

    def banks(
        self,
        *,
        country: str | None = None,
        currency: str | None = None,
        method: str | None = None,
        timeout: float | None = None,
    ) -> BankListResponse:
        """Banks available for transfers.

        Banks and their codes, filtered by country, currency or method.

        Args:
            country: Known countries, ISO 3166-1 alpha-2. The gateway may add others.
            currency: Known currencies, ISO 4217. The gateway may add others.
            method: Known codes of host-to-host methods. New codes appear without notice.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `BankListResponse`.

        Provenance: inferred, the path's prefix is documented, the rest follows the usual practice.
        """
        from ...models.bank_list_response import BankListResponse

        return self._calls.call(
            "list_banks",
            given({"general": given({}), "country": country, "currency": currency, "method": method}),
            BankListResponse.from_dict,
            timeout=timeout,
        )

    def payment_methods(
        self,
        *,
        country: str | None = None,
        currency: str | None = None,
        flow: str | None = None,
        timeout: float | None = None,
    ) -> PaymentMethodsResponse:
        """Payment methods available to the project.

        The methods that the project may use, by country, currency and direction. The operation is announced in the
        gateway's documentation; its path and body are our assumption. The example lists the methods that the
        documentation names by country; the codes of Kazakhstan's and Kenya's transfers were not legible.

        Args:
            country: Known countries, ISO 3166-1 alpha-2. The gateway may add others.
            currency: Known currencies, ISO 4217. The gateway may add others.
            flow: The direction of a payment.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentMethodsResponse`.

        Provenance: inferred, announced in the gateway's documentation, path and body inferred.
        """
        from ...models.payment_methods_response import PaymentMethodsResponse

        return self._calls.call(
            "list_payment_methods",
            given({"general": given({}), "country": country, "currency": currency, "flow": flow}),
            PaymentMethodsResponse.from_dict,
            timeout=timeout,
        )


class ServiceWithRawResponse:
    """The calls of `Service`, which return an `ApiResponse`."""

    def __init__(self, calls: Service) -> None:
        self.balance = as_raw(calls.balance)
        self.banks = as_raw(calls.banks)
        self.payment_methods = as_raw(calls.payment_methods)


class AsyncService:
    """Balances, banks and payment methods."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    @cached_property
    def with_raw_response(self) -> AsyncServiceWithRawResponse:
        """The same calls, which return an `ApiResponse`: the typed answer with its HTTP response."""
        return AsyncServiceWithRawResponse(AsyncService(self._calls.returning_responses()))

    async def balance(
        self,
        *,
        timeout: float | None = None,
    ) -> BalanceResponse:
        """Balances of the project.

        The project's balance in each currency.

        Args:
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `BalanceResponse`.

        Provenance: documented, gateway documentation, API service endpoints.
        """
        from ...models.balance_response import BalanceResponse

        return await self._calls.call(
            "get_balance", given({"general": given({})}), BalanceResponse.from_dict, timeout=timeout
        )

    async def banks(
        self,
        *,
        country: str | None = None,
        currency: str | None = None,
        method: str | None = None,
        timeout: float | None = None,
    ) -> BankListResponse:
        """Banks available for transfers.

        Banks and their codes, filtered by country, currency or method.

        Args:
            country: Known countries, ISO 3166-1 alpha-2. The gateway may add others.
            currency: Known currencies, ISO 4217. The gateway may add others.
            method: Known codes of host-to-host methods. New codes appear without notice.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `BankListResponse`.

        Provenance: inferred, the path's prefix is documented, the rest follows the usual practice.
        """
        from ...models.bank_list_response import BankListResponse

        return await self._calls.call(
            "list_banks",
            given({"general": given({}), "country": country, "currency": currency, "method": method}),
            BankListResponse.from_dict,
            timeout=timeout,
        )

    async def payment_methods(
        self,
        *,
        country: str | None = None,
        currency: str | None = None,
        flow: str | None = None,
        timeout: float | None = None,
    ) -> PaymentMethodsResponse:
        """Payment methods available to the project.

        The methods that the project may use, by country, currency and direction. The operation is announced in the
        gateway's documentation; its path and body are our assumption. The example lists the methods that the
        documentation names by country; the codes of Kazakhstan's and Kenya's transfers were not legible.

        Args:
            country: Known countries, ISO 3166-1 alpha-2. The gateway may add others.
            currency: Known currencies, ISO 4217. The gateway may add others.
            flow: The direction of a payment.
            timeout: Seconds for the whole call; default: the client's setting.

        Returns:
            The answer, a `PaymentMethodsResponse`.

        Provenance: inferred, announced in the gateway's documentation, path and body inferred.
        """
        from ...models.payment_methods_response import PaymentMethodsResponse

        return await self._calls.call(
            "list_payment_methods",
            given({"general": given({}), "country": country, "currency": currency, "flow": flow}),
            PaymentMethodsResponse.from_dict,
            timeout=timeout,
        )


class AsyncServiceWithRawResponse:
    """The calls of `AsyncService`, which return an `ApiResponse`."""

    def __init__(self, calls: AsyncService) -> None:
        self.balance = as_raw_async(calls.balance)
        self.banks = as_raw_async(calls.banks)
        self.payment_methods = as_raw_async(calls.payment_methods)
