"""Pages made from the contract: errors, statuses, provenance, and the numbers in README and home page."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.generate.contract import facts
from tools.generate.document import PROVENANCE, DocumentError, resolve_response
from tools.markdown import render

if TYPE_CHECKING:
    from tools.generate.document import Json

BEGIN, END = "<!-- {part}: made by scripts/generate -->", "<!-- end of {part} -->"
MADE_PARTS = {
    "README.md": ("certainty", "counts"),
    "README.ru.md": ("certainty.ru",),
    "docs/index.md": ("certainty",),
}
"""Page -> its generated parts; the rest of the page is written by hand."""
PARTS = {
    "operation": "Operations",
    "schema": "Schemas",
    "property": "Properties",
    "value": "Values of codes",
    "response": "Responses",
}
# For each outcome: the error of a call that reads, and of one that moves money; what is known; whether to repeat it.
# tests/client/test_error_table.py checks the table row by row.
OUTCOMES = {
    "refused": ("`Rejected`", "`Rejected`", "this attempt was refused", "not unchanged"),
    "duplicate": ("`DuplicatePayment`", "`DuplicatePayment`", "the payment_id is taken", "no"),
    "not_accepted": ("`Unavailable`", "`Unavailable`", "this attempt was postponed", "yes, with the same payment_id"),
    "unknown": (
        "`Unavailable`",
        "`OutcomeUnknown`",
        "it may have been done",
        "reads: yes; otherwise look the payment up first",
    ),
}


def pages(document: Json, root: Path) -> dict[str, str]:
    """Path below the root -> content, for every page that is generated or has a generated part.

    Raises:
        DocumentError: A page has lost the marks around a generated part.
    """
    known = facts(document)
    counted = Counter((fact.part, fact.provenance) for fact in known)
    provenance: dict[str, Any] = {"words": PROVENANCE, "parts": PARTS, "counted": counted, "facts": known}
    templates = Path(__file__).parent / "pages"
    made = {}
    for name, parts in MADE_PARTS.items():
        made[name] = (root / name).read_text(encoding="utf-8")
        for part in parts:
            made[name] = _with_part(name, made[name], part, render(templates / f"{part}.md.jinja", **provenance))
    return made | {
        "docs/provenance.md": render(templates / "provenance.md.jinja", **provenance),
        "docs/errors.md": render(templates / "errors.md.jinja", responses=_responses(document), outcomes=OUTCOMES),
        "docs/statuses.md": render(templates / "statuses.md.jinja", **_statuses(document)),
    }


def _with_part(name: str, page: str, part: str, text: str) -> str:
    """Return the page with new text between the marks of a part."""
    begin, end = BEGIN.format(part=part), END.format(part=part)
    if page.count(begin) != 1 or page.count(end) != 1:
        raise DocumentError(f"{name}: {part} stands between {begin} and {end}, each once")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n\n{text}\n{end}{rest.partition(end)[2]}"


def _responses(document: Json) -> list[tuple[str, Json]]:
    """The unsuccessful answers, by HTTP status."""
    found = {
        status: resolve_response(document, response)
        for item in document["paths"].values()
        for status, response in item["post"]["responses"].items()
        if not status.startswith("2")
    }
    return sorted(found.items())


def _statuses(document: Json) -> dict[str, Any]:
    schemas, machines = document["components"]["schemas"], document["x-transitions"]
    statuses_of = defaultdict(set)
    for state in (state for machine in machines.values() for state in machine):
        status, _, sub_status = state.partition(":")
        statuses_of[sub_status].add(status)
    operations = [item["post"] for item in document["paths"].values()]
    return {
        "status": schemas["Status"],
        "sub_status": schemas["SubStatus"],
        "statuses_of": statuses_of,
        "machines": machines,
        "users": {
            name: [one["operationId"] for one in operations if name in one.get("x-transitions", [])]
            for name in machines
        },
    }
