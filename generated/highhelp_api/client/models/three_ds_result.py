# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, expect

T = TypeVar("T", bound="ThreeDSResult")


@_attrs_define(kw_only=True)
class ThreeDSResult:
    """What the issuer's page returned. Either the pair of 3-D Secure 1 or the single value of 3-D Secure 2."""

    pa_res: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ PaRes of 3-D Secure 1. (1 to 65536 characters; inferred) """
    md: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ MD of 3-D Secure 1. (1 to 4096 characters; inferred) """
    cres: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ CRes of 3-D Secure 2. (1 to 65536 characters; inferred) """

    def to_dict(self) -> dict[str, Any]:
        pa_res = self.pa_res

        md = self.md

        cres = self.cres

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if pa_res is not UNSET:
            field_dict["pa_res"] = pa_res
        if md is not UNSET:
            field_dict["md"] = md
        if cres is not UNSET:
            field_dict["cres"] = cres

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        pa_res = expect(d.pop("pa_res", UNSET), str)

        md = expect(d.pop("md", UNSET), str)

        cres = expect(d.pop("cres", UNSET), str)

        three_ds_result = cls(
            pa_res=pa_res,
            md=md,
            cres=cres,
        )

        return three_ds_result
