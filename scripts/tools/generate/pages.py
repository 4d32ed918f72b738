"""Pages made from the contract: errors, statuses with their diagrams, provenance, and the counts in the README."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tools.generate.contract import facts
from tools.generate.diagrams import diagram
from tools.generate.document import DocumentError, resolve_response
from tools.generate.rules import PROVENANCE

if TYPE_CHECKING:
    from tools.generate.document import Json

BEGIN, END = "<!-- counts: made by scripts/generate -->", "<!-- end of counts -->"
PARTS = ("operation", "schema", "property", "response")


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
    machines = document["x-transitions"].items()
    return {
        "README.md": f"{before}{BEGIN}\n\n{counts(document)}\n{END}{after}",
        "docs/provenance.md": provenance(document),
        "docs/errors.md": errors(document),
        "docs/statuses.md": statuses(document),
        **{f"docs/{_picture(name)}": diagram(_title(name), machine) for name, machine in machines},
    }


# What the client makes of each outcome: of a question, of a call that moves money; what is known; whether to repeat it.
# The table is proved row by row in tests/client/test_error_table.py.
OUTCOMES = {
    "refused": ("`Rejected`", "`Rejected`", "nothing was done", "not as it is"),
    "duplicate": ("`DuplicatePayment`", "`DuplicatePayment`", "taken: `.existing` tells by what", "no"),
    "not_accepted": ("`Unavailable`", "`Unavailable`", "nothing was taken in", "yes, with the same payment_id"),
    "unknown": ("`Unavailable`", "`OutcomeUnknown`", "it may have been done", "a question yes; else ask info first"),
}
COLUMNS = (
    *("HTTP", "says", "known", "outcome"),
    *("error of a question", "of a call that moves money", "what is known", "repeat it?"),
)
WITHOUT_ANSWER = Path(__file__).parent / "static" / "no_answer.md"
ABOUT_STATUSES = Path(__file__).parent / "static" / "statuses.md"


def errors(document: Json) -> str:
    """The page that says what is known about the money after each answer."""
    responses: dict[str, Json] = {}
    for item in document["paths"].values():
        for status, response in item["post"]["responses"].items():
            if not status.startswith("2"):
                responses[status] = resolve_response(document, response)
    lines = [
        "# What do I know about the money, and may I repeat the call?",
        "",
        "Made from `spec/openapi.yaml` by `scripts/generate`. Each row is produced by a test over a real socket, with",
        "the synchronous and the asynchronous client (`tests/client/test_error_table.py`). That proves what the client",
        "makes of an answer, not what the real gateway means by it, of which no answer was seen: the column `known`",
        "says how its meaning is known ([the words](provenance.md)).",
        "",
        "## An answer",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "| --- " * len(COLUMNS) + "|",
    ]
    for status, response in sorted(responses.items()):
        name = "any other" if status == "default" else status
        outcome = response["x-outcome"]
        told = (name, _first(response), response["x-provenance"], outcome, *OUTCOMES[outcome])
        lines.append(f"| {' | '.join(told)} |")
    unknown = " | ".join(OUTCOMES["unknown"])
    lines += [f"| any, without the contract's JSON | a page of something on the way | | unknown | {unknown} |", ""]
    return "\n".join(lines) + "\n" + WITHOUT_ANSWER.read_text(encoding="utf-8")


def _first(response: Json) -> str:
    text = str(response["description"]).strip().split("\n")[0]
    return text.split(". ")[0].rstrip(".")


def _title(machine: str) -> str:
    return f"State machine {machine}"


def _picture(machine: str) -> str:
    return f"diagrams/{machine}.svg"


def statuses(document: Json) -> str:
    """The page with every status, and with the order in which they may follow each other."""
    schemas = document["components"]["schemas"]
    lines = [ABOUT_STATUSES.read_text(encoding="utf-8")]
    lines += ["## Statuses", "", f"Known: {schemas['Status']['x-provenance']}.", ""]
    lines += ["| status | final | meaning |", "| --- | --- | --- |"]
    for name, text in schemas["Status"]["x-enumDescriptions"].items():
        lines.append(f"| `{name}` | {'yes' if name in schemas['Status']['x-final'] else 'no'} | {text} |")
    lines += ["", "## Sub-statuses", "", f"Known: {schemas['SubStatus']['x-provenance']}.", ""]
    lines += ["| sub-status | of | meaning |", "| --- | --- | --- |"]
    states = {tuple(state.partition(":")) for machine in document["x-transitions"].values() for state in machine}
    for name, text in schemas["SubStatus"]["x-enumDescriptions"].items():
        lines.append(f"| `{name}` | {', '.join(sorted(of for of, _, sub in states if sub == name))} | {text} |")
    lines += ["", "## What may follow what", ""]
    for machine, table in document["x-transitions"].items():
        lines += _machine(document, machine, table)
    return "\n".join(lines)


def _machine(document: Json, name: str, table: Json) -> list[str]:
    operations = [item["post"] for item in document["paths"].values()]
    used = [f"`{one['operationId']}`" for one in operations if name in one.get("x-transitions", [])]
    lines = [f"### {name}", "", f"Payments of {', '.join(used)}.", "", f"![{_title(name)}]({_picture(name)})", ""]
    lines += ["| state | may be followed by |", "| --- | --- |"]
    lines += [f"| `{state}` | {', '.join(f'`{after}`' for after in follows)} |" for state, follows in table.items()]
    return [*lines, ""]


def counts(document: Json) -> str:
    """How many parts of each kind are known how, as a Markdown table."""
    found = Counter((fact.part, fact.provenance) for fact in facts(document))
    rows = ["| | operations | schemas | properties | answers |", "| --- | --: | --: | --: | --: |"]
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
