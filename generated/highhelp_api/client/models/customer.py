# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.country import Country
from ..types import UNSET, Unset, expect, plain

if TYPE_CHECKING:
    from ..models.browser import Browser


T = TypeVar("T", bound="Customer")


@_attrs_define(kw_only=True)
class Customer:
    """The payer or receiver, as known to the merchant. All fields are optional."""

    id: str | Unset = UNSET
    """ The merchant's id of the customer. (1 to 255 characters; integrator) """
    ip_address: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ IPv4 or IPv6. (2 to 45 characters; integrator) """
    country: Country | str | Unset = UNSET
    """ Known countries, ISO 3166-1 alpha-2. The gateway may add others. (integrator) """
    language: str | Unset = UNSET
    """ The language of the payment page, ISO 639-1. (documented) """
    first_name: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ First name. (0 to 255 characters; inferred) """
    last_name: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Last name. (0 to 255 characters; inferred) """
    middle_name: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Middle name. (0 to 255 characters; inferred) """
    email: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ E-mail address. (0 to 255 characters; inferred) """
    phone: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Phone number in digits. (inferred) """
    address: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Street and house. (0 to 255 characters; inferred) """
    city: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ City. (0 to 255 characters; inferred) """
    zip_: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ Postal code. (0 to 32 characters; inferred) """
    browser: Browser | Unset = UNSET
    """ The payer's browser, as required by 3-D Secure 2. (inferred) """

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        ip_address = self.ip_address

        country: str | Unset
        if isinstance(self.country, Unset):
            country = UNSET
        elif isinstance(self.country, Country):
            country = plain(self.country)
        else:
            country = self.country

        language = self.language

        first_name = self.first_name

        last_name = self.last_name

        middle_name = self.middle_name

        email = self.email

        phone = self.phone

        address = self.address

        city = self.city

        zip_ = self.zip_

        browser: dict[str, Any] | Unset = UNSET
        if not isinstance(self.browser, Unset):
            browser = self.browser.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if id is not UNSET:
            field_dict["id"] = id
        if ip_address is not UNSET:
            field_dict["ip_address"] = ip_address
        if country is not UNSET:
            field_dict["country"] = country
        if language is not UNSET:
            field_dict["language"] = language
        if first_name is not UNSET:
            field_dict["first_name"] = first_name
        if last_name is not UNSET:
            field_dict["last_name"] = last_name
        if middle_name is not UNSET:
            field_dict["middle_name"] = middle_name
        if email is not UNSET:
            field_dict["email"] = email
        if phone is not UNSET:
            field_dict["phone"] = phone
        if address is not UNSET:
            field_dict["address"] = address
        if city is not UNSET:
            field_dict["city"] = city
        if zip_ is not UNSET:
            field_dict["zip"] = zip_
        if browser is not UNSET:
            field_dict["browser"] = browser

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.browser import Browser  # noqa: PLC0415

        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        id = expect(d.pop("id", UNSET), str)

        ip_address = expect(d.pop("ip_address", UNSET), str)

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

        language = expect(d.pop("language", UNSET), str)

        first_name = expect(d.pop("first_name", UNSET), str)

        last_name = expect(d.pop("last_name", UNSET), str)

        middle_name = expect(d.pop("middle_name", UNSET), str)

        email = expect(d.pop("email", UNSET), str)

        phone = expect(d.pop("phone", UNSET), str)

        address = expect(d.pop("address", UNSET), str)

        city = expect(d.pop("city", UNSET), str)

        zip_ = expect(d.pop("zip", UNSET), str)

        _browser = d.pop("browser", UNSET)
        browser: Browser | Unset
        if isinstance(_browser, Unset):
            browser = UNSET
        else:
            browser = Browser.from_dict(_browser)

        customer = cls(
            id=id,
            ip_address=ip_address,
            country=country,
            language=language,
            first_name=first_name,
            last_name=last_name,
            middle_name=middle_name,
            email=email,
            phone=phone,
            address=address,
            city=city,
            zip_=zip_,
            browser=browser,
        )

        return customer
