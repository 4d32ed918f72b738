# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, expect

if TYPE_CHECKING:
    from ..models.info_general import InfoGeneral


T = TypeVar("T", bound="ConfirmThreeDSRequest")


@_attrs_define(kw_only=True)
class ConfirmThreeDSRequest:
    """The 3-D Secure result of a card pay-in. Either the pair of 3-D Secure 1 or the single value of 3-D Secure 2."""

    general: InfoGeneral
    """ The caller and the payment. (family) """
    pares: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ PaRes of 3-D Secure 1. (1 to 65536 characters; family) """
    md: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ MD of 3-D Secure 1. (1 to 4096 characters; family) """
    cres: str | Unset = _attrs_field(default=UNSET, repr=False)
    """ CRes of 3-D Secure 2. (1 to 65536 characters; inferred) """

    def to_dict(self) -> dict[str, Any]:
        general = self.general.to_dict()

        pares = self.pares

        md = self.md

        cres = self.cres

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "general": general,
            }
        )
        if pares is not UNSET:
            field_dict["pares"] = pares
        if md is not UNSET:
            field_dict["md"] = md
        if cres is not UNSET:
            field_dict["cres"] = cres

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.info_general import InfoGeneral  # noqa: PLC0415

        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        general = InfoGeneral.from_dict(d.pop("general"))

        pares = expect(d.pop("pares", UNSET), str)

        md = expect(d.pop("md", UNSET), str)

        cres = expect(d.pop("cres", UNSET), str)

        confirm_three_ds_request = cls(
            general=general,
            pares=pares,
            md=md,
            cres=cres,
        )

        return confirm_three_ds_request
