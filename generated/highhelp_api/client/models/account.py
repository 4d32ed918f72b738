# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT, UNSET, Unset

T = TypeVar("T", bound="Account")


@_attrs_define(kw_only=True)
class Account:
    """The card that was used, masked."""

    masked_pan: None | str | Unset = UNSET
    """ Card number with its middle hidden. (inferred) """
    card_holder: None | str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Name on the card. (inferred) """
    brand: None | str | Unset = UNSET
    """ Card scheme. (inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        masked_pan: None | str | Unset
        if isinstance(self.masked_pan, Unset):
            masked_pan = UNSET
        else:
            masked_pan = self.masked_pan

        card_holder: None | str | Unset
        if isinstance(self.card_holder, Unset):
            card_holder = UNSET
        else:
            card_holder = self.card_holder

        brand: None | str | Unset
        if isinstance(self.brand, Unset):
            brand = UNSET
        else:
            brand = self.brand

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if masked_pan is not UNSET:
            field_dict["masked_pan"] = masked_pan
        if card_holder is not UNSET:
            field_dict["card_holder"] = card_holder
        if brand is not UNSET:
            field_dict["brand"] = brand

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "masked_pan" in d:
            try:

                def _parse_masked_pan(data: object) -> None | str | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                masked_pan = _parse_masked_pan(d["masked_pan"])

                del d["masked_pan"]
            except MISFIT:
                masked_pan = UNSET
        else:
            masked_pan = UNSET

        if "card_holder" in d:
            try:

                def _parse_card_holder(data: object) -> None | str | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                card_holder = _parse_card_holder(d["card_holder"])

                del d["card_holder"]
            except MISFIT:
                card_holder = UNSET
        else:
            card_holder = UNSET

        if "brand" in d:
            try:

                def _parse_brand(data: object) -> None | str | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                brand = _parse_brand(d["brand"])

                del d["brand"]
            except MISFIT:
                brand = UNSET
        else:
            brand = UNSET

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
