# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.project_general import ProjectGeneral


T = TypeVar("T", bound="BalanceRequest")


@_attrs_define(kw_only=True)
class BalanceRequest:
    """The project to query."""

    general: ProjectGeneral
    """ The caller. (documented) """

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
        from ..models.project_general import ProjectGeneral  # noqa: PLC0415

        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        general = ProjectGeneral.from_dict(d.pop("general"))

        balance_request = cls(
            general=general,
        )

        return balance_request
