# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.status import Status
from ..models.sub_status import SubStatus
from ..types import MISFIT, plain

if TYPE_CHECKING:
    from ..models.field_error import FieldError


T = TypeVar("T", bound="ErrorResponse")


@_attrs_define(kw_only=True)
class ErrorResponse:
    """The reason why a call was refused. An integrator reads status_description from bodies other than 2xx; the rest is
    inferred.

    """

    status: Status
    """ The status of the payment. New values may be added; an unknown one is not final. (1 to 64 characters;
    inferred) """
    sub_status: None | SubStatus = None
    """ Null as far as is known. (inferred) """
    status_description: None | str = None
    """ The reason in words. (integrator) """
    errors: list[FieldError] | None = None
    """ The invalid fields. (inferred) """
    request_id: None | str = None
    """ The gateway's id of the call or payment. (inferred) """
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

        errors: list[dict[str, Any]] | None
        if isinstance(self.errors, list):
            errors = []
            for errors_type_0_item_data in self.errors:
                errors_type_0_item = errors_type_0_item_data.to_dict()
                errors.append(errors_type_0_item)

        else:
            errors = self.errors

        request_id: None | str
        request_id = self.request_id

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
        if errors is not None:
            field_dict["errors"] = errors
        if request_id is not None:
            field_dict["request_id"] = request_id

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

        if "errors" in d:
            from ..models.field_error import FieldError  # noqa: PLC0415

            try:

                def _parse_errors(data: object) -> list[FieldError] | None:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, list):
                            raise TypeError()
                        errors_type_0 = []
                        _errors_type_0 = data
                        if not isinstance(_errors_type_0, list):
                            raise TypeError
                        for errors_type_0_item_data in _errors_type_0:
                            errors_type_0_item = FieldError.from_dict(errors_type_0_item_data)

                            errors_type_0.append(errors_type_0_item)

                        return errors_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                errors = _parse_errors(d["errors"])

                del d["errors"]
            except MISFIT:
                errors = None
        else:
            errors = None

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

        error_response = cls(
            status=status,
            sub_status=sub_status,
            status_description=status_description,
            errors=errors,
            request_id=request_id,
        )

        error_response.additional_properties = d
        return error_response

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
