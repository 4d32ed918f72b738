"""Compare what the gateway reports of a payment with the payment that was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Comparison = Literal["same", "differs", "not_reported"]


class Match(NamedTuple):
    """The result of comparing a payment's facts.

    A fact that is absent or null is not reported. A value of another type differs.

    Attributes:
        payment_id: The merchant's id.
        project_id: The merchant project.
        amount: Minor units.
        currency: ISO 4217 code.
        direction: Pay-in or payout.
    """

    payment_id: Comparison
    project_id: Comparison
    amount: Comparison
    currency: Comparison
    direction: Comparison

    @property
    def differs(self) -> bool:
        """Whether any fact differs."""
        return "differs" in (self.payment_id, self.project_id, self.amount, self.currency, self.direction)

    @property
    def is_same(self) -> bool:
        """Whether amount, currency and direction are reported and equal, and nothing differs."""
        return not self.differs and self.amount == self.currency == self.direction == "same"


class PaymentFacts(NamedTuple):
    """The facts of a payment as it was sent; None where unknown.

    Attributes:
        payment_id: The merchant's id.
        project_id: The merchant project.
        amount: Minor units.
        currency: ISO 4217 code.
        direction: `payin` or `payout`.
    """

    payment_id: str | None = None
    project_id: str | None = None
    amount: object = None
    currency: object = None
    direction: str | None = None

    def match(self, reported: object) -> Match:
        """Compare with a payment as an answer of the API reports it.

        Args:
            reported: The answer's JSON object.
        """
        body = reported if isinstance(reported, Mapping) else {}
        block = payment_block(body)
        return Match(
            payment_id=compare(self.payment_id, body.get("payment_id")),
            project_id=compare(self.project_id, body.get("project_id")),
            amount=compare(self.amount, block.get("amount")),
            currency=compare(_folded(self.currency), _folded(block.get("currency"))),
            direction=compare(self.direction, block.get("type")),
        )

    def names_another(self, reported: Mapping[str, Any]) -> bool:
        """Whether the ids of an answer are those of another payment or project."""
        ids = (self.payment_id, "payment_id"), (self.project_id, "project_id")
        return any(compare(expected, reported.get(name)) == "differs" for expected, name in ids)


# replaces a block that is not an object: its facts count as reported and match nothing
_UNREADABLE: Mapping[str, Any] = {"amount": object(), "currency": object(), "type": object()}


def payment_block(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the block of an answer that holds amount, currency and type, as they were reported."""
    info = body.get("payment_info")
    return {} if info is None else info if isinstance(info, Mapping) else _UNREADABLE


def compare(expected: object, reported: object) -> Comparison:
    """Compare one fact. With an expectation of None, anything matches."""
    if reported is None or expected is None:
        return "not_reported"
    same = type(reported) is type(expected) or (isinstance(reported, str) and isinstance(expected, str))
    return "same" if same and reported == expected else "differs"


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value
