# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset, expect

T = TypeVar("T", bound="InfoGeneral")


@_attrs_define(kw_only=True)
class InfoGeneral:
    """The caller and the payment."""

    payment_id: str
    """ The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key. (1 to
    255 characters; documented) """
    project_id: str | Unset = UNSET
    """ The merchant project. The documentation bounds it by 32 characters and shows UUIDs of 36, so 64 are
    accepted. (1 to 64 characters; documented) """

    def to_dict(self) -> dict[str, Any]:
        payment_id = self.payment_id

        project_id = self.project_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "payment_id": payment_id,
            }
        )
        if project_id is not UNSET:
            field_dict["project_id"] = project_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        payment_id = expect(d.pop("payment_id"), str)

        project_id = expect(d.pop("project_id", UNSET), str)

        info_general = cls(
            payment_id=payment_id,
            project_id=project_id,
        )

        return info_general
