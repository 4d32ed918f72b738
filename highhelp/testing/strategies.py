"""Generate values from the contract's schemas; supports only the keywords that they use."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from highhelp_api.contract import SCHEMAS

Schema = Mapping[str, Any]

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
EXTRA = st.dictionaries(st.sampled_from(["new_field", "risk", "d", "cls"]), st.one_of(st.integers(), TEXT), max_size=2)
ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)


def valid(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that an answer's schema allows, with unknown fields where allowed."""
    if "$ref" in schema:
        return st.deferred(lambda: valid(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]]))
    if "anyOf" in schema:
        return st.one_of([valid(branch) for branch in schema["anyOf"]])
    if "x-extensible-enum" in schema:
        return st.sampled_from(schema["x-extensible-enum"])
    kinds = schema.get("type", "object")
    return st.one_of([_typed(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)])


def _typed(kind: str, schema: Schema) -> st.SearchStrategy[Any]:
    if kind == "string":
        if "pattern" in schema:
            return st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
        return TEXT
    if kind == "integer":
        return st.integers(schema.get("minimum"), schema.get("maximum"))
    if kind == "array":
        return st.lists(valid(schema["items"]), max_size=3)
    simple = {"boolean": st.booleans(), "null": st.none()}
    return simple[kind] if kind in simple else _object(schema)


def _object(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    if isinstance(schema.get("additionalProperties"), Mapping):
        return st.dictionaries(TEXT, valid(schema["additionalProperties"]), max_size=3)
    fields = {name: valid(child) for name, child in schema.get("properties", {}).items()}
    needed = {name: fields.pop(name) for name in schema.get("required", ())}
    known = st.fixed_dictionaries(needed, optional=fields)
    if schema.get("additionalProperties", True) is False:
        return known
    return st.builds(lambda extra, body: {**extra, **body}, EXTRA, known)


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> Any:
    """A valid value with one place replaced by anything."""
    value = draw(whole)
    holder, path = value, []
    while isinstance(holder, dict) and holder and draw(st.booleans()):
        path.append(draw(st.sampled_from(sorted(holder))))
        holder = holder[path[-1]]
    if not path:
        return draw(ANY)
    place = value
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = draw(ANY)
    return value


def callback_bodies(project_id: str, payment_id: str | None) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies of callbacks that the contract allows, of one project and optionally of one payment."""
    ids = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True) if payment_id is None else st.just(payment_id)

    def of_payment(body: dict[str, Any], chosen: str) -> dict[str, Any]:
        return body | {"project_id": project_id, "general": body["general"] | {"payment_id": chosen}}

    return st.builds(of_payment, valid(SCHEMAS["PaymentCallback"]), ids)


def damaged_bodies(whole: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[bytes]:
    """Bodies that are truncated or have one wrong value or byte."""
    return st.one_of(damaged(whole).map(to_bytes), _broken(whole.map(to_bytes)))


def to_bytes(body: object) -> bytes:
    """Write a body as the gateway does."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@st.composite
def _broken(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    raw = draw(whole)
    place = draw(st.integers(0, len(raw)))
    return raw[:place] + (b"" if draw(st.booleans()) else draw(st.binary(min_size=1, max_size=3)) + raw[place + 1 :])
