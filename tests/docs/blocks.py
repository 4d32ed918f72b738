"""The fenced blocks of a page."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)``` *$", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r'title="([^"]+)"')
NOT_RUN = "# not run: "
"""How a `text` block begins, with the reason behind it: for the reader to see, wherever the page is shown."""


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        line: Where its text begins, counted from 1.
        language: The first word behind the fence.
        title: `title="..."` behind it: the name of a file.
        text: What is between the fences.
        place: Where the first fence begins and the last one ends, in characters of the page.
    """

    line: int
    language: str
    title: str | None
    text: str
    place: tuple[int, int] = (0, 0)

    @property
    def reason(self) -> str | None:
        """Why it is not run."""
        first = self.text.split("\n", 1)[0]
        return first.removeprefix(NOT_RUN).strip() or None if first.startswith(NOT_RUN) else None


def blocks_of(page: str) -> list[Block]:
    """All of them, in the order of the page."""
    found = []
    for match in _FENCE.finditer(page):
        language, _, rest = match["info"].strip().partition(" ")
        title = _TITLE.search(rest)
        width = len(match["indent"])
        text = "".join(line[width:] if line.strip() else line for line in match["text"].splitlines(keepends=True))
        found.append(Block(page[: match.start()].count("\n") + 2, language, title and title[1], text, match.span()))
    return found


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of a `console` block, each with the output that the page shows."""
    parts = re.split(r"(?m)^\$ (.*)\n", text)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def replaced(page: str, number: int, text: str) -> str:
    """The page with another text in one of its blocks, which is not indented."""
    match = list(_FENCE.finditer(page))[number]
    return page[: match.start("text")] + text + page[match.end("text") :]
