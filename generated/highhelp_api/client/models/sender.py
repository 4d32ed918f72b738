# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, expect

T = TypeVar("T", bound="Sender")


@_attrs_define(kw_only=True)
class Sender:
    """Where a P2P pay-in comes from, as far as the merchant knows. May be empty."""

    pan: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Card number. (inferred) """
    card_holder: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Name on the card. (0 to 255 characters; inferred) """
    phone: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Phone number in digits. (inferred) """
    account_number: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Bank account. (1 to 64 characters; inferred) """
    bank_code: str | Unset = UNSET
    """ The bank's code in the list of banks. (1 to 32 characters; inferred) """

    def to_dict(self) -> dict[str, Any]:
        pan = self.pan

        card_holder = self.card_holder

        phone = self.phone

        account_number = self.account_number

        bank_code = self.bank_code

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if pan is not UNSET:
            field_dict["pan"] = pan
        if card_holder is not UNSET:
            field_dict["card_holder"] = card_holder
        if phone is not UNSET:
            field_dict["phone"] = phone
        if account_number is not UNSET:
            field_dict["account_number"] = account_number
        if bank_code is not UNSET:
            field_dict["bank_code"] = bank_code

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        pan = expect(d.pop("pan", UNSET), str)

        card_holder = expect(d.pop("card_holder", UNSET), str)

        phone = expect(d.pop("phone", UNSET), str)

        account_number = expect(d.pop("account_number", UNSET), str)

        bank_code = expect(d.pop("bank_code", UNSET), str)

        sender = cls(
            pan=pan,
            card_holder=card_holder,
            phone=phone,
            account_number=account_number,
            bank_code=bank_code,
        )

        return sender
