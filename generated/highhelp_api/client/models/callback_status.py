# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.status import Status
from ..models.sub_status import SubStatus
from ..types import MISFIT, plain

T = TypeVar("T", bound="CallbackStatus")


@_attrs_define(kw_only=True)
class CallbackStatus:
    """The three status fields, which are at the top level in answers."""

    status: Status
    """ The status of the payment. New values may be added; an unknown one is not final. (1 to 64 characters;
    integrator) """
    sub_status: None | SubStatus = None
    """ The detailed state within the status. (integrator) """
    status_description: None | str = None
    """ The reason in words. (integrator) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        status = plain(self.status)

        sub_status: None | str
        if isinstance(self.sub_status, SubStatus):
            sub_status = plain(self.sub_status)
        else:
            sub_status = self.sub_status

        status_description: None | str
        status_description = self.status_description

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
            }
        )
        if sub_status is not None:
            field_dict["sub_status"] = sub_status
        if status_description is not None:
            field_dict["status_description"] = status_description

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        status = Status(d.pop("status"))

        if "sub_status" in d:
            try:

                def _parse_sub_status(data: object) -> None | SubStatus:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, str):
                            raise TypeError()
                        sub_status_type_0 = SubStatus(data)

                        return sub_status_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                sub_status = _parse_sub_status(d["sub_status"])

                del d["sub_status"]
            except MISFIT:
                sub_status = None
        else:
            sub_status = None

        if "status_description" in d:
            try:

                def _parse_status_description(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                status_description = _parse_status_description(d["status_description"])

                del d["status_description"]
            except MISFIT:
                status_description = None
        else:
            status_description = None

        callback_status = cls(
            status=status,
            sub_status=sub_status,
            status_description=status_description,
        )

        callback_status.additional_properties = d
        return callback_status

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
