"""Read payouts from a CSV file. Pure: text in, requests or problems out; the columns come from the contract."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from highhelp.errors import HighHelpError, MoneyError, cleared_frames
from highhelp.identifiers import id_problem
from highhelp.money import Money
from highhelp.payouts.operations import CREATES
from highhelp.payouts.spreadsheet import NotCsv, decode, find_delimiter, rounding_problem
from highhelp.validation import known_codes, suggest
from highhelp_api.contract import OPERATIONS, SCHEMAS, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_AMOUNT = re.compile(r"[0-9]{1,17}(\.[0-9]{1,6})?", re.ASCII)
_IDS = ("general:payment_id", "customer:id")
_CURRENCY = "payment:currency"
_NAME = re.compile(r"[A-Za-z_:]{1,40}")
_NEEDED = ("payment_id", "amount", "currency")
_SHORT = ("general", "payment", "receiver")
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A problem of one cell. Never holds its value.

    Attributes:
        where: The row, such as `line 3`.
        column: The column, or None for the row as a whole.
        message: The problem.
    """

    where: str
    column: str | None
    message: str

    def __str__(self) -> str:
        return f"{self.where}, column {self.column}: {self.message}" if self.column else f"{self.where}: {self.message}"


class RowsRefused(HighHelpError):
    """Some rows of a batch are invalid, so it was not started. Nothing was sent.

    Attributes:
        rows: The problems, row by row.
    """

    def __init__(self, rows: Sequence[RowProblem]) -> None:
        shown = "; ".join(map(str, rows[:_SHOWN]))
        more = f"; and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
        super().__init__(f"nothing was sent: {shown}{more}")
        self.rows = tuple(rows)


@dataclass(frozen=True, slots=True)
class Row:
    """One payout of a batch.

    Attributes:
        where: Its place for messages, such as `line 3`.
        operation: The operation that creates it.
        request: Its body.
        columns: Colon path of a field -> the column that it came from.
    """

    where: str
    operation: str
    request: Mapping[str, Any] = field(repr=False)
    columns: Mapping[str, str] = field(default_factory=dict, repr=False)


def products() -> dict[str, str]:
    """Map the values of the column `product` to the operations that create such payouts."""
    return {op.tag: op.id for op in CREATES}


def columns_of(operation: str) -> dict[str, str]:
    """Map columns to the colon paths of a request's text fields.

    A column is named by a field's path (`customer:phone`), or by the last part for fields that every payout has:
    `phone` is the receiver's for all products, never the customer's.
    """
    paths = list(_fields(operation))
    short = {path.rsplit(":", 1)[1]: path for path in paths if path.partition(":")[0] in _SHORT}
    return {path: path for path in paths} | short


@cache
def _fields(operation: str) -> dict[str, tuple[str, ...]]:
    """Map the colon paths of a request's fields to the codes that the contract knows for them."""
    return dict(_leaves(SCHEMAS[OPERATIONS[operation].request], ""))


