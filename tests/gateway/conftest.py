"""A gateway and a merchant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from highhelp_mock import MockGateway
from highhelp_mock.simulation.projects import Keys, make_keys
from tests.gateway.merchant import Merchant
from tests.gateway.receiver import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_521_600.25


@pytest.fixture(scope="session")
def keys() -> Keys:
    return make_keys()


@pytest.fixture(scope="session")
def other_keys() -> Keys:
    return make_keys()


@pytest.fixture
def gateway(keys: Keys) -> MockGateway:
    return MockGateway(keys=keys, clock=lambda: NOW, duplicates="stored")


@pytest.fixture
def merchant(gateway: MockGateway) -> Merchant:
    return Merchant(gateway, gateway.project)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as running:
        yield running
