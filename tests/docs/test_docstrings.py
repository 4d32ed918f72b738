"""Every public name says what it is, what its parameters mean with their units, and which errors it raises.

Public is what stands in the `__all__` of a public module; the list is that of the site's reference.
"""

from __future__ import annotations

import ast
import enum
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import attrs
import pytest

from highhelp_api.contract import OPERATIONS, SCHEMAS
from highhelp_api.client import models
from website.reference import MODULES, names

OURS = ("highhelp", "highhelp_api", "highhelp_mock", "highhelp_signing")
SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Yields")
UNITS = {
    "timeout": "second", "total_timeout": "second", "tolerance": "second", "lease": "second", "poll": "second",
    "seconds": "second", "older_than": "second", "since": "second", "until": "second", "timestamp": "second",
    "clock": "second", "received": "second", "received_at": "second", "signed_at": "second", "retry_after": "second",
    "per_second": "second", "amount": "minor|major", "minor": "minor", "balances": "minor",
}  # fmt: skip
"""A parameter or attribute of this name is a number of something: its description names the unit."""
AS = re.compile(r"^(?:As|See) (?:those of )?:(?:meth|class|func):`~?([\w.]+)`|^(?:As|See) `([\w.]+)`", re.MULTILINE)
"""How a docstring leaves the details to another one."""
BARE = {"__init__"}


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
    """What is missing, of one public name."""
    if inspect.isclass(found):
        yield from _class(name, found)
    elif inspect.isroutine(found):
        yield from _function(name, found)
    elif type(found).__module__.startswith("_pytest"):
        yield from _function(name, inspect.unwrap(found), fixture=True)  # type: ignore[arg-type]  # a fixture


def _class(name: str, found: type) -> Iterator[str]:
    doc = _doc(found)
    if doc is None:
        yield f"{name}: no docstring"
        return
    if issubclass(found, enum.Enum):
        return
    told = doc.section("Args") | doc.section("Attributes")
    fields = [] if attrs.has(found) else _parameters(found.__init__) if _ours(found.__init__) else _fields(found)
    for field in fields:
        if field not in told and not _leads(doc):
            yield f"{name}: {field} is not described"
    yield from _units(name, told)
    for key, member in vars(found).items():
        if key.startswith("_") or attrs.has(found):
            continue
        if isinstance(member, property | cached_property):
            getter = member.fget if isinstance(member, property) else member.func
            if getter is None or not getter.__doc__:
                yield f"{name}.{key}: no docstring"
        elif isinstance(member, staticmethod | classmethod) or inspect.isfunction(member):
            yield from _function(f"{name}.{key}", getattr(member, "__func__", member))


def _function(name: str, found: Callable[..., Any], *, fixture: bool = False) -> Iterator[str]:
    doc = _doc(found)
    if doc is None:
        yield f"{name}: no docstring"
        return
    if _leads(doc):
        return
    told = doc.section("Args")
    if not fixture:
        short = len(doc.text.strip().splitlines()) == 1
        for parameter in _parameters(found):
            # one line may say it all, where it names its parameters or has one only
            if parameter not in told and not (short and (f"`{parameter}`" in doc.text or len(_parameters(found)) == 1)):
                yield f"{name}: {parameter} is not described"
    yield from _units(name, told)
    for error in _raised(found):
        if error not in doc.text:
            yield f"{name}: {error} is not named"


def _units(name: str, told: dict[str, str]) -> Iterator[str]:
    for field, text in told.items():
        unit = UNITS.get(field)
        if unit is not None and not re.search(unit, text, re.IGNORECASE):
            yield f"{name}: {field} has no unit"


def _doc(found: object) -> Documented | None:
    text = vars(found).get("__doc__") if inspect.isclass(found) else found.__doc__
    return Documented(inspect.cleandoc(text)) if text else None


def _leads(doc: Documented) -> bool:
    return AS.search(doc.text) is not None


def _ours(found: object) -> bool:
    return getattr(found, "__module__", "").partition(".")[0] in OURS


def _fields(found: type) -> list[str]:
    return [one for one in found.__dataclass_fields__ if not one.startswith("_")] if is_dataclass(found) else []


def _parameters(found: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(found).parameters if name not in {"self", "cls", "_"}]


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
RESOURCES = [
    (f"{module.__name__}.{name}", getattr(module, name))
    for module in (import_module(f"highhelp_api.client.api.{tag}") for tag in {one.tag for one in OPERATIONS.values()})
    for name in module.__all__
]


def test_every_public_name_is_described() -> None:
    missing = [one for name, found in [*PUBLIC, *RESOURCES] for one in lacks(name, found)]
    assert not missing, "\n" + "\n".join(missing)


def test_every_constant_is_described() -> None:
    missing = []
    for name, found in PUBLIC:
        if inspect.isclass(found) or inspect.isroutine(found) or type(found).__module__.startswith("_pytest"):
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
    body = ast.parse(inspect.getsource(module)).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id == name:
            return isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    return False


def test_every_operation_says_how_it_is_known() -> None:
    methods = {one.method_name: one for one in OPERATIONS.values()}
    for name, found in RESOURCES:
        for key, method in vars(found).items():
            if key in methods:
                text = " ".join(method.__doc__.split())
                assert f"How this is known: {OPERATIONS[_operation(found, key)].provenance}" in text, f"{name}.{key}"


def _operation(found: type, method: str) -> str:
    tag = found.__module__.rpartition(".")[2]
    return next(one.id for one in OPERATIONS.values() if (one.tag, one.method_name) == (tag, method))


def test_every_field_of_a_model_is_described_with_how_it_is_known() -> None:
    missing = []
    for name in models.__all__:
        found = getattr(models, name)
        if not attrs.has(found):
            continue
        body = next(node for node in ast.parse(inspect.getsource(inspect.getmodule(found))).body if isinstance(node, ast.ClassDef)).body
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id != "additional_properties":
                text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
                if not re.search(r"documented|integrator|inferred|observed", str(text)):
                    missing.append(f"{name}.{node.target.id}: {text!r}")
    assert not missing, "\n" + "\n".join(missing)
