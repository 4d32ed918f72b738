# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.info_general import InfoGeneral


T = TypeVar("T", bound="PaymentInfoRequest")


@_attrs_define(kw_only=True)
class PaymentInfoRequest:
    """The payment to query."""

    general: InfoGeneral
    """ The caller and the payment. (family) """

    def to_dict(self) -> dict[str, Any]:
        general = self.general.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "general": general,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.info_general import InfoGeneral  # noqa: PLC0415

        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        general = InfoGeneral.from_dict(d.pop("general"))

        payment_info_request = cls(
            general=general,
        )

        return payment_info_request
