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
    "redirect": Field(path="redirect", type="object", required=False, nullable=True),
    "redirect:url": Field(path="redirect:url", type="string", required=False, nullable=True),
    "redirect:method": Field(path="redirect:method", type="string", required=False, nullable=True),
    "redirect:params": Field(path="redirect:params", type="map", required=False, nullable=True),
    "threeds": Field(path="threeds", type="object", required=False, nullable=True),
    "threeds:acs_url": Field(path="threeds:acs_url", type="string", required=False, nullable=True),
    "threeds:pa_req": Field(path="threeds:pa_req", type="string", required=False, nullable=True),
    "threeds:md": Field(path="threeds:md", type="string", required=False, nullable=True),
    "threeds:term_url": Field(path="threeds:term_url", type="string", required=False, nullable=True),
    "threeds:creq": Field(path="threeds:creq", type="string", required=False, nullable=True),
    "account": Field(path="account", type="object", required=False, nullable=True),
    "account:masked_pan": Field(path="account:masked_pan", type="string", required=False, nullable=True),
    "account:card_holder": Field(path="account:card_holder", type="string", required=False, nullable=True),
    "account:brand": Field(path="account:brand", type="string", required=False, nullable=True),
}
"""The known fields of a callback by colon path."""

WEBHOOKS: Final[Mapping[str, str]] = {
    "payment_update": "A payment moved on, or is in dispute",
    "payment_success": "A payment succeeded",
    "payment_decline": "A payment was declined",
}
"""The kinds of callback with one line on each."""