def _leaves(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    schema = resolve(schema)
    if "properties" not in schema:
        yield path, known_codes(schema)
        return
    for name, child in schema["properties"].items():
        yield from _leaves(child, f"{path}:{name}" if path else name)


@cleared_frames()
def read_csv(raw: bytes, *, new_codes: bool = False) -> list[Row]:
    """Read a CSV file with a header line, as programs and spreadsheets write it.

    It is in UTF-8, or in UTF-16 with a byte order mark, separated by `,`, `;` or tabs. `payment_id`, `amount` (like
    100.00) and `currency` are required; `product` defaults to p2p. The other columns are fields of the request. An
    empty cell is an absent field.

    Args:
        raw: The bytes of the file.
        new_codes: Accept codes, such as a method, that the contract does not know.

    Raises:
        RowsRefused: Names line and column of every problem. A file without payouts is refused too.
    """
    names: list[str] | None = None
    rows: list[Row] = []
    problems: list[RowProblem] = []
    where = "line 1"
    for where, cells in _cells(raw):
        if isinstance(cells, str):
            problems.append(RowProblem(where, None, cells))
        elif names is None:
            names = _without_empty_end(cells, 0)
            problems += _names_problems(names, where)
            if problems:
                break
        else:
            found = _row(names, _without_empty_end(cells, len(names)), where, new_codes=new_codes)
            if isinstance(found, Row):
                rows.append(found)
            else:
                problems += found
    if names is None and not problems:
        problems.append(RowProblem("line 1", None, f"there are no column names; required are {', '.join(_NEEDED)}"))
    elif not rows and not problems:
        problems.append(RowProblem(where, None, "no payouts follow the column names; is the file complete?"))
    problems += duplicates(rows)
    if problems:
        raise RowsRefused(problems)
    return rows


def _cells(raw: bytes) -> Iterator[tuple[str, list[str] | str]]:
    """Yield each non-empty row, or its problem, with the line where it begins."""
    try:
        delimiter, text, skipped = find_delimiter(decode(raw))
    except NotCsv as error:
        yield f"line {error.line}", error.message
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        where = f"line {skipped + reader.line_num + 1}"
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield where, f"is not CSV: {error}"
            return
        if any(cells):
            yield where, cells


def _without_empty_end(cells: list[str], length: int) -> list[str]:
    """Drop empty cells from the end, down to a length: spreadsheets add columns that hold nothing."""
    end = len(cells)
    while end > length and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _names_problems(names: list[str], where: str) -> Iterator[RowProblem]:
    known = {"product", *_NEEDED}.union(*(columns_of(operation) for operation in products().values()))
    for place, name in enumerate(names, 1):
        if name not in known:
            # in a file without names this may be a card number
            shown = name if _NAME.fullmatch(name) else f"number {place}"
            yield RowProblem(where, shown, "is not a field of a payout" if name else "has no name")
        elif name in names[: place - 1]:
            yield RowProblem(where, name, "appears twice")
    for name in _NEEDED:
        if name not in names:
            yield RowProblem(where, name, "is missing")


def _row(names: list[str], cells: list[str], where: str, *, new_codes: bool) -> Row | list[RowProblem]:
    if len(cells) != len(names):
        return [RowProblem(where, None, f"has {len(cells)} cells, there are {len(names)} columns")]
    given = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
    problems = [RowProblem(where, name, "is missing") for name in _NEEDED if name not in given]
    operation = products().get(given.pop("product", "p2p"))
    if operation is None:
        problems.append(RowProblem(where, "product", f"must be one of {', '.join(products())}"))
    if problems or operation is None:
        return problems
    paths = columns_of(operation)
    request: dict[str, Any] = {}
    used: dict[str, str] = {}
    for name, cell in given.items():
        path = paths.get(name)
        if path is None:
            problems.append(RowProblem(where, name, "is not a field of this product"))
            continue
        if path in used:
            problems.append(RowProblem(where, name, f"names the same field as the column {used[path]}"))
        used[path] = name
        problem = _cell_problem(operation, path, cell, new_codes=new_codes)
        if problem is not None:
            problems.append(RowProblem(where, name, problem))
        block = request
        for part in path.split(":")[:-1]:
            block = block.setdefault(part, {})
        block[path.rsplit(":", 1)[1]] = cell
    minor = _minor(given["amount"], given["currency"], where)
    if isinstance(minor, RowProblem):
        problems.append(minor)
    else:
        request["payment"]["amount"] = minor
    return problems or Row(where, operation, request, used)


def _cell_problem(operation: str, path: str, cell: str, *, new_codes: bool) -> str | None:
    """Say what is wrong with a cell beyond what the contract's check of the whole request finds; never quotes it."""
    problem = id_problem(cell) if path in _IDS else None
    field_name = path.rpartition(":")[2]
    problem = problem or rounding_problem(cell, card=field_name == "pan", account=field_name == "account_number")
    known = _fields(operation)[path]
    if problem is not None or new_codes or path == _CURRENCY or not known or cell in known:
        return problem
    return f"is a code that the contract does not know; {suggest(cell, known)}"


def _minor(amount: str, currency: str, where: str) -> int | RowProblem:
    if amount.startswith("-") and _AMOUNT.fullmatch(amount[1:]):
        return RowProblem(where, "amount", "must be above 0")
    if not _AMOUNT.fullmatch(amount):
        point = ", with a point" if "," in amount else ""
        return RowProblem(where, "amount", f"is not an amount; write it like 100.00{point}")
    try:
        return Money(amount, currency).minor
    except MoneyError as error:
        column = "currency" if "currency" in str(error) else "amount"
        return RowProblem(where, column, str(error))


def duplicates(rows: Iterable[Row]) -> list[RowProblem]:
    """Report rows with the payment_id of an earlier row."""
    seen: dict[str, str] = {}
    problems = []
    for row in rows:
        general = row.request.get("general")
        payment_id = general.get("payment_id") if isinstance(general, dict) else None
        if not isinstance(payment_id, str):
            continue  # reported by the contract's check
        if payment_id in seen:
            column = row.columns.get("general:payment_id", "payment_id")
            problems.append(RowProblem(row.where, column, f"is the same as in {seen[payment_id]}"))
        seen.setdefault(payment_id, row.where)
    return problems
