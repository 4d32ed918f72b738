# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.country import Country
from ..models.currency import Currency
from ..models.method import Method
from ..types import UNSET, Unset, plain

if TYPE_CHECKING:
    from ..models.project_general import ProjectGeneral


T = TypeVar("T", bound="BankListRequest")


@_attrs_define(kw_only=True)
class BankListRequest:
    """Filters for banks."""

    general: ProjectGeneral
    """ The caller. (inferred) """
    country: Country | str | Unset = UNSET
    """ Known countries, ISO 3166-1 alpha-2. The gateway may add others. (inferred) """
    currency: Currency | str | Unset = UNSET
    """ Known currencies, ISO 4217. The gateway may add others. (inferred) """
    method: Method | str | Unset = UNSET
    """ Known codes of host-to-host methods. New codes appear without notice. (inferred) """

    def to_dict(self) -> dict[str, Any]:
        general = self.general.to_dict()

        country: str | Unset
        if isinstance(self.country, Unset):
            country = UNSET
        elif isinstance(self.country, Country):
            country = plain(self.country)
        else:
            country = self.country

        currency: str | Unset
        if isinstance(self.currency, Unset):
            currency = UNSET
        elif isinstance(self.currency, Currency):
            currency = plain(self.currency)
        else:
            currency = self.currency

        method: str | Unset
        if isinstance(self.method, Unset):
            method = UNSET
        elif isinstance(self.method, Method):
            method = plain(self.method)
        else:
            method = self.method

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "general": general,
            }
        )
        if country is not UNSET:
            field_dict["country"] = country
        if currency is not UNSET:
            field_dict["currency"] = currency
        if method is not UNSET:
            field_dict["method"] = method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.project_general import ProjectGeneral  # noqa: PLC0415

        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        general = ProjectGeneral.from_dict(d.pop("general"))

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

        def _parse_currency(data: object) -> Currency | str | Unset:
            if isinstance(data, Unset):
                return data
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

        currency = _parse_currency(d.pop("currency", UNSET))

        def _parse_method(data: object) -> Method | str | Unset:
            if isinstance(data, Unset):
                return data
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

        method = _parse_method(d.pop("method", UNSET))

        bank_list_request = cls(
            general=general,
            country=country,
            currency=currency,
            method=method,
        )

        return bank_list_request
