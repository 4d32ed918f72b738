# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT, UNSET, Unset, expect

T = TypeVar("T", bound="Bank")


@_attrs_define(kw_only=True)
class Bank:
    """A bank."""

    code: str
    """ The code to use as bank_code. (inferred) """
    name: None | str | Unset = UNSET
    """ The bank's name. (inferred) """
    country: None | str | Unset = UNSET
    """ ISO 3166-1 alpha-2. (inferred) """
    currency: None | str | Unset = UNSET
    """ ISO 4217. (inferred) """
    methods: list[str] | Unset = UNSET
    """ The methods that the bank takes part in. (inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        country: None | str | Unset
        if isinstance(self.country, Unset):
            country = UNSET
        else:
            country = self.country

        currency: None | str | Unset
        if isinstance(self.currency, Unset):
            currency = UNSET
        else:
            currency = self.currency

        methods: list[str] | Unset = UNSET
        if not isinstance(self.methods, Unset):
            methods = self.methods

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
            }
        )
        if name is not UNSET:
            field_dict["name"] = name
        if country is not UNSET:
            field_dict["country"] = country
        if currency is not UNSET:
            field_dict["currency"] = currency
        if methods is not UNSET:
            field_dict["methods"] = methods

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        code = expect(d.pop("code"), str)

        if "name" in d:
            try:

                def _parse_name(data: object) -> None | str | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                name = _parse_name(d["name"])

                del d["name"]
            except MISFIT:
                name = UNSET
        else:
            name = UNSET

        if "country" in d:
            try:

                def _parse_country(data: object) -> None | str | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                country = _parse_country(d["country"])

                del d["country"]
            except MISFIT:
                country = UNSET
        else:
            country = UNSET

        if "currency" in d:
            try:

                def _parse_currency(data: object) -> None | str | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                currency = _parse_currency(d["currency"])

                del d["currency"]
            except MISFIT:
                currency = UNSET
        else:
            currency = UNSET

        if "methods" in d:
            try:
                _methods = expect(d["methods"], list)
                for methods_item in _methods or ():
                    expect(methods_item, str)
                methods = cast(list[str] | Unset, _methods)

                del d["methods"]
            except MISFIT:
                methods = UNSET
        else:
            methods = UNSET

        bank = cls(
            code=code,
            name=name,
            country=country,
            currency=currency,
            methods=methods,
        )

        bank.additional_properties = d
        return bank

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
