"""Lay out the sources of the site: pages, generated pages, and the links between them.

A page names others as files of the repository, so that it can be read there. Some of those stand elsewhere than in
`docs/`; here they become pages, and links to them lead to those.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from tools.docs import contract_page, reference
from tools.generate import document

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build"
SOURCE = BUILD / "site-source"
SITE = BUILD / "site"
SETTINGS = BUILD / "zensical.toml"
HERE = Path(__file__).parent
MOVED = {
    "README.md": "index.md",
    "README.ru.md": "ru/index.md",
    "spec/README.md": "contract-rules.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "SECURITY.md": "security-policy.md",
    "examples/README.md": "examples.md",
}
"""Files that stand outside `docs/` -> the page that they are on the site."""
ON_DISK_ONLY = {"README.md"}
"""Of these, the ones that are not pages: the site begins with `docs/index.md`."""
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)#:\s]+)((?:#[^)]*)?\))")


def stage() -> None:
    """Write all of it."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    target = SOURCE
    shutil.copytree(ROOT / "docs", target)
    for name in ("site.css", "site.js"):
        shutil.copy(HERE / name, target)
    for path in target.rglob("*.md"):
        kept = ROOT / "docs" / path.relative_to(target)
        path.write_text(linked(path.read_text(encoding="utf-8"), kept), encoding="utf-8")
    for name, page in MOVED.items():
        if (ROOT / name).is_file() and name not in ON_DISK_ONLY:
            (target / page).write_text(linked((ROOT / name).read_text(encoding="utf-8"), ROOT / name), encoding="utf-8")
    made = reference.pages() | {
        "contract-reference.md": contract_page.page(document.load(ROOT / "spec" / "openapi.yaml"))
    }
    for page, text in made.items():
        (target / page).parent.mkdir(exist_ok=True)
        (target / page).write_text(text, encoding="utf-8")
    shutil.copy(HERE / "zensical.toml", SETTINGS)


def linked(text: str, kept: Path) -> str:
    """A page with links that are right on the site.

    Args:
        text: Its Markdown.
        kept: Where it is kept.
    """
    here = _page(kept)

    def changed(match: re.Match[str]) -> str:
        goal = (kept.parent / match[2]).resolve()
        page = _page(goal)
        if page is None and goal.is_relative_to(ROOT) and goal.exists():
            return match[1].lstrip("!")[1:-2]  # not a page: keep only the name
        if page is None or here is None:
            return match[0]
        return f"{match[1]}{os.path.relpath(page, Path(here).parent)}{match[3]}"

    return _LINK.sub(changed, text)


def _page(kept: Path) -> str | None:
    name = kept.relative_to(ROOT).as_posix() if kept.is_relative_to(ROOT) else ""
    return MOVED.get(name) or (name.removeprefix("docs/") if name.startswith("docs/") else None)
