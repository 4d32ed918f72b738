"""`highhelp contract`: the contract that this package was generated from."""

from __future__ import annotations

from typing import Annotated

import typer

from highhelp.cli import output
from highhelp.cli.options import AsJson
from highhelp.cli.output import report_errors
from highhelp_api.contract import FACTS

app = typer.Typer(no_args_is_help=True, help="The contract that this package was generated from.")


@app.command("provenance")
@report_errors
def contract_provenance(
    known: Annotated[
        str | None, typer.Option(help="Only parts known this way: documented, integrator, inferred ...")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List how each part of the contract is known.

    Parts are operations, schemas and their properties.
    """
    facts = [fact for fact in FACTS if known is None or fact.provenance == known]
    if not facts:
        words = sorted({fact.provenance for fact in FACTS})
        raise output.UsageProblem(f"--known: nothing is {known!r}; there is {', '.join(words)}")
    document = [fact._asdict() for fact in facts]
    output.show_rows(document, ["part", "name", "known", "source"], facts, as_json=as_json)
