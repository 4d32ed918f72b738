"""Masking of free text: a card number is masked, an id or the token of a link is not."""

from __future__ import annotations

import random
import uuid

import pytest

from highhelp.redact import MASK, masked, masked_text

PAN = "4000001234567899"


@pytest.mark.parametrize(
    "text",
    [
        PAN, f"card {PAN}.", f"x{PAN}y", "4000 0012 3456 7899", "4000-0012-3456-7899", f"id={PAN}", f"{PAN}-{PAN}",
        f"{PAN}{'a' * 3}", f"/pay/{PAN}", f"{PAN[:8]}-{PAN[8:12]}-{PAN[12:]}", PAN[:12], PAN[:4] * 3,
    ],
)  # fmt: skip
def test_card_numbers_are_masked(text: str) -> None:
    told = masked_text(text)
    assert MASK in told
    assert not set(told) & set("456789")


@pytest.mark.parametrize("text", ["cvv=123", "cvv: 123", '"cvv":123', "pan=1"])
def test_named_values_are_masked_however_short(text: str) -> None:
    assert MASK in masked_text(text)
    assert not set(masked_text(text)) & set("123")


def test_ids_and_tokens_are_not() -> None:
    chance = random.Random(7)
    for _ in range(3000):
        made = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        token = f"{chance.getrandbits(160):040x}"
        for text in (made, f"payment {made}: HTTP 404", f"https://pay.example/{token}?a=1"):
            assert masked_text(text) == text


def test_identifiers_are_shown_as_they_are() -> None:
    state = {"payment_id": "2026112412345678", "request_id": "123456789012", "status_description": PAN, "n": [PAN]}
    assert masked(state, "PaymentState") == {**state, "status_description": MASK, "n": [MASK]}
