"""docs/first-use.md shows what a first user sees: the session is run, and the page compared."""

from __future__ import annotations

import shutil

from tests.e2e import first_use
from tests.e2e.first_use import PAGE, Shown
from tests.requirements import require


def test_the_page_shows_what_is() -> None:
    require("bash", shutil.which("bash"))
    page = PAGE.read_text(encoding="utf-8")
    found = first_use.differences(first_use.session(page), first_use.played(page))
    assert not found, "\n".join(["`python tests/e2e/first_use.py --write` rewrites it", *found])


def test_a_page_that_is_out_of_date_is_found() -> None:
    old = [[Shown("highhelp --version", "highhelp 0.0.1 (contract 0.0.1, Python 3.11.1)\n")]]
    new = [[Shown("highhelp --version", "highhelp 0.0.2 (contract 0.0.1, Python 3.12.9)\n")]]
    assert len(first_use.differences(old, new)) == 1
    assert first_use.differences(old, old) == []
    page = "words\n```console\n$ highhelp --version\nold\n```\nmore\n"
    assert first_use.written(page, [[Shown("highhelp --version", "new\n")]]) == page.replace("old", "new")
    assert first_use.session(page) == [[Shown("highhelp --version", "old\n")]]
