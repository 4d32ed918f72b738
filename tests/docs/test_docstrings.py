"""Every public name says what it is, what its parameters mean with their units, and which errors it raises.

Public is what stands in the `__all__` of a public module; the list is that of the site's reference.
"""

from __future__ import annotations

import ast
import enum
import inspect
import re
import textwrap
import typing
from dataclasses import dataclass, is_dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from highhelp.payouts.guard import settle
from highhelp_api.client import models
from highhelp_api.contract import OPERATIONS
from tools.docs.reference import MODULES, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OURS = ("highhelp", "highhelp_api", "highhelp_mock", "highhelp_signing")
SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Yields")
UNITS = {
    "timeout": "second", "total_timeout": "second", "tolerance": "second", "lease": "second", "poll": "second",
    "seconds": "second", "older_than": "second", "since": "second", "until": "second", "timestamp": "second",
    "clock": "second", "received": "second", "received_at": "second", "signed_at": "second", "retry_after": "second",
    "per_second": "second", "amount": "minor|major", "minor": "minor", "balances": "minor",
}  # fmt: skip
"""A parameter or attribute of this name is a number of something: its description names the unit."""
LEADS = re.compile(
    r"\b(?:As|See|as) (?:that of |those of |in )?(?::\w+:)?`~?([\w.]+)`"
    r"|(?::\w+:)?`~?([\w.]+)` for asyncio: the same arguments"
    r"|[Aa]rguments and behaviour are those of `([\w.]+)`"
    r"|Otherwise as :meth:`([\w.]+)`"
)
"""How a docstring leaves the details to another one, which then has to have them."""
KNOWN_AS = re.compile(r"documented|integrator|family|inferred|observed")


@dataclass(frozen=True)
class Documented:
    """A docstring in Google's form."""

    text: str

    def section(self, name: str) -> dict[str, str]:
        """Its entries: name -> description."""
        found = re.search(rf"^{name}:\n((?:[ ]+.*\n|\n)*)", self.text + "\n", re.MULTILINE)
        if found is None:
            return {}
        entries = re.findall(r"^ {4}(\S[^:\n]*):(.*(?:\n(?: {5,}.*|))*)", found[1], re.MULTILINE)
        return {one.strip("*"): text for keys, text in entries for one in re.split(r",\s*|\s+or\s+", keys)}


def lacks(name: str, found: object) -> Iterator[str]:
    """Yield what one public name lacks."""
    if inspect.isclass(found):
        yield from _class(name, found)
    elif callable(found) and typing.get_origin(found) is None:  # an alias has none
        # what a fixture takes is other fixtures, and not for users
        yield from _function(name, found, fixture=name.startswith("highhelp.testing."))


def _class(name: str, found: type) -> Iterator[str]:
    doc = _doc(found)
    if doc is None:
        yield f"{name}: no docstring"
        return
    told = _told(doc, found)
    if issubclass(found, Exception):  # raised by this package; a user reads its attributes
        told = {field: text for base in found.__mro__ for field, text in _told(_doc(base), base).items()} | {
            "message": ""
        }
    if not issubclass(found, enum.Enum) and not attrs.has(found):
        for field in _parameters(found.__init__) if _ours(found.__init__) else _fields(found):
            if field not in told and not _in_one_line(field, doc):
                yield f"{name}: {field} is not described"
        yield from _members(name, found)
    yield from _units(name, told)


def _members(name: str, found: type) -> Iterator[str]:
    for key, member in vars(found).items():
        if key.startswith("_"):
            continue
        if isinstance(member, property | cached_property):
            getter = member.fget if isinstance(member, property) else member.func
            if getter is None or not getter.__doc__:
                yield f"{name}.{key}: no docstring"
        elif isinstance(member, staticmethod | classmethod):
            yield from _function(f"{name}.{key}", member.__func__, found)
        elif inspect.isfunction(member):
            yield from _function(f"{name}.{key}", member, found)


def _function(
    name: str, found: Callable[..., Any], owner: type | None = None, *, fixture: bool = False
) -> Iterator[str]:
    doc = _doc(found)
    if doc is None:
        yield f"{name}: no docstring"
        return
    told = _told(doc, owner)
    for parameter in () if fixture else _parameters(found):
        if parameter not in told and not _in_one_line(parameter, doc):
            yield f"{name}: {parameter} is not described"
    yield from _units(name, told)
    said = doc.text + "".join(other.text for other in _others(doc, owner))
    for error in _raised(found):
        if error not in said:
            yield f"{name}: {error} is not named"


def _in_one_line(parameter: str, doc: Documented) -> bool:
    """A docstring of a single line may say it all, where it names its parameters."""
    return "\n" not in doc.text.strip() and f"`{parameter}`" in doc.text


def _told(doc: Documented | None, owner: type | None) -> dict[str, str]:
    """What a docstring describes, with what it leaves to others."""
    if doc is None:
        return {}
    told = doc.section("Args") | doc.section("Attributes")
    for other in _others(doc, owner):
        told = other.section("Args") | other.section("Attributes") | told
    return told


