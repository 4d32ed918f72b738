# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT

T = TypeVar("T", bound="Requisites")


@_attrs_define(kw_only=True)
class Requisites:
    """The details to which the payer of a P2P pay-in sends the money. They are shown to the payer."""

    pan: None | str = _attrs_field(default=None, repr=False)
    """ Card number. (inferred) """
    card_holder: None | str = _attrs_field(default=None, repr=False)
    """ Name on the card. (inferred) """
    bank_name: None | str = None
    """ The bank's name. (inferred) """
    bank_code: None | str = None
    """ The bank's code. (inferred) """
    phone: None | str = _attrs_field(default=None, repr=False)
    """ Phone number. (inferred) """
    account_number: None | str = _attrs_field(default=None, repr=False)
    """ Bank account. (inferred) """
    qr_link: None | str = None
    """ A link or the content of a QR code. (inferred) """
    expires_at: datetime.datetime | None = None
    """ When the details stop being valid, ISO 8601 as far as is known. (inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        pan: None | str
        pan = self.pan

        card_holder: None | str
        card_holder = self.card_holder

        bank_name: None | str
        bank_name = self.bank_name

        bank_code: None | str
        bank_code = self.bank_code

        phone: None | str
        phone = self.phone

        account_number: None | str
        account_number = self.account_number

        qr_link: None | str
        qr_link = self.qr_link

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if pan is not None:
            field_dict["pan"] = pan
        if card_holder is not None:
            field_dict["card_holder"] = card_holder
        if bank_name is not None:
            field_dict["bank_name"] = bank_name
        if bank_code is not None:
            field_dict["bank_code"] = bank_code
        if phone is not None:
            field_dict["phone"] = phone
        if account_number is not None:
            field_dict["account_number"] = account_number
        if qr_link is not None:
            field_dict["qr_link"] = qr_link
        if expires_at is not None:
            field_dict["expires_at"] = expires_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "pan" in d:
            try:

                def _parse_pan(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                pan = _parse_pan(d["pan"])

                del d["pan"]
            except MISFIT:
                pan = None
        else:
            pan = None

        if "card_holder" in d:
            try:

                def _parse_card_holder(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                card_holder = _parse_card_holder(d["card_holder"])

                del d["card_holder"]
            except MISFIT:
                card_holder = None
        else:
            card_holder = None

        if "bank_name" in d:
            try:

                def _parse_bank_name(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                bank_name = _parse_bank_name(d["bank_name"])

                del d["bank_name"]
            except MISFIT:
                bank_name = None
        else:
            bank_name = None

        if "bank_code" in d:
            try:

                def _parse_bank_code(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                bank_code = _parse_bank_code(d["bank_code"])

                del d["bank_code"]
            except MISFIT:
                bank_code = None
        else:
            bank_code = None

        if "phone" in d:
            try:

                def _parse_phone(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                phone = _parse_phone(d["phone"])

                del d["phone"]
            except MISFIT:
                phone = None
        else:
            phone = None

        if "account_number" in d:
            try:

                def _parse_account_number(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                account_number = _parse_account_number(d["account_number"])

                del d["account_number"]
            except MISFIT:
                account_number = None
        else:
            account_number = None

        if "qr_link" in d:
            try:

                def _parse_qr_link(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                qr_link = _parse_qr_link(d["qr_link"])

                del d["qr_link"]
            except MISFIT:
                qr_link = None
        else:
            qr_link = None

        if "expires_at" in d:
            try:

                def _parse_expires_at(data: object) -> datetime.datetime | None:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, str):
                            raise TypeError()
                        expires_at_type_0 = datetime.datetime.fromisoformat(data)

                        return expires_at_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                expires_at = _parse_expires_at(d["expires_at"])

                del d["expires_at"]
            except MISFIT:
                expires_at = None
        else:
            expires_at = None

        requisites = cls(
            pan=pan,
            card_holder=card_holder,
            bank_name=bank_name,
            bank_code=bank_code,
            phone=phone,
            account_number=account_number,
            qr_link=qr_link,
            expires_at=expires_at,
        )

        requisites.additional_properties = d
        return requisites

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
