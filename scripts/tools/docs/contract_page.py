"""The page of the contract: every operation, callback and schema, each with how it is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tools.generate.document import ref_name

if TYPE_CHECKING:
    from collections.abc import Iterator

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
HEAD = """# Operations and schemas

Made from `spec/openapi.yaml`, version {version}, when the site is built. Every operation is a signed POST with a JSON
body. The last column of each table says how a field is [known](provenance.md).

Requests are strict: what is not listed is refused. Answers are permissive: unknown fields and values are kept.
"""


def page(document: Json) -> str:
    """The whole page."""
    parts = [HEAD.format(version=document["info"]["version"])]
    items = [(path, item["post"]) for path, item in document["paths"].items()]
    for tag in document["tags"]:
        found = [(path, one) for path, one in items if one["tags"] == [tag["name"]]]
        if found:
            parts += [f"## {tag['name']}", tag["description"], *(_operation(path, one) for path, one in found)]
    parts += ["## Callbacks", *(_callback(item["post"]) for item in document["webhooks"].values())]
    parts += ["## Answers that are no success", _errors(document)]
    parts += ["## Schemas", *(_schema(name, one) for name, one in document["components"]["schemas"].items())]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _operation(path: str, one: Json) -> str:
    content = one["requestBody"]["content"]["application/json"]
    answer = one["responses"]["200"]["content"]["application/json"]
    lines = [
        f"### {one['operationId']}",
        f"`POST {path}`, `client.{one['tags'][0]}.{one['x-method-name']}`",
        f"{one['summary']}. {one['description'].strip()}",
        f"Known: {_known(one)}. {RETRY[one['x-retry']]}",
        f"Request {_type(content['schema'])}, answer {_type(answer['schema'])}.",
    ]
    return "\n\n".join([*lines, *_examples("Request", content), *_examples("Answer", answer)])


def _callback(one: Json) -> str:
    content = one["requestBody"]["content"]["application/json"]
    lines = [f"### {one['operationId']}", f"{one['summary']}. {one['description'].strip()}", f"Known: {_known(one)}."]
    return "\n\n".join([*lines, f"Body {_type(content['schema'])}.", *_examples("Body", content)])


def _errors(document: Json) -> str:
    rows = ["| answer | of the money | meaning |", "| --- | --- | --- |"]
    for name, one in document["components"]["responses"].items():
        if "x-outcome" in one:
            rows.append(f"| {name} | {one['x-outcome']} | {_line(one['description'])} |")
    return "[Errors](errors.md) says what the client makes of them.\n\n" + "\n".join(rows)


def _examples(what: str, content: Json) -> Iterator[str]:
    for name, example in content.get("examples", {}).items():
        text = example.get("summary", name.replace("_", " "))
        yield f"{what}, {text}:\n\n```json\n{json.dumps(example['value'], indent=2, ensure_ascii=False)}\n```"


def _schema(name: str, one: Json) -> str:
    lines = [f"### {name}", _text(one), f"Known: {_known(one)}."]
    if "enum" in one:
        words = one.get("x-enumDescriptions", {})
        rows = ["| value | meaning |", "| --- | --- |"]
        rows += [f"| `{value}` | {_line(words.get(value, ''))} |" for value in one["enum"]]
        return "\n\n".join([*filter(None, lines), "\n".join(rows)])
    if "properties" not in one:
        return "\n\n".join([*filter(None, lines), f"{_type(one).capitalize()}{_bounds(one)}."])
    rows = ["| field | type | needed | meaning | known |", "| --- | --- | --- | --- | --- |"]
    for field, value in one["properties"].items():
        needed = "yes" if field in one.get("required", []) else ""
        known = value.get("x-provenance", one["x-provenance"])
        meaning = f"{_line(value.get('description', ''))}{_sensitive(value)}"
        rows.append(f"| `{field}` | {_type(value)}{_cell(_bounds(value))} | {needed} | {meaning} | {known} |")
    if "if" in one or "allOf" in one:
        rows.append("\nWhat is needed depends on other fields as well; the document has the rules (`if`, `then`).")
    return "\n\n".join([*filter(None, lines), "\n".join(rows)])


def _sensitive(value: Json) -> str:
    return f" Sensitive ({value['x-sensitive']})." if "x-sensitive" in value else ""


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


def _known(one: Json) -> str:
    return f"{one['x-provenance']}, {one['x-source'].strip()}" if one.get("x-source") else str(one["x-provenance"])


def _text(one: Json) -> str:
    return str(one.get("description", "")).strip()


def _line(text: str) -> str:
    return _cell(" ".join(str(text).split()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
