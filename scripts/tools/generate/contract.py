"""The contract as plain data: the content of the document beyond types, without parsing YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iso4217 import Currency

from tools.generate.document import (
    CODES,
    DocumentError,
    Endpoint,
    Json,
    endpoints,
    json_content,
    kind,
    not_null,
    places,
    ref_name,
    resolve_response,
    webhooks,
)
from tools.generate.static import types

if TYPE_CHECKING:
    from collections.abc import Mapping

VALIDATION = (
    "$ref", "type", "enum", "const", "required", "properties", "additionalProperties", "items", "anyOf", "allOf",
    "if", "then", "else", "not", "minLength", "maxLength", "pattern", "minimum", "maximum",
)  # fmt: skip
"""The supported validation keywords. Any other one (x- keys and prose aside) is refused: no validator reads it."""

PROSE = ("description", "title", "example", "examples", "format", "deprecated")


def operations(document: Json) -> dict[str, types.Operation]:
    """Return all operations by id. Raises DocumentError if an operation is inconsistent."""
    by_path = {endpoint.path: endpoint.id for endpoint in endpoints(document)}
    found: dict[str, types.Operation] = {}
    names: dict[tuple[str, str], str] = {}
    for endpoint in endpoints(document):
        data = endpoint.data
        info = by_path.get(f"{endpoint.path}/info") or by_path.get(f"{endpoint.path.rsplit('/', 1)[0]}/info")
        name = data["x-method-name"]
        if (endpoint.tag, name) in names:
            raise DocumentError(f"{endpoint.id}: {endpoint.tag}.{name} is already {names[endpoint.tag, name]}")
        if data["x-retry"] == "reconcile" and (info is None or "x-idempotency" not in data):
            raise DocumentError(f"{endpoint.id}: x-retry reconcile needs an info operation and x-idempotency")
        names[endpoint.tag, name] = endpoint.id
        found[endpoint.id] = types.Operation(
            id=endpoint.id,
            path=endpoint.path,
            tag=endpoint.tag,
            method_name=name,
            summary=data["summary"],
            retry=data["x-retry"],
            idempotency=data.get("x-idempotency"),
            request=endpoint.request_schema,
            response=endpoint.response_schema,
            direction=_direction(document, endpoint),
            info=None if data["x-retry"] == "safe" else info,
            machines=tuple(data.get("x-transitions", ())),
            outcomes=_outcomes(document, endpoint),
            provenance=data["x-provenance"],
            source=data.get("x-source"),
        )
    return found


def _direction(document: Json, endpoint: Endpoint) -> str | None:
    directions = document["components"]["schemas"].get("PaymentType", {}).get(CODES, ())
    return next((part for part in endpoint.path.split("/") if part in directions), None)


def _outcomes(document: Json, endpoint: Endpoint) -> dict[str, str]:
    outcomes = {}
    for status, response in endpoint.data["responses"].items():
        if status == "200":
            outcomes[status] = "accepted"
            continue
        outcome = resolve_response(document, response).get("x-outcome")
        if outcome is None:
            raise DocumentError(f"{endpoint.id}: the response {status} has no x-outcome")
        outcomes[status] = outcome
    if "default" not in outcomes:
        raise DocumentError(f"{endpoint.id}: has no default response")
    return outcomes


def machines(document: Json) -> dict[str, dict[str, tuple[str, ...]]]:
    """The state machines by name: which states may follow each state that is not final.

    Machines that an operation names together are one: each may lead into a state of the other.
    """
    final = set(document["components"]["schemas"]["Status"]["x-final"])
    result = {
        name: {state: tuple(following) for state, following in machine.items()}
        for name, machine in document.get("x-transitions", {}).items()
    }
    for name, machine in result.items():
        if final & set(machine):
            raise DocumentError(
                f"x-transitions: {name}: nothing follows {', '.join(final & set(machine))}: it is final"
            )
    for endpoint in endpoints(document):
        together: dict[str, tuple[str, ...]] = {}
        for name in endpoint.data.get("x-transitions", ()):
            if name not in result:
                raise DocumentError(f"{endpoint.id}: x-transitions names no machine: {name}")
            together |= result[name]
        for following in together.values():
            for state in following:
                if state not in together and state not in final:
                    raise DocumentError(f"{endpoint.id}: x-transitions say nothing of what follows {state}")
    return result


def states(document: Json) -> dict[str, types.State]:
    """All states that a machine knows. Raises DocumentError unless every status occurs in one."""
    schemas = document["components"]["schemas"]
    status, sub_status = schemas["Status"], schemas["SubStatus"]
    named = dict.fromkeys(
        name
        for machine in document.get("x-transitions", {}).values()
        for state, following in machine.items()
        for name in (state, *following)
    )
    for name in named:
        value, _, sub = name.partition(":")
        if value not in status[CODES] or (sub and sub not in sub_status[CODES]):
            raise DocumentError(f"x-transitions: {name} is no status or sub-status of the document")
    found: dict[str, types.State] = {}
    for value in status[CODES]:
        mine = [name for name in named if name.partition(":")[0] == value]
        if not mine:
            raise DocumentError(f"x-transitions: no machine knows the status {value}")
        mine.sort(key=lambda name: [*sub_status[CODES], ""].index(name.partition(":")[2]))
        for name in mine:
            sub = name.partition(":")[2] or None
            described = sub_status["x-enumDescriptions"][sub] if sub else status["x-enumDescriptions"][value]
            found[name] = types.State(name, value, sub, value in status["x-final"], described)
    return found


def validation_schemas(document: Json) -> dict[str, Json]:
    """Every schema with the keywords that validate and the known values of codes, and nothing else."""
    return {name: _validating(name, schema) for name, schema in document["components"]["schemas"].items()}


def _validating(where: str, schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    kept: Json = {}
    for key, value in schema.items():
        if key in PROSE or (key.startswith("x-") and key != CODES):
            continue
        if key not in VALIDATION and key != CODES:
            raise DocumentError(f"{where}: the keyword {key} is read by no validator of ours")
        if key == "properties":
            kept[key] = {name: _validating(f"{where}.{name}", child) for name, child in value.items()}
        elif key in ("anyOf", "allOf"):
            kept[key] = [_validating(where, child) for child in value]
        elif key in ("items", "additionalProperties", "if", "then", "else", "not"):
            kept[key] = _validating(where, value)
        else:
            kept[key] = value
    return kept


def known_fields(document: Json, root: str) -> dict[str, types.Field]:
    """The known fields of a body by colon path."""
    return {
        place.path: types.Field(
            place.path, kind(document, place.schema), place.required, not_null(document, place.schema)[1]
        )
        for place in places(document, root)
    }


def request_fields(document: Json) -> dict[str, types.Field]:
    """The known fields of all requests together, by colon path.

    The signature covers no path of the API: a body may turn up at another operation, where it must say the same.
    Raises DocumentError where it could not: one path of two types, a request that takes fields of other names, or a
    list, whose items no rule of `highhelp_signing.ambiguity` looks at.
    """
    found: dict[str, types.Field] = {}
    for endpoint in endpoints(document):
        _check_closed(document, endpoint.request_schema)
        for path, row in known_fields(document, endpoint.request_schema).items():
            other = found.get(path, row)
            if row.type != other.type or row.type == "array":
                raise DocumentError(f"{endpoint.id}: {path}: a request's field has one type, which is no list")
            found[path] = types.Field(path, row.type, row.required and other.required, row.nullable or other.nullable)
    return found


def _check_closed(document: Json, root: str) -> None:
    for owner in {root, *(place.owner for place in places(document, root))}:
        if document["components"]["schemas"][owner].get("additionalProperties") is not False:
            raise DocumentError(f"{owner}: a request takes no other fields (additionalProperties: false)")


def roots(document: Json) -> dict[str, None]:
    """Names of all schemas that are a whole body: of a request, an answer or a callback."""
    names: dict[str, None] = {}
    for endpoint in endpoints(document):
        names[endpoint.request_schema] = None
        names[endpoint.response_schema] = None
    for webhook in webhooks(document):
        names[webhook.request_schema] = None
    for response in document["components"]["responses"].values():
        content = response["content"].get("application/json")
        if content:
            names[ref_name(content["schema"])] = None
    return names


def headers(document: Json) -> types.Headers:
    """Names of the signature's headers."""
    schemes = document["components"]["securitySchemes"]
    return types.Headers(**{name: schemes[name]["name"] for name in types.Headers._fields})


