# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT

if TYPE_CHECKING:
    from ..models.form_fields import FormFields


T = TypeVar("T", bound="ThreeDS2Page")


@_attrs_define(kw_only=True)
class ThreeDS2Page:
    """A page of 3-D Secure 2, and the form to post to it."""

    url: None | str = None
    """ The page's address. (family) """
    params: FormFields | None = _attrs_field(default=None, repr=False)
    """ Fields of the form to post. (family) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        from ..models.form_fields import FormFields  # noqa: PLC0415

        url: None | str
        url = self.url

        params: dict[str, Any] | None
        if isinstance(self.params, FormFields):
            params = self.params.to_dict()
        else:
            params = self.params

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if url is not None:
            field_dict["url"] = url
        if params is not None:
            field_dict["params"] = params

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "url" in d:
            try:

                def _parse_url(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                url = _parse_url(d["url"])

                del d["url"]
            except MISFIT:
                url = None
        else:
            url = None

        if "params" in d:
            from ..models.form_fields import FormFields  # noqa: PLC0415

            try:

                def _parse_params(data: object) -> FormFields | None:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        params_type_0 = FormFields.from_dict(data)

                        return params_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                params = _parse_params(d["params"])

                del d["params"]
            except MISFIT:
                params = None
        else:
            params = None

        three_ds2_page = cls(
            url=url,
            params=params,
        )

        three_ds2_page.additional_properties = d
        return three_ds2_page

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
