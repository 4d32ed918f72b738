# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.currency import Currency
from ..models.widget_method import WidgetMethod
from ..types import UNSET, Unset, expect, plain, refuse_float

T = TypeVar("T", bound="WidgetPayment")


@_attrs_define(kw_only=True)
class WidgetPayment:
    """The amount to pay. Without a method the payer chooses."""

    amount: int = _attrs_field(validator=refuse_float)
    """ Whole minor units of the currency (10000 is 100.00 with two decimals). (1 to 10000000000000; documented) """
    currency: Currency | str
    """ Known currencies, ISO 4217. The gateway may add others. (documented) """
    widget_method: str | Unset | WidgetMethod = UNSET
    """ Known codes of widget methods. New codes appear without notice. (documented) """
    lifetime: int | Unset = _attrs_field(default=UNSET, validator=refuse_float)
    """ Seconds until the page expires. The gateway uses 600 by default. (300 to 600; documented) """
    description: str | Unset = UNSET
    """ Free text. The name is documented, the bound is our assumption. (0 to 255 characters; inferred) """

    def to_dict(self) -> dict[str, Any]:
        amount = self.amount

        currency: str
        if isinstance(self.currency, Currency):
            currency = plain(self.currency)
        else:
            currency = self.currency

        widget_method: str | Unset
        if isinstance(self.widget_method, Unset):
            widget_method = UNSET
        elif isinstance(self.widget_method, WidgetMethod):
            widget_method = plain(self.widget_method)
        else:
            widget_method = self.widget_method

        lifetime = self.lifetime

        description = self.description

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "amount": amount,
                "currency": currency,
            }
        )
        if widget_method is not UNSET:
            field_dict["widget_method"] = widget_method
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

        def _parse_widget_method(data: object) -> str | Unset | WidgetMethod:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                widget_method_type_0 = WidgetMethod(data)

                return widget_method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if isinstance(data, str):
                return data
            raise TypeError

        widget_method = _parse_widget_method(d.pop("widget_method", UNSET))

        lifetime = expect(d.pop("lifetime", UNSET), int)

        description = expect(d.pop("description", UNSET), str)

        widget_payment = cls(
            amount=amount,
            currency=currency,
            widget_method=widget_method,
            lifetime=lifetime,
            description=description,
        )

        return widget_payment
