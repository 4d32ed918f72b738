"""Comparing two OpenAPI documents, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.contract_diff.changes import Change, Effect, Level, Place, Side, judged, merged, told
from tools.contract_diff.forms import COMPONENTS
from tools.contract_diff.keys import TEXTS, Changes, always, both, by_keys, documentation, lists
from tools.contract_diff.operations import HANDLED, SET_ASIDE, Operations, security
from tools.contract_diff.schemas import Schemas, becomes_class
from tools.contract_diff.values import listed, mapping, names

if TYPE_CHECKING:
    from tools.generate.document import Json


def compare(old: Json, new: Json) -> list[Change]:
    """Every change from one document to another, the gravest first; empty where nothing is changed.

    Raises:
        DocumentError: A reference cannot be followed, or something has not the form of OpenAPI.
    """
    schemas = Schemas(old, new)
    operations, components = Operations(schemas), _Components(schemas)
    found = by_keys(old, new, Place(), {
        "openapi": always(Level.RISKY, "the same words may mean something else in another version"),
        "info": _info,
        "servers": _servers,
        "tags": documentation,  # what a tag does to the client is judged at the operations
        "externalDocs": documentation,
        "security": security,
        "x-transitions": _machines,
        "paths": operations.paths,
        "webhooks": operations.webhooks,
        "components": lambda *_: (),
    })  # fmt: skip
    # the components come last: what an operation uses has been judged by then
    rest = components.changes(*both("components", old, new, Place()), Place().at("components"))
    return merged([*found, *rest])


def _info(key: str, old: Json, new: Json, place: Place) -> Changes:
    known = ("title", "summary", "version", "description", "license", "contact", "termsOfService")
    yield from by_keys(*both(key, old, new, place), place, dict.fromkeys(known, documentation))


def _servers(key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = (
        {str(mapping(server, place.pointer).get("url")): mapping(server, place.pointer) for server in servers}
        for servers in lists(key, old, new, place)
    )
    for url in names(before, after):
        if url not in after:
            yield told(place, Level.RISKY, f"the server {url} is gone", "who takes it from the document is lost")
        elif url not in before:
            yield told(place, Level.SAFE, f"the server {url} is new", "the base URL is a setting")
        else:
            yield from by_keys(before[url], after[url], place.at(url), {**TEXTS, "url": documentation})


def _machines(key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = both(key, old, new, place)
    for name in names(before, after):
        spot = place.at(name)
        if name not in after:
            yield judged(spot, Effect.GONE, f"the state machine {name} is gone")
        elif name not in before:
            yield told(spot, Level.SAFE, f"the state machine {name} is new", "judged where an operation names it")
        else:
            yield from _states(*both(name, before, after, spot), spot)


def _states(old: Json, new: Json, place: Place) -> Changes:
    for state in names(old, new):
        spot = place.at(state)
        if (state in old) != (state in new):
            level, what = (Level.RISKY, "known now") if state in new else (Level.BREAKING, "no longer known")
            yield told(spot, level, f"the state {state} is {what}", "callbacks are judged by it")
        before, after = lists(state, old, new, spot)
        if gone := [one for one in before if one not in after]:
            yield told(spot, Level.BREAKING, f"{listed(gone)} no longer follows {state}", SET_ASIDE)
        if added := [one for one in after if one not in before]:
            yield told(spot, Level.RISKY, f"{listed(added)} may follow {state} now", HANDLED)


class _Components:
    """What comes and goes among the components, and those that no operation uses."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._operations = Operations(schemas)

    def changes(self, old: Json, new: Json, place: Place) -> Changes:
        yield from by_keys(old, new, place, {
            # the answers first: those that no operation uses use schemas
            "schemas": lambda *_: (),
            "responses": self._responses,
            "securitySchemes": _security_schemes,
            "examples": documentation,
        })  # fmt: skip
        yield from self._component_schemas("schemas", old, new, place.at("schemas"))

    def _component_schemas(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        before, after = both(key, old, new, place)
        for name in names(before, after):
            spot, reference = place.at(name), f"{COMPONENTS}{name}"
            if name not in after:
                if becomes_class(before[name]):
                    yield judged(spot, Effect.GONE, f"the model {name} is gone")
                else:
                    yield told(spot, Level.SAFE, f"the schema {name} is gone", "judged where it was used")
            elif name not in before:
                yield told(spot, Level.SAFE, f"the schema {name} is new", "judged where it is used")
            elif (reference, reference) not in self._schemas.compared:
                # no operation uses it in both documents, so nobody knows who writes it: both sides are judged
                for side in (Side.REQUEST, Side.RESPONSE):
                    yield from self._schemas.compare(
                        {"$ref": reference}, {"$ref": reference}, Place(side, "", "", spot.pointer)
                    )

    def _responses(self, key: str, old: Json, new: Json, place: Place) -> Changes:
        before, after = both(key, old, new, place)
        for name in names(before, after):
            spot = Place(Side.RESPONSE, "", "", place.at(name).pointer)
            if (name in before) != (name in after):
                comes = "new" if name in after else "gone"
                yield told(spot, Level.SAFE, f"the shared answer {name} is {comes}", "judged where it is used")
            elif (spot.pointer, spot.pointer) not in self._schemas.compared:
                yield from self._operations.response(*both(name, before, after, spot), spot)


def _security_schemes(key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = both(key, old, new, place)
    for name in names(before, after):
        spot = place.at(name)
        if name not in before:
            yield told(spot, Level.SAFE, f"the security scheme {name} is new", "judged where it is demanded")
        elif name not in after:
            yield judged(spot, Effect.GONE, f"the security scheme {name} is gone")
        else:
            known = always(Level.BREAKING, "requests are signed by it")
            judges = {**TEXTS, **dict.fromkeys(["type", "in", "name", "scheme", "bearerFormat"], known)}
            yield from by_keys(*both(name, before, after, spot), spot, judges)
