"""Run prepared calls over an httpx client: what `HighHelp` and the payout guard share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from highhelp.calls import flow
from highhelp.calls.drive import drive, drive_async
from highhelp.calls.policy import check_seconds
from highhelp.calls.wait import wait_until_final
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


class Executor(_Parts):
    """Runs calls in the caller's thread."""

    def _run(
        self, name: str, call: flow.ClientCall[Any], steps: flow.CallFlow[T], pause: Callable[[float], object] | None
    ) -> T:
        with self.wire.observer.call(name, call.payment_id):
            return drive(steps, partial(perform, client=self.pools.get(), wire=self.wire, pause=pause))

    def execute(self, call: flow.ClientCall[T], timeout: float | None = None) -> T:
        """Run a prepared call: exactly its bytes are sent."""
        steps = flow.execute(call, self.policy.with_timeout(timeout))
        return self._run(call.operation.id, call, steps, None)

    def query(self, call: flow.ClientCall[T], timeout: float | None = None) -> T | None:
        """Ask what became of a create. See `highhelp.calls.flow.query`."""
        steps = flow.query(call, self.policy.with_timeout(timeout))
        return self._run(f"look up {call.operation.id}", call, steps, None)

    def wait(
        self,
        call: flow.ClientCall[T],
        timeout: float,
        on_change: Callable[[T], object] | None,
        cancel: threading.Event | None,
    ) -> T:
        """Wait until a payment is final, or `cancel` is set."""
        check_seconds("timeout", timeout)
        if cancel is None:
            steps, pause = wait_until_final(call, self.policy, timeout, on_change), None
        else:
            steps, pause = wait_until_final(call, self.policy, timeout, on_change, cancel.is_set), cancel.wait
        return self._run(f"wait {call.operation.id}", call, steps, pause)

    def send_raw(self, call: flow.ClientCall[Any], timeout: float | None) -> RawResponse:
        """Send a request once and return the response as it came."""
        steps = flow.send_raw(call, self.policy.with_timeout(timeout).attempt)
        return self._run(call.operation.id, call, steps, None)


class AsyncExecutor(_Parts):
    """Runs calls on the running event loop."""

    def client(self) -> Any:
        """Return the httpx client of the running loop."""
        import asyncio

        # the loop itself is the key, not its id: another loop may get the same one
        return self.pools.get(asyncio.get_running_loop())

    async def _run(self, name: str, call: flow.ClientCall[Any], steps: flow.CallFlow[T]) -> T:
        with self.wire.observer.call(name, call.payment_id):
            return await drive_async(steps, partial(perform_async, client=self.client(), wire=self.wire))

    async def execute(self, call: flow.ClientCall[T], timeout: float | None = None) -> T:
        """Run a prepared call: exactly its bytes are sent."""
        return await self._run(call.operation.id, call, flow.execute(call, self.policy.with_timeout(timeout)))

    async def query(self, call: flow.ClientCall[T], timeout: float | None = None) -> T | None:
        """Ask what became of a create. See `highhelp.calls.flow.query`."""
        steps = flow.query(call, self.policy.with_timeout(timeout))
        return await self._run(f"look up {call.operation.id}", call, steps)

    async def wait(self, call: flow.ClientCall[T], timeout: float, on_change: Callable[[T], object] | None) -> T:
        """Wait until a payment is final."""
        check_seconds("timeout", timeout)
        steps = wait_until_final(call, self.policy, timeout, on_change)
        return await self._run(f"wait {call.operation.id}", call, steps)

    async def send_raw(self, call: flow.ClientCall[Any], timeout: float | None) -> RawResponse:
        """Send a request once and return the response as it came."""
        steps = flow.send_raw(call, self.policy.with_timeout(timeout).attempt)
        return await self._run(call.operation.id, call, steps)
