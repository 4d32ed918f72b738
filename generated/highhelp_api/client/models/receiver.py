# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, expect

T = TypeVar("T", bound="Receiver")


@_attrs_define(kw_only=True)
class Receiver:
    """The receiver of a payout. The required fields depend on the method."""

    pan: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Card number. (integrator) """
    card_holder: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Name on the card. (0 to 255 characters; integrator) """
    phone: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Phone number in digits. (inferred) """
    account_number: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Bank account. (1 to 64 characters; inferred) """
    bank_code: str | Unset = UNSET
    """ The bank's code in the list of banks, which may be a number. (1 to 32 characters; inferred) """
    bank_name: str | Unset = UNSET
    """ The bank's name. (0 to 255 characters; inferred) """
    first_name: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ First name. (0 to 255 characters; inferred) """
    last_name: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Last name. (0 to 255 characters; inferred) """

    def to_dict(self) -> dict[str, Any]:
        pan = self.pan

        card_holder = self.card_holder

        phone = self.phone

        account_number = self.account_number

        bank_code = self.bank_code

        bank_name = self.bank_name

        first_name = self.first_name

        last_name = self.last_name

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
        if bank_name is not UNSET:
            field_dict["bank_name"] = bank_name
        if first_name is not UNSET:
            field_dict["first_name"] = first_name
        if last_name is not UNSET:
            field_dict["last_name"] = last_name

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

        bank_name = expect(d.pop("bank_name", UNSET), str)

        first_name = expect(d.pop("first_name", UNSET), str)

        last_name = expect(d.pop("last_name", UNSET), str)

        receiver = cls(
            pan=pan,
            card_holder=card_holder,
            phone=phone,
            account_number=account_number,
            bank_code=bank_code,
            bank_name=bank_name,
            first_name=first_name,
            last_name=last_name,
        )

        return receiver
