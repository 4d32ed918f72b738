"""A command line run to its exit code: what the words of a command get wrong is told in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

import typer

from highhelp.cli import output


class Command(Protocol):
    """What typer makes of an app; its own type has another name in each of its versions."""

    def main(self, args: list[str] | None = None, prog_name: str | None = None, *, standalone_mode: bool = True) -> Any:
        """Run it."""


# what is wrong with the words of a command; typer does not export the base of these
_WrongUse = cast("type[Exception]", typer.BadParameter.__mro__[2])


def run_command(command: Command, arguments: Sequence[str] | None) -> int:
    """Run a command and return its exit code."""
    try:
        result = command.main(
            args=None if arguments is None else list(arguments), prog_name="highhelp", standalone_mode=False
        )
    except typer.Abort:
        output.show("highhelp: stopped, nothing was done", err=True)
        return output.WRONG_USE
    except _WrongUse as problem:
        return _wrong_use(problem)
    except SystemExit as leaving:
        # the shell's completion leaves so
        return leaving.code if isinstance(leaving.code, int) else output.WRONG_USE if leaving.code else output.OK
    return result if isinstance(result, int) else output.OK


def _wrong_use(problem: Exception) -> int:
    """Say in one line what was wrong with a command's words, and where its help is."""
    context = getattr(problem, "ctx", None)
    where = getattr(context, "command_path", "highhelp")
    if type(problem).__name__ == "NoArgsIsHelpError":
        output.show(context.get_help() if context is not None else "", err=True)
    else:
        text = output.one_line(problem.format_message()).rstrip(".")  # type: ignore[attr-defined]  # see _WrongUse
        for technical, plain in (("valid int range", "integer"), ("valid int", "integer"), ("valid float", "number")):
            text = text.replace(f"is not a {technical}", f"is not {'an' if plain[0] == 'i' else 'a'} {plain}")
        output.show(f"{where}: {text}; see {where} --help", err=True)
    return output.WRONG_USE
