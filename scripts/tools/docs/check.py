"""What a built site must be: every link leads somewhere, and nothing is loaded from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href"), ("use", "href")}
"""What a browser fetches by itself, other than links that are followed."""
NOT_FETCHED = {"canonical", "prev", "next", "alternate"}
"""Kinds of `link` that name an address and load nothing."""


@dataclass
class Page(HTMLParser):
    """What a page links to, loads, and can be linked at."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of one tag."""
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        fetched = tag != "link" or given.get("rel") not in NOT_FETCHED
        self.loads += [value for name, value in given.items() if (tag, name) in LOADED and fetched]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def problems(site: Path) -> list[str]:
    """Everything that is wrong with a site."""
    pages = {path: read(path) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site)}: {problem}"
        for path, page in pages.items()
        for problem in [*_dead(path, page, pages, site), *_foreign(page)]
    ]


def read(path: Path) -> Page:
    """One page."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _dead(path: Path, page: Page, pages: dict[Path, Page], site: Path) -> Iterator[str]:
    for link in dict.fromkeys([*page.links, *page.loads]):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        if parts.path.startswith("/"):
            # the page for unknown addresses cannot know how deep it is shown, so it alone counts from the root
            goal = site / parts.path.lstrip("/") if path.name == "404.html" else None
        else:
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if goal is not None and goal.is_dir():
            goal /= "index.html"
        if goal is None or not goal.is_file() or not goal.is_relative_to(site.resolve()):
            yield f"{link} leads nowhere"
        elif parts.fragment and goal in pages and unquote(parts.fragment) not in pages[goal].anchors:
            yield f"{link}: no such place on that page"


def _foreign(page: Page) -> Iterator[str]:
    for address in page.loads:
        if urlsplit(address).netloc:
            yield f"{address} would be loaded from elsewhere"
