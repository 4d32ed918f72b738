# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT

T = TypeVar("T", bound="Account")


@_attrs_define(kw_only=True)
class Account:
    """The card that was used, masked."""

    masked_pan: None | str = None
    """ Card number with its middle hidden. (inferred) """
    card_holder: None | str = _attrs_field(default=None, repr=False)
    """ Name on the card. (inferred) """
    brand: None | str = None
    """ Card scheme. (inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        masked_pan: None | str
        masked_pan = self.masked_pan

        card_holder: None | str
        card_holder = self.card_holder

        brand: None | str
        brand = self.brand

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if masked_pan is not None:
            field_dict["masked_pan"] = masked_pan
        if card_holder is not None:
            field_dict["card_holder"] = card_holder
        if brand is not None:
            field_dict["brand"] = brand

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "masked_pan" in d:
            try:

                def _parse_masked_pan(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                masked_pan = _parse_masked_pan(d["masked_pan"])

                del d["masked_pan"]
            except MISFIT:
                masked_pan = None
        else:
            masked_pan = None

        if "card_holder" in d:
            try:

                def _parse_card_holder(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                card_holder = _parse_card_holder(d["card_holder"])

                del d["card_holder"]
            except MISFIT:
                card_holder = None
        else:
            card_holder = None

        if "brand" in d:
            try:

                def _parse_brand(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                brand = _parse_brand(d["brand"])

                del d["brand"]
            except MISFIT:
                brand = None
        else:
            brand = None

        account = cls(
            masked_pan=masked_pan,
            card_holder=card_holder,
            brand=brand,
        )

        account.additional_properties = d
        return account

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
