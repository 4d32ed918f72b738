# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT, UNSET, Unset

if TYPE_CHECKING:
    from ..models.form_fields import FormFields


T = TypeVar("T", bound="RedirectData")


@_attrs_define(kw_only=True)
class RedirectData:
    """Where the payer's browser has to go, and with what."""

    url: None | str | Unset = UNSET
    """ The address. (family) """
    method: None | str | Unset = UNSET
    """ GET or POST. (family) """
    body: FormFields | None | Unset = _attrs_field(default=UNSET, repr=False)
    """ Fields of the form to send along. (family) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        from ..models.form_fields import FormFields  # noqa: PLC0415

        url: None | str | Unset
        if isinstance(self.url, Unset):
            url = UNSET
        else:
            url = self.url

        method: None | str | Unset
        if isinstance(self.method, Unset):
            method = UNSET
        else:
            method = self.method

        body: dict[str, Any] | None | Unset
        if isinstance(self.body, Unset):
            body = UNSET
        elif isinstance(self.body, FormFields):
            body = self.body.to_dict()
        else:
            body = self.body

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if url is not UNSET:
            field_dict["url"] = url
        if method is not UNSET:
            field_dict["method"] = method
        if body is not UNSET:
            field_dict["body"] = body

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "url" in d:
            try:

                def _parse_url(data: object) -> None | str | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                url = _parse_url(d["url"])

                del d["url"]
            except MISFIT:
                url = UNSET
        else:
            url = UNSET

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

        if "body" in d:
            from ..models.form_fields import FormFields  # noqa: PLC0415

            try:

                def _parse_body(data: object) -> FormFields | None | Unset:
                    if data is None:
                        return data
                    if isinstance(data, Unset):
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        body_type_0 = FormFields.from_dict(data)

                        return body_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                body = _parse_body(d["body"])

                del d["body"]
            except MISFIT:
                body = UNSET
        else:
            body = UNSET

        redirect_data = cls(
            url=url,
            method=method,
            body=body,
        )

        redirect_data.additional_properties = d
        return redirect_data

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
