"""Write `highhelp_api.contract`: a module for each kind of data, and the files of `static/`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from tools.generate import contract
from tools.generate.document import Json, webhooks
from tools.generate.static import types
from tools.markdown import render

if TYPE_CHECKING:
    from collections.abc import Callable

STATIC = Path(__file__).parent / "static"
SHAPES = [name for name, value in vars(types).items() if hasattr(value, "_fields")]
"""Names of the classes that the data is made of."""
FUNCTIONS = {"ref_name": "references", "resolve": "references"}
"""Functions that the package exports, with the file of `static/` that holds it."""


@dataclass(frozen=True)
class Constant:
    """A constant of the package.

    Attributes:
        module: Where it stands.
        name: What it is called.
        annotation: Its type, as source.
        value: Reads it from the document.
        text: Its docstring.
    """

    module: str
    name: str
    annotation: str
    value: Callable[[Json], object]
    text: str


# those of one module stand together
CONSTANTS = (
    Constant("operations", "OPERATIONS", "Mapping[str, Operation]", contract.operations, "All operations by id."),
    Constant("operations", "HEADERS", "Headers", contract.headers, "Names of the signature's headers."),
    Constant("operations", "VERSION", "str", lambda document: document["info"]["version"], "Version of the document."),
    Constant(
        "statuses", "STATES", "Mapping[str, State]", contract.states, "All states, by `status` or `status:sub_status`."
    ),
    Constant(
        "statuses", "FINAL_STATUSES", "frozenset[str]", contract.final_statuses, "Statuses that never change again."
    ),
    Constant(
        "statuses",
        "TRANSITIONS",
        "Mapping[str, Mapping[str, tuple[str, ...]]]",
        contract.machines,
        "Which states may follow each state, by machine.",
    ),
    Constant(
        "schemas",
        "SCHEMAS",
        "Mapping[str, Mapping[str, Any]]",
        contract.validation_schemas,
        "The schemas by name, with the keywords that validate and the known values of codes (`x-extensible-enum`).",
    ),
    Constant("callbacks", "CALLBACK_SCHEMA", "str", contract.callback_schema, "Name of the schema of every callback."),
    Constant(
        "callbacks",
        "CALLBACK_FIELDS",
        "Mapping[str, Field]",
        lambda document: contract.known_fields(document, contract.callback_schema(document)),
        "The known fields of a callback by colon path.",
    ),
    Constant(
        "callbacks",
        "WEBHOOKS",
        "Mapping[str, str]",
        lambda document: {webhook.path: webhook.data["summary"] for webhook in webhooks(document)},
        "The kinds of callback with one line on each.",
    ),
    Constant(
        "requests",
        "REQUEST_FIELDS",
        "Mapping[str, Field]",
        contract.request_fields,
        "The known fields of all requests together, by colon path.",
    ),
    Constant(
        "sensitive",
        "SENSITIVE_PATHS",
        "Mapping[str, Mapping[str, str]]",
        contract.sensitive_paths,
        "For each whole body: colon path -> pan, secret or pii. `*` stands for an index.",
    ),
    Constant(
        "sensitive",
        "SENSITIVE_NAMES",
        "Mapping[str, str]",
        contract.sensitive_names,
        "Names of fields that are sensitive anywhere -> pan, secret or pii.",
    ),
    Constant("provenance", "FACTS", "tuple[Fact, ...]", contract.facts, "How each part of the contract is known."),
    Constant(
        "catalogues",
        "CATALOGUES",
        "Mapping[str, Mapping[str, str]]",
        contract.catalogues,
        "Known values of each code with what they mean.",
    ),
    Constant(
        "currencies",
        "EXPONENTS",
        "Mapping[str, int]",
        lambda _: contract.exponents(),
        "Decimals of each ISO 4217 currency that has minor units.",
    ),
    Constant("examples", "EXAMPLES", "tuple[Example, ...]", contract.examples, "Every example of the document."),
)


def write(document: Json, target: Path) -> None:
    """Write the package. Raises DocumentError if the document contradicts itself."""
    target.mkdir(parents=True)
    for module in {"types", *FUNCTIONS.values()}:
        shutil.copy(STATIC / f"{module}.py", target)
    for module, constants in groupby(CONSTANTS, lambda constant: constant.module):
        text = _rendered("module", about=module, constants=list(constants), shapes=SHAPES, document=document)
        (target / f"{module}.py").write_text(text, encoding="utf-8")
    where = {constant.name: constant.module for constant in CONSTANTS} | dict.fromkeys(SHAPES, "types") | FUNCTIONS
    text = _rendered("init", where=dict(sorted(where.items())), names=tuple(sorted(where)))
    (target / "__init__.py").write_text(text, encoding="utf-8")


def _rendered(template: str, **values: object) -> str:
    # imports that a module does not need are taken out by ruff
    return render(Path(__file__).parent / "contract_templates" / f"{template}.py.jinja", {"literal": literal}, **values)


def literal(value: object) -> str:
    """A value as Python source."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        inner = ", ".join(f"{name}={literal(item)}" for name, item in zip(value._fields, value, strict=True))
        return f"{type(value).__name__}({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, tuple):
        return "(" + "".join(f"{literal(item)}, " for item in value) + ")"
    if isinstance(value, frozenset):
        return "frozenset(" + literal(sorted(value)) + ")"
    return repr(value)
