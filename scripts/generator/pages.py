"""Pages made from the contract: how each part of it is known, and the counts in the README."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from generator.contract import facts
from generator.document import DocumentError
from generator.rules import PROVENANCE

if TYPE_CHECKING:
    from pathlib import Path

    from generator.document import Json

BEGIN, END = "<!-- counts: made by scripts/generate -->", "<!-- end of counts -->"
PARTS = ("operation", "schema", "property")


def pages(document: Json, root: Path) -> dict[str, str]:
    """Path below the root -> content, for every page that is made or has a made part.

    Raises:
        DocumentError: The README has lost the marks between which the counts stand.
    """
    readme = (root / "README.md").read_text(encoding="utf-8")
    if readme.count(BEGIN) != 1 or readme.count(END) != 1:
        raise DocumentError(f"README.md: the counts stand between {BEGIN} and {END}, each once")
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return {
        "README.md": f"{before}{BEGIN}\n\n{counts(document)}\n{END}{after}",
        "docs/provenance.md": provenance(document),
    }


def counts(document: Json) -> str:
    """How many operations, schemas and properties are known how, as a Markdown table."""
    found = Counter((fact.part, fact.provenance) for fact in facts(document))
    rows = ["| | operations | schemas | properties |", "| --- | --: | --: | --: |"]
    rows += [f"| {word} | " + " | ".join(str(found[part, word]) for part in PARTS) + " |" for word in PROVENANCE]
    return "\n".join(rows) + "\n"


def provenance(document: Json) -> str:
    """The page that lists every fact."""
    lines = [
        "# How each part of the contract is known",
        "",
        "Made from `spec/openapi.yaml` by `scripts/generate`; `spec/README.md` says what the words mean.",
        "",
        counts(document),
    ]
    for part in PARTS:
        plural = {"property": "Properties"}.get(part, f"{part.capitalize()}s")
        lines += [f"## {plural}", "", "| name | known | source |", "| --- | --- | --- |"]
        lines += [
            f"| `{fact.name}` | {fact.provenance} | {fact.source or ''} |"
            for fact in facts(document)
            if fact.part == part
        ]
        lines.append("")
    return "\n".join(lines)
