"""Run prepared calls over an httpx client: what `HighHelp` and the payout guard share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from highhelp.calls import flow
from highhelp.calls.drive import drive, drive_async
from highhelp.calls.policy import check_seconds
from highhelp.transport.driver import perform, perform_async

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from highhelp.calls.outcome import RawResponse
    from highhelp.calls.policy import Policy
    from highhelp.calls.prepare import RequestBuilder
    from highhelp.transport.config import NetworkConfig, Pools
    from highhelp.transport.driver import Wire

T = TypeVar("T")


@dataclass(frozen=True)
class _Parts:
    """What both executors hold.

    Attributes:
        builder: Builds calls.
        policy: How long and how often.
        wire: Where and how requests go.
        network: How the gateway is reached.
        pools: The httpx clients.
    """

    builder: RequestBuilder
    policy: Policy
    wire: Wire
    network: NetworkConfig
    pools: Pools

    def _wait_steps(
        self,
        call: flow.ClientCall[T],
        timeout: float,
        on_change: Callable[[T], object] | None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> flow.CallFlow[T]:
        from highhelp.calls.wait import wait_until_final  # most programs wait for callbacks instead

        check_seconds("timeout", timeout)
        return wait_until_final(call, self.policy, timeout, on_change, cancelled)


class Executor(_Parts):
    """Runs calls in the caller's thread."""

    def _run(
        self,
        call: flow.ClientCall[Any],
        steps: flow.CallFlow[T],
        about: str = "",
        pause: Callable[[float], object] | None = None,
    ) -> T:
        with self.wire.observer.call(about + call.operation.id, call.payment_id):
            return drive(steps, partial(perform, client=self.pools.get(), wire=self.wire, pause=pause))

    def execute(self, call: flow.ClientCall[T], timeout: float | None = None) -> T:
        """Run a prepared call: exactly its bytes are sent."""
        return self._run(call, flow.execute(call, self.policy.with_timeout(timeout)))

    def query(self, call: flow.ClientCall[T], timeout: float | None = None) -> T | None:
        """Ask what became of a create. See `highhelp.calls.flow.query`."""
        steps = flow.query(call, self.policy.with_timeout(timeout))
        return self._run(call, steps, "look up ")

    def wait(
        self,
        call: flow.ClientCall[T],
        timeout: float,
        on_change: Callable[[T], object] | None,
        cancel: threading.Event | None,
    ) -> T:
        """Wait until a payment is final, or `cancel` is set."""
        if cancel is None:
            return self._run(call, self._wait_steps(call, timeout, on_change), "wait ")
        return self._run(call, self._wait_steps(call, timeout, on_change, cancel.is_set), "wait ", cancel.wait)

    def send_raw(self, call: flow.ClientCall[Any], timeout: float | None) -> RawResponse:
        """Send a request once and return the response as it came."""
        return self._run(call, flow.send_raw(call, self.policy.with_timeout(timeout).attempt))


class AsyncExecutor(_Parts):
    """Runs calls on the running event loop."""

    def client(self) -> Any:
        """Return the httpx client of the running loop."""
        import asyncio

        # the loop itself is the key, not its id: another loop may get the same one
        return self.pools.get(asyncio.get_running_loop())

    async def _run(self, call: flow.ClientCall[Any], steps: flow.CallFlow[T], about: str = "") -> T:
        with self.wire.observer.call(about + call.operation.id, call.payment_id):
            return await drive_async(steps, partial(perform_async, client=self.client(), wire=self.wire))

    async def execute(self, call: flow.ClientCall[T], timeout: float | None = None) -> T:
        """Run a prepared call: exactly its bytes are sent."""
        return await self._run(call, flow.execute(call, self.policy.with_timeout(timeout)))

    async def query(self, call: flow.ClientCall[T], timeout: float | None = None) -> T | None:
        """Ask what became of a create. See `highhelp.calls.flow.query`."""
        steps = flow.query(call, self.policy.with_timeout(timeout))
        return await self._run(call, steps, "look up ")

    async def wait(self, call: flow.ClientCall[T], timeout: float, on_change: Callable[[T], object] | None) -> T:
        """Wait until a payment is final."""
        return await self._run(call, self._wait_steps(call, timeout, on_change), "wait ")

    async def send_raw(self, call: flow.ClientCall[Any], timeout: float | None) -> RawResponse:
        """Send a request once and return the response as it came."""
        return await self._run(call, flow.send_raw(call, self.policy.with_timeout(timeout).attempt))
