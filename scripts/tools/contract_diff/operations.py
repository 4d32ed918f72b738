"""Comparing operations and callbacks: where they are, what their names become, what they take and answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tools.contract_diff.changes import Effect, Level, Place, Side, judged, told
from tools.contract_diff.keys import TEXTS, Changes, Judge, always, both, by_keys, documentation, lists, required
from tools.contract_diff.schemas import Schemas, deprecated, shown
from tools.contract_diff.values import differs, followed, listed, listing, mapping, names, text

if TYPE_CHECKING:
    from tools.generate.document import Json

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SET_ASIDE = "a callback that was handled is set aside now"
HANDLED = "a callback that was set aside is handled now"

At = tuple[str, str]
"""Path and method; of a callback its name and method."""


class Operations:
    """The operations and callbacks of two documents, compared by means of their schemas."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._documents = (schemas.old, schemas.new)
        self._judges: dict[str, Judge] = {
            **TEXTS,
            "operationId": always(Level.BREAKING, "`highhelp call`, faults and the contract's data name it"),
            "tags": self._tags,
            "deprecated": lambda _, old, new, place: deprecated(old, new, place),
            "parameters": self._parameters,
            "requestBody": self._request,
            "responses": self._responses,
            "security": security,
            "x-method-name": always(Level.BREAKING, "the client's method is named by it"),
            "x-idempotency": always(Level.BREAKING, "the client finds a payment again by it"),
            "x-retry": _retry,
            "x-transitions": _machines,
        }

    def paths(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        """All operations; one that moved to another path or method is found again by its operationId."""
        before, after = self._operations(key, old, new, place)
        yield from self._path_items(*both(key, old, new, place), place)
        moved = _moved(before, after)
        for where in dict.fromkeys([*after, *before]):
            spot = Place(Side.API, _id(after.get(where) or before[where]), "", place.at(*where).pointer)
            if where in moved:
                what = f"{_address(moved[where])} becomes {_address(where)}"
                yield told(spot, Level.BREAKING, what, "who calls the former address finds nothing there")
                yield from self._operation(before[moved[where]], after[where], spot)
            elif where in before and where in after:
                yield from self._operation(before[where], after[where], spot)
            elif where in after:
                yield told(spot, Level.SAFE, f"{_address(where)} is new", "nobody calls it yet")
            elif where not in moved.values():
                yield judged(spot, Effect.GONE, f"{_address(where)} is gone")

    def webhooks(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        """All callbacks, by their names."""
        before, after = self._operations(key, old, new, place)
        yield from self._path_items(*both(key, old, new, place), place)
        for where in dict.fromkeys([*after, *before]):
            spot = Place(Side.CALLBACK, where[0], "", place.at(*where).pointer)
            if where not in after:
                yield judged(spot, Effect.GONE, f"the callback {where[0]} is gone")
            elif where not in before:
                yield judged(spot, Effect.WIDENS, f"the callback {where[0]} is new")
            else:
                yield from self._operation(before[where], after[where], spot)

    def _operations(self, key: str, old: Json, new: Json, place: Place) -> tuple[dict[At, Json], dict[At, Json]]:
        before, after = both(key, old, new, place)
        return _operations(self._schemas.old, before, place), _operations(self._schemas.new, after, place)

    def _path_items(self, old: Json, new: Json, place: Place) -> Changes:
        """What stands at a path beside its operations and their shared parameters."""
        for path in names(old, new):
            parts = [mapping(followed(doc, items.get(path), path)[1], path)
                     for doc, items in zip(self._documents, (old, new), strict=True)]  # fmt: skip
            rest = [{k: v for k, v in one.items() if k not in (*METHODS, "parameters")} for one in parts]
            yield from by_keys(rest[0], rest[1], place.at(path), TEXTS)
            if (path in old) != (path in new) and not set(METHODS) & {*parts[0], *parts[1]}:
                yield told(place.at(path), Level.DOCUMENTATION, f"the path {path} comes or goes", "it has no operation")

    def _operation(self, old: Json, new: Json, place: Place) -> Changes:
        yield from by_keys(old, new, place, self._judges)

    def _tags(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        before, after = lists(key, old, new, place)
        if before[:1] != after[:1] and place.side is Side.API:
            what = f"the tag {listed(before[:1]) or 'nothing'} becomes {listed(after[:1]) or 'nothing'}"
            yield told(place, Level.BREAKING, what, "the client's resource is named by it")
        elif differs(key, old, new):
            yield told(place, Level.DOCUMENTATION, "the tags are others", "the client's resource keeps its name")

    def _parameters(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        before, after = (_named(doc, one.get(key), place) for doc, one in zip(self._documents, (old, new), strict=True))
        for name in names(before, after):
            spot = Place(Side.REQUEST, place.operation, name, place.at(name).pointer)
            if name not in after:
                yield judged(spot, Effect.GONE, f"the parameter {name} is gone")
            elif name not in before:
                must = after[name].get("required") is True
                what = f"the parameter {name} is new, and {'required' if must else 'optional'}"
                yield judged(spot, Effect.NARROWS if must else Effect.WIDENS, what)
            else:
                yield from by_keys(before[name], after[name], spot, {
                    **TEXTS, "name": documentation, "in": documentation, "example": documentation,
                    "examples": documentation, "required": required, "schema": self._schema,
                })  # fmt: skip

    def _schema(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        yield from self._schemas.compare(old.get(key, True), new.get(key, True), place)

    # --- bodies ----------------------------------------------------------------------------------------------------

    def _request(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        side = Side.CALLBACK if place.side is Side.CALLBACK else Side.REQUEST
        spot = replace(place, side=side)
        if (key in old) != (key in new):
            yield judged(spot, Effect.CHANGES, f"the body is {'new' if key in new else 'gone'}")
            return
        _, before, __, after = self._followed(key, old, new, spot)
        yield from by_keys(before, after, spot, {**TEXTS, "required": required, "content": self._content})

    def _followed(self, key: str, old: Json, new: Json, place: Place) -> tuple[str | None, Json, str | None, Json]:
        """The references under a key, and what they lead to."""
        old_name, before = followed(self._schemas.old, old.get(key), place.pointer)
        new_name, after = followed(self._schemas.new, new.get(key), place.pointer)
        return old_name, mapping(before, place.pointer), new_name, mapping(after, place.pointer)

    def _responses(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        side = Side.ANSWER if place.side is Side.CALLBACK else Side.RESPONSE
        before, after = both(key, old, new, place)
        for status in names(before, after):
            spot = Place(side, f"{place.operation} {status}", "", place.at(status).pointer)
            if status not in after:
                why = "an answer with it is read as something else now"
                yield told(spot, Level.BREAKING, f"the answer {status} is gone", why)
            elif status not in before:
                yield judged(spot, Effect.WIDENS, f"the answer {status} is new")
            else:
                old_name, left, new_name, right = self._followed(status, before, after, spot)
                if old_name is not None and new_name is not None:
                    self._schemas.compared.add((old_name, new_name))
                yield from self.response(left, right, replace(spot, pointer=new_name or spot.pointer))

    def response(self, old: Json, new: Json, place: Place) -> Changes:
        """One answer."""
        yield from by_keys(old, new, place, {
            **TEXTS, "content": self._content, "headers": self._headers,
            "x-outcome": always(Level.BREAKING, "another error is raised, and it says something else about the money"),
        })  # fmt: skip

    def _headers(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        before, after = both(key, old, new, place)
        for name in names(before, after):
            spot = place.within(name).at(name)
            if name not in after:
                yield judged(spot, Effect.GONE, f"the header {name} is gone")
            elif name not in before:
                yield told(spot, Level.SAFE, f"the header {name} is new", "readers leave aside what they do not know")
            else:
                _, left, __, right = self._followed(name, before, after, spot)
                judges = {**TEXTS, "required": required, "schema": self._schema, "example": documentation}
                yield from by_keys(left, right, spot, judges)

    def _content(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        before, after = both(key, old, new, place)
        for name in names(before, after):
            spot = place.at(name)
            if name not in after:
                yield judged(spot, Effect.GONE, f"the media type {name} is gone")
            elif name not in before:
                yield judged(spot, Effect.WIDENS, f"the media type {name} is new")
            else:
                judges = {"schema": self._schema, "example": documentation, "examples": documentation}
                yield from by_keys(*both(name, before, after, spot), spot, judges)


def security(key: str, old: Json, new: Json, place: Place) -> Changes:
    """The ways to sign, each an alternative."""
    place = replace(place, side=Side.CALLBACK if place.side is Side.CALLBACK else Side.REQUEST)
    if (key in old) != (key in new):  # an operation's own ways replace the document's
        yield judged(place, Effect.CHANGES, f"{key}: {shown(old, key)} becomes {shown(new, key)}")
        return
    before, after = ([text(way) for way in ways] for ways in lists(key, old, new, place))
    for way in (way for way in before if way not in after):
        yield judged(place, Effect.CHANGES, f"{way} no longer signs")
    for way in (way for way in after if way not in before):
        # a receiver has to be ready for it, a sender may go on as before
        yield judged(place, Effect.WIDENS if place.side.written else Effect.CHANGES, f"{way} signs as well now")


def _retry(key: str, old: Json, new: Json, place: Place) -> Changes:
    if differs(key, old, new):
        strictness = {"safe": 0, "reconcile": 1, "never": 2}
        before, after = (strictness.get(str(one.get(key)), -1) for one in (old, new))
        level = Level.RISKY if 0 <= before < after else Level.BREAKING
        why = "a lost answer is followed by other calls than before"
        yield told(place, level, f"x-retry: {shown(old, key)} becomes {shown(new, key)}", why)


def _machines(key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = lists(key, old, new, place)
    if gone := [one for one in before if one not in after]:
        yield told(place, Level.BREAKING, f"its payments no longer follow {listed(gone)}", SET_ASIDE)
    if added := [one for one in after if one not in before]:
        yield told(place, Level.RISKY, f"its payments may follow {listed(added)} now", HANDLED)


def _operations(document: Json, items: Json, place: Place) -> dict[At, Json]:
    """The operations by path and method, each with the parameters of its path."""
    found: dict[At, Json] = {}
    for path, item in items.items():
        full = mapping(followed(document, item, place.pointer)[1], path)
        shared = listing(full.get("parameters"), path)
        for method in (key for key in METHODS if key in full):
            operation = mapping(full[method], f"{path} {method}")
            if shared:
                operation["parameters"] = [*shared, *listing(operation.get("parameters"), path)]
            found[path, method] = operation
    return found


def _moved(before: dict[At, Json], after: dict[At, Json]) -> dict[At, At]:
    """By its new place, the former place of an operation that is found elsewhere under the same operationId."""
    left = {_id(operation): where for where, operation in before.items() if where not in after and _id(operation)}
    return {where: left[_id(one)] for where, one in after.items() if where not in before and _id(one) in left}


def _id(operation: Json) -> str:
    return str(operation.get("operationId", ""))


def _address(where: At) -> str:
    return f"{where[1].upper()} {where[0]}"


def _named(document: Json, parameters: Any, place: Place) -> dict[str, Json]:
    full = [mapping(followed(document, one, place.pointer)[1], place.pointer)
            for one in listing(parameters, place.pointer)]  # fmt: skip
    return {f"{one.get('in')} {one.get('name')}": one for one in full}
