"""The mutants of a target: what each changes, and whether it counts."""

from __future__ import annotations

import ast
import difflib
import hashlib
import os
import textwrap
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mutate.tree import file_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.mutate.targets import Target

TEXT = "the letters of a text for people (a literal with a space in it)"
CAST = "the type that typing.cast is given, which does nothing when the code runs"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which mutant it is, without the tester's numbers, which change with every edit.

    Attributes:
        module: Dotted name.
        function: `name` or `Class.name`.
        old: The lines that it takes away, without what surrounds them.
        new: The lines that it puts there.
        nth: Which of several of the same change in one function, from 1.
    """

    module: str
    function: str
    old: str
    new: str
    nth: int = 1


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault.

    Attributes:
        name: What the tester calls it.
        identity: What we call it.
        diff: The change with what surrounds it.
        not_counted: Why it does not count, if it does not.
    """

    name: str
    identity: Identity
    diff: str
    not_counted: str | None

    @property
    def place(self) -> int:
        """0 to 99: whether it belongs to a sample, the same one each time."""
        return int(hashlib.sha256(repr(self.identity).encode()).hexdigest(), 16) % 100


def of(target: Target, tree: Path) -> list[Mutant]:
    """All mutants of a target."""
    found: list[Mutant] = []
    with _inside(tree):
        for module in target.modules:
            found += _of_module(module)
    return found


def _of_module(module: str) -> Iterator[Mutant]:
    from mutmut.mutation.file_mutation import (
        mutate_file_contents,
    )

    path = file_of(module)
    made = mutate_file_contents(str(path), path.read_text(encoding="utf-8"))
    lines = made.code.splitlines()
    sources = {
        name: textwrap.dedent("\n".join(lines[span.start - 1 : span.end]))
        for name, span in made.line_span_by_function_name.items()
    }
    seen: Counter[Identity] = Counter()
    for name in made.mutant_names:
        mangled = name.rpartition("__mutmut_")[0]
        plain = _readable(mangled)
        before = _renamed(sources[f"{mangled}__mutmut_orig"], f"{mangled}__mutmut_orig", plain)
        after = _renamed(sources[name], name, plain)
        old, new = _changed_lines(before, after)
        identity = Identity(module, plain, old, new)
        seen[identity] += 1
        identity = Identity(module, identity.function, old, new, seen[identity])
        diff = "\n".join(list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))[3:])
        yield Mutant(f"{module}.{name}", identity, diff, _not_counted(ast.parse(before), ast.parse(after)))


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    # the tester reads its settings from the folder that it is called in
    before = os.getcwd()  # noqa: PTH109 - to go back to
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _renamed(source: str, name: str, plain: str) -> str:
    return source.replace(f"def {name}(", f"def {plain.rpartition('.')[2]}(")


def _readable(mangled: str) -> str:
    return mangled[2:].replace("ǁ", ".") if mangled.startswith("xǁ") else mangled[2:]


def _changed_lines(before: str, after: str) -> tuple[str, str]:
    marked = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]
    old, new = ("\n".join(line[2:].strip() for line in marked if line[0] == sign and line[2:].strip()) for sign in "-+")
    return old, new


def _not_counted(before: ast.AST, after: ast.AST) -> str | None:
    # down both trees together to the smallest part that holds the whole change
    if isinstance(before, ast.Constant) and isinstance(after, ast.Constant):
        texts = isinstance(before.value, str) and isinstance(after.value, str)
        return TEXT if texts and " " in str(before.value) else None
    if type(before) is not type(after):
        return None
    if isinstance(before, ast.Call) and isinstance(after, ast.Call) and _is_cast(before) and len(after.args) == 2:
        return CAST if ast.dump(before.args[1]) == ast.dump(after.args[1]) else None
    pairs = zip(ast.iter_child_nodes(before), ast.iter_child_nodes(after), strict=False)
    differing = [(old, new) for old, new in pairs if ast.dump(old) != ast.dump(new)]
    same_shape = len(list(ast.iter_child_nodes(before))) == len(list(ast.iter_child_nodes(after)))
    return _not_counted(*differing[0]) if same_shape and len(differing) == 1 else None


def _is_cast(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "cast"
