"""Files of payouts as spreadsheets write them: each is read as it was meant, or refused with words that help."""

from __future__ import annotations

import codecs

import pytest

from highhelp.payouts.csv_file import RowsRefused, read_csv

PAN = "2200000000000004"
NAMES = ["payment_id", "amount", "currency", "method", "pan"]
ROW = ["p-1", "100.50", "RUB", "card-p2p", PAN]


def table(*rows: list[str], delimiter: str = ";") -> str:
    return "".join(f"{delimiter.join(row)}\r\n" for row in rows)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(codecs.BOM_UTF8 + table(NAMES, ROW).encode(), id="Excel, CSV UTF-8"),
        pytest.param(table(NAMES, ROW, delimiter="\t").encode("utf-16"), id="Excel, Unicode text"),
        pytest.param(table(NAMES, ROW, delimiter="\t").encode(), id="tab separated"),
        pytest.param(f"sep=;\r\n{table(NAMES, ROW)}".encode(), id="sep= in the first line"),
        pytest.param(f'"sep=,"\r\n{table(NAMES, ROW, delimiter=",")}'.encode(), id="sep= quoted"),
        pytest.param(table([*NAMES, "", ""], [*ROW, "", ""]).encode(), id="empty last columns"),
        pytest.param(table(NAMES, [*ROW, ""], [""] * 6).encode(), id="an empty cell more, an empty row"),
        pytest.param(table(NAMES, ROW).encode("cp1251"), id="Windows-1251 without Russian letters"),
        pytest.param(f"\r\n{table(NAMES, ROW)}".encode(), id="an empty first line"),
    ],
)
def test_a_file_of_a_spreadsheet_is_read(raw: bytes) -> None:
    (row,) = read_csv(raw)
    assert row.request == {
        "general": {"payment_id": "p-1"},
        "payment": {"amount": 10050, "currency": "RUB", "method": "card-p2p"},
        "receiver": {"pan": PAN},
    }


def test_names_in_utf_16_are_kept() -> None:
    (row,) = read_csv(table([*NAMES, "card_holder"], [*ROW, "Жанна Ёлкина"], delimiter="\t").encode("utf-16"))
    assert row.request["receiver"]["card_holder"] == "Жанна Ёлкина"


AGAIN = "save it as CSV UTF-8"
AS_TEXT = "format the column as text and enter it again"


def with_pan(*pans: str) -> bytes:
    return table(NAMES, *([f"p-{n}", *ROW[1:-1], pan] for n, pan in enumerate(pans))).encode()


@pytest.mark.parametrize(
    ("raw", "where", "advice"),
    [
        pytest.param(with_pan(PAN, "2,20000E+15"), "line 3, column pan: was turned into", AS_TEXT, id="2,2E+15"),
        pytest.param(with_pan("2.20012345678901E+15"), "line 2, column pan: was turned into", AS_TEXT, id="2.2E+15"),
        pytest.param(with_pan(PAN, "2200123456789010"), "line 3, column pan: was rounded", AS_TEXT, id="a wrong zero"),
        pytest.param(with_pan("2200123456789010000"), "line 2, column pan: was rounded", AS_TEXT, id="four zeros"),
        pytest.param(
            table([*NAMES[:-1], "account_number"], [*ROW[:-1], "40817810099910000000"]).encode(),
            "line 2, column account_number: was rounded", AS_TEXT, id="an account",
        ),
        pytest.param(
            table([*NAMES[:-1], "account_number"], [*ROW[:-1], "4081781009991000000"]).encode(),
            "line 2, column account_number: was rounded", AS_TEXT, id="an account of 19 digits",
        ),
        pytest.param(
            table(NAMES, ["1,20E+06", *ROW[1:]]).encode(), "line 2, column payment_id: was turned", AS_TEXT, id="an id"
        ),
        pytest.param(table([*NAMES, "card_holder"], [*ROW, "Жанна"]).encode("cp1251"), "line 2: is not UTF-8", AGAIN,
                     id="Windows-1251"),
        pytest.param(table(NAMES, ROW).encode("utf-16-le"), "line 1: holds zero bytes", AGAIN, id="UTF-16 unmarked"),
        pytest.param(table(NAMES, ROW).encode("utf-16")[:-1], "line 1: is not whole UTF-16", AGAIN, id="UTF-16 cut"),
        pytest.param(b"PK\x03\x04" + bytes(50), "line 1: is a workbook", AGAIN, id="a workbook"),
        pytest.param(b"\xd0\xcf\x11\xe0" + bytes(50), "line 1: is a workbook", AGAIN, id="an old workbook"),
        pytest.param(f"sep=|\n{table(NAMES, ROW)}".encode(), "line 1: sep= names another", "or a tab", id="sep=|"),
        pytest.param(table(["", *NAMES], ["", *ROW]).encode(), "line 1, column number 1", "has no name", id="no name"),
        pytest.param(table(NAMES, [*ROW, "x"]).encode(), "line 2", "has 6 cells, there are 5", id="a cell too many"),
        pytest.param(f"sep=;\n{table(NAMES, ROW, ['p', 'q'])}".encode(), "line 4", "has 2 cells", id="counted lines"),
        pytest.param(codecs.BOM_UTF8 + table(NAMES).encode(), "line 1", "no payouts follow", id="names alone"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_advice(raw: bytes, where: str, advice: str) -> None:
    with pytest.raises(RowsRefused) as refused:
        read_csv(raw)
    assert f"nothing was sent: {where}" in str(refused.value)
    assert advice in str(refused.value)
    assert "22001234" not in str(refused.value)


def test_a_card_number_may_end_in_zero() -> None:
    (row,) = read_csv(with_pan("4111111111111160"))
    assert row.request["receiver"]["pan"] == "4111111111111160"


def test_an_account_may_end_in_three_zeros() -> None:
    (row,) = read_csv(table([*NAMES[:-1], "account_number"], [*ROW[:-1], "408178100999100000"]).encode())
    assert row.request["receiver"]["account_number"] == "408178100999100000"


@pytest.mark.parametrize("column", ["payment_id", "customer:id"])
def test_an_id_that_cannot_be_sent_is_named_by_its_column(column: str) -> None:
    names = [*NAMES, "customer:id"]
    row = [*ROW, "c-1"]
    row[names.index(column)] = "a\u200bb"
    with pytest.raises(RowsRefused, match=f"line 2, column {column}: "):
        read_csv(table(names, row).encode())


def test_new_codes_are_accepted_on_request() -> None:
    raw = table(NAMES, [*ROW[:3], "card-new", PAN]).encode()
    with pytest.raises(RowsRefused, match="column method: is a code that the contract does not know"):
        read_csv(raw)
    (row,) = read_csv(raw, new_codes=True)
    assert row.request["payment"]["method"] == "card-new"
