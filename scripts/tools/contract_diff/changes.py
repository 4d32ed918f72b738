"""A change of the contract, and the table of severities for each side."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Level(IntEnum):
    """How grave a change is, in rising order."""

    DOCUMENTATION = 0
    SAFE = 1
    RISKY = 2
    BREAKING = 3

    @property
    def word(self) -> str:
        """As it is written in reports and in the CHANGELOG."""
        return self.name.lower()


class Side(StrEnum):
    """The side that writes the changed value. A schema is judged once for each side that uses it."""

    REQUEST = "request"
    RESPONSE = "response"
    CALLBACK = "callback"
    ANSWER = "callback answer"
    API = "api"

    @property
    def written(self) -> bool:
        """Whether the merchant's program writes it; else it reads it."""
        return self in (Side.REQUEST, Side.ANSWER)


class Effect(StrEnum):
    """The effect of a change on the set of values, independent of who writes them."""

    NARROWS = "narrows"
    WIDENS = "widens"
    OPTIONAL = "makes optional"
    CHANGES = "changes"
    GONE = "takes a name away"
    UNKNOWN = "not known"


_REFUSED = "what could be sent may be refused now"
_STILL_FITS = "all that could be sent still can be"
_NEW_TO_READERS = "programs may meet what they have not met before"
_NOT_UNDERSTOOD = "programs that read it may not understand it any more"
_NAME_GONE = "programs that name it break"
_NOT_KNOWN = "this kind of change is not known here, so it counts as breaking until contract_diff can judge it"

VERDICTS: dict[tuple[bool, Effect], tuple[Level, str]] = {
    (True, Effect.NARROWS): (Level.BREAKING, _REFUSED),
    (True, Effect.WIDENS): (Level.SAFE, _STILL_FITS),
    (True, Effect.OPTIONAL): (Level.SAFE, _STILL_FITS),
    (True, Effect.CHANGES): (Level.BREAKING, _REFUSED),
    (False, Effect.NARROWS): (Level.SAFE, "all that comes now could come before"),
    (False, Effect.WIDENS): (Level.RISKY, _NEW_TO_READERS),
    (False, Effect.OPTIONAL): (Level.RISKY, "programs must be ready for its absence"),
    (False, Effect.CHANGES): (Level.BREAKING, _NOT_UNDERSTOOD),
    **{(written, Effect.GONE): (Level.BREAKING, _NAME_GONE) for written in (True, False)},
    **{(written, Effect.UNKNOWN): (Level.BREAKING, _NOT_KNOWN) for written in (True, False)},
}
"""(Whether the merchant's program writes the value, effect) -> severity and reason."""


@dataclass(frozen=True)
class Place:
    """Where in the document something stands, and for whom.

    Attributes:
        side: Who writes it.
        operation: The operation or webhook that uses it; empty at the document's own facts.
        path: Colon path of the field in the body; empty for the body itself.
        pointer: JSON pointer into the new document, or into the old one for what is gone.
    """

    side: Side = Side.API
    operation: str = ""
    path: str = ""
    pointer: str = "#"

    def at(self, *keys: str | int) -> Place:
        """Deeper in the document, at the same field."""
        escaped = (str(key).replace("~", "~0").replace("/", "~1") for key in keys)
        return replace(self, pointer="/".join([self.pointer, *escaped]))

    def within(self, name: str) -> Place:
        """A field of the body."""
        return replace(self, path=f"{self.path}:{name}" if self.path else name)

    @property
    def user(self) -> str:
        """The operation and the field, for people."""
        return " ".join(part for part in (self.operation, self.path) if part)


@dataclass(frozen=True)
class Change:
    """One change, judged.

    Attributes:
        level: How grave it is.
        side: For whom.
        pointer: Where, see :class:`Place`.
        text: What is changed, as a sentence without its full stop.
        why: What follows from it.
        users: The operations and fields that it reaches.
    """

    level: Level
    side: Side
    pointer: str
    text: str
    why: str
    users: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        shown, more = self.users[:2], len(self.users) - 2
        users = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
        return (
            f"{self.level.word}, {self.side}: {users + ': ' if users else ''}{self.text}; {self.why} ({self.pointer})"
        )


def judged(place: Place, effect: Effect, text: str, why: str | None = None) -> Change:
    """A change whose gravity follows from its effect."""
    level, reason = VERDICTS[place.side.written, effect]
    return change_of(place, level, text, why or reason)


def change_of(place: Place, level: Level, text: str, why: str) -> Change:
    """A change whose gravity does not follow from the set of values."""
    return Change(level, place.side, place.pointer, text, why, (place.user,) if place.user else ())


def merged(changes: Iterable[Change]) -> list[Change]:
    """Say once what holds for one place in several operations; the gravest first."""
    found: dict[Change, list[str]] = {}
    for change in changes:
        users = found.setdefault(replace(change, users=()), [])
        users.extend(user for user in change.users if user not in users)
    whole = [replace(change, users=tuple(users)) for change, users in found.items()]
    return sorted(whole, key=lambda change: -change.level)
