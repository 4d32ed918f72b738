"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from highhelp_api.contract import CATALOGUES


def offer(catalogue: str) -> Callable[[], list[str]]:
    """Complete an option with the codes of a catalogue of the contract."""
    return lambda: list(CATALOGUES[catalogue])


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
BodyFile = Annotated[str, typer.Option("--body", metavar="FILE", help="The JSON body; - for standard input.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]
Country = Annotated[str | None, typer.Option(help="ISO 3166-1 code, like RU.", autocompletion=offer("Country"))]
Currency = Annotated[str | None, typer.Option(help="ISO 4217 code, like RUB.", autocompletion=offer("Currency"))]
Unmasked = Annotated[bool, typer.Option("--unmasked", help="Show card numbers and other sensitive fields too.")]
