"""What follows a page stops where a page does not say enough; `scripts/newcomer` does it with the real ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from walkthrough import Reader, StepFailed, steps

GOOD = """# A page

```sh
export GREETING=hello   # kept for what follows
mkdir place
cd place
```

Words with `OTHER=thing` that no reader has to do anything about.

```console
$ echo "$GREETING" > said
$ cat said
hello
$ sh -c 'echo ready: Ctrl-C; sleep 600' &
ready: Ctrl-C
```

With `COLOUR=blue` it works:

```python
import os
print(os.environ["GREETING"], os.environ["COLOUR"], open("said").read().strip())
kept = 1
```

```output
hello blue hello
```

```python
print(kept + 1)
```

```output
2
```

```text
this is not run
```
"""


def follow(page: str, directory: Path, **instead: str) -> list[str]:
    here = directory / "here"
    here.mkdir()
    environ = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(directory)}
    told: list[str] = []
    with Reader(here, environ, instead=instead, log=told.append) as reader:
        assert reader.follow(page) == len(list(steps(page)))
    return told


def test_a_good_page_is_followed(tmp_path: Path) -> None:
    assert [step.kind for step in steps(GOOD)] == [
        *["command"] * 5, "background", "setting", "python", "output", "python", "output",
    ]  # fmt: skip
    told = follow(GOOD, tmp_path)
    assert len(told) == 11
    assert (tmp_path / "here" / "place" / "said").read_text() == "hello\n"


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ("export GREETING=hello", "GREETING=hello", "python: import os"),  # not exported, so python does not see it
        ("mkdir place\n", "", "line 5, command: cd place"),
        ("With `COLOUR=blue` it", "It", "KeyError: 'COLOUR'"),
        ("import os\n", "import os, nowhere_to_be_found\n", "No module named 'nowhere_to_be_found'"),
        ("print(kept + 1)", "print(never + 1)", "name 'never' is not defined"),
        ("hello blue hello\n", "hello green hello\n", "was shown instead:\nhello blue hello"),
        ("$ cat said", "$ highhelp-that-is-not-installed", "exit code 127"),
        ("ready: Ctrl-C; sleep 600' &", "no; exit 1' &", "does not start: no"),
        ("print(kept + 1)", "raise SystemExit", "SystemExit"),
        ("print(kept + 1)", "import os; os._exit(3)", "python ended"),
    ],
)
def test_a_page_that_leaves_something_out_fails(was: str, now: str, words: str, tmp_path: Path) -> None:
    assert was in GOOD
    with pytest.raises(StepFailed) as failure:
        follow(GOOD.replace(was, now), tmp_path)
    assert words in str(failure.value)


def test_what_is_replaced_is_told(tmp_path: Path) -> None:
    told = follow("```sh\nfalse\n```\n", tmp_path, false="true")
    assert "          instead of `false`: `true`" in told


def test_a_gateway_of_the_prose_is_started_before_or_after_the_block() -> None:
    block = "```python\nx = 1\n```\n"
    words = "`highhelp mock --home ./home` in one terminal, `HIGHHELP_HOME=./home` in the other.\n"
    for page in (f"Words.\n\n{words}\n{block}", f"Words.\n\n{block}\n{words}"):
        kinds = [(step.kind, step.text) for step in steps(page)]
        assert kinds[:2] == [("background", "highhelp mock --home ./home"), ("setting", "HIGHHELP_HOME=./home")]


def test_a_block_in_a_list_is_a_step_too() -> None:
    page = "1. Words\n\n   ```sh\n   false\n   ```\n"
    assert [(step.kind, step.text, step.line) for step in steps(page)] == [("command", "false", 4)]
