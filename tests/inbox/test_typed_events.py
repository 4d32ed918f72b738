"""Typed events: the body as a model, statuses as enums, and no masked text in place of a value."""

from __future__ import annotations

import base64
import functools
import os
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import CallbackEvent, CallbackInbox, SettingsError, models
from highhelp_api.contract import SENSITIVE_PATHS

if TYPE_CHECKING:
    from pathlib import Path

    from highhelp_mock import MockGateway

PAN = "4000001234567899"
DETAILS = {"pan": PAN, "card_holder": "IVAN IVANOV", "bank_name": "Example Bank", "expires_at": "2026-11-24T12:10:00Z"}
KEY = base64.b64encode(os.urandom(32)).decode()


def received(gateway: MockGateway, path: Path, key: str | None, body: dict[str, Any]) -> CallbackEvent:
    """The event that the handler of updates is given."""
    events: list[CallbackEvent] = []

    def keep(event: CallbackEvent) -> None:
        events.append(event)

    sent = gateway.signed_callback("order-1", "processing", "requisites", body=body)
    with CallbackInbox(
        path / "shop.db", verifier=gateway.verifier(), database_key=key, environ={}, clock=gateway.clock
    ) as inbox:
        assert inbox.receive(sent.body, sent.headers)[0] == 200
        inbox.process(lambda _: None, keep)
        return events[0]


def test_an_event_is_typed(gateway: MockGateway, tmp_path: Path) -> None:
    event = received(gateway, tmp_path, KEY, {"requisites": DETAILS})
    assert event.status is models.Status.PROCESSING
    assert event.sub_status is models.SubStatus.REQUISITES
    assert isinstance(event.callback, models.PaymentCallback)
    assert event.callback.status.status is models.Status.PROCESSING
    assert event.callback.redirect_data is None
    assert event.requisites is not None
    assert (event.requisites.pan, event.requisites.bank_name) == (PAN, "Example Bank")
    assert event.requisites.expires_at is not None
    assert event.requisites.expires_at.year == 2026


def test_an_event_without_details_has_none(gateway: MockGateway, tmp_path: Path) -> None:
    assert received(gateway, tmp_path, None, {}).requisites is None


def test_a_masked_field_raises_and_names_the_setting(gateway: MockGateway, tmp_path: Path) -> None:
    event = received(gateway, tmp_path, None, {"requisites": DETAILS})
    assert event.requisites is not None
    assert isinstance(event.requisites, models.Requisites)
    assert event.requisites.bank_name == "Example Bank"
    assert event.requisites.phone is None
    for name in ("pan", "card_holder"):
        with pytest.raises(SettingsError, match=f"HIGHHELP_DATABASE_KEY: is not set, so {name} was stored masked"):
            getattr(event.requisites, name)
    with pytest.raises(SettingsError, match="HIGHHELP_DATABASE_KEY"):
        event.callback.to_dict()
    assert event.callback.status.status is models.Status.PROCESSING
    assert PAN not in repr(event.requisites)


@pytest.mark.parametrize("path", SENSITIVE_PATHS["PaymentCallback"])
def test_no_sensitive_field_is_shown_masked(gateway: MockGateway, tmp_path: Path, path: str) -> None:
    *blocks, name = path.split(":")
    value: Any = {"key": "value"} if name in ("params", "body") else "value-of-it"
    others = {
        "redirect_data": {"url": "https://bank.example", "method": "POST"},
        "acs": {"acs_url": "https://acs.example"},
    }
    inner: dict[str, Any] = {name: value}
    for block in reversed(blocks):
        inner = {block: {**others.get(block, {}), **inner}}

    def field(event: CallbackEvent) -> Any:
        return functools.reduce(getattr, [*blocks, name], event.callback)

    with pytest.raises(SettingsError, match=f"so {name} was stored masked"):
        field(received(gateway, tmp_path, None, inner))
    (tmp_path / "sealed").mkdir()
    assert field(received(gateway, tmp_path / "sealed", KEY, inner)) is not None
