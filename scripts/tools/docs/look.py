"""Open every page of a site in a browser, at phone and desktop width, and report problems.

Screenshots go to build/screenshots/site. Nothing may be wider than the screen or cut off, no text may lie on other
text, nothing may be asked of another host, and axe-core may find nothing serious.
"""

from __future__ import annotations

import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
RULES: dict[str, tuple[str, ...]] = {"phone": ("scrollable-region-focusable", "target-size"), "desktop": ()}
"""The rules of axe-core at a size: all on a desktop, on a phone those that depend on the width."""
SERIOUS = {"serious", "critical"}
"""The levels of axe-core that count as a problem."""
PATIENCE = 120_000
"""Milliseconds that a busy machine may take for one step."""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

HERE = Path(__file__).parent
CHECKS = [(HERE / name).read_text(encoding="utf-8") for name in ("wider.js", "overlaps.js")]
"""Functions that run in the page; each returns the problems."""


def problems(site: Path, screenshots: Path, program: str) -> list[str]:
    """Find what does not fit, page by page.

    Args:
        site: Its folder.
        screenshots: Where the pictures go; emptied first.
        program: A Chromium browser.
    """
    screenshots.mkdir(parents=True, exist_ok=True)
    for old in screenshots.glob("*.png"):
        old.unlink()
    names = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html")) if path.name != "404.html"]
    with served(site) as url, ThreadPoolExecutor(len(SIZES)) as pool:
        found = pool.map(lambda size: _at(size, program, url, names, screenshots), SIZES)
        return [problem for problems_at_size in found for problem in problems_at_size]


def _at(size: str, program: str, url: str, names: list[str], screenshots: Path) -> list[str]:
    width, height = SIZES[size]
    noted: list[str] = []
    found = []
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=ARGUMENTS) as browser,
    ):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE)
        page.on(
            "request",
            lambda one: None if one.url.startswith((url, "data:", "blob:")) else noted.append(f"asks for {one.url}"),
        )
        page.on("pageerror", lambda error: noted.append(str(error)))
        for name in names:
            page.goto(f"{url}{name}", wait_until="load")
            said = [*noted, *seen(page, *RULES[size])]
            noted.clear()
            found += [f"{name} on a {size}: {one}" for one in said]
            picture = screenshots / f"{name.removesuffix('.html').replace('/', '-')}-{size}.png"
            page.screenshot(path=picture, full_page=True, animations="disabled")
    return found


def seen(page: Page, *rules: str) -> list[str]:
    """Find what does not fit on the page that is shown; `rules` as for :func:`barriers`."""
    return [problem for check in CHECKS for problem in page.evaluate(check)] + barriers(page, *rules)


def barriers(page: Page, *rules: str) -> list[str]:
    """List serious accessibility problems of the page that is shown: each rule of axe-core with its first element.

    Args:
        page: The page.
        rules: Only these rules; all of them where none is named.
    """
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']} ({one['impact']}), {len(one['nodes'])} times: {one['nodes'][0]['html'][:120]}"
        for one in found
        if one["impact"] in SERIOUS
    ]


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The site on a free port of this machine; gives its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
