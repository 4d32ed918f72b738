"""Faults on demand: armed, counted, combined, and consumed by matching requests and callbacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from highhelp_api import contract

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ANY", "API_FAULTS", "CALLBACKS", "CALLBACK_FAULTS", "DESCRIPTIONS", "Fault", "Faults"]

ANY: Final = "*"
CALLBACKS: Final = "callbacks"

DESCRIPTIONS: Final = {
    "drop_request": "The connection is closed before anything is done.",
    "drop_response_after_commit": "The request is executed, then the connection is closed without a complete answer.",
    "repeated_delivery": "The request is executed twice, as by a load balancer; the second answer is returned.",
    "delay": "The answer comes late, by `seconds` (2).",
    "http_500": "HTTP 500 in the contract's form; nothing is done unless `after_commit` is true.",
    "http_429": "HTTP 429 with retry-after; nothing is done.",
    "html_502": "HTTP 502 with a proxy's HTML page; the request is executed unless `after_commit` is false.",
    "bad_json": "The request is executed, the answer is cut off in the middle of its JSON.",
    "unknown_status": "The answer or callback has a status that the contract does not know.",
    "slow_body": "The request is executed, the answer's body comes one byte every `seconds` (0.2).",
    "wrong_signature": "A callback's signature does not match.",
    "duplicate_callback": "A callback that was accepted is delivered once more.",
    "reorder_callbacks": "A callback is held back until a later one of the same payment was sent, or five seconds.",
}
"""Description of each fault."""

CALLBACK_FAULTS: Final = ("unknown_status", "wrong_signature", "duplicate_callback", "reorder_callbacks")
API_FAULTS: Final = tuple(name for name in DESCRIPTIONS if name not in CALLBACK_FAULTS[1:])

_MODIFIERS = ("delay", "slow_body", "unknown_status")
_COMBINES = {
    "drop_request": ("delay",),
    "drop_response_after_commit": ("delay",),
    "repeated_delivery": _MODIFIERS,
    "http_429": ("delay", "slow_body"),
    "http_500": ("delay", "slow_body"),
    "html_502": ("delay", "slow_body"),
    "bad_json": _MODIFIERS,
}
# A request gets the first armed fault that decides the answer, and the modifiers that can be combined with it.
_SECONDS = {"delay": 2.0, "slow_body": 0.2}


@dataclass(frozen=True, slots=True)
class Fault:
    """An armed fault.

    Attributes:
        operation: an operation's id, a kind of callback, "callbacks", or "*" for all.
        name: its name.
        times: remaining occurrences.
        seconds: for delay and slow_body.
        after_commit: for http_500 and html_502: whether the request is executed first.
    """

    operation: str
    name: str
    times: int = 1
    seconds: float = 0
    after_commit: bool = False


class Faults:
    """The armed faults, oldest first."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    @property
    def armed(self) -> tuple[Fault, ...]:
        """The faults with remaining occurrences."""
        return tuple(self._armed)

    def arm(
        self,
        operation: str,
        name: str,
        times: int = 1,
        *,
        seconds: float | None = None,
        after_commit: bool | None = None,
    ) -> Fault:
        """Arm a fault.

        Raises:
            ValueError: fault or operation is unknown, or they do not fit together; names the allowed ones.
        """
        allowed = self.allowed(operation)
        if name not in allowed:
            raise ValueError(f"fault {name!r} is not one of {', '.join(allowed)} for {operation}")
        fault = Fault(
            operation,
            name,
            times,
            _SECONDS.get(name, 0.0) if seconds is None else seconds,
            name == "html_502" if after_commit is None else after_commit,
        )
        self._armed.append(fault)
        return fault

    @staticmethod
    def allowed(operation: str) -> tuple[str, ...]:
        """List the faults that an operation, a kind of callback, "callbacks" or "*" can have.

        Raises:
            ValueError: none of these; names the allowed ones.
        """
        if operation == ANY:
            return tuple(DESCRIPTIONS)
        if operation in contract.WEBHOOKS or operation == CALLBACKS:
            return CALLBACK_FAULTS
        if operation not in contract.OPERATIONS:
            known = (*contract.OPERATIONS, *contract.WEBHOOKS, CALLBACKS, ANY)
            raise ValueError(f"operation {operation!r} is not one of {', '.join(known)}")
        creates = contract.OPERATIONS[operation].idempotency is not None
        return tuple(DESCRIPTIONS) if creates else API_FAULTS

    def take_for_request(self, operation: str) -> tuple[Fault, ...]:
        """Consume the faults of one request: the first that decides the answer, and the modifiers that combine."""
        armed = self._matching((operation, ANY), API_FAULTS)
        deciding = next((fault for fault in armed if fault.name in _COMBINES), None)
        modifiers = _COMBINES[deciding.name] if deciding else _MODIFIERS
        taken: dict[str, Fault] = {} if deciding is None else {deciding.name: deciding}
        for fault in armed:
            if fault.name in modifiers:
                taken.setdefault(fault.name, fault)
        self._consume(taken.values())
        return tuple(taken.values())

    def take_for_callback(self, name: str, kind: str, operation: str) -> bool:
        """Consume one fault of this name for a callback of this kind, of a payment that `operation` created.

        `unknown_status` armed for an operation is for its answers; for callbacks it is armed by their kind.
        """
        names = (kind, CALLBACKS, ANY) if name == "unknown_status" else (kind, CALLBACKS, operation, ANY)
        taken = self._matching(names, (name,))[:1]
        self._consume(taken)
        return bool(taken)

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()

    def _matching(self, operations: tuple[str, ...], names: tuple[str, ...]) -> list[Fault]:
        return [fault for fault in self._armed if fault.operation in operations and fault.name in names]

    def _consume(self, taken: Iterable[Fault]) -> None:
        for fault in taken:
            index = next(place for place, armed in enumerate(self._armed) if armed is fault)
            left = replace(fault, times=fault.times - 1)
            self._armed[index : index + 1] = [left] if left.times else []
