# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""The operations by tag: `Resources` and `AsyncResources` add them to a client that makes the calls.

Regeneration adds new tags and operations of the contract.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NamedTuple,
    ParamSpec,
    Protocol,
    TypeVar,
    cast,
)

if TYPE_CHECKING:
    from .ecom import AsyncEcom, Ecom
    from .p2p import AsyncP2p, P2p
    from .service import AsyncService, Service
    from .widget import AsyncWidget, Widget

__all__ = (
    "ApiResponse",
    "AsyncCalls",
    "AsyncResources",
    "Body",
    "Calls",
    "KeywordRequest",
    "MoneyLike",
    "Resources",
    "as_raw",
    "as_raw_async",
    "check_keywords",
    "given",
    "minor_units",
)

P = ParamSpec("P")
T = TypeVar("T")


def given(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


class Body(Protocol):
    """A request of the contract: one of the models."""

    def to_dict(self) -> dict[str, Any]: ...


class MoneyLike(Protocol):
    """An amount with its currency, such as `highhelp.Money`."""

    @property
    def minor(self) -> int:
        """The amount in minor units."""
        ...

    @property
    def currency(self) -> str:
        """ISO 4217 code."""
        ...


class KeywordRequest:
    """A request built from keywords. Its `repr` shows no values."""

    __slots__ = ("_blocks",)

    def __init__(self, **blocks: object) -> None:
        self._blocks = blocks

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object, without fields that are None."""
        return {name: _plain(block) for name, block in self._blocks.items() if block is not None}


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int:
        return value
    if kind is dict:
        return {name: _plain(inner) for name, inner in value.items() if inner is not None}
    to_dict = getattr(value, "to_dict", None)
    if to_dict is not None:
        return to_dict()
    return value.value if isinstance(value, Enum) else value


def minor_units(method: str, amount: MoneyLike | int | None, currency: str | None) -> dict[str, object]:
    """The fields `amount` and `currency` of a payment.

    Raises:
        TypeError: The amount is neither a Money nor minor units with a currency, or two currencies are named.
    """
    if type(amount) is int:  # True is not an amount
        if currency is not None:
            return {"amount": amount, "currency": currency}
        problem = "an amount in minor units needs a currency; or pass amount=Money('100.00', 'RUB')"
    else:
        minor, code = getattr(amount, "minor", None), getattr(amount, "currency", None)
        if type(minor) is int and isinstance(code, str) and currency in (None, code):
            return {"amount": minor, "currency": code}
        problem = f"amount must be a Money, or an int of minor units with a currency, not {type(amount).__name__}"
        if type(minor) is int and isinstance(code, str):
            problem = "amount and currency= name two currencies"
        del minor, code
    del amount, currency
    raise TypeError(f"{method}(): {problem}")


def check_keywords(method: str, body: object, required: Mapping[str, object], *optional: object) -> None:
    """Check that a method got a request or all required keywords, not both.

    Raises:
        TypeError: It was not.
    """
    if body is None:
        missing = " and ".join(repr(name) for name, value in required.items() if value is None)
        problem = f"missing {missing}" if missing else None
    else:
        given = any(value is not None for value in (*required.values(), *optional))
        problem = "takes a request or keywords, not both" if given else None
    if problem is not None:
        del body, required, optional  # error trackers send the local variables of frames
        raise TypeError(f"{method}() {problem}")


class ApiResponse(NamedTuple, Generic[T]):
    """A typed answer with its HTTP response. Its `repr` shows no body.

    Attributes:
        status: HTTP status.
        headers: By lower-case name.
        content: The body's bytes.
        parsed: The typed answer.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    parsed: T

    def __repr__(self) -> str:
        return f"<ApiResponse HTTP {self.status}, {len(self.content)} bytes>"


def as_raw(method: Callable[P, T]) -> Callable[P, ApiResponse[T]]:
    """Adapt the type of a method to a client whose calls return responses."""
    return cast("Callable[P, ApiResponse[T]]", method)


def as_raw_async(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[ApiResponse[T]]]:
    """As `as_raw`, for asynchronous methods."""
    return cast("Callable[P, Awaitable[ApiResponse[T]]]", method)


class Calls(Protocol):
    """A client that calls the operations of the contract."""

    def returning_responses(self) -> Calls:
        """The same client, whose calls return `ApiResponse`s at run time."""
        ...

    def call(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float | None = None,
    ) -> T: ...

    def wait(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float,
        on_change: Callable[[T], object] | None = None,
        cancel: threading.Event | None = None,
    ) -> T: ...

    def wait_requisites(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float,
        cancel: threading.Event | None = None,
    ) -> T: ...


class AsyncCalls(Protocol):
    """As `Calls`, for asynchronous clients."""

    def returning_responses(self) -> AsyncCalls:
        """The same client, whose calls return `ApiResponse`s at run time."""
        ...

    async def call(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float | None = None,
    ) -> T: ...

    async def wait(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float,
        on_change: Callable[[T], object] | None = None,
    ) -> T: ...

    async def wait_requisites(
        self,
        operation: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        timeout: float,
    ) -> T: ...


class Resources:
    """One attribute per tag of the contract."""

    _calls: Calls

    @cached_property
    def p2p(self) -> P2p:
        """Transfers between people and the merchant, host to host."""
        from .p2p import P2p

        return P2p(self._calls)

    @cached_property
    def ecom(self) -> Ecom:
        """Card payments and payouts, host to host."""
        from .ecom import Ecom

        return Ecom(self._calls)

    @cached_property
    def widget(self) -> Widget:
        """Pay-ins that the payer completes on the gateway's hosted payment page."""
        from .widget import Widget

        return Widget(self._calls)

    @cached_property
    def service(self) -> Service:
        """Balances, banks and payment methods."""
        from .service import Service

        return Service(self._calls)


class AsyncResources:
    """One attribute per tag of the contract."""

    _calls: AsyncCalls

    @cached_property
    def p2p(self) -> AsyncP2p:
        """Transfers between people and the merchant, host to host."""
        from .p2p import AsyncP2p

        return AsyncP2p(self._calls)

    @cached_property
    def ecom(self) -> AsyncEcom:
        """Card payments and payouts, host to host."""
        from .ecom import AsyncEcom

        return AsyncEcom(self._calls)

    @cached_property
    def widget(self) -> AsyncWidget:
        """Pay-ins that the payer completes on the gateway's hosted payment page."""
        from .widget import AsyncWidget

        return AsyncWidget(self._calls)

    @cached_property
    def service(self) -> AsyncService:
        """Balances, banks and payment methods."""
        from .service import AsyncService

        return AsyncService(self._calls)
