"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
BodyFile = Annotated[str, typer.Option("--body", metavar="FILE", help="The JSON body; - for standard input.")]
Unmasked = Annotated[bool, typer.Option("--unmasked", help="Show card numbers and other sensitive fields too.")]
