"""The page of the contract: every operation, callback and schema with its provenance."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.generate.document import endpoints, ref_name, webhooks
from tools.markdown import render

if TYPE_CHECKING:
    from tools.generate.document import Json

RETRY = {
    "safe": "A question: sent again when its answer is lost.",
    "reconcile": "Moves money: when its answer is lost, the info operation is asked first.",
    "never": "Never repeated.",
}
RANGES = {
    ("minLength", "maxLength"): "{} characters",
    ("minimum", "maximum"): "{}",
    ("minItems", "maxItems"): "{} items",
}
EXACT = {"pattern": "`{}`", "format": "{}", "const": "always `{}`"}


def page(document: Json) -> str:
    """The whole page."""
    operations = defaultdict(list)
    for endpoint in endpoints(document):
        operations[endpoint.tag].append((endpoint.path, endpoint.data))
    filters = {
        "type": _type,
        "bounds": _bounds,
        "cell": lambda text: " ".join(str(text).split()).replace("|", "\\|"),
        "json": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
    }
    return render(
        Path(__file__).with_name("contract_page.md.jinja"),
        filters,
        **{name: document[name] for name in ("info", "tags", "components")},
        operations=operations,
        webhooks=[one.data for one in webhooks(document)],
        retry=RETRY,
    )


def _type(schema: Any) -> str:
    if "$ref" in schema:
        name = ref_name(schema)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"array of {_type(schema['items'])}"
    return str(kind)


def _bounds(schema: Any) -> str:
    said = []
    for (least, most), text in RANGES.items():
        low, high = schema.get(least), schema.get(most)
        if low is not None or high is not None:
            said.append(text.format(f"{low or 0} to {high}" if high is not None else f"{low} or more"))
    said += [text.format(schema[name]) for name, text in EXACT.items() if name in schema]
    return f", {', '.join(said)}" if said else ""
