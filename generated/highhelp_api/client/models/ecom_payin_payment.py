# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.currency import Currency
from ..models.method import Method
from ..types import UNSET, Unset, expect, plain, refuse_float

T = TypeVar("T", bound="EcomPayinPayment")


@_attrs_define(kw_only=True)
class EcomPayinPayment:
    """The amount to charge."""

    method: Method | str
    """ Known codes of host-to-host methods. New codes appear without notice. (documented) """
    amount: int = _attrs_field(validator=refuse_float)
    """ Whole minor units of the currency (10000 is 100.00 with two decimals). (1 to 10000000000000; documented) """
    currency: Currency | str
    """ Known currencies, ISO 4217. The gateway may add others. (documented) """
    lifetime: int | Unset = _attrs_field(default=UNSET, validator=refuse_float)
    """ Seconds until the payment expires. An integrator keeps it within 300..900; the bounds here are ours. (1 to
    86400; integrator) """
    description: str | Unset = UNSET
    """ Free text. The name is documented, the bound is our assumption. (0 to 255 characters; inferred) """

    def to_dict(self) -> dict[str, Any]:
        method: str
        if isinstance(self.method, Method):
            method = plain(self.method)
        else:
            method = self.method

        amount = self.amount

        currency: str
        if isinstance(self.currency, Currency):
            currency = plain(self.currency)
        else:
            currency = self.currency

        lifetime = self.lifetime

        description = self.description

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "method": method,
                "amount": amount,
                "currency": currency,
            }
        )
        if lifetime is not UNSET:
            field_dict["lifetime"] = lifetime
        if description is not UNSET:
            field_dict["description"] = description

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)

        def _parse_method(data: object) -> Method | str:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                method_type_0 = Method(data)

                return method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if isinstance(data, str):
                return data
            raise TypeError

        method = _parse_method(d.pop("method"))

        amount = expect(d.pop("amount"), int)

        def _parse_currency(data: object) -> Currency | str:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                currency_type_0 = Currency(data)

                return currency_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if isinstance(data, str):
                return data
            raise TypeError

        currency = _parse_currency(d.pop("currency"))

        lifetime = expect(d.pop("lifetime", UNSET), int)

        description = expect(d.pop("description", UNSET), str)

        ecom_payin_payment = cls(
            method=method,
            amount=amount,
            currency=currency,
            lifetime=lifetime,
            description=description,
        )

        return ecom_payin_payment
