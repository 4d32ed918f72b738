"""The operations of the contract that create payouts."""

from __future__ import annotations

from highhelp.errors import SettingsError
from highhelp_api.contract import OPERATIONS

CREATES = tuple(op for op in OPERATIONS.values() if op.direction == "payout" and op.retry == "reconcile")

_BY_REQUEST = {op.request: op.id for op in CREATES}


def operation_of(request: object, named: str | None) -> str:
    """Return the operation that creates a payout.

    Args:
        request: A model of the contract, or a mapping.
        named: The operation named by the caller; required with a mapping.

    Raises:
        SettingsError: It is not an operation that creates payouts.
    """
    operation = named or _BY_REQUEST.get(type(request).__name__, "")
    known = sorted(op.id for op in CREATES)
    if operation not in known:
        raise SettingsError("operation", f"must be one of {', '.join(known)}")
    return operation
