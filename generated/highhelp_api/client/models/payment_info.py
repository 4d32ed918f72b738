# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.payment_type import PaymentType
from ..types import MISFIT, plain

T = TypeVar("T", bound="PaymentInfo")


@_attrs_define(kw_only=True)
class PaymentInfo:
    """The amount of the payment. A block of callbacks, assumed to be in answers too."""

    amount: int | None = None
    """ Minor units. (0 to 10000000000000; inferred) """
    currency: None | str = None
    """ ISO 4217. (inferred) """
    type_: None | PaymentType = None
    """ The direction. (inferred) """
    method: None | str = None
    """ The method's code. (inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        amount: int | None
        amount = self.amount

        currency: None | str
        currency = self.currency

        type_: None | str
        if isinstance(self.type_, PaymentType):
            type_ = plain(self.type_)
        else:
            type_ = self.type_

        method: None | str
        method = self.method

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if amount is not None:
            field_dict["amount"] = amount
        if currency is not None:
            field_dict["currency"] = currency
        if type_ is not None:
            field_dict["type"] = type_
        if method is not None:
            field_dict["method"] = method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "amount" in d:
            try:

                def _parse_amount(data: object) -> int | None:
                    if data is None:
                        return data
                    if isinstance(data, int) and not isinstance(data, bool):
                        return data
                    raise TypeError

                amount = _parse_amount(d["amount"])

                del d["amount"]
            except MISFIT:
                amount = None
        else:
            amount = None

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

        if "type" in d:
            try:

                def _parse_type_(data: object) -> None | PaymentType:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, str):
                            raise TypeError()
                        type_type_0 = PaymentType(data)

                        return type_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                type_ = _parse_type_(d["type"])

                del d["type"]
            except MISFIT:
                type_ = None
        else:
            type_ = None

        if "method" in d:
            try:

                def _parse_method(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                method = _parse_method(d["method"])

                del d["method"]
            except MISFIT:
                method = None
        else:
            method = None

        payment_info = cls(
            amount=amount,
            currency=currency,
            type_=type_,
            method=method,
        )

        payment_info.additional_properties = d
        return payment_info

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
