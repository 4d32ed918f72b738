# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset, expect

T = TypeVar("T", bound="General")


@_attrs_define(kw_only=True)
class General:
    """The caller, the payment, and the callback URLs."""

    payment_id: str
    """ The merchant's own id of the payment, unique within the project, any UTF-8. It is the idempotency key. (1 to
    255 characters; documented) """
    project_id: str | Unset = UNSET
    """ The merchant project. The documentation bounds it by 32 characters and shows UUIDs of 36, so 64 are
    accepted. (1 to 64 characters; documented) """
    merchant_callback_url: str | Unset = UNSET
    """ URL for informative callbacks (intermediate statuses, payment details, 3-D Secure data). (0 to 2048
    characters; documented) """
    merchant_success_callback_url: str | Unset = UNSET
    """ URL for the final success. (0 to 2048 characters; documented) """
    merchant_decline_callback_url: str | Unset = UNSET
    """ URL for the final decline. (0 to 2048 characters; documented) """
    redirect_url: str | Unset = UNSET
    """ Where the payer goes after the payment page, by default as set in the project. (0 to 2048 characters;
    documented) """

    def to_dict(self) -> dict[str, Any]:
        payment_id = self.payment_id

        project_id = self.project_id

        merchant_callback_url = self.merchant_callback_url

        merchant_success_callback_url = self.merchant_success_callback_url

        merchant_decline_callback_url = self.merchant_decline_callback_url

        redirect_url = self.redirect_url

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "payment_id": payment_id,
            }
        )
        if project_id is not UNSET:
            field_dict["project_id"] = project_id
        if merchant_callback_url is not UNSET:
            field_dict["merchant_callback_url"] = merchant_callback_url
        if merchant_success_callback_url is not UNSET:
            field_dict["merchant_success_callback_url"] = merchant_success_callback_url
        if merchant_decline_callback_url is not UNSET:
            field_dict["merchant_decline_callback_url"] = merchant_decline_callback_url
        if redirect_url is not UNSET:
            field_dict["redirect_url"] = redirect_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        payment_id = expect(d.pop("payment_id"), str)

        project_id = expect(d.pop("project_id", UNSET), str)

        merchant_callback_url = expect(d.pop("merchant_callback_url", UNSET), str)

        merchant_success_callback_url = expect(d.pop("merchant_success_callback_url", UNSET), str)

        merchant_decline_callback_url = expect(d.pop("merchant_decline_callback_url", UNSET), str)

        redirect_url = expect(d.pop("redirect_url", UNSET), str)

        general = cls(
            payment_id=payment_id,
            project_id=project_id,
            merchant_callback_url=merchant_callback_url,
            merchant_success_callback_url=merchant_success_callback_url,
            merchant_decline_callback_url=merchant_decline_callback_url,
            redirect_url=redirect_url,
        )

        return general
