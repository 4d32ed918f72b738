"""The licences of everything that an installed package can bring along: all extras, and what these need in turn.

A licence is permissive, or the package is a named exception with its reason; anything else is refused. What a wheel has
compiled in and lists (Rust crates, OpenSSL) is judged like a package. The page `docs/licences.md` is made from the same
list.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "licences.md"
PACKAGE = "highhelp"

PERMISSIVE = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0"),
        *("BSD-Attribution-HPND-disclaimer", "PSF-2.0", "Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "Zlib"),
    }
)
"""SPDX names, and BSD where the metadata does not say which."""

_LIBRARY = (
    "weak copyleft, by library, in an optional extra: used as it is and never changed or copied into this package. Who "
    "changes the library itself and passes it on has to publish these changes; nothing else is touched by it."
)
EXCEPTIONS: Mapping[str, tuple[str, str]] = {
    "certifi": (
        "MPL-2.0",
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

ELSEWHERE: Mapping[str, str] = {"colorama": "BSD-3-Clause", "tzdata": "Apache-2.0"}
"""What only other systems or Pythons need, so that its metadata is not at hand here; read on the package index."""

UNSAID: Mapping[str, str] = {
    "cyrus-sasl-lib": "BSD-Attribution-HPND-disclaimer",
    "keyutils-libs": "LGPL-2.1-or-later",
    "libcom_err": "MIT",
    "openssl": "Apache-2.0",
}
"""What is compiled in and listed without a licence; its project's licence."""

