"""A pytest plugin: a HighHelp gateway, clients of it, and signed callbacks, for the tests of your own project.

It is there as soon as `highhelp[mock]` is installed, and imports nothing until one of its fixtures is used:

    def test_an_order_is_paid(highhelp_gateway, highhelp_api, signed_callback):
        highhelp_api.p2p.create_payin(...)
        highhelp_gateway.travel(10)                              # ten seconds pass
        assert highhelp_api.p2p.get_payin("order-1").status == "success"
        callback = signed_callback("order-1", "success")        # callback.body, callback.headers
        forged = signed_callback("order-1", "success", wrong="key")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal

    from highhelp.client import AsyncHighHelp, HighHelp
    from highhelp_mock import MockGateway, Outgoing
    from highhelp_mock.api.forged_callbacks import Defect
    from highhelp_mock.simulation.projects import Keys

__all__ = [
    "SignedCallback",
    "highhelp_api",
    "highhelp_async_api",
    "highhelp_gateway",
    "highhelp_keys",
    "signed_callback",
]


class SignedCallback(Protocol):
    """What the fixture `signed_callback` is: makes a callback of any status."""

    def __call__(
        self,
        payment_id: str,
        status: str,
        sub_status: str | None = None,
        *,
        wrong: Defect | None = None,
        algorithm: Literal["rsa", "hmac"] | None = None,
        timestamp: int | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Outgoing:
        """Make one.

        Args:
            payment_id: The merchant's id; where the gateway knows it, amount and currency are the payment's.
            status: Any text, such as `success`.
            sub_status: Any text, such as `no_payment`.
            wrong: What is to be wrong with it: "signature", "key", "stale", "future", "body" (changed after signing),
                "unsigned", "project" (an unknown one).
            algorithm: The project's when absent, which is RSA.
            timestamp: Unix seconds of signing; the gateway's clock when absent.
            body: Further members of the body, or other values for those that are there.

        Returns:
            Its `body` (bytes) and `headers`, ready to be POSTed to the code under test.

        Raises:
            ValueError: An unknown `wrong`.
        """
        ...


@pytest.fixture(scope="session")
def highhelp_keys() -> Keys:
    """The keys of the project, of both sides, made once per run: making them is what takes time."""
    try:
        from highhelp_mock.simulation.projects import make_keys
    except ModuleNotFoundError as missing:
        raise pytest.UsageError(
            f"the fixtures of highhelp need the extra [mock]: pip install 'highhelp[mock]' ({missing.name} is missing)"
        ) from None
    return make_keys()


@pytest.fixture
def highhelp_gateway(highhelp_keys: Keys) -> MockGateway:
    """A gateway in this process, empty, with its own clock (`travel`), faults (`fault`) and callbacks (`callbacks`)."""
    from highhelp_mock import MockGateway

    return MockGateway(keys=highhelp_keys)


@pytest.fixture
def highhelp_api(highhelp_gateway: MockGateway) -> Iterator[HighHelp]:
    """A client of the gateway, of its first project and with its clock. The environment's settings do not count."""
    from highhelp.client import HighHelp

    with HighHelp(**_bound_to(highhelp_gateway)) as client:
        yield client


@pytest.fixture
def highhelp_async_api(highhelp_gateway: MockGateway) -> AsyncHighHelp:
    """The same client for an event loop, for tests of whatever plugin runs coroutines.

    It needs no closing, since its transport holds nothing open.
    """
    from highhelp.client import AsyncHighHelp

    return AsyncHighHelp(**_bound_to(highhelp_gateway))


@pytest.fixture
def signed_callback(highhelp_gateway: MockGateway) -> SignedCallback:
    """Makes a callback of any status, signed with the gateway's key, or deliberately wrong. See `SignedCallback`.

    `highhelp_gateway.callback_keys` and `highhelp_gateway.clock` are what a `CallbackVerifier` needs to accept it.
    """
    return highhelp_gateway.signed_callback


def _bound_to(gateway: MockGateway) -> dict[str, Any]:
    return {
        "base_url": gateway.base_url,
        "project_id": gateway.project_id,
        "signer": gateway.signer,
        "scheme": gateway.scheme,
        "transport": gateway.transport,
        "clock": gateway.clock,
        "environ": {},
    }
