# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.info_general import InfoGeneral
    from ..models.three_ds_result import ThreeDSResult


T = TypeVar("T", bound="ConfirmThreeDSRequest")


@_attrs_define(kw_only=True)
class ConfirmThreeDSRequest:
    """The 3-D Secure result of a card pay-in."""

    general: InfoGeneral
    """ Who asks, and for which payment. (inferred) """
    threeds: ThreeDSResult
    """ What the issuer's page returned. Either the pair of 3-D Secure 1 or the single value of 3-D Secure 2.
    (inferred) """

    def to_dict(self) -> dict[str, Any]:
        general = self.general.to_dict()

        threeds = self.threeds.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "general": general,
                "threeds": threeds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.info_general import InfoGeneral  # noqa: PLC0415
        from ..models.three_ds_result import ThreeDSResult  # noqa: PLC0415

        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        general = InfoGeneral.from_dict(d.pop("general"))

        threeds = ThreeDSResult.from_dict(d.pop("threeds"))

        confirm_three_ds_request = cls(
            general=general,
            threeds=threeds,
        )

        return confirm_three_ds_request
