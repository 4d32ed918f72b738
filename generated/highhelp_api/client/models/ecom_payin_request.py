# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.card import Card
    from ..models.customer import Customer
    from ..models.ecom_payin_payment import EcomPayinPayment
    from ..models.general import General


T = TypeVar("T", bound="EcomPayinRequest")


@_attrs_define(kw_only=True)
class EcomPayinRequest:
    """A card pay-in."""

    general: General
    """ The caller, the payment, and the callback URLs. (documented) """
    payment: EcomPayinPayment
    """ The amount to charge. (documented) """
    card: Card
    """ The card to charge. (family) """
    customer: Customer | Unset = UNSET
    """ The payer or receiver, as known to the merchant. All fields are optional. (documented) """

    def to_dict(self) -> dict[str, Any]:
        general = self.general.to_dict()

        payment = self.payment.to_dict()

        card = self.card.to_dict()

        customer: dict[str, Any] | Unset = UNSET
        if not isinstance(self.customer, Unset):
            customer = self.customer.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "general": general,
                "payment": payment,
                "card": card,
            }
        )
        if customer is not UNSET:
            field_dict["customer"] = customer

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.card import Card  # noqa: PLC0415
        from ..models.customer import Customer  # noqa: PLC0415
        from ..models.ecom_payin_payment import EcomPayinPayment  # noqa: PLC0415
        from ..models.general import General  # noqa: PLC0415

        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        general = General.from_dict(d.pop("general"))

        payment = EcomPayinPayment.from_dict(d.pop("payment"))

        card = Card.from_dict(d.pop("card"))

        _customer = d.pop("customer", UNSET)
        customer: Customer | Unset
        if isinstance(_customer, Unset):
            customer = UNSET
        else:
            customer = Customer.from_dict(_customer)

        ecom_payin_request = cls(
            general=general,
            payment=payment,
            card=card,
            customer=customer,
        )

        return ecom_payin_request
