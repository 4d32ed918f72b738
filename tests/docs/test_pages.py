"""Every fenced block of every page is run, and what a page shows is what comes.

`python tests/docs/play.py --write` puts what comes into the pages.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import blocks_of
from tests.docs.pages import PAGES, played
from tests.docs.player import Player
from tests.requirements import require

if TYPE_CHECKING:
    from pathlib import Path

MOST_NOT_RUN = 6
"""Of all pages together: a page is for running, what cannot be run is the exception."""


@pytest.fixture(autouse=True)
def bash() -> str:
    return require("bash", shutil.which("bash"))


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_is(name: str, tmp_path: Path) -> None:
    found = played(name, tmp_path)
    assert not found.problems, "\n".join(["`python tests/docs/play.py --write` rewrites outputs", *found.problems])


def test_few_blocks_are_not_run() -> None:
    reasons = {
        f"{name}:{one.line}": one.reason
        for name, page in PAGES.items()
        for one in blocks_of(page.read_text(encoding="utf-8"))
        if one.language == "text"
    }
    assert len(reasons) <= MOST_NOT_RUN, reasons


def play(page: str, place: Path) -> list[str]:
    return Player("page.md", place, {}).play(page).problems


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("```python\nprint(1)\n```\n", "it prints\n1\n--- the page shows\nnothing"),
        ("```python\nprint(1)\n```\n```output\n2\n```\n", "it prints\n1\n--- the page shows\n2"),
        ("```python\n1 / 0\n```\n", "ZeroDivisionError"),
        ("words\n```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n", 'File "<page.md:7>", line 1'),
        ('```python title="shop.py"\nx = 1\n```\n', "shop.py is never used"),
        ('```python title="shop.py"\nx = 1\n```\n```python\nimport shop\nshop.y\n```\n', "has no attribute 'y'"),
        ("```sh\nfalse\n```\n", "ends with 1"),
        ("```sh\nfalse\ntrue\n```\n", "ends with 1"),
        ("```console\n$ echo one\ntwo\n```\n", "--- now\none"),
        ('```json\n{"a": }\n```\n', "is no json"),
        ('```json title="get_balance"\n{"general": {}}\n```\n', "general:project_id: is required"),
        ("```toml\na = \n```\n", "is no toml"),
        ("```yaml\na: [\n```\n", "is no yaml"),
        ("```text\npip install x\n```\n", "begins with '# not run: '"),
        ("```text\n# not run: \npip install x\n```\n", "begins with '# not run: '"),
        ("```ruby\nputs 1\n```\n", "nobody knows how to run 'ruby'"),
        ("1. a list\n\n    ```python\n    1 / 0\n    ```\n", "ZeroDivisionError"),
    ],
)
def test_what_is_wrong_is_found(page: str, says: str, tmp_path: Path) -> None:
    problems = play(page, tmp_path)
    assert len(problems) == 1
    assert says in problems[0]


def test_what_is_right_passes(tmp_path: Path) -> None:
    page = (
        "```python\nx = 1\nprint(x)\n```\n\n```output\n1\n```\n"
        '```python title="shop.py"\ny = 2\n```\n```python\nimport shop, os\nassert shop.y == 2\n```\n'
        "```sh\nexport COLOUR=red\n```\n```console\n$ echo $COLOUR\nred\n$ cat shop.py\ny = 2\n```\n"
        "```python\nassert os.environ['COLOUR'] == 'red'\n```\n"
        "```text\n# not run: it needs a bank\npay\n```\n"
    )  # fmt: skip
    found = Player("page.md", tmp_path, {}).play(page)
    assert found.problems == []
    assert found.page == page
    assert found.not_run == [(len(page.partition("```text")[0].splitlines()) + 2, "it needs a bank")]


def test_what_takes_time_is_looked_at_again(tmp_path: Path) -> None:
    page = "```console\n$ sleep 0; echo -n x >> seen; wc -c < seen\n3\n```\n"
    assert play(page, tmp_path) == []
    assert len((tmp_path / "seen").read_text()) == 3
    assert play(page.replace("3", "-1").replace("seen", "other"), tmp_path)


def test_outputs_are_written_anew(tmp_path: Path) -> None:
    page = "words\n```python\nprint(1)\n```\n```output\nold\n```\n```console\n$ echo new\nold\n```\nmore\n"
    found = Player("page.md", tmp_path, {}).play(page)
    assert len(found.problems) == 2
    assert found.page == page.replace("```output\nold", "```output\n1").replace("echo new\nold", "echo new\nnew")
