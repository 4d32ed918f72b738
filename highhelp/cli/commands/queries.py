"""`highhelp balance`, `banks` and `methods`: queries that move no money."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from highhelp.cli import output
from highhelp.cli.options import AsJson, Country, Currency, offer
from highhelp.cli.output import format_amount, report_errors
from highhelp.cli.session import connect
from highhelp.errors import InvalidRequest
from highhelp_api.contract import CATALOGUES, SCHEMAS, resolve


@report_errors
def balance(as_json: AsJson = False) -> None:
    """Show the balances of the project."""
    with connect() as client:
        answer = client.service.balance().to_dict()
    _show_list("BalanceResponse", answer, as_json=as_json)


@report_errors
def banks(
    country: Country = None,
    currency: Currency = None,
    method: Annotated[str | None, typer.Option(help="Payment method.", autocompletion=offer("Method"))] = None,
    as_json: AsJson = False,
) -> None:
    """List the banks that payments can go through."""
    query = _query(country, currency, method=method)
    with connect() as client, _name_options():
        answer = client.service.banks(**query).to_dict()
    _show_list("BankListResponse", answer, as_json=as_json)


@report_errors
def methods(
    country: Country = None,
    currency: Currency = None,
    flow: Annotated[str | None, typer.Option(help="payin or payout.", autocompletion=offer("PaymentType"))] = None,
    as_json: AsJson = False,
) -> None:
    """List the payment methods that the project may use."""
    if flow is not None and flow not in CATALOGUES["PaymentType"]:
        raise output.UsageProblem(f"--flow: must be one of {', '.join(CATALOGUES['PaymentType'])}")
    query = _query(country, currency, flow=flow)
    with connect() as client, _name_options():
        answer = client.service.payment_methods(**query).to_dict()
    _show_list("PaymentMethodsResponse", answer, as_json=as_json)


@contextmanager
def _name_options() -> Iterator[None]:
    """Name the options in refusals; each has the name of its field."""
    try:
        yield
    except InvalidRequest as error:
        text = "; ".join(f"--{problem.path}: {problem.message}" for problem in error.problems)
        raise output.UsageProblem(text) from None


def _query(country: str | None, currency: str | None, **others: str | None) -> dict[str, Any]:
    given = {"country": country and country.upper(), "currency": currency and currency.upper(), **others}
    return {name: value for name, value in given.items() if value is not None}


def _show_list(schema: str, answer: dict[str, Any], *, as_json: bool) -> None:
    """Print the list of an answer as a table; its columns are the contract's fields."""
    name, items = next((n, s["items"]) for n, s in SCHEMAS[schema]["properties"].items() if s.get("type") == "array")
    columns = list(resolve(items)["properties"])
    rows = [row for row in answer.get(name, ()) if isinstance(row, dict)]
    if rows or as_json:
        output.show_rows(answer, columns, [[_cell(row, column) for column in columns] for row in rows], as_json=as_json)
    else:
        output.show("none", err=True)


def _cell(row: dict[str, Any], column: str) -> object:
    value = row.get(column)
    if isinstance(value, list):
        return " ".join(map(str, value))
    return format_amount(value, row.get("currency"), bare=True) if column.endswith("amount") else value
