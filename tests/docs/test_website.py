"""Building the site: links between moved pages, generated pages, and the checks of the built pages in a browser."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from highhelp_api.contract import OPERATIONS, SCHEMAS
from tools.docs import contract_page, look, reference, stage
from tools.generate import document

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def listed(nav: Any) -> Iterator[str]:
    """The pages of a navigation."""
    if isinstance(nav, str):
        yield nav
    for inner in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from listed(inner)


def test_every_page_is_in_the_navigation_and_there() -> None:
    settings = tomllib.loads((stage.HERE / "zensical.toml").read_text(encoding="utf-8"))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    made = {*reference.pages(), "contract-reference.md", *stage.MOVED.values()}
    nav = set(listed(settings["project"]["nav"]))
    assert {*pages, *reference.pages()} <= nav <= pages | made


@pytest.mark.parametrize(
    ("page", "link", "becomes"),
    [
        ("docs/contract.md", "../spec/README.md", "contract-rules.md"),
        ("docs/contract.md", "../spec/README.md#rules", "contract-rules.md#rules"),
        ("docs/index.md", "quick-start.md", "quick-start.md"),
        ("CONTRIBUTING.md", "docs/errors.md", "errors.md"),
        ("spec/README.md", "../docs/payins.md#create", "payins.md#create"),
        ("docs/index.md", "https://example.org/a.md", "https://example.org/a.md"),
        ("docs/index.md", "#where-to-go", "#where-to-go"),
    ],
)
def test_a_link_leads_to_the_page_that_a_file_became(page: str, link: str, becomes: str) -> None:
    assert stage.linked(f"[x]({link})", ROOT / page) == f"[x]({becomes})"


def test_a_link_to_a_file_that_is_no_page_becomes_its_name() -> None:
    assert stage.linked("see [the lint](scripts/lint), [y](gone.md)", ROOT / "x.md") == "see the lint, [y](gone.md)"


def test_the_reference_has_every_public_name() -> None:
    made = reference.pages()
    for page, (_, _, modules) in reference.MODULES.items():
        for module in modules:
            for name in reference.names(module):
                assert f"::: {module}.{name}\n" in made[f"reference/{page}.md"]
    for operation in OPERATIONS.values():
        assert f"::: highhelp_api.client.api.{operation.tag}." in made["reference/operations.md"]


def test_the_page_of_the_contract_has_all_of_it() -> None:
    contract = document.load(ROOT / "spec" / "openapi.yaml")
    text = contract_page.page(contract)
    for name in (*OPERATIONS, *SCHEMAS, *(item["post"]["operationId"] for item in contract["webhooks"].values())):
        assert f"\n### {name}\n" in text
    for schema in contract["components"]["schemas"].values():
        for field in schema.get("properties", {}):
            assert f"\n| `{field}` |" in text
    assert "| documented |" in text
    assert "| inferred |" in text


def a_page(path: Path, body: str) -> None:
    path.write_text(
        "<!doctype html><html lang=en><head><meta name=viewport content='width=device-width'><title>t</title></head>"
        f"<body><div class=md-content>{body}</div></body></html>"
    )


WORD = "<p>Words that are read.</p>"
MISTAKES = {
    "wide": (f"{WORD}<pre style='width: 900px'>wide</pre>", "phone", "px wider than the screen"),
    "cut": (f"<div style='overflow: hidden; width: 50px'><pre>{'long ' * 30}</pre></div>", "phone", "is cut off"),
    "overlap": (f"{WORD}<p style='margin-top: -30px'>Other words.</p>", "phone", "lies on"),
    "foreign": (
        f"{WORD}<script>fetch('http://127.0.0.1:9/').catch(() => 0)</script>",
        "phone",
        "asks for http://127.0.0.1:9/",
    ),
    "broken": (f"{WORD}<script>nothing.there()</script>", "phone", "nothing is not defined"),
    "unnamed": (f"{WORD}<a href='#here'></a>", "desktop", "link-name (serious), 1 times"),
}
FITS = f"<h1>Title</h1>{WORD}{WORD}<pre tabindex=0 style='overflow: auto; max-width: 100%'>{'long ' * 90}</pre>"


def test_what_does_not_fit_is_seen_and_all_is_photographed(chromium: str, tmp_path: Path) -> None:
    site, pictures = tmp_path / "site", tmp_path / "pictures"
    site.mkdir()
    for name, (body, *_) in MISTAKES.items():
        a_page(site / f"{name}.html", body)
    a_page(site / "fits.html", FITS)
    found = look.problems(site, pictures, chromium)
    for name, (_, size, says) in MISTAKES.items():
        assert any(one.startswith(f"{name}.html on a {size}: ") and says in one for one in found), (name, found)
    assert not [one for one in found if one.startswith("fits.html")]
    names = {f"{name}-{size}" for name in (*MISTAKES, "fits") for size in ("phone", "desktop")}
    assert {path.stem for path in pictures.iterdir()} == names
