# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""The contract's callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .types import Field

CALLBACK_SCHEMA: Final[str] = "PaymentCallback"
"""Name of the schema of every callback."""

CALLBACK_FIELDS: Final[Mapping[str, Field]] = {
    "project_id": Field(path="project_id", type="string", required=True, nullable=False),
    "general": Field(path="general", type="object", required=True, nullable=False),
    "general:request_id": Field(path="general:request_id", type="string", required=False, nullable=True),
    "general:payment_id": Field(path="general:payment_id", type="string", required=True, nullable=False),
    "status": Field(path="status", type="object", required=True, nullable=False),
    "status:status": Field(path="status:status", type="string", required=True, nullable=False),
    "status:sub_status": Field(path="status:sub_status", type="string", required=False, nullable=True),
    "status:status_description": Field(path="status:status_description", type="string", required=False, nullable=True),
    "payment_info": Field(path="payment_info", type="object", required=False, nullable=True),
    "payment_info:amount": Field(path="payment_info:amount", type="integer", required=False, nullable=True),
    "payment_info:currency": Field(path="payment_info:currency", type="string", required=False, nullable=True),
    "payment_info:type": Field(path="payment_info:type", type="string", required=False, nullable=True),
    "requisites": Field(path="requisites", type="object", required=False, nullable=True),
    "requisites:pan": Field(path="requisites:pan", type="string", required=False, nullable=True),
    "requisites:card_holder": Field(path="requisites:card_holder", type="string", required=False, nullable=True),
    "requisites:bank_name": Field(path="requisites:bank_name", type="string", required=False, nullable=True),
    "requisites:bank_code": Field(path="requisites:bank_code", type="string", required=False, nullable=True),
    "requisites:phone": Field(path="requisites:phone", type="string", required=False, nullable=True),
    "requisites:account_number": Field(path="requisites:account_number", type="string", required=False, nullable=True),
    "requisites:qr_link": Field(path="requisites:qr_link", type="string", required=False, nullable=True),
    "requisites:expires_at": Field(path="requisites:expires_at", type="string", required=False, nullable=True),
    "redirect_data": Field(path="redirect_data", type="object", required=False, nullable=True),
    "redirect_data:url": Field(path="redirect_data:url", type="string", required=False, nullable=True),
    "redirect_data:method": Field(path="redirect_data:method", type="string", required=False, nullable=True),
    "redirect_data:body": Field(path="redirect_data:body", type="map", required=False, nullable=True),
    "acs": Field(path="acs", type="object", required=False, nullable=True),
    "acs:acs_url": Field(path="acs:acs_url", type="string", required=False, nullable=True),
    "acs:pa_req": Field(path="acs:pa_req", type="string", required=False, nullable=True),
    "acs:md": Field(path="acs:md", type="string", required=False, nullable=True),
    "acs:term_url": Field(path="acs:term_url", type="string", required=False, nullable=True),
    "threeds2": Field(path="threeds2", type="object", required=False, nullable=True),
    "threeds2:iframe": Field(path="threeds2:iframe", type="object", required=False, nullable=True),
    "threeds2:iframe:url": Field(path="threeds2:iframe:url", type="string", required=False, nullable=True),
    "threeds2:iframe:params": Field(path="threeds2:iframe:params", type="map", required=False, nullable=True),
    "threeds2:redirect": Field(path="threeds2:redirect", type="object", required=False, nullable=True),
    "threeds2:redirect:url": Field(path="threeds2:redirect:url", type="string", required=False, nullable=True),
    "threeds2:redirect:params": Field(path="threeds2:redirect:params", type="map", required=False, nullable=True),
    "account": Field(path="account", type="object", required=False, nullable=True),
    "account:number": Field(path="account:number", type="string", required=False, nullable=True),
    "account:type": Field(path="account:type", type="string", required=False, nullable=True),
    "account:card_holder": Field(path="account:card_holder", type="string", required=False, nullable=True),
    "account:expiry_month": Field(path="account:expiry_month", type="string", required=False, nullable=True),
    "account:expiry_year": Field(path="account:expiry_year", type="string", required=False, nullable=True),
}
"""The known fields of a callback by colon path."""

WEBHOOKS: Final[Mapping[str, str]] = {
    "payment_update": "A payment has a new status, or is in dispute",
    "payment_success": "A payment succeeded",
    "payment_decline": "A payment was declined",
}
"""The kinds of callback with one line on each."""
