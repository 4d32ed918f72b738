"""Read CSV files as spreadsheets save them, and recognise numbers that a spreadsheet has rounded."""

from __future__ import annotations

import codecs
import re

SAVE_AGAIN = "save it as CSV UTF-8"
_SEPARATOR = re.compile(r'"?sep=(.)"?[;,\t]*\r?\n', re.IGNORECASE)
_DELIMITERS = "\t;,"
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+", re.ASCII | re.IGNORECASE)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps; it turns the others into zeros."""


class NotCsv(Exception):
    """A file is not text that can be read.

    Attributes:
        line: Where, counted from 1.
        message: What is wrong, and how to save the file.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def decode(raw: bytes) -> str:
    """Decode UTF-8, or UTF-16 with a byte order mark. No other encoding is guessed: it could change a name.

    Raises:
        NotCsv: The file has another encoding, or is a workbook.
    """
    if raw.startswith(_WORKBOOKS):
        raise NotCsv(1, f"is a workbook, not a CSV file; {SAVE_AGAIN}")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError:
            raise NotCsv(1, f"is not whole UTF-16; {SAVE_AGAIN}") from None
    if b"\0" in raw:
        raise NotCsv(1, f"holds zero bytes, as UTF-16 without a byte order mark does; {SAVE_AGAIN}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotCsv(line, f"is not UTF-8 (a spreadsheet may have used Windows-1251); {SAVE_AGAIN}") from None


def find_delimiter(text: str) -> tuple[str, str, int]:
    """Return the delimiter, the text from the column names on, and the number of lines before it.

    A first line such as `sep=;` names the delimiter. Otherwise it is the one that stands between the column names.

    Raises:
        NotCsv: `sep=` names another character than `,`, `;` or a tab.
    """
    named = _SEPARATOR.match(text)
    if named is not None:
        if named[1] not in _DELIMITERS:
            raise NotCsv(1, "sep= names another character than , or ; or a tab")
        return named[1], text[named.end() :], 1
    header = text.lstrip().partition("\n")[0]
    used = [delimiter for delimiter in _DELIMITERS if delimiter in header.rstrip()]
    return (used[0] if len(used) == 1 else ","), text, 0


def rounding_problem(cell: str, *, card: bool, account: bool) -> str | None:
    """Say that a cell is a number that a spreadsheet has rounded, without quoting it, or None.

    A card number that ends in 0 is nothing unusual. One that has more than 15 digits, zeros after the 15th and a wrong
    check digit was rounded, and so, most likely, was a longer number with at least four zeros there.

    Args:
        cell: Its text.
        card: Whether it is a card number.
        account: Whether it is an account number.
    """
    advice = "format the column as text and enter it again"
    if _SCIENTIFIC.fullmatch(cell):
        return f"was turned into a rounded number, like 1.23E+15, by a spreadsheet; {advice}"
    rest = cell[_EXACT_DIGITS:]
    if not (card or account) or not (cell.isascii() and cell.isdigit()) or not rest or rest.strip("0"):
        return None
    if len(rest) >= 4 or (card and not _has_check_digit(cell)):
        return f"was rounded after {_EXACT_DIGITS} digits by a spreadsheet; {advice}"
    return None


def _has_check_digit(number: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812 (Luhn)."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2]]
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0
