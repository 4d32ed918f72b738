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
    from ..models.account import Account
    from ..models.acs import Acs
    from ..models.integration import Integration
    from ..models.payment_info import PaymentInfo
    from ..models.redirect_data import RedirectData
    from ..models.requisites import Requisites
    from ..models.three_ds2 import ThreeDS2


T = TypeVar("T", bound="PaymentState")


@_attrs_define(kw_only=True)
class PaymentState:
    """A payment as the gateway sees it: the answer of create, confirm and info operations. The three status fields
    are documented, the other names of a create were seen in an integrator's code, those of an info are inferred.

    """

    status: Status
    """ The status of the payment. New values may be added; an unknown one is not final. (1 to 64 characters;
    documented) """
    sub_status: None | SubStatus = None
    """ The detailed state within the status. (documented) """
    status_description: None | str = None
    """ Set for declines, for errors, or if the merchant has to act. (documented) """
    request_id: None | str = None
    """ The gateway's id of the payment. (integrator) """
    payment_id: None | str = None
    """ The merchant's id of the payment. (integrator) """
    project_id: None | str = None
    """ The merchant project. (inferred) """
    integration: Integration | None = None
    """ Where to send the payer. (integrator) """
    payment_info: None | PaymentInfo = None
    """ The amount of the payment. (inferred) """
    requisites: None | Requisites = None
    """ The details to which the payer of a P2P pay-in sends the money. (inferred) """
    redirect_data: None | RedirectData = None
    """ Where the payer has to go, in `processing:awaiting_redirect_result`. (inferred) """
    acs: Acs | None = None
    """ Data for 3-D Secure 1, in `processing:awaiting_3ds_result`. (inferred) """
    threeds2: None | ThreeDS2 = None
    """ Data for 3-D Secure 2, in `processing:awaiting_3ds_result`. (inferred) """
    account: Account | None = None
    """ The card that was used, masked. (inferred) """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        from ..models.account import Account  # noqa: PLC0415
        from ..models.acs import Acs  # noqa: PLC0415
        from ..models.integration import Integration  # noqa: PLC0415
        from ..models.payment_info import PaymentInfo  # noqa: PLC0415
        from ..models.redirect_data import RedirectData  # noqa: PLC0415
        from ..models.requisites import Requisites  # noqa: PLC0415
        from ..models.three_ds2 import ThreeDS2  # noqa: PLC0415

        status = plain(self.status)

        sub_status: None | str
        if isinstance(self.sub_status, SubStatus):
            sub_status = plain(self.sub_status)
        else:
            sub_status = self.sub_status

        status_description: None | str
        status_description = self.status_description

        request_id: None | str
        request_id = self.request_id

        payment_id: None | str
        payment_id = self.payment_id

        project_id: None | str
        project_id = self.project_id

        integration: dict[str, Any] | None
        if isinstance(self.integration, Integration):
            integration = self.integration.to_dict()
        else:
            integration = self.integration

        payment_info: dict[str, Any] | None
        if isinstance(self.payment_info, PaymentInfo):
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
                "status": status,
            }
        )
        if sub_status is not None:
            field_dict["sub_status"] = sub_status
        if status_description is not None:
            field_dict["status_description"] = status_description
        if request_id is not None:
            field_dict["request_id"] = request_id
        if payment_id is not None:
            field_dict["payment_id"] = payment_id
        if project_id is not None:
            field_dict["project_id"] = project_id
        if integration is not None:
            field_dict["integration"] = integration
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

        if "payment_id" in d:
            try:

                def _parse_payment_id(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                payment_id = _parse_payment_id(d["payment_id"])

                del d["payment_id"]
            except MISFIT:
                payment_id = None
        else:
            payment_id = None

        if "project_id" in d:
            try:

                def _parse_project_id(data: object) -> None | str:
                    if data is None:
                        return data
                    if isinstance(data, str):
                        return data
                    raise TypeError

                project_id = _parse_project_id(d["project_id"])

                del d["project_id"]
            except MISFIT:
                project_id = None
        else:
            project_id = None

        if "integration" in d:
            from ..models.integration import Integration  # noqa: PLC0415

            try:

                def _parse_integration(data: object) -> Integration | None:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        integration_type_0 = Integration.from_dict(data)

                        return integration_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    raise TypeError

                integration = _parse_integration(d["integration"])

                del d["integration"]
            except MISFIT:
                integration = None
        else:
            integration = None

        if "payment_info" in d:
            from ..models.payment_info import PaymentInfo  # noqa: PLC0415

            try:

                def _parse_payment_info(data: object) -> None | PaymentInfo:
                    if data is None:
                        return data
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        payment_info_type_0 = PaymentInfo.from_dict(data)

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

        payment_state = cls(
            status=status,
            sub_status=sub_status,
            status_description=status_description,
            request_id=request_id,
            payment_id=payment_id,
            project_id=project_id,
            integration=integration,
            payment_info=payment_info,
            requisites=requisites,
            redirect_data=redirect_data,
            acs=acs,
            threeds2=threeds2,
            account=account,
        )

        payment_state.additional_properties = d
        return payment_state

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
