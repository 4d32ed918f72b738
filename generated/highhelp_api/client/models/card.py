# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, expect, refuse_float

T = TypeVar("T", bound="Card")


@_attrs_define(kw_only=True)
class Card:
    """The card to charge."""

    pan: str = _attrs_field(repr=False)
    """ Card number. (family) """
    month: int = _attrs_field(repr=False, validator=refuse_float)
    """ Month of expiry. (1 to 12; family) """
    year: int = _attrs_field(repr=False, validator=refuse_float)
    """ Year of expiry, four digits. (1000 to 9999; family) """
    cvv: str = _attrs_field(repr=False)
    """ Security code. (family) """
    card_holder: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Name on the card. (0 to 255 characters; family) """

    def to_dict(self) -> dict[str, Any]:
        pan = self.pan

        month = self.month

        year = self.year

        cvv = self.cvv

        card_holder = self.card_holder

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pan": pan,
                "month": month,
                "year": year,
                "cvv": cvv,
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

        month = expect(d.pop("month"), int)

        year = expect(d.pop("year"), int)

        cvv = expect(d.pop("cvv"), str)

        card_holder = expect(d.pop("card_holder", UNSET), str)

        card = cls(
            pan=pan,
            month=month,
            year=year,
            cvv=cvv,
            card_holder=card_holder,
        )

        return card
