"""Mock HighHelp gateway: the same contract, real signatures, behaviour over time, every failure on demand."""

from __future__ import annotations

from highhelp_mock.api.dispatch import MockCall
from highhelp_mock.api.signed_callbacks import Outgoing
from highhelp_mock.gateway import MockGateway, create_app
from highhelp_mock.http import Request, Response
from highhelp_mock.persistence.state_file import StateError
from highhelp_mock.simulation.callbacks import Delivery
from highhelp_mock.simulation.payments import Payment

__all__ = [
    "Delivery",
    "MockCall",
    "MockGateway",
    "Outgoing",
    "Payment",
    "Request",
    "Response",
    "StateError",
    "create_app",
]
