# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT, expect

T = TypeVar("T", bound="Bank")


@_attrs_define(kw_only=True)
class Bank:
    """A bank."""

    code: str
    """ The code to use as bank_code. (inferred) """
    name: None | str = None
    """ The bank's name. (inferred) """
    country: None | str = None
    """ ISO 3166-1 alpha-2. (inferred) """
    currency: None | str = None
    """ ISO 4217. (inferred) """
    methods: list[str] | None = None
    """ The methods that the bank supports. (inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        name: None | str
        name = self.name

        country: None | str
        country = self.country

        currency: None | str
        currency = self.currency

        methods: list[str] | None
        if isinstance(self.methods, list):
            methods = self.methods

        else:
            methods = self.methods

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
            }
        )
        if name is not None:
            field_dict["name"] = name
        if country is not None:
            field_dict["country"] = country
        if currency is not None:
            field_dict["currency"] = currency
        if methods is not None:
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

                def _parse_name(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                name = _parse_name(d["name"])

                del d["name"]
            except MISFIT:
                name = None
        else:
            name = None

        if "country" in d:
            try:

                def _parse_country(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                country = _parse_country(d["country"])

                del d["country"]
            except MISFIT:
                country = None
        else:
            country = None

        if "currency" in d:
            try:

                def _parse_currency(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                currency = _parse_currency(d["currency"])

                del d["currency"]
            except MISFIT:
                currency = None
        else:
            currency = None

        if "methods" in d:
            try:

                def _parse_methods(data: object) -> list[str] | None:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, list):
                            raise TypeError()
                        _methods_type_0 = expect(data, list)
                        for methods_type_0_item in _methods_type_0 or ():
                            expect(methods_type_0_item, str)
                        methods_type_0 = cast(list[str], _methods_type_0)

                        return methods_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                methods = _parse_methods(d["methods"])

                del d["methods"]
            except MISFIT:
                methods = None
        else:
            methods = None

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
