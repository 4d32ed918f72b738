"""The typed client: openapi-python-client, called as a library, with our templates and a table of x- keys."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.strings import ClassName, PythonIdentifier

from tools.generate import contract, keywords, templates
from tools.generate.document import (
    DocumentError,
    Json,
    client_view,
    descriptions_beside_refs,
    endpoints,
    kind,
    needed_in_answers,
    places,
    resolve,
)

if TYPE_CHECKING:
    from tools.generate.static.types import Operation

PREFIX = "field_"
OWN_MODULES = ("fields.py", "payable.py")
"""Modules of the client that do not come from openapi-python-client."""


@dataclass(frozen=True)
class Argument:
    """An argument of a method that takes the leaves of its request."""

    name: str
    annotation: str
    required: bool
    description: str


@dataclass(frozen=True)
class Method:
    """An operation as a method of a resource."""

    id: str
    name: str
    takes_body: bool
    request: str
    arguments: tuple[Argument, ...]
    form: keywords.KeywordForm | None
    body: str
    response: str
    response_module: str
    summary: str
    description: str
    known: str
    wait_name: str | None
    has_requisites: bool


@dataclass(frozen=True)
class Model:
    """A model that a resource's signatures name."""

    name: str
    module: str


@dataclass(frozen=True)
class Resource:
    """A tag with its methods."""

    name: str
    class_name: str
    description: str
    methods: tuple[Method, ...]

    @property
    def models(self) -> list[Model]:
        """The models that its signatures name."""
        names = {method.request for method in self.methods if method.takes_body}
        names |= {method.response for method in self.methods}
        names |= {name for method in self.methods if method.form is not None for name in method.form.models}
        return [Model(name, _module(name)) for name in sorted(names)]

    @property
    def field_types(self) -> list[str]:
        """The typed dicts and aliases that its signatures name."""
        forms = [method.form for method in self.methods if method.form is not None]
        money = {"CurrencyValue"} if any(form.has_money for form in forms) else set()
        return sorted(money.union(*(form.dicts for form in forms)))


def write(document: Json, target: Path) -> None:
    """Write the package. Raises DocumentError with everything that the generator reports, even warnings."""
    view = client_view(document)
    config = Config.from_sources(
        ConfigFile(
            package_name_override=target.name,
            docstrings_on_attributes=True,
            use_path_prefixes_for_title_model_names=False,
            post_hooks=[],
            field_prefix=PREFIX,
        ),
        MetaType.NONE,
        document_source=target,
        file_encoding="utf-8",
        overwrite=True,
        output_path=target,
    )
    data = GeneratorData.from_dict(view, config=config)
    if isinstance(data, GeneratorError):
        raise DocumentError(_text(data))
    resources = _resources(document)
    with TemporaryDirectory() as directory:
        templates.write(Path(directory))
        project = Project(openapi=data, config=config, custom_template_path=Path(directory))
        project.env.globals.update(
            resources=resources,
            resources_by_name={resource.name: resource for resource in resources},
            descriptions=_described_values(document),
            beside_refs=descriptions_beside_refs(view),
            needed=needed_in_answers(document),
            **_field_types(document, resources),
        )
        with contextlib.redirect_stdout(io.StringIO()):  # the generator says "Generating", which is ours to say
            problems = project.build()
            own = {name: project.env.get_template(f"{name}.jinja").render() for name in OWN_MODULES}
    if problems:
        raise DocumentError("\n".join(_text(problem) for problem in problems))
    for name, text in own.items():
        (target / name).write_text(text, encoding="utf-8")


def _field_types(document: Json, resources: list[Resource]) -> dict[str, object]:
    creates = [method for resource in resources for method in resource.methods if method.form is not None]
    blocks = keywords.dicts_of(document, [method.request for method in creates])
    choices = keywords.choices_of(document, [method.form for method in creates if method.form is not None], blocks)
    return {
        "choices": choices,
        "block_dicts": blocks,
        "names_of_fields": sorted([block.name for block in blocks] + [choice.name for choice in choices]),
        "imports_of_fields": [Model(block.model, _module(block.model)) for block in blocks],
    }


