"""Compare two OpenAPI documents, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.contract_diff.changes import Change, Effect, Level, Place, Side, change_of, judged, merged
from tools.contract_diff.judges import Changes, always, both, by_keys, texts
from tools.contract_diff.operations import HANDLED, SET_ASIDE, Operations
from tools.contract_diff.schemas import COMPONENTS, Schemas, becomes_class
from tools.contract_diff.values import listing, mapping, names

if TYPE_CHECKING:
    from tools.generate.document import Json


def compare(old: Json, new: Json) -> list[Change]:
    """List the changes from one document to another, most severe first.

    Raises:
        DocumentError: A reference cannot be followed, or something has not the form of OpenAPI.
    """
    schemas = Schemas(old, new)
    operations = Operations(schemas)
    prose = always(Level.DOCUMENTATION, "nothing is made from it but text")
    found = by_keys(old, new, Place(), {
        "openapi": always(Level.RISKY, "the same words may mean something else in another version"),
        "info": prose,
        "servers": always(Level.RISKY, "who takes the base URL from the document calls another one"),
        "tags": prose,  # the effect of a tag on the client is judged at the operations
        "security": always(Level.BREAKING, "requests are signed by it"),
        "x-transitions": _machines,
        "paths": operations.paths,
        "webhooks": operations.webhooks,
        "components": lambda *_: (),
    })  # fmt: skip
    # components come last: those used by operations have been judged by then
    place = Place().at("components")
    rest = by_keys(*both("components", old, new, place), place, {
        "securitySchemes": _security_schemes,
        "responses": lambda *_: (),  # judged where they are used
        "schemas": lambda *_: (),
    })  # fmt: skip
    return merged([*texts(old, new, Place()), *found, *rest, *_schemas(schemas)])


def _security_schemes(key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = both(key, old, new, place)
    signs = always(Level.BREAKING, "requests are signed by it")
    yield from by_keys(before, after, place, dict.fromkeys(names(before, after), signs))


def _machines(key: str, old: Json, new: Json, place: Place) -> Changes:
    before, after = (_steps(machines, place) for machines in both(key, old, new, place))
    for step, spot in (before | after).items():
        if step not in after:
            yield change_of(spot, Level.BREAKING, f"{step} is gone", SET_ASIDE)
        elif step not in before:
            yield change_of(spot, Level.RISKY, f"{step} is new", HANDLED)


def _steps(machines: Json, place: Place) -> dict[str, Place]:
    """The machines, their states, and the steps from each to the next."""
    found = {}
    for machine, states in machines.items():
        found[machine] = place.at(machine)
        for state, following in mapping(states, place.pointer).items():
            spot = place.at(machine, state)
            steps = (f"{machine}: {state} to {one}" for one in listing(following, spot.pointer))
            found |= dict.fromkeys([f"{machine}: {state}", *steps], spot)
    return found


def _schemas(schemas: Schemas) -> Changes:
    components = (mapping(document["components"], "#") for document in (schemas.old, schemas.new))
    before, after = (mapping(one.get("schemas"), "#/components") for one in components)
    for name in names(before, after):
        reference = f"{COMPONENTS}{name}"
        spot = Place(pointer=reference)
        if name not in after:
            if becomes_class(before[name]):
                yield judged(spot, Effect.GONE, f"the model {name} is gone")
            else:
                yield change_of(spot, Level.SAFE, f"the schema {name} is gone", "judged where it was used")
        elif name not in before:
            yield change_of(spot, Level.SAFE, f"the schema {name} is new", "judged where it is used")
        elif (reference, reference) not in schemas.compared:
            # no operation uses it in both documents, so its writer is unknown: both sides are judged
            for side in (Side.REQUEST, Side.RESPONSE):
                place = Place(side, pointer=reference)
                yield from schemas.compare({"$ref": reference}, {"$ref": reference}, place)
