"""Compare operations and callbacks: location, requests and answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tools.contract_diff.changes import Effect, Level, Place, Side, change_of, judged
from tools.contract_diff.judges import Changes, Judge, always, both, by_keys
from tools.contract_diff.values import differs, followed, listed, listing, mapping, names, shown
from tools.generate.document import DocumentError, endpoints, webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tools.contract_diff.schemas import Schemas
    from tools.generate.document import Endpoint, Json

SET_ASIDE = "a callback that was handled is set aside now"
HANDLED = "a callback that was set aside is handled now"


class Operations:
    """The operations and callbacks of two documents, compared by means of their schemas."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._judges: dict[str, Judge] = {
            "operationId": always(Level.BREAKING, "`highhelp call`, faults and the contract's data name it"),
            "tags": _tags,
            "deprecated": always(Level.RISKY, "it is announced whether it will be taken away"),
            "requestBody": self._request,
            "responses": self._responses,
            "security": always(Level.BREAKING, "requests and callbacks are signed by it"),
            "x-method-name": always(Level.BREAKING, "the client's method is named by it"),
            "x-idempotency": always(Level.BREAKING, "the client finds a payment again by it"),
            "x-retry": _retry,
            "x-transitions": _machines,
        }

    def paths(self, _: str, __: Json, ___: Json, place: Place) -> Changes:
        """All operations; one that moved to another path is found again by its operationId."""
        before, after = (_by_path(endpoints, document) for document in (self._schemas.old, self._schemas.new))
        left = {_id(one): path for path, one in before.items() if path not in after and _id(one)}
        moved = {path: left[_id(one)] for path, one in after.items() if path not in before and _id(one) in left}
        for path in names(before, after):
            operation = after.get(path) or before[path]
            spot = Place(Side.API, _id(operation), "", place.at(path, "post").pointer)
            if path in moved:
                what = f"POST {moved[path]} becomes POST {path}"
                yield change_of(spot, Level.BREAKING, what, "who calls the former address finds nothing there")
                yield from by_keys(before[moved[path]], operation, spot, self._judges)
            elif path in before and path in after:
                yield from by_keys(before[path], operation, spot, self._judges)
            elif path in after:
                yield change_of(spot, Level.SAFE, f"POST {path} is new", "nobody calls it yet")
            elif path not in moved.values():
                yield judged(spot, Effect.GONE, f"POST {path} is gone")

    def webhooks(self, _: str, __: Json, ___: Json, place: Place) -> Changes:
        """All callbacks, by their names."""
        before, after = (_by_path(webhooks, document) for document in (self._schemas.old, self._schemas.new))
        for name in names(before, after):
            spot = Place(Side.CALLBACK, name, "", place.at(name, "post").pointer)
            if name not in after:
                yield judged(spot, Effect.GONE, f"the callback {name} is gone")
            elif name not in before:
                yield judged(spot, Effect.WIDENS, f"the callback {name} is new")
            else:
                yield from by_keys(before[name], after[name], spot, self._judges)

    def _request(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        spot = replace(place, side=Side.CALLBACK if place.side is Side.CALLBACK else Side.REQUEST)
        if (key in old) != (key in new):
            yield judged(spot, Effect.CHANGES, f"the body is {'new' if key in new else 'gone'}")
            return
        judges = {"required": always(Level.BREAKING, "the body is sent or left out by it"), "content": self._content}
        yield from by_keys(*both(key, old, new, spot), spot, judges)

    def _responses(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        side = Side.ANSWER if place.side is Side.CALLBACK else Side.RESPONSE
        before, after = both(key, old, new, place)
        for status in names(before, after):
            spot = Place(side, f"{place.operation} {status}", "", place.at(status).pointer)
            if status not in after:
                why = "an answer with it is read as something else now"
                yield change_of(spot, Level.BREAKING, f"the answer {status} is gone", why)
            elif status not in before:
                yield judged(spot, Effect.WIDENS, f"the answer {status} is new")
            else:
                _, left = followed(self._schemas.old, before[status], spot.pointer)
                name, right = followed(self._schemas.new, after[status], spot.pointer)
                spot = replace(spot, pointer=name or spot.pointer)
                yield from self._response(mapping(left, spot.pointer), mapping(right, spot.pointer), spot)

    def _response(self, old: Json, new: Json, place: Place) -> Changes:
        yield from by_keys(old, new, place, {
            "content": self._content,
            "headers": always(Level.RISKY, "programs that read a header meet another one"),
            "x-outcome": always(Level.BREAKING, "another error is raised, and it says something else about the money"),
        })  # fmt: skip

    def _content(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        before, after = both(key, old, new, place)
        for name in names(before, after):
            spot = place.at(name)
            if name not in after:
                yield judged(spot, Effect.GONE, f"the media type {name} is gone")
            elif name not in before:
                yield judged(spot, Effect.WIDENS, f"the media type {name} is new")
            else:
                yield from by_keys(*both(name, before, after, spot), spot, {"schema": self._schema})

    def _schema(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        yield from self._schemas.compare(old.get(key, {}), new.get(key, {}), place)


def _by_path(walk: Callable[[Json], Iterable[Endpoint]], document: Json) -> dict[str, Json]:
    try:
        return {one.path: mapping(one.data, one.path) for one in walk(document)}
    except (AttributeError, KeyError, TypeError) as error:
        raise DocumentError("paths, webhooks: have not the form that the generator takes") from error


def _id(operation: Json) -> str:
    return str(operation.get("operationId", ""))


def _tags(key: str, old: Json, new: Json, place: Place) -> Changes:
    if differs(key, old, new):
        before, after = (listing(one.get(key), place.pointer)[:1] for one in (old, new))
        named = before != after and place.side is Side.API
        why = "the client's resource is named by it" if named else "the client's resource keeps its name"
        what = f"tags: {shown(old, key)} becomes {shown(new, key)}"
        yield change_of(place, Level.BREAKING if named else Level.DOCUMENTATION, what, why)


def _retry(key: str, old: Json, new: Json, place: Place) -> Changes:
    if differs(key, old, new):
        strictness = {"safe": 0, "reconcile": 1, "never": 2}
        before, after = (strictness.get(str(one.get(key)), -1) for one in (old, new))
        level = Level.RISKY if 0 <= before < after else Level.BREAKING
        why = "a lost answer is followed by other calls than before"
        yield change_of(place, level, f"x-retry: {shown(old, key)} becomes {shown(new, key)}", why)


def _machines(key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = (listing(one.get(key), place.pointer) for one in (old, new))
    if gone := [one for one in before if one not in after]:
        yield change_of(place, Level.BREAKING, f"its payments no longer follow {listed(gone)}", SET_ASIDE)
    if added := [one for one in after if one not in before]:
        yield change_of(place, Level.RISKY, f"its payments may follow {listed(added)} now", HANDLED)
