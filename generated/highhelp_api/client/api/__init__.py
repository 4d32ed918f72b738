# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""The operations by tag, for a client that brings the calls: what `Resources` and `AsyncResources` add to it.

A new tag or operation of the contract arrives here by regeneration alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from .ecom import AsyncEcom, Ecom
    from .p2p import AsyncP2p, P2p
    from .service import AsyncService, Service
    from .widget import AsyncWidget, Widget

__all__ = ("AsyncCalls", "AsyncResources", "Body", "Calls", "Resources", "given")

T = TypeVar("T")


def given(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that were given: those that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


class Body(Protocol):
    """A request of the contract: one of the models."""

    def to_dict(self) -> dict[str, Any]: ...


class Calls(Protocol):
    """How a client carries out the operations of the contract."""

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


class AsyncCalls(Protocol):
    """The same for asynchronous clients."""

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