def final_statuses(document: Json) -> frozenset[str]:
    """Statuses that never change again."""
    return frozenset(document["components"]["schemas"]["Status"]["x-final"])


def callback_schema(document: Json) -> str:
    """Name of the schema of every callback."""
    return next(webhook.request_schema for webhook in webhooks(document))


def sensitive_paths(document: Json) -> dict[str, dict[str, str]]:
    """For each whole body: colon path -> pan, secret or pii. A path covers everything below it."""
    return {
        root: {
            place.path: place.schema["x-sensitive"] for place in places(document, root) if "x-sensitive" in place.schema
        }
        for root in roots(document)
    }


def sensitive_names(document: Json) -> dict[str, str]:
    """Names of properties that are sensitive anywhere, for places where no schema is known."""
    return {
        name: prop["x-sensitive"]
        for schema in document["components"]["schemas"].values()
        for name, prop in schema.get("properties", {}).items()
        if "x-sensitive" in prop
    }


def facts(document: Json) -> tuple[types.Fact, ...]:
    """Provenance of every operation, schema, property, value of a code and shared response."""
    found = [
        types.Fact("operation", endpoint.id, endpoint.data["x-provenance"], endpoint.data.get("x-source"))
        for endpoint in endpoints(document)
    ]
    for name, schema in document["components"]["schemas"].items():
        found.append(types.Fact("schema", name, schema["x-provenance"], schema.get("x-source")))
        for prop_name, prop in schema.get("properties", {}).items():
            provenance = prop.get("x-provenance", schema["x-provenance"])
            found.append(types.Fact("property", f"{name}.{prop_name}", provenance, prop.get("x-source")))
        for value in schema.get(CODES, ()):
            provenance = schema.get("x-enum-provenance", {}).get(value, schema["x-provenance"])
            found.append(types.Fact("value", f"{name}.{value}", provenance, schema.get("x-source")))
    for name, response in document["components"]["responses"].items():
        found.append(types.Fact("response", name, response["x-provenance"], response.get("x-source")))
    return tuple(found)


