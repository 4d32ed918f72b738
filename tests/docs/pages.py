"""The pages, and what a reader has set up before each."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from highhelp_mock import MockGateway
from highhelp_signing import generate_home
from tests.docs.blocks import blocks_of
from tests.docs.player import Played, Player

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]


def _pages() -> Mapping[str, Path]:
    found = [ROOT / "README.md", ROOT / "README.ru.md", ROOT / "CONTRIBUTING.md", ROOT / "spec" / "README.md"]
    found += sorted((ROOT / "docs").rglob("*.md"))
    return {one.relative_to(ROOT).as_posix(): one for one in found if blocks_of(one.read_text(encoding="utf-8"))}


PAGES = _pages()
"""Those with fenced blocks, by their path from the root."""

FROM_NOTHING = {"docs/first-use.md", "docs/quick-start.md", "docs/ru/quick-start.md"}
"""Pages that set up everything themselves. On all others the mock gateway runs, as the quick start leaves it."""


def played(name: str, place: Path) -> Played:
    """A page, played in a new directory below `place`."""
    page = PAGES[name].read_text(encoding="utf-8")
    directory = place.resolve() / "shop"
    directory.mkdir()
    shutil.copy(ROOT / "spec" / "signing-vectors.json", directory)  # where docs/signature.md says that it is
    if name in FROM_NOTHING:
        return Player(name, directory).play(page)
    home = directory / "home"
    generate_home(home, base_url="http://127.0.0.1:9")
    with MockGateway(home).serve() as gateway:
        port = gateway.base_url.rpartition(":")[2]
        return Player(name, directory, {"HIGHHELP_HOME": "home"}, port).play(page)
