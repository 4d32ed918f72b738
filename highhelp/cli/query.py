"""Questions that move no money, and the raw call."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from highhelp.calls.outcome import RawResponse
from highhelp.cli import output
from highhelp.cli.options import AsJson, BodyFile, Unmasked
from highhelp.cli.output import guarded
from highhelp.cli.session import connected
from highhelp.errors import InvalidRequest
from highhelp.redact import masked, masked_text
from highhelp_api.contract import CATALOGUES, OPERATIONS, SCHEMAS, resolve

Country = Annotated[
    str | None, typer.Option(help="ISO 3166-1 code, like RU.", autocompletion=lambda: list(CATALOGUES["Country"]))
]
Currency = Annotated[
    str | None, typer.Option(help="ISO 4217 code, like RUB.", autocompletion=lambda: list(CATALOGUES["Currency"]))
]


@guarded
def balance(as_json: AsJson = False) -> None:
    """Balances of the project."""
    with connected() as client:
        answer = client.service.balance().to_dict()
    _show_list("BalanceResponse", answer, as_json=as_json)


@guarded
def banks(
    country: Country = None,
    currency: Currency = None,
    method: Annotated[
        str | None, typer.Option(help="Payment method.", autocompletion=lambda: list(CATALOGUES["Method"]))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Banks that payments can go through."""
    asked = _given(country=_code(country), currency=_code(currency), method=method)
    with connected() as client, _by_option():
        answer = client.service.banks(**asked).to_dict()
    _show_list("BankListResponse", answer, as_json=as_json)


@guarded
def methods(
    country: Country = None,
    currency: Currency = None,
    flow: Annotated[
        str | None, typer.Option(help="payin or payout.", autocompletion=lambda: list(CATALOGUES["PaymentType"]))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Payment methods that are open to the project."""
    asked = _given(country=_code(country), currency=_code(currency), flow=flow)
    with connected() as client, _by_option():
        answer = client.service.payment_methods(**asked).to_dict()
    _show_list("PaymentMethodsResponse", answer, as_json=as_json)


@contextmanager
def _by_option() -> Iterator[None]:
    """Refusals name the option: those of a question's plain fields are called like the fields."""
    try:
        yield
    except InvalidRequest as error:
        text = "; ".join(f"--{problem.path}: {problem.message}" for problem in error.problems)
        raise output.UsageProblem(text) from None


def _given(**values: str | None) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _code(text: str | None) -> str | None:
    return None if text is None else text.upper()


def _show_list(schema: str, answer: dict[str, Any], *, as_json: bool) -> None:
    """The one list of an answer as a table; its columns are the contract's fields."""
    if as_json:
        output.show_json(answer)
        return
    name, items = next((n, s["items"]) for n, s in SCHEMAS[schema]["properties"].items() if s.get("type") == "array")
    columns = list(resolve(items)["properties"])
    rows = [row for row in answer.get(name, ()) if isinstance(row, dict)]
    if not rows:
        output.show("none", err=True)
        return
    output.show_table(columns, [[_cell(row, column) for column in columns] for row in rows])


def _cell(row: dict[str, Any], column: str) -> object:
    value = row.get(column)
    if isinstance(value, list):
        return " ".join(map(str, value))
    return output.money(value, row.get("currency"), bare=True) if column.endswith("amount") else value


@guarded
def call(
    operation: Annotated[
        str,
        typer.Argument(
            help="An operationId of the contract, or a path such as /api/v1/balance/info.",
            autocompletion=lambda: list(OPERATIONS),
        ),
    ],
    body: BodyFile,
    unmasked: Unmasked = False,
    as_json: AsJson = False,
) -> None:
    """Call any operation with a body from a file and print the answer, which is always JSON where the gateway's is."""
    content = output.read_object(body, "--body")
    if not operation.startswith("/") and operation not in OPERATIONS:
        close = difflib.get_close_matches(operation, OPERATIONS, 1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(OPERATIONS)}"
        raise output.UsageProblem(f"no operation {operation!r}; {hint}")
    with connected() as client:
        if operation.startswith("/"):
            answer = client.request(operation, content)
            if not as_json:
                output.show(f"HTTP {answer.status}", err=True)
            output.show(answer.content.decode("utf-8", "replace") if unmasked else shown(answer))
            raise typer.Exit(output.exit_code(operation, answer))
        result: dict[str, Any] = client.call(operation, content, dict)
    output.show_json(result if unmasked else masked(result, OPERATIONS[operation].response))
    if result.get("status") in ("decline", "error"):
        raise typer.Exit(output.REFUSED)


def shown(answer: RawResponse) -> str:
    """An answer of an unknown form, without what is sensitive by its name or looks like a card number."""
    try:
        return json.dumps(masked(answer.json()), ensure_ascii=False, indent=2)
    except ValueError:
        return masked_text(answer.content.decode("utf-8", "replace"))
