# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT, expect

T = TypeVar("T", bound="Balance")


@_attrs_define(kw_only=True)
class Balance:
    """The project's balance in one currency."""

    currency: str
    """ ISO 4217. (documented) """
    amount: int
    """ Available for payouts, in minor units. The documentation's lower bound of 1 cannot hold for an empty
    account. (0 to 9007199254740991; documented) """
    locked_amount: int | None = None
    """ In minor units; not part of amount, and not available for payouts. (0 to 9007199254740991; documented) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        currency = self.currency

        amount = self.amount

        locked_amount: int | None
        locked_amount = self.locked_amount

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "currency": currency,
                "amount": amount,
            }
        )
        if locked_amount is not None:
            field_dict["locked_amount"] = locked_amount

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        currency = expect(d.pop("currency"), str)

        amount = expect(d.pop("amount"), int)

        if "locked_amount" in d:
            try:

                def _parse_locked_amount(data: object) -> int | None:
                    if data is None:
                        return data
                    if isinstance(data, int) and not isinstance(data, bool):
                        return data
                    raise TypeError

                locked_amount = _parse_locked_amount(d["locked_amount"])

                del d["locked_amount"]
            except MISFIT:
                locked_amount = None
        else:
            locked_amount = None

        balance = cls(
            currency=currency,
            amount=amount,
            locked_amount=locked_amount,
        )

        balance.additional_properties = d
        return balance

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
