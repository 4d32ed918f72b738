# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT

T = TypeVar("T", bound="Acs")


@_attrs_define(kw_only=True)
class Acs:
    """The data of 3-D Secure 1 that the payer's browser must post to the issuer's page."""

    acs_url: None | str = None
    """ The issuer's page. (family) """
    pa_req: None | str = _attrs_field(default=None, repr=False)
    """ PaReq. (family) """
    md: None | str = _attrs_field(default=None, repr=False)
    """ MD, which comes back with the result. (family) """
    term_url: None | str = None
    """ Where the issuer's page returns to. (family) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        acs_url: None | str
        acs_url = self.acs_url

        pa_req: None | str
        pa_req = self.pa_req

        md: None | str
        md = self.md

        term_url: None | str
        term_url = self.term_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if acs_url is not None:
            field_dict["acs_url"] = acs_url
        if pa_req is not None:
            field_dict["pa_req"] = pa_req
        if md is not None:
            field_dict["md"] = md
        if term_url is not None:
            field_dict["term_url"] = term_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "acs_url" in d:
            try:

                def _parse_acs_url(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                acs_url = _parse_acs_url(d["acs_url"])

                del d["acs_url"]
            except MISFIT:
                acs_url = None
        else:
            acs_url = None

        if "pa_req" in d:
            try:

                def _parse_pa_req(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                pa_req = _parse_pa_req(d["pa_req"])

                del d["pa_req"]
            except MISFIT:
                pa_req = None
        else:
            pa_req = None

        if "md" in d:
            try:

                def _parse_md(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                md = _parse_md(d["md"])

                del d["md"]
            except MISFIT:
                md = None
        else:
            md = None

        if "term_url" in d:
            try:

                def _parse_term_url(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                term_url = _parse_term_url(d["term_url"])

                del d["term_url"]
            except MISFIT:
                term_url = None
        else:
            term_url = None

        acs = cls(
            acs_url=acs_url,
            pa_req=pa_req,
            md=md,
            term_url=term_url,
        )

        acs.additional_properties = d
        return acs

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
