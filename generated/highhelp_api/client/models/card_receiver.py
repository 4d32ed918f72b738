# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, expect

T = TypeVar("T", bound="CardReceiver")


@_attrs_define(kw_only=True)
class CardReceiver:
    """The card that a payout goes to."""

    pan: str = _attrs_field(repr=False)
    """ Card number. (inferred) """
    card_holder: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Name on the card. (0 to 255 characters; inferred) """

    def to_dict(self) -> dict[str, Any]:
        pan = self.pan

        card_holder = self.card_holder

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pan": pan,
            }
        )
        if card_holder is not UNSET:
            field_dict["card_holder"] = card_holder

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        pan = expect(d.pop("pan"), str)

        card_holder = expect(d.pop("card_holder", UNSET), str)

        card_receiver = cls(
            pan=pan,
            card_holder=card_holder,
        )

        return card_receiver
