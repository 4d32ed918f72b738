# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.payment_type import PaymentType
from ..types import MISFIT, UNSET, Unset, plain

T = TypeVar("T", bound="PaymentInfo")


@_attrs_define(kw_only=True)
class PaymentInfo:
    """What is paid. The block of callbacks, assumed to be in answers too."""

    amount: int | None | Unset = UNSET
    """ Minor units. (0 to 10000000000000; inferred) """
    currency: None | str | Unset = UNSET
    """ ISO 4217. (inferred) """
    type_: None | PaymentType | Unset = UNSET
    """ The direction. (inferred) """
    method: None | str | Unset = UNSET
    """ The method's code. (inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        amount: int | None | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        currency: None | str | Unset
        if isinstance(self.currency, Unset):
            currency = UNSET
        else:
            currency = self.currency

        type_: None | str | Unset
        if isinstance(self.type_, Unset):
            type_ = UNSET
        elif isinstance(self.type_, PaymentType):
            type_ = plain(self.type_)
        else:
            type_ = self.type_

        method: None | str | Unset
        if isinstance(self.method, Unset):
            method = UNSET
        else:
            method = self.method

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if amount is not UNSET:
            field_dict["amount"] = amount
        if currency is not UNSET:
            field_dict["currency"] = currency
        if type_ is not UNSET:
            field_dict["type"] = type_
        if method is not UNSET:
            field_dict["method"] = method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "amount" in d:
            try:

                def _parse_amount(data: object) -> int | None | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    if isinstance(data, int) and not isinstance(data, bool):
                        return data
                    raise TypeError

                amount = _parse_amount(d["amount"])

                del d["amount"]
            except MISFIT:
                amount = UNSET
        else:
            amount = UNSET

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

        if "type" in d:
            try:

                def _parse_type_(data: object) -> None | PaymentType | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
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
                type_ = UNSET
        else:
            type_ = UNSET

        if "method" in d:
            try:

                def _parse_method(data: object) -> None | str | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                method = _parse_method(d["method"])

                del d["method"]
            except MISFIT:
                method = UNSET
        else:
            method = UNSET

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
