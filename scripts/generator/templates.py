"""The client's templates: those that openapi-python-client ships, with checked edits, and a few of our own.

No upstream template is kept in this repository. Each edit names text that must stand in the installed template
exactly once, so an upgrade of the generator that no longer fits fails here instead of changing the client in silence.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import openapi_python_client

OWN = Path(__file__).parent / "templates"

# why -> template -> (text of the installed template, text that replaces it)
EDITS: dict[str, dict[str, list[tuple[str, str]]]] = {
    "UNSET is one object, also after copy and pickle, and says its name": {
        "types.py.jinja": [
            (
                "class Unset:\n    def __bool__(self) -> Literal[False]:\n        return False\n",
                'class Unset:\n    """The type of UNSET, which stands for an absent field. It has one instance."""\n\n'
                '    _instance: "ClassVar[Unset | None]" = None\n\n'
                '    def __new__(cls) -> "Unset":\n        if cls._instance is None:\n'
                "            cls._instance = super().__new__(cls)\n        return cls._instance\n\n"
                "    def __bool__(self) -> Literal[False]:\n        return False\n\n"
                '    def __repr__(self) -> str:\n        return "UNSET"\n\n'
                '    def __reduce__(self) -> str:\n        return "UNSET"\n',
            ),
            ("from typing import BinaryIO, Generic,", "from typing import Any, BinaryIO, ClassVar, Generic,"),
        ],
    },
    "a plain string serves where an open enum is expected": {
        "types.py.jinja": [
            (
                'T = TypeVar("T")\n',
                "def plain(value: Any) -> Any:\n"
                '    """The value that goes into JSON: that of an enum member, or what a caller gave instead of one."""\n'
                "    return value.value if isinstance(value, Enum) else value\n\n\n"
                'T = TypeVar("T")\n',
            ),
            ("from http import HTTPStatus\n", "from enum import Enum\nfrom http import HTTPStatus\n"),
            ('"Response", "Unset"]', '"Response", "Unset", "plain"]'),
        ],
        "property_templates/enum_property.py.jinja": [
            ('{% set transformed = source + ".value" %}', '{% set transformed = "plain(" + source + ")" %}'),
        ],
        "model.py.jinja": [("from ..types import UNSET, Unset\n", "from ..types import UNSET, Unset, plain\n")],
    },
    "any HTTP status is an answer, also 520": {
        "types.py.jinja": [("    status_code: HTTPStatus\n", "    status_code: HTTPStatus | int\n")],
    },
    "an answer that cannot be read is one typed error; no error carries the body in its text": {
        "errors.py.jinja": [
            (
                "            f\"Unexpected status code: {status_code}\\n\\nResponse content:\\n{content.decode(errors='ignore')}\"",
                '            f"Unexpected status code: {status_code} ({len(content)} bytes)"',
            ),
            (
                '__all__ = ["UnexpectedStatus"]',
                "    def __reduce__(self) -> tuple[type[UnexpectedStatus], tuple[int, bytes]]:\n"
                "        return type(self), (self.status_code, self.content)\n\n\n"
                "class ResponseParseError(Exception):\n"
                '    """Raised by api functions when an answer came but could not be read as the document says"""\n\n'
                "    def __init__(self, status_code: int, content: bytes, operation: str):\n"
                "        self.status_code = status_code\n        self.content = content\n"
                "        self.operation = operation\n\n        super().__init__(\n"
                '            f"{operation}: cannot read the answer with HTTP {status_code} ({len(content)} bytes)"\n'
                "        )\n\n"
                "    def __reduce__(self) -> tuple[type[ResponseParseError], tuple[int, bytes, str]]:\n"
                "        return type(self), (self.status_code, self.content, self.operation)\n\n\n"
                '__all__ = ["ResponseParseError", "UnexpectedStatus"]',
            ),
            (
                '""" Contains shared errors types that can be raised from API functions """\n',
                '""" Contains shared errors types that can be raised from API functions """\n\n'
                "from __future__ import annotations\n",
            ),
        ],
        "endpoint_module.py.jinja": [
            (
                "    return Response(\n        status_code=HTTPStatus(response.status_code),\n"
                "        content=response.content,\n        headers=response.headers,\n"
                "        parsed=_parse_response(client=client, response=response),\n    )\n",
                "    status_code: HTTPStatus | int\n    try:\n        status_code = HTTPStatus(response.status_code)\n"
                "    except ValueError:\n        status_code = response.status_code\n    try:\n"
                "        parsed = _parse_response(client=client, response=response)\n"
                "    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:\n"
                "        raise errors.ResponseParseError(\n"
                '            response.status_code, response.content, "{{ endpoint.name }}"\n        ) from error\n'
                "    return Response(\n        status_code=status_code,\n        content=response.content,\n"
                "        headers=response.headers,\n        parsed=parsed,\n    )\n",
            ),
        ],
    },
    "a value of another type than the document says is kept as it came, never passed off as the type": {
        "types.py.jinja": [
            (
                "def plain(value: Any) -> Any:\n",
                "MISFIT = (TypeError, ValueError, KeyError, AttributeError)\n"
                '"""What a value raises that is not of the type that the document gives it."""\n\n\n'
                "def expect(value: Any, kind: type) -> Any:\n"
                '    """The value, if it is absent or of this type. Raises TypeError otherwise; a boolean is no integer."""\n'
                "    if value is UNSET or (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):\n"
                "        return value\n"
                "    raise TypeError\n\n\n"
                "def plain(value: Any) -> Any:\n",
            ),
            ('__all__ = ["UNSET", "File", "FileTypes",', '__all__ = ["MISFIT", "UNSET", "File", "FileTypes",'),
            ('"Unset", "plain"]', '"Unset", "expect", "plain"]'),
        ],
        "model.py.jinja": [
            (
                "from ..types import UNSET, Unset, plain\n",
                "from ..types import MISFIT, UNSET, Unset, expect, plain\n",
            ),
            (
                "        d = dict(src_dict)\n",
                "        if not isinstance(src_dict, (dict, Mapping)):\n            raise TypeError\n        d = dict(src_dict)\n",
            ),
            (
                """    {% import "property_templates/" + property.template as prop_template %}
    {% if prop_template.construct %}
        {{ prop_template.construct(property, property_source) | indent(8) }}
    {% else %}
        {{ property.python_name }} = {{ property_source }}
    {% endif %}