def _described_values(document: Json) -> dict[str, dict[str, str]]:
    """The meaning of each known value, with its provenance if it differs from its schema's."""
    words = {name: schema.get("x-enum-provenance", {}) for name, schema in document["components"]["schemas"].items()}
    return {
        name: {
            value: f"{text} ({words[name][value]})" if value in words[name] else text for value, text in values.items()
        }
        for name, values in contract.catalogues(document).items()
    }


def _text(problem: Any) -> str:
    return " ".join(part for part in (problem.header, problem.detail) if part)


def _module(class_name: str) -> str:
    return str(PythonIdentifier(class_name, PREFIX))


def _resources(document: Json) -> list[Resource]:
    table = contract.operations(document)
    described = {tag["name"]: tag["description"] for tag in document.get("tags", [])}
    methods: dict[str, list[Method]] = {}
    for endpoint in endpoints(document):
        methods.setdefault(endpoint.tag, []).append(_method(document, endpoint.data, table[endpoint.id]))
    return [
        Resource(
            name=str(PythonIdentifier(tag, "tag")),
            class_name=str(ClassName(tag, PREFIX)),
            description=described.get(tag, tag),
            methods=tuple(members),
        )
        for tag, members in methods.items()
    ]


def _method(document: Json, data: Json, operation: Operation) -> Method:
    takes_body = operation.retry != "safe"
    arguments, body = ((), "") if takes_body else _leaves(document, operation.request)
    # a state can be waited for if the info operation answers with the create's schema
    waits = not takes_body and operation.direction is not None and operation.method_name.startswith("get_")
    return Method(
        id=operation.id,
        name=operation.method_name,
        takes_body=takes_body,
        request=operation.request,
        arguments=arguments,
        form=keywords.form_of(document, operation.request) if takes_body else None,
        body=body,
        response=operation.response,
        response_module=_module(operation.response),
        summary=operation.summary,
        description=str(data["description"]).strip(),
        known=f"{operation.provenance}, {operation.source}" if operation.source else operation.provenance,
        wait_name=f"wait_{operation.method_name.removeprefix('get_')}" if waits else None,
        has_requisites=waits and _leads_to_requisites(document, operation.id),
    )


def _leads_to_requisites(document: Json, info: str) -> bool:
    """Whether a payment that this operation reports may have payment details."""
    machines = contract.machines(document)
    creates = [each for each in contract.operations(document).values() if each.info == info]
    states = {state for create in creates for name in create.machines for state in machines[name]}
    return any(state.partition(":")[2] == "requisites" for state in states)


def _leaves(document: Json, request: str) -> tuple[tuple[Argument, ...], str]:
    """The request's scalar leaves but the project id as arguments, and the expression that makes the body of them."""
    arguments: list[Argument] = []
    tree: dict[str, Any] = {}
    for place in places(document, request):
        *parents, name = place.path.split(":")
        if name == "project_id":
            continue
        branch = tree
        for parent in parents:
            branch = branch[parent]
        type_name = kind(document, place.schema)
        if type_name == "object":
            branch[name] = {}
            continue
        annotation = {"string": "str", "integer": "int", "boolean": "bool"}.get(type_name)
        if annotation is None or any(argument.name == name for argument in arguments):
            raise DocumentError(f"{request}: {place.path} cannot be an argument")
        argument = str(PythonIdentifier(name, PREFIX))
        branch[name] = argument
        description = str(resolve(document, place.schema).get("description", name)).strip()
        arguments.append(Argument(argument, annotation, place.required, description))
    return tuple(arguments), _expression(tree)


def _expression(tree: dict[str, Any]) -> str:
    parts = (f'"{name}": {_expression(value) if isinstance(value, dict) else value}' for name, value in tree.items())
    return "given({" + ", ".join(parts) + "})"
