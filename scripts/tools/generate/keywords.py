"""The keyword form of operations that take a request: its fields as keywords, and the blocks as typed dicts.

The fields of the blocks `general` and `payment` are flat, other blocks and fields keep their names. An amount and its
currency come as one `MoneyLike`, or as minor units with a currency: the overloads distinguish the two.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.generate.document import CODES, DocumentError, Json, client_filled, kind, ref_name, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

FLAT = ("general", "payment")
"""Blocks whose fields are keywords themselves."""

TAKEN = frozenset({"self", "body", "timeout"})
"""Names that the methods use otherwise."""

MONEY = ("amount", "currency")
_SCALARS = {"string": "str", "integer": "int", "boolean": "bool"}


@dataclass(frozen=True)
class Keyword:
    """A keyword of a create.

    Attributes:
        name: As in the document.
        block: The flat block that the field belongs to; empty for a block.
        annotation: Its type, as source.
        required: Whether a request needs it.
        description: One line for the docstring.
    """

    name: str
    block: str
    annotation: str
    required: bool
    description: str


@dataclass(frozen=True)
class KeywordForm:
    """The keyword form of one operation.

    Attributes:
        keywords: All but amount and currency, the required ones first.
        has_money: Whether amount and currency are among its fields.
        models: The models that its annotations name.
        dicts: The typed dicts and aliases that its annotations name.
    """

    keywords: tuple[Keyword, ...]
    has_money: bool
    models: frozenset[str]
    dicts: frozenset[str]

    @property
    def required(self) -> list[Keyword]:
        """Keywords that a request needs."""
        return [each for each in self.keywords if each.required]

    @property
    def optional(self) -> list[Keyword]:
        """Keywords that may be left out."""
        return [each for each in self.keywords if not each.required]

    @property
    def names(self) -> list[str]:
        """All names, amount and currency included."""
        return [each.name for each in self.keywords] + (list(MONEY) if self.has_money else [])

    def fields_of(self, block: str) -> list[Keyword]:
        """Return the fields of one flat block."""
        return [each for each in self.keywords if each.block == block]

    @property
    def flat_blocks(self) -> list[str]:
        """The flat blocks that the request has."""
        used = {each.block for each in self.keywords if each.block}
        return [block for block in FLAT if block in used]

    @property
    def blocks(self) -> list[Keyword]:
        """The keywords that keep their names: other blocks, and fields outside of blocks."""
        return [each for each in self.keywords if not each.block]


@dataclass(frozen=True)
class Entry:
    """A key of a typed dict."""

    name: str
    annotation: str
    required: bool
    description: str


@dataclass(frozen=True)
class BlockDict:
    """A block of a request as a typed dict."""

    name: str
    model: str
    description: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Choice:
    """The codes of a field: the known ones for completion, and any other if the enum is open."""

    name: str
    values: tuple[str, ...]
    is_open: bool
    description: str


def form_of(document: Json, request: str) -> KeywordForm:
    """Read the keyword form of a request.

    Raises:
        DocumentError: A name stands for two fields, is a word of Python, or is used by the methods themselves.
    """
    found: dict[str, Keyword] = {}
    money = False
    for name, schema, required in _fields(document, request):
        if name not in FLAT:
            annotation = _type(document, schema)
            _add(request, found, Keyword(name, "", annotation, required, _text(document, schema)))
            continue
        for inner, field, needed in _fields(document, ref_name(schema)):
            if name == "payment" and inner in MONEY:
                money = True
                continue
            annotation = _scalar_type(document, field)
            _add(request, found, Keyword(inner, name, annotation, required and needed, _text(document, field)))
    if money and found.keys() & set(MONEY):
        raise DocumentError(f"{request}: amount or currency is also the name of another field")
    ordered = sorted(found.values(), key=_rank)
    words = {word for each in ordered for word in each.annotation.replace("|", " ").split()}
    blocks = {each.annotation.partition(" | ")[0] for each in ordered if " | " in each.annotation}
    return KeywordForm(tuple(ordered), money, frozenset(blocks), frozenset(words - blocks - set(_SCALARS.values())))


def _rank(each: Keyword) -> tuple[bool, bool]:
    # required ones come first, URLs last
    return not each.required, each.block == "general" and not each.required


def _add(request: str, found: dict[str, Keyword], new: Keyword) -> None:
    if new.name in found:
        raise DocumentError(f"{request}: {new.name} is the name of two fields, so it cannot be a keyword")
    if new.name in TAKEN or keyword.iskeyword(new.name):
        raise DocumentError(f"{request}: {new.name} cannot be a keyword of a method")
    found[new.name] = new


def dicts_of(document: Json, requests: list[str]) -> list[BlockDict]:
    """The blocks of these requests as typed dicts, those inside others first."""
    found: dict[str, BlockDict] = {}
    for request in requests:
        for name, schema, _ in _fields(document, request):
            if name not in FLAT and kind(document, schema) == "object":
                _collect(document, ref_name(schema), found)
    return list(found.values())


def _collect(document: Json, model: str, found: dict[str, BlockDict]) -> None:
    entries = []
    for name, schema, required in _fields(document, model):
        if kind(document, schema) == "object":
            _collect(document, ref_name(schema), found)
        entries.append(Entry(name, _type(document, schema), required, _text(document, schema)))
    described = str(document["components"]["schemas"][model]["description"]).strip()
    found.setdefault(model, BlockDict(f"{model}Fields", model, described, tuple(entries)))


def choices_of(document: Json, forms: list[KeywordForm], dicts: list[BlockDict]) -> list[Choice]:
    """The codes that keywords and typed dicts name."""
    used = {name for form in forms for name in form.dicts}
    used |= {entry.annotation for block in dicts for entry in block.entries}
    return [
        Choice(f"{name}Value", tuple(codes), CODES in schema, str(schema["description"]).strip())
        for name, schema in document["components"]["schemas"].items()
        if (codes := _codes(schema)) and f"{name}Value" in used | {"CurrencyValue"}
    ]


def _codes(schema: Json) -> list[str]:
    """The codes that a schema lists: all that there are, or those that are known."""
    codes: list[str] = schema.get("enum") or schema.get(CODES) or []
    return codes


def _fields(document: Json, schema_name: str) -> Iterator[tuple[str, Json, bool]]:
    schema = document["components"]["schemas"][schema_name]
    filled = {"project_id"} if schema_name in client_filled(document) else set()
    for name, prop in schema.get("properties", {}).items():
        if name not in filled:
            yield name, prop, name in schema.get("required", ())


def _text(document: Json, schema: Json) -> str:
    return " ".join(str(resolve(document, schema).get("description", "")).split())


def _type(document: Json, schema: Json) -> str:
    return _block_type(document, schema) if kind(document, schema) == "object" else _scalar_type(document, schema)


def _block_type(document: Json, schema: Json) -> str:
    if kind(document, schema) != "object" or "$ref" not in schema:
        raise DocumentError(f"a block of a request is an object with a name, not {sorted(schema)}")
    name = ref_name(schema)
    return f"{name} | {name}Fields"


def _scalar_type(document: Json, schema: Json) -> str:
    resolved = resolve(document, schema)
    for branch in (schema, resolved, *resolved.get("anyOf", ())):
        if "$ref" in branch and _codes(document["components"]["schemas"][ref_name(branch)]):
            return f"{ref_name(branch)}Value"
    annotation = _SCALARS.get(kind(document, schema))
    if annotation is None:
        raise DocumentError(f"a field of type {kind(document, schema)} cannot be a keyword")
    return annotation