# as the classifiers and older metadata have them
NAMES: Mapping[str, str] = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
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
        licence: As its metadata says, SPDX where that is clear.
        extras: The extras that bring it; empty for a bare install.
        inside: How many others are compiled into it.
        problem: Why it may not be used; None where it may.
    """

    name: str
    licence: str
    extras: tuple[str, ...]
    inside: int
    problem: str | None


def closure(
    package: str, extras: frozenset[str] = frozenset(), *, look: Callable[[str], Distribution | None] | None = None
) -> dict[str, bool]:
    """Every package that an installation can bring on any of the systems, and whether it is installed here."""
    look = look or installed
    found: dict[str, bool] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    rest = [(canonicalize_name(package), extras)]
    while rest:
        name, wanted = rest.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        here = look(name)
        found[name] = here is not None
        if here is not None:
            rest += [(canonicalize_name(one.name), frozenset(one.extras)) for one in needs(here, wanted)]
    del found[canonicalize_name(package)]
    return found


def needs(here: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    """What a package asks for with these extras, on any of the systems."""
    for text in here.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(
            marker.evaluate({**system, "extra": extra}) for system in SYSTEMS for extra in (*extras, "")
        ):
            yield requirement


def installed(name: str) -> Distribution | None:
    """A package of this environment."""
    try:
        return distribution(name)
    except ModuleNotFoundError:
        return None


def licences_of(names: list[str]) -> dict[str, str]:
    """What the metadata of installed packages says, by name."""
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed", "--with-system"]
    told = subprocess.run([*command, "--packages", *names], capture_output=True, text=True, check=True).stdout
    return {canonicalize_name(row["Name"]): row["License"] for row in json.loads(told)}


def spdx(text: str) -> str:
    """SPDX names for the words of older metadata; unknown words stay. Several classifiers all apply."""
    return " AND ".join(NAMES.get(part.strip().lower(), part.strip()) for part in text.split(";"))


def is_permissive(text: str) -> bool:
    """Whether an SPDX expression allows what MIT allows: one of a choice does, all that apply together do.

    An exception (`WITH`) only ever allows more.
    """
    words = re.findall(r"[()]|[^\s()]+", re.sub(r"\s+WITH\s+[\w.+-]+", "", spdx(text)))

    def either() -> bool:
        good = both()
        while words and words[0] == "OR":
            words.pop(0)
            good = both() or good
        return good

    def both() -> bool:
        good = one()
        while words and words[0] == "AND":
            words.pop(0)
            good = one() and good
        return good

    def one() -> bool:
        word = words.pop(0) if words else ""
        if word != "(":
            return word in PERMISSIVE
        good = either()
        return bool(words) and words.pop(0) == ")" and good

    return either() and not words


def from_its_file(here: Distribution) -> str:
    """The licence of a package whose metadata names none, by the text that it brings along."""
    for name in here.metadata.get_all("License-File") or ():
        text = here.read_text(f"licenses/{name}") or here.read_text(name) or ""
        if re.match(r"\s*Apache License\s+Version 2\.0, January 2004\s", text):
            return "Apache-2.0"
    return ""


def compiled_in(here: Distribution) -> list[tuple[str, str]]:
    """Name and licence of everything that a package lists as built into it."""
    found = []
    for path in here.files or ():
        if path.parent.name == "sboms" and path.name.endswith(".json"):
            for component in json.loads(Path(path.locate()).read_text(encoding="utf-8")).get("components", ()):
                given = [one.get("expression") or one["license"].get("id") or one["license"].get("name", "")
                         for one in component.get("licenses", ())]  # fmt: skip
                name = component["name"]
                if canonicalize_name(name) == canonicalize_name(here.name):
                    continue  # the wheel itself
                found.append((name, " AND ".join(f"({one})" for one in given) or UNSAID.get(name, "")))
    return found


def names_inside(package: str) -> set[str]:
    """Names of what a package that is installed here lists as built into it."""
    here = installed(package)
    return set() if here is None else {name for name, _ in compiled_in(here)}


def judge(name: str, licence: str) -> str | None:
    """Why a package may not be used; None where it may."""
    if is_permissive(licence):
        return None
    if name in EXCEPTIONS:
        expected, _ = EXCEPTIONS[name]
        return None if spdx(licence) == expected else f"{licence}, though the exception is for {expected}"
    return f"{licence or 'no licence'} is not permissive"


def parts(package: str = PACKAGE) -> list[Part]:
    """Everything that the package may bring, judged."""
    here = distribution(package)
    extras = [one for one in here.metadata.get_all("Provides-Extra") or () if one != "all"]
    bare = closure(package)
    by_extra = {extra: closure(package, frozenset({extra})) for extra in extras}
    every = bare | {name: there for found in by_extra.values() for name, there in found.items()}
    told = licences_of(sorted(name for name, there in every.items() if there))
    made = []
    for name in sorted(every):
        distributed = installed(name)
        licence = told.get(name, "") if distributed else ELSEWHERE.get(name, "")
        if distributed and licence == "UNKNOWN":
            licence = from_its_file(distributed)
        inside = compiled_in(distributed) if distributed else []
        problem = judge(name, licence) or next((f"has {one} in it: {judge(one, what)}"
                                               for one, what in inside if judge(one, what)), None)  # fmt: skip
        bringing = () if name in bare else tuple(extra for extra in extras if name in by_extra[extra])
        made.append(Part(name, spdx(licence), bringing, len(inside), problem))
    return made


def page(found: list[Part]) -> str:
    """The page for people."""
    lines = [
        "# Licences",
        "",
        "Made by `scripts/licences`. highhelp itself is MIT. These packages may be installed with it, on any system,",
        "with the extras named. Each must be permissive (MIT, BSD, Apache-2.0, ISC, PSF and the like) or a named",
        "exception; another licence fails the check. What a wheel lists as compiled in (Rust crates, OpenSSL) is",
        "checked one by one as well.",
        "",
        "| package | licence | comes with |",
        "| --- | --- | --- |",
    ]
    for part in found:
        inside = ", other parts compiled in" if part.inside else ""
        with_ = ", ".join(f"`[{extra}]`" for extra in part.extras) or "every install"
        lines.append(
            f"| {part.name} | {part.licence}{' (exception)' if part.name in EXCEPTIONS else ''}{inside} | {with_} |"
        )
    lines += ["", "## Exceptions", ""]
    lines += [f"- {name}, {licence}: {reason}" for name, (licence, reason) in sorted(EXCEPTIONS.items())]
    unseen = sorted(part.name for part in found if part.name in ELSEWHERE and installed(part.name) is None)
    if unseen:
        lines += ["", f"Only other systems or Pythons need {', '.join(unseen)}; the licence was read by hand."]
    return "\n".join([*lines, ""])
