"""A mock HighHelp gateway: the same contract, real signatures, behaviour over time, every failure on demand."""

from __future__ import annotations

from highhelp_mock.core import Call, Outgoing
from highhelp_mock.gateway import MockGateway, create_app
from highhelp_mock.messages import Request, Response
from highhelp_mock.outbox import Delivery
from highhelp_mock.payments import Payment
from highhelp_mock.state import StateError

__all__ = ["Call", "Delivery", "MockGateway", "Outgoing", "Payment", "Request", "Response", "StateError", "create_app"]
