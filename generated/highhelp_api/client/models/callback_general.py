# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT, expect

T = TypeVar("T", bound="CallbackGeneral")


@_attrs_define(kw_only=True)
class CallbackGeneral:
    """The payment of the callback."""

    request_id: None | str = None
    """ The gateway's id of the payment. (integrator) """
    payment_id: str
    """ The merchant's id of the payment. (integrator) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        request_id: None | str
        request_id = self.request_id

        payment_id = self.payment_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "payment_id": payment_id,
            }
        )
        if request_id is not None:
            field_dict["request_id"] = request_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        if "request_id" in d:
            try:

                def _parse_request_id(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                request_id = _parse_request_id(d["request_id"])

                del d["request_id"]
            except MISFIT:
                request_id = None
        else:
            request_id = None

        payment_id = expect(d.pop("payment_id"), str)

        callback_general = cls(
            request_id=request_id,
            payment_id=payment_id,
        )

        callback_general.additional_properties = d
        return callback_general

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
