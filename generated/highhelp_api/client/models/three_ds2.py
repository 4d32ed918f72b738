# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT

if TYPE_CHECKING:
    from ..models.three_ds2_page import ThreeDS2Page


T = TypeVar("T", bound="ThreeDS2")


@_attrs_define(kw_only=True)
class ThreeDS2:
    """The pages of 3-D Secure 2 that the payer's browser must open."""

    iframe: None | ThreeDS2Page = None
    """ Post this from a hidden frame, so that the issuer can inspect the browser. (family) """
    redirect: None | ThreeDS2Page = None
    """ The challenge page for the payer. (family) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        from ..models.three_ds2_page import ThreeDS2Page  # noqa: PLC0415

        iframe: dict[str, Any] | None
        if isinstance(self.iframe, ThreeDS2Page):
            iframe = self.iframe.to_dict()
        else:
            iframe = self.iframe

        redirect: dict[str, Any] | None
        if isinstance(self.redirect, ThreeDS2Page):
            redirect = self.redirect.to_dict()
        else:
            redirect = self.redirect

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if iframe is not None:
            field_dict["iframe"] = iframe
        if redirect is not None:
            field_dict["redirect"] = redirect

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "iframe" in d:
            from ..models.three_ds2_page import ThreeDS2Page  # noqa: PLC0415

            try:

                def _parse_iframe(data: object) -> None | ThreeDS2Page:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        iframe_type_0 = ThreeDS2Page.from_dict(data)

                        return iframe_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                iframe = _parse_iframe(d["iframe"])

                del d["iframe"]
            except MISFIT:
                iframe = None
        else:
            iframe = None

        if "redirect" in d:
            from ..models.three_ds2_page import ThreeDS2Page  # noqa: PLC0415

            try:

                def _parse_redirect(data: object) -> None | ThreeDS2Page:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        redirect_type_0 = ThreeDS2Page.from_dict(data)

                        return redirect_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                redirect = _parse_redirect(d["redirect"])

                del d["redirect"]
            except MISFIT:
                redirect = None
        else:
            redirect = None

        three_ds2 = cls(
            iframe=iframe,
            redirect=redirect,
        )

        three_ds2.additional_properties = d
        return three_ds2

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
