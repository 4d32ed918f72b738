# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""The contract's requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .types import Field

REQUEST_FIELDS: Final[Mapping[str, Field]] = {
    "general": Field(path="general", type="object", required=True, nullable=False),
    "general:project_id": Field(path="general:project_id", type="string", required=True, nullable=False),
    "general:payment_id": Field(path="general:payment_id", type="string", required=True, nullable=False),
    "general:merchant_callback_url": Field(
        path="general:merchant_callback_url", type="string", required=False, nullable=False
    ),
    "general:merchant_success_callback_url": Field(
        path="general:merchant_success_callback_url", type="string", required=False, nullable=False
    ),
    "general:merchant_decline_callback_url": Field(
        path="general:merchant_decline_callback_url", type="string", required=False, nullable=False
    ),
    "general:redirect_url": Field(path="general:redirect_url", type="string", required=False, nullable=False),
    "payment": Field(path="payment", type="object", required=True, nullable=False),
    "payment:method": Field(path="payment:method", type="string", required=True, nullable=False),
    "payment:payment_system": Field(path="payment:payment_system", type="string", required=False, nullable=False),
    "payment:amount": Field(path="payment:amount", type="integer", required=True, nullable=False),
    "payment:currency": Field(path="payment:currency", type="string", required=True, nullable=False),
    "payment:lifetime": Field(path="payment:lifetime", type="integer", required=False, nullable=False),
    "payment:description": Field(path="payment:description", type="string", required=False, nullable=False),
    "customer": Field(path="customer", type="object", required=False, nullable=False),
    "customer:id": Field(path="customer:id", type="string", required=False, nullable=False),
    "customer:ip_address": Field(path="customer:ip_address", type="string", required=False, nullable=False),
    "customer:country": Field(path="customer:country", type="string", required=False, nullable=False),
    "customer:language": Field(path="customer:language", type="string", required=False, nullable=False),
    "customer:first_name": Field(path="customer:first_name", type="string", required=False, nullable=False),
    "customer:last_name": Field(path="customer:last_name", type="string", required=False, nullable=False),
    "customer:middle_name": Field(path="customer:middle_name", type="string", required=False, nullable=False),
    "customer:email": Field(path="customer:email", type="string", required=False, nullable=False),
    "customer:phone": Field(path="customer:phone", type="string", required=False, nullable=False),
    "customer:address": Field(path="customer:address", type="string", required=False, nullable=False),
    "customer:city": Field(path="customer:city", type="string", required=False, nullable=False),
    "customer:zip": Field(path="customer:zip", type="string", required=False, nullable=False),
    "customer:browser": Field(path="customer:browser", type="object", required=False, nullable=False),
    "customer:browser:user_agent": Field(
        path="customer:browser:user_agent", type="string", required=False, nullable=False
    ),
    "customer:browser:accept_header": Field(
        path="customer:browser:accept_header", type="string", required=False, nullable=False
    ),
    "customer:browser:language": Field(path="customer:browser:language", type="string", required=False, nullable=False),
    "customer:browser:color_depth": Field(
        path="customer:browser:color_depth", type="integer", required=False, nullable=False
    ),
    "customer:browser:screen_width": Field(
        path="customer:browser:screen_width", type="integer", required=False, nullable=False
    ),
    "customer:browser:screen_height": Field(
        path="customer:browser:screen_height", type="integer", required=False, nullable=False
    ),
    "customer:browser:time_zone": Field(
        path="customer:browser:time_zone", type="integer", required=False, nullable=False
    ),
    "customer:browser:java_enabled": Field(
        path="customer:browser:java_enabled", type="boolean", required=False, nullable=False
    ),
    "customer:browser:javascript_enabled": Field(
        path="customer:browser:javascript_enabled", type="boolean", required=False, nullable=False
    ),
    "sender": Field(path="sender", type="object", required=False, nullable=False),
    "sender:pan": Field(path="sender:pan", type="string", required=False, nullable=False),
    "sender:card_holder": Field(path="sender:card_holder", type="string", required=False, nullable=False),
    "sender:phone": Field(path="sender:phone", type="string", required=False, nullable=False),
    "sender:account_number": Field(path="sender:account_number", type="string", required=False, nullable=False),
    "sender:bank_code": Field(path="sender:bank_code", type="string", required=False, nullable=False),
    "sender:first_name": Field(path="sender:first_name", type="string", required=False, nullable=False),
    "sender:last_name": Field(path="sender:last_name", type="string", required=False, nullable=False),
    "sender:middle_name": Field(path="sender:middle_name", type="string", required=False, nullable=False),
    "sender:address": Field(path="sender:address", type="string", required=False, nullable=False),
    "sender:city": Field(path="sender:city", type="string", required=False, nullable=False),
    "sender:country": Field(path="sender:country", type="string", required=False, nullable=False),
    "receiver": Field(path="receiver", type="object", required=True, nullable=False),
    "receiver:pan": Field(path="receiver:pan", type="string", required=False, nullable=False),
    "receiver:card_holder": Field(path="receiver:card_holder", type="string", required=False, nullable=False),
    "receiver:phone": Field(path="receiver:phone", type="string", required=False, nullable=False),
    "receiver:account_number": Field(path="receiver:account_number", type="string", required=False, nullable=False),
    "receiver:bank_code": Field(path="receiver:bank_code", type="string", required=False, nullable=False),
    "receiver:bank_name": Field(path="receiver:bank_name", type="string", required=False, nullable=False),
    "receiver:first_name": Field(path="receiver:first_name", type="string", required=False, nullable=False),
    "receiver:last_name": Field(path="receiver:last_name", type="string", required=False, nullable=False),
    "card": Field(path="card", type="object", required=True, nullable=False),
    "card:pan": Field(path="card:pan", type="string", required=True, nullable=False),
    "card:month": Field(path="card:month", type="integer", required=True, nullable=False),
    "card:year": Field(path="card:year", type="integer", required=True, nullable=False),
    "card:cvv": Field(path="card:cvv", type="string", required=True, nullable=False),
    "card:card_holder": Field(path="card:card_holder", type="string", required=False, nullable=False),
    "pares": Field(path="pares", type="string", required=False, nullable=False),
    "md": Field(path="md", type="string", required=False, nullable=False),
    "cres": Field(path="cres", type="string", required=False, nullable=False),
    "payment:widget_method": Field(path="payment:widget_method", type="string", required=False, nullable=False),
    "country": Field(path="country", type="string", required=False, nullable=False),
    "currency": Field(path="currency", type="string", required=False, nullable=False),
    "method": Field(path="method", type="string", required=False, nullable=False),
    "flow": Field(path="flow", type="string", required=False, nullable=False),
}
"""The known fields of all requests together, by colon path."""