""",
                """{% if not property.required and additional_property_type == 'Any' %}
    {% set property_source = 'd["' + (property.name | in_double_quote_literal) + '"]' %}
        if "{{ property.name | in_double_quote_literal }}" in d:
            {% for lazy_import in property.get_lazy_imports(prefix="..") | sort %}
            {{ lazy_import }} # noqa: PLC0415
            {% endfor %}
            try:
                {{ construct_property(property, property_source) | indent(16) }}
                del d["{{ property.name | in_double_quote_literal }}"]
            except MISFIT:
                {{ property.python_name }} = UNSET
        else:
            {{ property.python_name }} = UNSET
{% else %}
        {{ construct_property(property, property_source) | indent(8) }}
{% endif %}
""",
            ),
            (
                "        {{ module_name }}.additional_properties = d\n",
                """        {% if additional_property_type in ("str", "int", "bool") %}
        for value in d.values():
            expect(value, {{ additional_property_type }})
        {% endif %}
        {{ module_name }}.additional_properties = d
""",
            ),
            (
                "{% macro declare_property(property) %}",
                """{% macro construct_property(property, source) %}
{% import "property_templates/" + property.template as prop_template %}
{% set kind = (property.get_instance_type_string() | as_unembedded_code) %}
{% if prop_template.construct %}
{{ prop_template.construct(property, source) }}
{% elif kind in ("str", "int", "bool") %}
{{ property.python_name }} = expect({{ source }}, {{ kind }})
{% else %}
{{ property.python_name }} = {{ source }}
{% endif %}
{% endmacro %}

{% macro declare_property(property) %}""",
            ),
        ],
        "property_templates/union_property.py.jinja": [
            (
                "    return cast({{ property.get_type_string() | as_unembedded_code }}, data)\n",
                """    {% for inner_property in property.inner_properties %}
    {% set kind = inner_property.get_instance_type_string() | as_unembedded_code %}
    {% if kind in ("str", "int", "bool") %}
    if isinstance(data, {{ kind }}){% if kind == "int" %} and not isinstance(data, bool){% endif %}:
        return data
    {% endif %}
    {% endfor %}
    raise TypeError
""",
            ),
        ],
        "property_templates/list_property.py.jinja": [
            (
                "for {{ inner_source }} in (_{{ property.python_name }}):",
                "if not isinstance(_{{ property.python_name }}, list):\n"
                "    raise TypeError\n"
                "for {{ inner_source }} in (_{{ property.python_name }}):",
            ),
            (
                "    {{ property.python_name }} = []\n    for {{ inner_source }} in _{{ property.python_name }}:",
                "    if not isinstance(_{{ property.python_name }}, list):\n        raise TypeError\n"
                "    {{ property.python_name }} = []\n    for {{ inner_source }} in _{{ property.python_name }}:",
            ),
            (
                "{{ property.python_name }} = cast("
                "{{ property.get_type_string(no_optional=True) | as_unembedded_code }}, {{ source }})",
                """{% set kind = inner_property.get_instance_type_string() | as_unembedded_code %}
