"""The licences of all packages that an installation can bring: all extras and their dependencies.

A licence is permissive, or the package is a named exception with its reason; anything else is refused. What a wheel has
compiled in and lists (Rust crates, OpenSSL) is judged like a package. The page `docs/licences.md` is made from the same
list.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.markdown import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "licences.md"
PACKAGE = "highhelp"

PERMISSIVE = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0"),
        *("BSD-Attribution-HPND-disclaimer", "PSF-2.0", "Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "Zlib"),
        *("Apache License 2.0", "Apache Software License", "BSD License", "ISC License (ISCL)", "MIT License"),
        "Python Software Foundation License",
    }
)
"""SPDX names, and those of the classifiers."""

_LIBRARY = (
    "weak copyleft, by library, in an optional extra: used as it is and never changed or copied into this package. Who "
    "changes the library itself and passes it on has to publish these changes; nothing else is touched by it."
)
EXCEPTIONS: Mapping[str, tuple[str, str]] = {
    "certifi": (
        "Mozilla Public License 2.0 (MPL 2.0)",
        (
            "weak copyleft, by file: a list of root certificates that httpx needs, used as it is and never changed or "
            "copied into this package. Who changes certifi's own files and passes them on has to publish these "
            "changes; nothing else is touched by it."
        ),
    ),
    **dict.fromkeys(("psycopg", "psycopg-binary"), ("LGPL-3.0-only", _LIBRARY)),
    "keyutils-libs": ("LGPL-2.1-or-later", f"a shared library in the wheel of psycopg-binary; {_LIBRARY}"),
}
"""Packages, and libraries in their wheels, whose licence is not permissive and that are used all the same, with the one
licence and the reason."""

READ: Mapping[str, str] = {
    "colorama": "BSD-3-Clause",
    "cyrus-sasl-lib": "BSD-Attribution-HPND-disclaimer",
    "keyutils-libs": "LGPL-2.1-or-later",
    "libcom_err": "MIT",
    "openssl": "Apache-2.0",
    "pyreqwest": "Apache-2.0",
    "tzdata": "Apache-2.0",
}
"""Licences that were read by hand: of packages that only other systems or Pythons need, and of what names none."""

SYSTEMS = [
    {"sys_platform": system, "platform_system": name, "os_name": kind, "python_version": version,
     "python_full_version": f"{version}.0", "platform_python_implementation": "CPython",
     "implementation_name": "cpython"}
    for system, name, kind in (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))
    for version in ("3.11", "3.12", "3.13", "3.14")
]  # fmt: skip


class Part(NamedTuple):
    """A package that may be installed.

    Attributes:
        name: As the package index has it.
        licence: As its metadata says.
        extras: The extras that bring it; empty for a bare install.
        inside: Name and licence of all that is compiled into it.
        problem: Why it may not be used; None where it may.
    """

    name: str
    licence: str
    extras: tuple[str, ...]
    inside: tuple[tuple[str, str], ...]
    problem: str | None


def parts() -> list[Part]:
    """Everything that the package may bring, judged."""
    extras = [one for one in distribution(PACKAGE).metadata.get_all("Provides-Extra") or () if one != "all"]
    bare = closure()
    by_extra = {extra: closure(extra) for extra in extras}
    every = sorted(bare.union(*by_extra.values()))
    licences = _licences([name for name in every if _installed(name)])
    made = []
    for name in every:
        inside = tuple(_compiled_in(name))
        licence = READ.get(name) or licences.get(name, "")
        problems = [judge(name, licence), *(judge(*one) for one in inside)]
        bringing = () if name in bare else tuple(extra for extra in extras if name in by_extra[extra])
        made.append(Part(name, licence, bringing, inside, next(filter(None, problems), None)))
    return made


def closure(extra: str = "") -> set[str]:
    """Every package that an installation with this extra can bring on any of the systems."""
    seen: set[tuple[str, frozenset[str]]] = set()
    rest = [(PACKAGE, frozenset({extra}))]
    while rest:
        one = rest.pop()
        if one not in seen:
            seen.add(one)
            rest += [(canonicalize_name(need.name), frozenset(need.extras)) for need in needs(*one)]
    return {name for name, _ in seen} - {PACKAGE}


def needs(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """The requirements of a package with these extras, on any of the systems."""
    here = _installed(name)
    for text in (here and here.requires) or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(
            marker.evaluate({**system, "extra": extra}) for system in SYSTEMS for extra in (*extras, "")
        ):
            yield requirement


def judge(name: str, licence: str) -> str | None:
    """Return why a package may not be used, or None if it may."""
    if is_permissive(licence):
        return None
    if name in EXCEPTIONS:
        expected, _ = EXCEPTIONS[name]
        return None if licence == expected else f"{name}: {licence}, though the exception is for {expected}"
    return f"{name}: {licence or 'no licence'} is not permissive"


def is_permissive(text: str) -> bool:
    """Whether a licence allows what MIT allows: each of several that apply together, and one of each choice.

    Read as if OR bound tighter than AND, and without brackets: that never allows more than the expression does.
    """
    flat = re.sub(r" WITH [\w.+-]+", "", text)  # an exception only ever allows more
    choices = (choice.split(" OR ") for choice in re.split(" AND |; ", flat))
    return all(any({one, one.strip("() ")} & PERMISSIVE for one in choice) for choice in choices)


def page(found: list[Part]) -> str:
    """The page for people."""
    return render(Path(__file__).with_name("licences.md.jinja"), parts=found, exceptions=EXCEPTIONS)


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _licences(names: list[str]) -> dict[str, str]:
    """Names of installed packages -> the licence of their metadata."""
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed", "--with-system"]
    rows = subprocess.run([*command, "--packages", *names], capture_output=True, text=True, check=True).stdout
    return {canonicalize_name(row["Name"]): row["License"] for row in json.loads(rows)}


def _compiled_in(name: str) -> Iterator[tuple[str, str]]:
    """Name and licence of everything that a package lists as built into it."""
    here = _installed(name)
    for path in (here and here.files) or ():
        if path.parent.name == "sboms" and path.suffix == ".json":
            for component in json.loads(Path(path.locate()).read_text(encoding="utf-8")).get("components", ()):
                given = [one.get("expression") or one["license"].get("id") or one["license"].get("name", "")
                         for one in component.get("licenses", ())]  # fmt: skip
                if canonicalize_name(component["name"]) != name:  # the wheel itself
                    yield component["name"], " AND ".join(given) or READ.get(component["name"], "")
