# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.customer import Customer
    from ..models.general import General
    from ..models.p2p_payin_payment import P2PPayinPayment
    from ..models.sender import Sender


T = TypeVar("T", bound="P2PPayinRequest")


@_attrs_define(kw_only=True)
class P2PPayinRequest:
    """A P2P pay-in."""

    general: General
    """ The caller, the payment, and the callback URLs. (documented) """
    payment: P2PPayinPayment
    """ The amount to pay, and the method. (documented) """
    customer: Customer | Unset = UNSET
    """ The payer or receiver, as known to the merchant. All fields are optional. (documented) """
    sender: Sender | Unset = UNSET
    """ The sender of a P2P pay-in, as far as the merchant knows. May be empty. (documented) """

    def to_dict(self) -> dict[str, Any]:
        general = self.general.to_dict()

        payment = self.payment.to_dict()

        customer: dict[str, Any] | Unset = UNSET
        if not isinstance(self.customer, Unset):
            customer = self.customer.to_dict()

        sender: dict[str, Any] | Unset = UNSET
        if not isinstance(self.sender, Unset):
            sender = self.sender.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "general": general,
                "payment": payment,
            }
        )
        if customer is not UNSET:
            field_dict["customer"] = customer
        if sender is not UNSET:
            field_dict["sender"] = sender

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.customer import Customer  # noqa: PLC0415
        from ..models.general import General  # noqa: PLC0415
        from ..models.p2p_payin_payment import P2PPayinPayment  # noqa: PLC0415
        from ..models.sender import Sender  # noqa: PLC0415

        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        general = General.from_dict(d.pop("general"))

        payment = P2PPayinPayment.from_dict(d.pop("payment"))

        _customer = d.pop("customer", UNSET)
        customer: Customer | Unset
        if isinstance(_customer, Unset):
            customer = UNSET
        else:
            customer = Customer.from_dict(_customer)

        _sender = d.pop("sender", UNSET)
        sender: Sender | Unset
        if isinstance(_sender, Unset):
            sender = UNSET
        else:
            sender = Sender.from_dict(_sender)

        p2p_payin_request = cls(
            general=general,
            payment=payment,
            customer=customer,
            sender=sender,
        )

        return p2p_payin_request