def _others(doc: Documented, owner: type | None) -> Iterator[Documented]:
    for groups in LEADS.findall(doc.text):
        *path, name = next(filter(None, groups)).split(".")
        of = KNOWN.get(path[-1]) if path else owner
        # a name alone is a method of the same class, or a separate class or function
        for found in (vars(of).get(name) if of else None, KNOWN.get(name)):
            other = _doc(getattr(found, "__func__", found)) if found is not None else None
            if other is not None and other.text != doc.text:
                yield other
                yield from _others(other, of)
                break


def _units(name: str, told: dict[str, str]) -> Iterator[str]:
    for field, text in told.items():
        unit = UNITS.get(field)
        if unit is not None and not re.search(unit, text, re.IGNORECASE):
            yield f"{name}: {field} has no unit"


def _doc(found: object) -> Documented | None:
    text = vars(found).get("__doc__") if inspect.isclass(found) else found.__doc__
    return Documented(inspect.cleandoc(text)) if text else None


def _ours(found: object) -> bool:
    return getattr(found, "__module__", "").partition(".")[0] in OURS


def _fields(found: type) -> list[str]:
    return [one for one in found.__dataclass_fields__ if not one.startswith("_")] if is_dataclass(found) else []


def _parameters(found: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(found).parameters if name not in {"self", "cls"} and name[0] != "_"]


def _raised(found: Callable[..., Any]) -> set[str]:
    """The errors that its own body raises by name, where nothing in it catches them."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(found)))
    raised = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            raised.add(node.exc.func.id)
    return {one for one in raised if one[:1].isupper()}


PUBLIC = [
    (f"{module}.{name}", getattr(import_module(module), name))
    for _, _, modules in MODULES.values()
    for module in modules
    for name in names(module)
]
KNOWN: dict[str, Any] = {name.rpartition(".")[2]: found for name, found in PUBLIC} | {"settle": settle}
RESOURCES = [
    (f"{module.__name__}.{name}", getattr(module, name))
    for module in (import_module(f"highhelp_api.client.api.{tag}") for tag in {one.tag for one in OPERATIONS.values()})
    for name in module.__all__
]


def test_every_public_name_is_described() -> None:
    missing = [one for name, found in PUBLIC for one in lacks(name, found)]
    # a resource is made by the client, so its constructor is none of the user's business
    missing += [one for name, found in RESOURCES for one in _members(name, found)]
    missing += [f"{name}: no docstring" for name, found in RESOURCES if _doc(found) is None]
    assert not missing, "\n" + "\n".join(missing)


def test_every_constant_is_described() -> None:
    missing = []
    for name, found in PUBLIC:
        if callable(found):
            continue
        if not any(_described(module, name.rpartition(".")[2]) for module in _modules_of(name)):
            missing.append(name)
    assert not missing, missing


def _modules_of(name: str) -> Iterator[Any]:
    package = import_module(name.rpartition(".")[0])
    yield package
    lazy = getattr(package, "_MODULES", {}).get(name.rpartition(".")[2])
    if lazy:
        yield import_module(lazy if "." in lazy else f"{package.__name__}.{lazy}")
    for inner in vars(package).values():
        if inspect.ismodule(inner) and inner.__name__.startswith(package.__name__):
            yield inner


def _described(module: Any, name: str) -> bool:
    return any(target == name and text for target, text in _assigned(ast.parse(inspect.getsource(module)).body))


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """What is assigned there, each with the text that stands below it."""
    for node, after in zip(body, [*body[1:], None], strict=True):
        targets = (
            [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
        )
        told = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        yield from ((target.id, str(told)) for target in targets if isinstance(target, ast.Name))


def test_every_operation_says_how_it_is_known() -> None:
    methods = {one.method_name: one for one in OPERATIONS.values()}
    for name, found in RESOURCES:
        for key, method in vars(found).items():
            if key in methods:
                text = " ".join(method.__doc__.split())
                assert f"Provenance: {OPERATIONS[_operation(found, key)].provenance}" in text, f"{name}.{key}"


def _operation(found: type, method: str) -> str:
    tag = found.__module__.rpartition(".")[2]
    return next(one.id for one in OPERATIONS.values() if (one.tag, one.method_name) == (tag, method))


def test_every_model_field_has_a_description_and_provenance() -> None:
    missing = []
    for name in models.__all__:
        found = getattr(models, name)
        if attrs.has(found):
            body = next(
                node for node in ast.parse(inspect.getsource(found)).body if isinstance(node, ast.ClassDef)
            ).body
            fields = [one for one in _assigned(body) if one[0] != "additional_properties"]
            missing += [f"{name}.{field}: {text!r}" for field, text in fields if not KNOWN_AS.search(text)]
    assert not missing, "\n" + "\n".join(missing)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def f(a): 'Does it.'", "a is not described"),
        ('def f(timeout):\n    """Does it.\n\n    Args:\n        timeout: How long.\n    """', "timeout has no unit"),
        ("def f(): pass", "no docstring"),
        ("def f():\n    'Does it.'\n    raise KeyError('a')", "KeyError is not named"),
        ("def f(a): 'As :meth:`Money.from_minor`.'", "a is not described"),
        ("class f:\n    'It.'\n    def m(self): pass", "f.m: no docstring"),
        ("class f:\n    'It.'\n    @property\n    def m(self): pass", "f.m: no docstring"),
    ],
)
def test_what_is_missing_is_found(source: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "lacking.py"
    file.write_text(source)
    spec = spec_from_file_location("lacking", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert [one for one in lacks("f", module.f) if says in one]