def catalogues(document: Json) -> dict[str, dict[str, str]]:
    """Known values of every code and their meanings."""
    return {
        name: dict(schema["x-enumDescriptions"])
        for name, schema in document["components"]["schemas"].items()
        if CODES in schema
    }


def exponents() -> dict[str, int]:
    """Number of decimals of each ISO 4217 currency that has minor units."""
    return {
        currency.code: currency.exponent
        for currency in sorted(Currency, key=lambda currency: str(currency.code))
        if currency.exponent is not None
    }


def examples(document: Json) -> tuple[types.Example, ...]:
    """Every example of the document."""
    found: list[types.Example] = []

    def collect(of: str, status: str, holder: Mapping[str, Any]) -> None:
        if "application/json" not in holder["content"]:
            return
        content = json_content(holder)
        for name, example in content.get("examples", {}).items():
            found.append(types.Example(of, status, name, ref_name(content["schema"]), example["value"]))

    for endpoint in endpoints(document):
        collect(endpoint.id, "", endpoint.data["requestBody"])
        collect(endpoint.id, "200", endpoint.data["responses"]["200"])
    for webhook in webhooks(document):
        collect(webhook.path, "", webhook.data["requestBody"])
    statuses = {
        ref_name(response): status
        for endpoint in endpoints(document)
        for status, response in endpoint.data["responses"].items()
        if "$ref" in response
    }
    for name, response in document["components"]["responses"].items():
        collect(name, statuses.get(name, "4XX"), response)
    return tuple(found)
