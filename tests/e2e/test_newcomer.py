"""Following a page as a newcomer stops where it does not say enough; `scripts/newcomer` follows the real ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.docs.player import Player

GOOD = """# A page

```sh
export GREETING=hello   # kept for what follows
mkdir place
```

```console
$ echo "$GREETING" > place/said
$ cat place/said
hello
$ sh -c 'echo ready: Ctrl-C; exec sleep 600' &
ready: Ctrl-C
```

```sh
export COLOUR=blue
```

With this it works:

```python
import os
print(os.environ["GREETING"], os.environ["COLOUR"], open("place/said").read().strip())
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
# not run: it is no program
```
"""


def follow(page: str, directory: Path) -> list[str]:
    here = directory / "here"
    here.mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
    player = Player("page.md", here, {"PATH": path, "HOME": str(directory)}, alone=True, elsewhere={})
    try:
        return player.play(page).problems
    except RuntimeError as error:
        return [str(error)]


def test_newcomer_follows_a_good_page(tmp_path: Path) -> None:
    assert follow(GOOD, tmp_path) == []
    assert (tmp_path / "here" / "place" / "said").read_text() == "hello\n"


def test_newcomer_knows_nothing_of_this_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREETING", "from here")
    problems = follow(GOOD.replace("export GREETING=hello", "true"), tmp_path)
    assert "KeyError: 'GREETING'" in "\n".join(problems)


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ("export GREETING=hello", "GREETING=hello", "KeyError: 'GREETING'"),  # python does not see it
        ("mkdir place\n", "", "place/said: No such file or directory"),
        ("export COLOUR=blue", "true", "KeyError: 'COLOUR'"),
        ("import os\n", "import os, nowhere_to_be_found\n", "No module named 'nowhere_to_be_found'"),
        ("print(kept + 1)", "print(never + 1)", "name 'never' is not defined"),
        ("hello blue hello\n", "hello green hello\n", "it prints\nhello blue hello"),
        ("$ cat place/said", "$ highhelp-that-is-not-installed", "highhelp-that-is-not-installed: command not found"),
        ("mkdir place\n", "mkdir place\nfalse\n", "ends with 1"),
        ("ready: Ctrl-C; exec sleep 600' &", "no; exit 1' &", "does not start: no"),
        ("print(kept + 1)", "raise SystemExit", "SystemExit"),
        ("print(kept + 1)", "import os; os._exit(3)", "the interpreter died"),
    ],
)
def test_newcomer_page_that_leaves_something_out_fails(was: str, now: str, words: str, tmp_path: Path) -> None:
    assert was in GOOD
    assert words in "\n".join(follow(GOOD.replace(was, now), tmp_path))
