"""Russian pages: nothing but code is left in English, and each leads to its English page and back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import blocks_of

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"README.ru.md": "README.md"} | {
    f"docs/ru/{page.name}": f"docs/{page.name}" for page in sorted((ROOT / "docs" / "ru").glob("*.md"))
}
SENTENCE = re.compile(r"(?:\b[A-Za-z']+\b[ ,]+){3,}")
"""Four words in a row with Latin letters."""


def prose(page: str) -> str:
    """A page without code, addresses and remarks for programs."""
    for block in reversed(blocks_of(page)):
        page = page[: block.place[0]] + page[block.place[1] :]
    return re.sub(r"`[^`]*`|\]\([^)]*\)|<!--.*?-->", " ", page)


@pytest.mark.parametrize("name", PAGES)
def test_russian_page_has_no_english_sentence(name: str) -> None:
    assert SENTENCE.findall(prose((ROOT / name).read_text(encoding="utf-8"))) == []


def test_an_english_sentence_is_found() -> None:
    assert SENTENCE.findall(prose("Слова `of code in the text` и this is not Russian."))


@pytest.mark.parametrize(("russian", "english"), PAGES.items())
def test_pages_of_two_languages_are_linked_both_ways(russian: str, english: str) -> None:
    for here, there in ((russian, english), (english, russian)):
        links = re.findall(r"\]\(([^)#]+)", (ROOT / here).read_text(encoding="utf-8"))
        targets = [(ROOT / here).parent.joinpath(link).resolve() for link in links]
        assert ROOT / there in targets, f"{here} has no link to {there}"
