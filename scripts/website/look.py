"""Looks at every page of a site in a browser, as wide as a phone and as a desktop, and says what does not fit.

Screenshots go to build/screenshots/site. Nothing may be wider than the screen, no text may lie on other text, and nothing
may be asked of another host.
"""

from __future__ import annotations

import functools
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

WIDER = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth
  if (wide > 0) return [`the page is ${wide} px wider than the screen`]
  // what is wider than its own box may be scrolled there, or is cut off
  const cut = []
  for (const one of document.querySelectorAll(".md-content *")) {
    const style = getComputedStyle(one)
    const over = one.scrollWidth - one.clientWidth
    if (over > 1 && one.clientWidth > 0 && style.overflowX === "hidden") {
      cut.push(`${one.tagName.toLowerCase()} is cut off by ${over} px: ${one.textContent.trim().slice(0, 60)}`)
    }
  }
  return cut
}"""

OVERLAPS = """() => {
  // the lines of text of all blocks; two of different blocks must not share space
  const blocks = document.querySelectorAll(
    ".md-content :is(h1, h2, h3, h4, h5, p, li, td, th, pre, figcaption, .doc-heading)")
  const lines = []
  for (const block of blocks) {
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const text = walker.currentNode
      if (!text.textContent.trim() || text.parentElement.closest(":is(h1, h2, h3, h4, h5, p, li, td, th, pre, figcaption, .doc-heading)") !== block) continue
      if (!text.parentElement.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue
      const range = document.createRange()
      range.selectNodeContents(text)
      for (const box of range.getClientRects()) {
        if (box.width > 1 && box.height > 1) lines.push({box, block, text: text.textContent.trim().slice(0, 40)})
      }
    }
  }
  lines.sort((one, other) => one.box.top - other.box.top)
  const found = []
  for (let i = 0; i < lines.length; i++) {
    for (let j = i + 1; j < lines.length && lines[j].box.top < lines[i].box.bottom - 3; j++) {
      const [one, other] = [lines[i], lines[j]]
      if (one.block === other.block || one.block.contains(other.block) || other.block.contains(one.block)) continue
      if (one.block.closest("table, pre") !== other.block.closest("table, pre") && scrolled(one) !== scrolled(other)) continue
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left)
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top)
      if (across > 2 && down > 3) found.push(`"${one.text}" lies on "${other.text}"`)
    }
  }
  return found.slice(0, 5)
  function scrolled(line) { return line.block.closest("pre, .md-typeset__scrollwrap, .md-typeset__table") }
}"""


def problems(site: Path, screenshots: Path, program: str) -> list[str]:
    """What does not fit, page by page.

    Args:
        site: Its folder.
        screenshots: Where the pictures go; emptied first.
        program: A Chromium browser.
    """
    screenshots.mkdir(parents=True, exist_ok=True)
    for old in screenshots.glob("*.png"):
        old.unlink()
    found = []
    with served(site) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        names = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
        for size in SIZES:
            found += _at(size, browser, url, [name for name in names if name != "404.html"], screenshots)
        browser.close()
    return found


def _at(size: str, browser: Browser, url: str, names: list[str], screenshots: Path) -> list[str]:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    noted: list[str] = []
    page.on("request", lambda one: None if one.url.startswith((url, "data:", "blob:")) else noted.append(f"asks for {one.url}"))
    page.on("pageerror", lambda error: noted.append(str(error)))
    found = []
    for name in names:
        page.goto(f"{url}{name}", wait_until="load")
        said = [*noted, *seen(page)]
        noted.clear()
        found += [f"{name} on a {size}: {one}" for one in said]
        picture = screenshots / f"{name.removesuffix('.html').replace('/', '-')}-{size}.png"
        page.screenshot(path=picture, full_page=True, animations="disabled")
    page.close()
    return found


def seen(page: Page) -> list[str]:
    """What does not fit on the page that is shown."""
    wide: list[str] = page.evaluate(WIDER)
    overlapping: list[str] = page.evaluate(OVERLAPS)
    return [*wide, *overlapping]


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
