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

    number: None | str = None
    """ Card number with its middle hidden. (family) """
    type_: None | str = None
    """ Card scheme. (family) """
    card_holder: None | str = _attrs_field(default=None, repr=False)
    """ Name on the card. (family) """
    expiry_month: None | str = _attrs_field(default=None, repr=False)
    """ Month of expiry. (family) """
    expiry_year: None | str = _attrs_field(default=None, repr=False)
    """ Year of expiry. (family) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        number: None | str
        number = self.number

        type_: None | str
        type_ = self.type_

        card_holder: None | str
        card_holder = self.card_holder

        expiry_month: None | str
        expiry_month = self.expiry_month

        expiry_year: None | str
        expiry_year = self.expiry_year

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if number is not None:
            field_dict["number"] = number
        if type_ is not None:
            field_dict["type"] = type_
        if card_holder is not None:
            field_dict["card_holder"] = card_holder
        if expiry_month is not None:
            field_dict["expiry_month"] = expiry_month
        if expiry_year is not None:
            field_dict["expiry_year"] = expiry_year

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "number" in d:
            try:

                def _parse_number(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                number = _parse_number(d["number"])

                del d["number"]
            except MISFIT:
                number = None
        else:
            number = None

        if "type" in d:
            try:

                def _parse_type_(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                type_ = _parse_type_(d["type"])

                del d["type"]
            except MISFIT:
                type_ = None
        else:
            type_ = None

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

        if "expiry_month" in d:
            try:

                def _parse_expiry_month(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                expiry_month = _parse_expiry_month(d["expiry_month"])

                del d["expiry_month"]
            except MISFIT:
                expiry_month = None
        else:
            expiry_month = None

        if "expiry_year" in d:
            try:

                def _parse_expiry_year(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                expiry_year = _parse_expiry_year(d["expiry_year"])

                del d["expiry_year"]
            except MISFIT:
                expiry_year = None
        else:
            expiry_year = None

        account = cls(
            number=number,
            type_=type_,
            card_holder=card_holder,
            expiry_month=expiry_month,
            expiry_year=expiry_year,
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
