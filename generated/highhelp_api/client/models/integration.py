# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT

T = TypeVar("T", bound="Integration")


@_attrs_define(kw_only=True)
class Integration:
    """Where to send the payer."""

    form_url: None | str = None
    """ The hosted payment page. (integrator) """
    redirect_url: None | str = None
    """ Where to send the payer instead of the page. (integrator) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        form_url: None | str
        form_url = self.form_url

        redirect_url: None | str
        redirect_url = self.redirect_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if form_url is not None:
            field_dict["form_url"] = form_url
        if redirect_url is not None:
            field_dict["redirect_url"] = redirect_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "form_url" in d:
            try:

                def _parse_form_url(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                form_url = _parse_form_url(d["form_url"])

                del d["form_url"]
            except MISFIT:
                form_url = None
        else:
            form_url = None

        if "redirect_url" in d:
            try:

                def _parse_redirect_url(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                redirect_url = _parse_redirect_url(d["redirect_url"])

                del d["redirect_url"]
            except MISFIT:
                redirect_url = None
        else:
            redirect_url = None

        integration = cls(
            form_url=form_url,
            redirect_url=redirect_url,
        )

        integration.additional_properties = d
        return integration

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
