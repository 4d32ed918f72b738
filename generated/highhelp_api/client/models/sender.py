# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.country import Country
from ..types import UNSET, Unset, expect, plain

T = TypeVar("T", bound="Sender")


@_attrs_define(kw_only=True)
class Sender:
    """The sender of a P2P pay-in, as far as the merchant knows. May be empty."""

    pan: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Card number. (family) """
    card_holder: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Name on the card. (0 to 255 characters; inferred) """
    phone: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Phone number in digits. (family) """
    account_number: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Bank account. (1 to 64 characters; family) """
    bank_code: str | Unset = UNSET
    """ The bank's code in the list of banks, which may be a number. (1 to 32 characters; inferred) """
    first_name: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ First name. (0 to 255 characters; family) """
    last_name: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Last name. (0 to 255 characters; family) """
    middle_name: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Middle name. (0 to 255 characters; family) """
    address: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Street and house. (0 to 255 characters; family) """
    city: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ City. (0 to 255 characters; family) """
    country: Country | str | Unset = UNSET
    """ Known countries, ISO 3166-1 alpha-2. The gateway may add others. (family) """

    def to_dict(self) -> dict[str, Any]:
        pan = self.pan

        card_holder = self.card_holder

        phone = self.phone

        account_number = self.account_number

        bank_code = self.bank_code

        first_name = self.first_name

        last_name = self.last_name

        middle_name = self.middle_name

        address = self.address

        city = self.city

        country: str | Unset
        if isinstance(self.country, Unset):
            country = UNSET
        elif isinstance(self.country, Country):
            country = plain(self.country)
        else:
            country = self.country

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
        if first_name is not UNSET:
            field_dict["first_name"] = first_name
        if last_name is not UNSET:
            field_dict["last_name"] = last_name
        if middle_name is not UNSET:
            field_dict["middle_name"] = middle_name
        if address is not UNSET:
            field_dict["address"] = address
        if city is not UNSET:
            field_dict["city"] = city
        if country is not UNSET:
            field_dict["country"] = country

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

        first_name = expect(d.pop("first_name", UNSET), str)

        last_name = expect(d.pop("last_name", UNSET), str)

        middle_name = expect(d.pop("middle_name", UNSET), str)

        address = expect(d.pop("address", UNSET), str)

        city = expect(d.pop("city", UNSET), str)

        def _parse_country(data: object) -> Country | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                country_type_0 = Country(data)

                return country_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if isinstance(data, str):
                return data
            raise TypeError

        country = _parse_country(d.pop("country", UNSET))

        sender = cls(
            pan=pan,
            card_holder=card_holder,
            phone=phone,
            account_number=account_number,
            bank_code=bank_code,
            first_name=first_name,
            last_name=last_name,
            middle_name=middle_name,
            address=address,
            city=city,
            country=country,
        )

        return sender
