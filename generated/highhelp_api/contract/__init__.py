# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""The contract as plain data. Each part is loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .callbacks import CALLBACK_FIELDS as CALLBACK_FIELDS
    from .callbacks import CALLBACK_SCHEMA as CALLBACK_SCHEMA
    from .callbacks import WEBHOOKS as WEBHOOKS
    from .catalogues import CATALOGUES as CATALOGUES
    from .currencies import EXPONENTS as EXPONENTS
    from .examples import EXAMPLES as EXAMPLES
    from .operations import HEADERS as HEADERS
    from .operations import OPERATIONS as OPERATIONS
    from .operations import VERSION as VERSION
    from .provenance import FACTS as FACTS
    from .references import ref_name as ref_name
    from .references import resolve as resolve
    from .requests import REQUEST_FIELDS as REQUEST_FIELDS
    from .schemas import SCHEMAS as SCHEMAS
    from .sensitive import SENSITIVE_NAMES as SENSITIVE_NAMES
    from .sensitive import SENSITIVE_PATHS as SENSITIVE_PATHS
    from .statuses import FINAL_STATUSES as FINAL_STATUSES
    from .statuses import STATES as STATES
    from .statuses import TRANSITIONS as TRANSITIONS
    from .types import Example as Example
    from .types import Fact as Fact
    from .types import Field as Field
    from .types import Headers as Headers
    from .types import Operation as Operation
    from .types import State as State

_MODULES = {
    "CALLBACK_FIELDS": "callbacks",
    "CALLBACK_SCHEMA": "callbacks",
    "CATALOGUES": "catalogues",
    "EXAMPLES": "examples",
    "EXPONENTS": "currencies",
    "Example": "types",
    "FACTS": "provenance",
    "FINAL_STATUSES": "statuses",
    "Fact": "types",
    "Field": "types",
    "HEADERS": "operations",
    "Headers": "types",
    "OPERATIONS": "operations",
    "Operation": "types",
    "REQUEST_FIELDS": "requests",
    "SCHEMAS": "schemas",
    "SENSITIVE_NAMES": "sensitive",
    "SENSITIVE_PATHS": "sensitive",
    "STATES": "statuses",
    "State": "types",
    "TRANSITIONS": "statuses",
    "VERSION": "operations",
    "WEBHOOKS": "callbacks",
    "ref_name": "references",
    "resolve": "references",
}

__all__ = (
    "CALLBACK_FIELDS",
    "CALLBACK_SCHEMA",
    "CATALOGUES",
    "EXAMPLES",
    "EXPONENTS",
    "Example",
    "FACTS",
    "FINAL_STATUSES",
    "Fact",
    "Field",
    "HEADERS",
    "Headers",
    "OPERATIONS",
    "Operation",
    "REQUEST_FIELDS",
    "SCHEMAS",
    "SENSITIVE_NAMES",
    "SENSITIVE_PATHS",
    "STATES",
    "State",
    "TRANSITIONS",
    "VERSION",
    "WEBHOOKS",
    "ref_name",
    "resolve",
)


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value
