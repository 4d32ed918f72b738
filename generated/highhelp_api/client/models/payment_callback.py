# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import MISFIT, expect

if TYPE_CHECKING:
    from ..models.account import Account
    from ..models.acs import Acs
    from ..models.callback_general import CallbackGeneral
    from ..models.callback_payment_info import CallbackPaymentInfo
    from ..models.callback_status import CallbackStatus
    from ..models.redirect_data import RedirectData
    from ..models.requisites import Requisites
    from ..models.three_ds2 import ThreeDS2


T = TypeVar("T", bound="PaymentCallback")


@_attrs_define(kw_only=True)
class PaymentCallback:
    """The gateway's report on a payment. Here the statuses are in a separate block, while
    in answers they are at the top level. Its existence is documented, its names were seen in an integrator's code.

    """

    project_id: str
    """ The merchant project. (integrator) """
    general: CallbackGeneral
    """ The payment of the callback. (integrator) """
    status: CallbackStatus
    """ The three status fields, which are at the top level in answers. (integrator) """
    payment_info: CallbackPaymentInfo | None = None
    """ The amount of the payment. (integrator) """
    requisites: None | Requisites = None
    """ The details to which the payer of a P2P pay-in sends the money. (inferred) """
    redirect_data: None | RedirectData = None
    """ Where the payer has to go, in `processing:awaiting_redirect_result`. (family) """
    acs: Acs | None = None
    """ Data for 3-D Secure 1, in `processing:awaiting_3ds_result`. (family) """
    threeds2: None | ThreeDS2 = None
    """ Data for 3-D Secure 2, in `processing:awaiting_3ds_result`. (family) """
    account: Account | None = None
    """ The card that was used, masked. (family) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        from ..models.account import Account  # noqa: PLC0415
        from ..models.acs import Acs  # noqa: PLC0415
        from ..models.callback_payment_info import CallbackPaymentInfo  # noqa: PLC0415
        from ..models.redirect_data import RedirectData  # noqa: PLC0415
        from ..models.requisites import Requisites  # noqa: PLC0415
        from ..models.three_ds2 import ThreeDS2  # noqa: PLC0415

        project_id = self.project_id

        general = self.general.to_dict()

        status = self.status.to_dict()

        payment_info: dict[str, Any] | None
        if isinstance(self.payment_info, CallbackPaymentInfo):
            payment_info = self.payment_info.to_dict()
        else:
            payment_info = self.payment_info

        requisites: dict[str, Any] | None
        if isinstance(self.requisites, Requisites):
            requisites = self.requisites.to_dict()
        else:
            requisites = self.requisites

        redirect_data: dict[str, Any] | None
        if isinstance(self.redirect_data, RedirectData):
            redirect_data = self.redirect_data.to_dict()
        else:
            redirect_data = self.redirect_data

        acs: dict[str, Any] | None
        if isinstance(self.acs, Acs):
            acs = self.acs.to_dict()
        else:
            acs = self.acs

        threeds2: dict[str, Any] | None
        if isinstance(self.threeds2, ThreeDS2):
            threeds2 = self.threeds2.to_dict()
        else:
            threeds2 = self.threeds2

        account: dict[str, Any] | None
        if isinstance(self.account, Account):
            account = self.account.to_dict()
        else:
            account = self.account

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "project_id": project_id,
                "general": general,
                "status": status,
            }
        )
        if payment_info is not None:
            field_dict["payment_info"] = payment_info
        if requisites is not None:
            field_dict["requisites"] = requisites
        if redirect_data is not None:
            field_dict["redirect_data"] = redirect_data
        if acs is not None:
            field_dict["acs"] = acs
        if threeds2 is not None:
            field_dict["threeds2"] = threeds2
        if account is not None:
            field_dict["account"] = account

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.callback_general import CallbackGeneral  # noqa: PLC0415
        from ..models.callback_status import CallbackStatus  # noqa: PLC0415

        if not isinstance(src_dict, (dict, Mapping)):
            raise TypeError
        d = dict(src_dict)
        project_id = expect(d.pop("project_id"), str)

        general = CallbackGeneral.from_dict(d.pop("general"))

        status = CallbackStatus.from_dict(d.pop("status"))

        if "payment_info" in d:
            from ..models.callback_payment_info import CallbackPaymentInfo  # noqa: PLC0415

            try:

                def _parse_payment_info(data: object) -> CallbackPaymentInfo | None:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        payment_info_type_0 = CallbackPaymentInfo.from_dict(data)

                        return payment_info_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                payment_info = _parse_payment_info(d["payment_info"])

                del d["payment_info"]
            except MISFIT:
                payment_info = None
        else:
            payment_info = None

        if "requisites" in d:
            from ..models.requisites import Requisites  # noqa: PLC0415

            try:

                def _parse_requisites(data: object) -> None | Requisites:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        requisites_type_0 = Requisites.from_dict(data)

                        return requisites_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                requisites = _parse_requisites(d["requisites"])

                del d["requisites"]
            except MISFIT:
                requisites = None
        else:
            requisites = None

        if "redirect_data" in d:
            from ..models.redirect_data import RedirectData  # noqa: PLC0415

            try:

                def _parse_redirect_data(data: object) -> None | RedirectData:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        redirect_data_type_0 = RedirectData.from_dict(data)

                        return redirect_data_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                redirect_data = _parse_redirect_data(d["redirect_data"])

                del d["redirect_data"]
            except MISFIT:
                redirect_data = None
        else:
            redirect_data = None

        if "acs" in d:
            from ..models.acs import Acs  # noqa: PLC0415

            try:

                def _parse_acs(data: object) -> Acs | None:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        acs_type_0 = Acs.from_dict(data)

                        return acs_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                acs = _parse_acs(d["acs"])

                del d["acs"]
            except MISFIT:
                acs = None
        else:
            acs = None

        if "threeds2" in d:
            from ..models.three_ds2 import ThreeDS2  # noqa: PLC0415

            try:

                def _parse_threeds2(data: object) -> None | ThreeDS2:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        threeds2_type_0 = ThreeDS2.from_dict(data)

                        return threeds2_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                threeds2 = _parse_threeds2(d["threeds2"])

                del d["threeds2"]
            except MISFIT:
                threeds2 = None
        else:
            threeds2 = None

        if "account" in d:
            from ..models.account import Account  # noqa: PLC0415

            try:

                def _parse_account(data: object) -> Account | None:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        account_type_0 = Account.from_dict(data)

                        return account_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                account = _parse_account(d["account"])

                del d["account"]
            except MISFIT:
                account = None
        else:
            account = None

        payment_callback = cls(
            project_id=project_id,
            general=general,
            status=status,
            payment_info=payment_info,
            requisites=requisites,
            redirect_data=redirect_data,
            acs=acs,
            threeds2=threeds2,
            account=account,
        )

        payment_callback.additional_properties = d
        return payment_callback

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