_{{ property.python_name }} = expect({{ source }}, list)
{% if kind in ("str", "int", "bool") %}
for {{ property.python_name }}_item in _{{ property.python_name }} or ():
    expect({{ property.python_name }}_item, {{ kind }})
{% endif %}
{{ property.python_name }} = cast({{ property.get_type_string() | as_unembedded_code }}, _{{ property.python_name }})""",
            ),
        ],
    },
    "an answer loads only the models that it holds": {
        "model.py.jinja": [
            (
                "    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:\n"
                "    {% for lazy_import in model.lazy_imports | sort %}\n        {{ lazy_import }} # noqa: PLC0415\n"
                "    {% endfor %}\n",
                """    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
    {% for property in model.required_properties + model.optional_properties %}
    {% if property.required or additional_property_type != 'Any' %}
    {% for lazy_import in property.get_lazy_imports(prefix="..") | sort %}
        {{ lazy_import }} # noqa: PLC0415
    {% endfor %}
    {% endif %}
    {% endfor %}
""",
            ),
        ],
    },
    "models are keyword-only; sensitive and unknown fields stay out of repr": {
        "model.py.jinja": [
            ("@_attrs_define\n", "@_attrs_define(kw_only=True)\n"),
            (
                "_attrs_field(init=False, factory=dict)",
                "_attrs_field(init=False, factory=dict, repr=False)",
            ),
            (
                "{%- if config.docstrings_on_attributes and property.description -%}\n"
                "{{ property.to_string() | as_unembedded_code }}",
                "{%- if config.docstrings_on_attributes and property.description -%}\n{{ property_code(property) }}",
            ),
            (
                "{%- else -%}\n{{ property.to_string() | as_unembedded_code }}\n",
                "{%- else -%}\n{{ property_code(property) }}\n",
            ),
            (
                "{% macro declare_property(property) %}",
                "{% macro property_code(property) %}\n"
                "{%- set source = model.data.properties.get(property.name) if model.data.properties else None -%}\n"
                "{%- set code = property.to_string() | as_unembedded_code -%}\n"
                '{%- if source is not none and (source.writeOnly or (source.model_extra or {}).get("x-sensitive")) -%}\n'
                "{%- if property.default is none and property.required -%}\n{{ code }} = _attrs_field(repr=False)\n"
                '{%- else -%}\n{{ code.split(" = ")[0] }} = _attrs_field(default={{ code.split(" = ", 1)[1] }}, repr=False)\n'
                "{%- endif -%}\n{%- else -%}\n{{ code }}\n{%- endif -%}\n{% endmacro %}\n\n"
                "{% macro declare_property(property) %}",
            ),
        ],
    },
    "a field that is a schema tells how it is known too": {
        "model.py.jinja": [
            (
                "{{ docstring(property.description | safe_for_docstring) | wordwrap(112) }}",
                "{% set words = told.get(model.class_info.name, {}).get(property.name) or property.description %}\n"
                "{{ docstring(words | safe_for_docstring) | wordwrap(112) }}",
            ),
        ],
    },
    "clients have a time limit and keep secrets out of repr": {
        "client.py.jinja": [
            ('alias="cookies")', 'alias="cookies", repr=False)'),
            ('alias="headers")', 'alias="headers", repr=False)'),
            ('alias="httpx_args")', 'alias="httpx_args", repr=False)'),
            (
                'field(default=None, kw_only=True, alias="timeout")',
                'field(\n        factory=lambda: httpx.Timeout(30.0, connect=5.0), kw_only=True, alias="timeout"\n    )',
            ),
            (
                '"token": namespace(type="str", default="",',
                '"token": namespace(type="str", default="field(repr=False)",',
            ),
        ],
    },
}


class TemplateError(Exception):
    """An installed template no longer reads as an edit expects: another version of the generator is installed."""


def write(target: Path) -> None:
    """Write all templates into a directory. Raises TemplateError where an edit does not fit."""
    upstream = Path(openapi_python_client.__file__).parent / "templates"
    texts: dict[str, str] = {}
    for why, templates in EDITS.items():
        for name, edits in templates.items():
            text = texts.get(name) or (upstream / name).read_text(encoding="utf-8")
            for old, new in edits:
                if text.count(old) != 1:
                    raise TemplateError(f"{name}: {text.count(old)} places where 1 is expected for {why!r}: {old!r}")
                text = text.replace(old, new)
            texts[name] = text
    for name, text in texts.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for own in OWN.glob("*.jinja"):
        shutil.copy(own, target / own.name)
