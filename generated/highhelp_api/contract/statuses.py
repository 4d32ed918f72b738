# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""The contract's statuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .types import State

STATES: Final[Mapping[str, State]] = {
    "processing:new": State(
        name="processing:new", status="processing", sub_status="new", final=False, description="Accepted."
    ),
    "processing:requisites": State(
        name="processing:requisites",
        status="processing",
        sub_status="requisites",
        final=False,
        description="A provider and payment details are being chosen.",
    ),
    "processing:awaiting_confirm": State(
        name="processing:awaiting_confirm",
        status="processing",
        sub_status="awaiting_confirm",
        final=False,
        description="The payer is awaited, on the payment page or in a linked scenario.",
    ),
    "processing:awaiting_3ds_result": State(
        name="processing:awaiting_3ds_result",
        status="processing",
        sub_status="awaiting_3ds_result",
        final=False,
        description="The 3-D Secure result is awaited; in mobile commerce, a one-time code was asked for.",
    ),
    "processing:awaiting_redirect_result": State(
        name="processing:awaiting_redirect_result",
        status="processing",
        sub_status="awaiting_redirect_result",
        final=False,
        description="The payer was sent to the bank, issuer or provider.",
    ),
    "processing:sent_verification": State(
        name="processing:sent_verification",
        status="processing",
        sub_status="sent_verification",
        final=False,
        description="Mobile commerce, the one-time code is being checked.",
    ),
    "processing:invalid_verification": State(
        name="processing:invalid_verification",
        status="processing",
        sub_status="invalid_verification",
        final=False,
        description="Mobile commerce, the one-time code was wrong; the third wrong one declines the payment.",
    ),
    "processing:paid": State(
        name="processing:paid",
        status="processing",
        sub_status="paid",
        final=False,
        description="The payer says that the money was sent; in mobile commerce, the code was right.",
    ),
    "processing:payout_process": State(
        name="processing:payout_process",
        status="processing",
        sub_status="payout_process",
        final=False,
        description="The payout is being made.",
    ),
    "dispute:no_payment": State(
        name="dispute:no_payment",
        status="dispute",
        sub_status="no_payment",
        final=False,
        description="Nothing was paid within the lifetime.",
    ),
    "dispute:different_amount": State(
        name="dispute:different_amount",
        status="dispute",
        sub_status="different_amount",
        final=False,
        description="Another amount was received.",
    ),
    "dispute:confirm_timeout": State(
        name="dispute:confirm_timeout",
        status="dispute",
        sub_status="confirm_timeout",
        final=False,
        description="The time for confirmation ran out.",
    ),
    "dispute:incorrect_requisites": State(
        name="dispute:incorrect_requisites",
        status="dispute",
        sub_status="incorrect_requisites",
        final=False,
        description="The details were wrong.",
    ),
    "dispute:payout_failed": State(
        name="dispute:payout_failed",
        status="dispute",
        sub_status="payout_failed",
        final=False,
        description="The payout failed and is being analysed.",
    ),
    "dispute:payout_timeout": State(
        name="dispute:payout_timeout",
        status="dispute",
        sub_status="payout_timeout",
        final=False,
        description="The payout was not made within its lifetime (the row is documented, its code was not legible).",
    ),
    "error": State(
        name="error",
        status="error",
        sub_status=None,
        final=False,
        description="Rejected for its parameters, or failed before the scenario was completed. Not final.",
    ),
    "success": State(
        name="success", status="success", sub_status=None, final=True, description="Done. Final, never changes."
    ),
    "decline": State(
        name="decline", status="decline", sub_status=None, final=True, description="Refused. Final, never changes."
    ),
}
"""All states, by `status` or `status:sub_status`."""

FINAL_STATUSES: Final[frozenset[str]] = frozenset(["decline", "success"])
"""Statuses that never change again."""

TRANSITIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "p2p_payin": {
        "processing:new": (
            "processing:requisites",
            "decline",
            "error",
        ),
        "processing:requisites": (
            "processing:awaiting_confirm",
            "decline",
            "error",
        ),
        "processing:awaiting_confirm": (
            "processing:paid",
            "dispute:no_payment",
            "dispute:different_amount",
            "dispute:incorrect_requisites",
            "success",
            "decline",
            "error",
        ),
        "processing:paid": (
            "dispute:no_payment",
            "dispute:different_amount",
            "dispute:confirm_timeout",
            "dispute:incorrect_requisites",
            "success",
            "decline",
            "error",
        ),
        "dispute:no_payment": (
            "success",
            "decline",
        ),
        "dispute:different_amount": (
            "success",
            "decline",
        ),
        "dispute:confirm_timeout": (
            "success",
            "decline",
        ),
        "dispute:incorrect_requisites": (
            "success",
            "decline",
        ),
        "error": (
            "success",
            "decline",
        ),
    },
    "card_payin": {
        "processing:new": (
            "processing:awaiting_3ds_result",
            "processing:awaiting_redirect_result",
            "success",
            "decline",
            "error",
        ),
        "processing:awaiting_3ds_result": (
            "success",
            "decline",
            "error",
        ),
        "processing:awaiting_redirect_result": (
            "success",
            "decline",
            "error",
        ),
        "error": (
            "success",
            "decline",
        ),
    },
    "mobile_commerce": {
        "processing:new": (
            "processing:awaiting_3ds_result",
            "decline",
            "error",
        ),
        "processing:awaiting_3ds_result": (
            "processing:sent_verification",
            "decline",
            "error",
        ),
        "processing:sent_verification": (
            "processing:paid",
            "processing:invalid_verification",
            "decline",
            "error",
        ),
        "processing:invalid_verification": (
            "processing:sent_verification",
            "decline",
            "error",
        ),
        "processing:paid": (
            "success",
            "decline",
            "error",
        ),
        "error": (
            "success",
            "decline",
        ),
    },
    "hosted_page": {
        "processing:new": (
            "processing:awaiting_confirm",
            "decline",
            "error",
        ),
        "processing:awaiting_confirm": (
            "processing:awaiting_3ds_result",
            "processing:awaiting_redirect_result",
            "success",
            "decline",
            "error",
        ),
        "error": (
            "success",
            "decline",
        ),
    },
    "payout": {
        "processing:new": (
            "processing:payout_process",
            "decline",
            "error",
        ),
        "processing:payout_process": (
            "dispute:payout_failed",
            "dispute:payout_timeout",
            "success",
            "decline",
            "error",
        ),
        "dispute:payout_failed": (
            "success",
            "decline",
        ),
        "dispute:payout_timeout": (
            "success",
            "decline",
        ),
        "error": (
            "success",
            "decline",
        ),
    },
}
"""Which states may follow each state, by machine."""
