# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT, UNSET, Unset, expect

T = TypeVar("T", bound="FieldError")


@_attrs_define(kw_only=True)
class FieldError:
    """What is wrong with one field."""

    field: str | Unset = UNSET
    """ The field's path, written with colons (payment:amount). (inferred) """
    message: str | Unset = UNSET
    """ What is wrong with it. (inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        field = self.field

        message = self.message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if field is not UNSET:
            field_dict["field"] = field
        if message is not UNSET:
            field_dict["message"] = message

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "field" in d:
            try:
                field = expect(d["field"], str)

                del d["field"]
            except MISFIT:
                field = UNSET
        else:
            field = UNSET

        if "message" in d:
            try:
                message = expect(d["message"], str)

                del d["message"]
            except MISFIT:
                message = UNSET
        else:
            message = UNSET

        field_error = cls(
            field=field,
            message=message,
        )

        field_error.additional_properties = d
        return field_error

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
