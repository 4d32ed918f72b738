"""Pytest plugin: a HighHelp gateway, clients for it, and signed callbacks, for the tests of your project.

It is active once `highhelp[mock]` is installed, and imports nothing until one of its fixtures is used:

    def test_an_order_is_paid(highhelp_gateway, highhelp_api, signed_callback):
        highhelp_api.p2p.create_payin(...)
        highhelp_gateway.travel(10)                              # ten seconds pass
        assert highhelp_api.p2p.get_payin("order-1").status == "success"
        callback = signed_callback("order-1", "success")        # callback.body, callback.headers
        forged = signed_callback("order-1", "success", wrong="key")

The marker `@pytest.mark.highhelp(duplicates="stored")` passes options of `MockGateway` to a test's gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Literal

    from hypothesis.strategies import SearchStrategy

    from highhelp import CallbackInbox, PayoutGuard
    from highhelp.client import AsyncHighHelp, HighHelp
    from highhelp_mock import MockGateway, Outgoing
    from highhelp_mock.api.forged_callbacks import Defect
    from highhelp_mock.simulation.projects import Keys

__all__ = [
    "PROJECT_ID",
    "SignedCallback",
    "callbacks",
    "damaged_callbacks",
    "highhelp_api",
    "highhelp_async_api",
    "highhelp_gateway",
    "highhelp_guard",
    "highhelp_inbox",
    "highhelp_keys",
    "signed_callback",
]

PROJECT_ID = "57aff4db-b45d-42bf-bc5f-b7a499a01782"
"""The project of the fixtures and of the strategies."""


class SignedCallback(Protocol):
    """The type of the fixture `signed_callback`, which makes a callback of any status."""

    def __call__(
        self,
        payment_id: str,
        status: str,
        sub_status: str | None = None,
        *,
        wrong: Defect | None = None,
        algorithm: Literal["rsa", "hmac"] | None = None,
        timestamp: int | None = None,
        amount: int | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Outgoing:
        """Make a callback.

        Args:
            payment_id: The merchant's id; if the gateway knows it, amount and currency are the payment's.
            status: Any text, such as `success`.
            sub_status: Any text, such as `no_payment`.
            wrong: The defect: "signature", "key", "stale", "future", "body" (changed after signing), "unsigned",
                "project" (an unknown one).
            algorithm: Default: the project's, which is RSA.
            timestamp: Unix seconds of signing; default: the gateway's clock.
            amount: Minor units; default: the payment's, if the gateway knows it.
            body: Additional or changed members of the body. Objects are merged.

        Returns:
            Its `body` (bytes) and `headers`, ready to be POSTed to the code under test.

        Raises:
            ValueError: `wrong` is unknown.
        """
        ...


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "highhelp(**options): options of MockGateway for highhelp_gateway, such as duplicates or scheme"
    )


@pytest.fixture(scope="session")
def highhelp_keys() -> Keys:
    """The keys of the project, of both sides, generated once per run, as that is slow."""
    try:
        from highhelp_mock.simulation.projects import make_keys
    except ModuleNotFoundError as missing:
        raise pytest.UsageError(
            f"the fixtures of highhelp need the extra [mock]: pip install 'highhelp[mock]' ({missing.name} is missing)"
        ) from None
    return make_keys()


@pytest.fixture
def highhelp_gateway(request: pytest.FixtureRequest, highhelp_keys: Keys) -> MockGateway:
    """A gateway in this process, empty, with its own clock (`travel`), faults (`fault`) and callbacks (`callbacks`).

    The marker `highhelp` sets its options; that of a test overrides that of its class or module.
    """
    from highhelp_mock import MockGateway

    options: dict[str, Any] = {"project_id": PROJECT_ID, "keys": highhelp_keys}
    for marker in reversed(list(request.node.iter_markers("highhelp"))):
        if marker.args:
            raise pytest.UsageError("the marker highhelp takes its options by name: highhelp(duplicates='stored')")
        options |= marker.kwargs
    try:
        return MockGateway(**options)
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"the marker highhelp: {error}") from None


@pytest.fixture
def highhelp_api(highhelp_gateway: MockGateway) -> Iterator[HighHelp]:
    """A client of the gateway, for its first project and with its clock. Ignores the environment's settings."""
    from highhelp.client import HighHelp

    with HighHelp(**_bound_to(highhelp_gateway)) as client:
        yield client


@pytest.fixture
def highhelp_async_api(highhelp_gateway: MockGateway) -> AsyncHighHelp:
    """The same client for an event loop, for any plugin that runs coroutine tests.

    It need not be closed, since its transport keeps nothing open.
    """
    from highhelp.client import AsyncHighHelp

    return AsyncHighHelp(**_bound_to(highhelp_gateway))


@pytest.fixture
def highhelp_inbox(highhelp_gateway: MockGateway, tmp_path: Path) -> Iterator[CallbackInbox]:
    """An inbox for the gateway's callbacks, in an SQLite file of this test. Ignores the environment's settings.

    `highhelp_gateway.deliver(lambda sent: highhelp_inbox.receive(sent.body, sent.headers)[0])` fills it.
    """
    from highhelp import CallbackInbox

    verifier, clock = highhelp_gateway.verifier(), highhelp_gateway.clock
    with CallbackInbox(_database(tmp_path), verifier=verifier, clock=clock, environ={}) as inbox:
        yield inbox


@pytest.fixture
def highhelp_guard(highhelp_api: HighHelp, highhelp_gateway: MockGateway, tmp_path: Path) -> Iterator[PayoutGuard]:
    """A payout guard on the client `highhelp_api`, in the same database as `highhelp_inbox`."""
    from highhelp import PayoutGuard

    with PayoutGuard(highhelp_api, _database(tmp_path), clock=highhelp_gateway.clock, environ={}) as guard:
        yield guard


@pytest.fixture
def signed_callback(highhelp_gateway: MockGateway) -> SignedCallback:
    """Make a callback of any status, signed with the gateway's key, or deliberately wrong. See `SignedCallback`.

    A `CallbackVerifier` accepts it with `highhelp_gateway.callback_keys` and `highhelp_gateway.clock`.
    """
    return highhelp_gateway.signed_callback


def callbacks(*, project_id: str = PROJECT_ID, payment_id: str | None = None) -> SearchStrategy[bytes]:
    """Make a hypothesis strategy for bodies of callbacks that the contract allows, unknown fields included.

    `highhelp_gateway.sign(raw)` makes their headers.

    Args:
        project_id: The merchant project; default: that of the fixtures.
        payment_id: Of every callback; default: any.
    """
    from highhelp.testing.strategies import callback_bodies, to_bytes

    return callback_bodies(project_id, payment_id).map(to_bytes)


def damaged_callbacks(*, project_id: str = PROJECT_ID, payment_id: str | None = None) -> SearchStrategy[bytes]:
    """Make a hypothesis strategy for bodies of callbacks that are truncated or have a wrong value or byte.

    `highhelp_gateway.sign(raw)` makes their headers, as if the gateway itself had sent them. A few are still valid by
    chance.

    Args:
        project_id: The merchant project; default: that of the fixtures.
        payment_id: Of every callback, unless it is damaged; default: any.
    """
    from highhelp.testing.strategies import callback_bodies, damaged_bodies

    return damaged_bodies(callback_bodies(project_id, payment_id))


def _database(directory: Path) -> Path:
    return directory / "highhelp.db"


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
