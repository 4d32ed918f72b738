# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.payment_type import PaymentType
from ..types import MISFIT, expect, plain

T = TypeVar("T", bound="PaymentMethod")


@_attrs_define(kw_only=True)
class PaymentMethod:
    """A payment method available to the project."""

    code: str
    """ The code to use as method or widget_method. (inferred) """
    flow: None | PaymentType = None
    """ The direction. (inferred) """
    product: None | str = None
    """ p2p, ecom or widget. (inferred) """
    country: None | str = None
    """ ISO 3166-1 alpha-2. (inferred) """
    currency: None | str = None
    """ ISO 4217. (inferred) """
    min_amount: int | None = None
    """ Smallest amount in minor units. (0 to 10000000000000; inferred) """
    max_amount: int | None = None
    """ Largest amount in minor units. (0 to 10000000000000; inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        flow: None | str
        if isinstance(self.flow, PaymentType):
            flow = plain(self.flow)
        else:
            flow = self.flow

        product: None | str
        product = self.product

        country: None | str
        country = self.country

        currency: None | str
        currency = self.currency

        min_amount: int | None
        min_amount = self.min_amount

        max_amount: int | None
        max_amount = self.max_amount

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
            }
        )
        if flow is not None:
            field_dict["flow"] = flow
        if product is not None:
            field_dict["product"] = product
        if country is not None:
            field_dict["country"] = country
        if currency is not None:
            field_dict["currency"] = currency
        if min_amount is not None:
            field_dict["min_amount"] = min_amount
        if max_amount is not None:
            field_dict["max_amount"] = max_amount

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        code = expect(d.pop("code"), str)

        if "flow" in d:
            try:

                def _parse_flow(data: object) -> None | PaymentType:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, str):
                            raise TypeError()
                        flow_type_0 = PaymentType(data)

                        return flow_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                flow = _parse_flow(d["flow"])

                del d["flow"]
            except MISFIT:
                flow = None
        else:
            flow = None

        if "product" in d:
            try:

                def _parse_product(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                product = _parse_product(d["product"])

                del d["product"]
            except MISFIT:
                product = None
        else:
            product = None

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

        if "min_amount" in d:
            try:

                def _parse_min_amount(data: object) -> int | None:
                    if data is None:
                        return data
                    if isinstance(data, int) and not isinstance(data, bool):
                        return data
                    raise TypeError

                min_amount = _parse_min_amount(d["min_amount"])

                del d["min_amount"]
            except MISFIT:
                min_amount = None
        else:
            min_amount = None

        if "max_amount" in d:
            try:

                def _parse_max_amount(data: object) -> int | None:
                    if data is None:
                        return data
                    if isinstance(data, int) and not isinstance(data, bool):
                        return data
                    raise TypeError

                max_amount = _parse_max_amount(d["max_amount"])

                del d["max_amount"]
            except MISFIT:
                max_amount = None
        else:
            max_amount = None

        payment_method = cls(
            code=code,
            flow=flow,
            product=product,
            country=country,
            currency=currency,
            min_amount=min_amount,
            max_amount=max_amount,
        )

        payment_method.additional_properties = d
        return payment_method

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
