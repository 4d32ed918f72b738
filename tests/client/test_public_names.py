"""Completion offers merchants' methods alone: steps that only this package takes are private."""

from __future__ import annotations

import pytest

from highhelp import AsyncHighHelp, AsyncPayoutGuard, HighHelp, PayoutGuard

CLIENT = {
    "call", "callback_keys", "callbacks", "ecom", "from_env", "p2p", "request", "returning_responses", "service",
    "settings", "wait", "wait_requisites", "widget", "with_options",
}  # fmt: skip
GUARD = {
    "adopt", "check_batch", "close", "list", "move_gateway", "prepare", "reconcile", "recover", "refuse", "release",
    "resume", "send", "send_batch", "settle", "show", "status",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (HighHelp, CLIENT | {"close"}),
        (AsyncHighHelp, CLIENT | {"aclose"}),
        (PayoutGuard, GUARD),
        (AsyncPayoutGuard, GUARD),
    ],
)
def test_public_methods_are_the_intended_ones(kind: type, names: set[str]) -> None:
    assert {name for name in dir(kind) if not name.startswith("_")} == names
