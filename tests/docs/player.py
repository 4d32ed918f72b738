"""Plays a page: runs each block in the order of the page, and says where the page shows something else.

| language | what is done |
| --- | --- |
| `python` | run in one process per page; with `title="shop.py"` written to that file, for a later block to use |
| `output` | what the `python` block before it printed |
| `sh` | run in the page's directory; has to succeed |
| `console` | each `$` command is run, what it shows is compared; one with `sleep` before it is tried for a while |
| `json`, `toml`, `yaml` | parsed; with `title="OPERATION_ID"` checked against the schema of that operation's request |
| `csv`, with a title | written to that file |
| `text` | not run; its first line says why |
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from highhelp_api.contract import OPERATIONS
from highhelp_mock.api.validation import field_errors
from tests.docs.blocks import Block, blocks_of, commands, replaced
from tests.docs.terminal import Terminal, essence
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RUN_ELSEWHERE = {
    "scripts/demo": "tests/e2e/test_demo.py, as `highhelp demo`",
    "scripts/test": "it is what runs this",
    "scripts/generate --check": ".ci/run",
    "pip install 'highhelp[all]'": "tests/e2e/test_packaging.py, from the wheel",
    "pip install pytest": "scripts/newcomer",
}
"""Commands that a page shows and this does not run -> where they are proved."""
LOOKS = 10
"""How often a command that begins with `sleep` is tried again until it shows what the page shows."""


@dataclass
class Played:
    """The result of running a page.

    Attributes:
        problems: What is wrong, each with its line.
        counted: Blocks by language.
        not_run: Line and reason of each block, and of each command, that is not run here.
        page: The page with the outputs of this time.
    """

    page: str
    problems: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    not_run: list[tuple[int, str]] = field(default_factory=list)


class Interpreter:
    """The Python process of a page."""

    def __init__(self, directory: Path, terminal: Terminal) -> None:
        self._terminal = terminal
        python = str(shutil.which("python", path=terminal.environ["PATH"]))
        self._process = subprocess.Popen(
            [python, str(Path(__file__).with_name("interpreter.py"))],
            cwd=directory, env=terminal.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, text: str, place: str) -> tuple[str, str | None]:
        """Run code. Returns its output, and the traceback if it failed."""
        pipes = self._process
        if pipes.stdin is None or pipes.stdout is None:
            raise RuntimeError("no pipes")
        pipes.stdin.write(json.dumps({"text": text, "place": place, "environ": self._terminal.environ}) + "\n")
        pipes.stdin.flush()
        line = pipes.stdout.readline()
        if not line:
            return "", "the interpreter died"
        answer: dict[str, Any] = json.loads(line)
        return answer["told"], answer["failed"]

    def close(self) -> None:
        """End it, as a reader does who leaves the session."""
        self._process.communicate()


class Player:
    """Runs one page.

    Args:
        name: Of the page, for messages.
        directory: An empty one.
        environ: What the reader has set before.
        gateway_port: Of the gateway that the reader has started before.
        elsewhere: Commands that are not run here, with where they are proved.
        alone: Whether `environ` is all that the reader's shell knows.
        patience: Seconds that a command may take.
    """

    def __init__(
        self,
        name: str,
        directory: Path,
        environ: Mapping[str, str] | None = None,
        gateway_port: str | None = None,
        *,
        elsewhere: Mapping[str, str] = RUN_ELSEWHERE,
        alone: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        self._name = name
        self._directory = directory
        self._environ = environ or {}
        self._gateway_port = gateway_port
        self._elsewhere = elsewhere
        self._alone, self._patience = alone, patience
        self._waiting: dict[str, int] = {}  # files that no block has used yet

    def play(self, page: str) -> Played:
        """Run all of it."""
        played = Played(page)
        blocks = blocks_of(page)
        with ExitStack() as stack:
            terminal = stack.enter_context(
                Terminal(self._directory, self._environ, self._gateway_port, alone=self._alone, patience=self._patience)
            )
            self._terminal = terminal
            self._interpreter: Interpreter | None = None
            stack.callback(self._close)
            for number, block in enumerate(blocks):
                follows = blocks[number + 1] if number + 1 < len(blocks) else None
                played.counted[block.language] += 1
                problems = self._one(block, follows, played, number)
                played.problems += [f"{self._name}:{block.line}: {problem}" for problem in problems]
        played.problems += [f"{self._name}:{line}: {file} is never used" for file, line in self._waiting.items()]
        return played

    def _close(self) -> None:
        if self._interpreter is not None:
            self._interpreter.close()

    def _one(self, block: Block, follows: Block | None, played: Played, number: int) -> list[str]:
        if block.language != "text":
            self._waiting = {file: line for file, line in self._waiting.items() if Path(file).stem not in block.text}
        if block.language == "text":
            played.not_run.append((block.line, block.reason or ""))
        ways: dict[str, Callable[[], list[str]]] = {
            "python": lambda: self._keep(block) if block.title else self._python(block, follows, played, number),
            "output": list,  # compared with the block before it
            "sh": lambda: self._sh(block, played),
            "console": lambda: self._console(block, played, number),
            "csv": lambda: self._keep(block) if block.title else ["a file needs a name"],
            "text": lambda: [] if block.reason else ["a text block begins with '# not run: ' and the reason"],
            **dict.fromkeys(READERS, lambda: _data(block)),
        }
        return ways.get(block.language, lambda: [f"nobody knows how to run {block.language!r}"])()

    def _keep(self, block: Block) -> list[str]:
        file = self._directory / str(block.title)
        if file.exists():
            return [f"{block.title} is there already"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")
        self._waiting[str(block.title)] = block.line
        return []

    def _python(self, block: Block, follows: Block | None, played: Played, number: int) -> list[str]:
        if self._interpreter is None:
            self._interpreter = Interpreter(self._directory, self._terminal)
        told, failed = self._interpreter.run(self._terminal.real(block.text), f"{self._name}:{block.line}")
        told = self._terminal.shown(told)
        if failed:
            return [failed]
        has_output = follows is not None and follows.language == "output"
        shown = follows.text if follows is not None and has_output else ""
        if essence(told) == essence(shown):
            return []
        if has_output:
            played.page = replaced(played.page, number + 1, told)
        return [f"it prints\n{told}--- the page shows\n{shown or 'nothing'}"]

    def _sh(self, block: Block, played: Played) -> list[str]:
        lines = []
        for line in block.text.splitlines():
            command = line.partition(" #")[0].strip()
            if command in self._elsewhere:
                played.not_run.append((block.line, f"{command}: {self._elsewhere[command]}"))
            else:
                lines.append(line)
        together = "\n".join(lines)
        parts = lines if any(line.endswith(" &") for line in lines) else [f"set -e\n{together}"] if lines else []
        for part in parts:
            told, code = self._terminal.run(part)
            if code:
                return [f"{part} ends with {code}:\n{told}"]
        return []

    def _console(self, block: Block, played: Played, number: int) -> list[str]:
        problems, now = [], ""
        for command, shown in commands(block.text):
            told, _ = self._terminal.run(command)
            for _ in range(LOOKS if command.startswith("sleep ") else 0):
                if essence(told) == essence(shown):
                    break
                told, _ = self._terminal.run(command)  # a reader who sees less waits and looks again
            now += f"$ {command}\n{told}"
            if essence(told) != essence(shown):
                problems.append(f"$ {command}\n--- the page\n{shown}--- now\n{told}")
        if problems:
            played.page = replaced(played.page, number, now)
        return problems


READERS: dict[str, Any] = {"json": json.loads, "toml": tomllib.loads, "yaml": YAML(typ="safe").load}


def _data(block: Block) -> list[str]:
    try:
        value = READERS[block.language](block.text)
    except (ValueError, YAMLError) as error:
        return [f"is no {block.language}: {error}"]
    if block.title is None:
        return []
    if block.title not in OPERATIONS:
        return [f"{block.title} is no operation"]
    return [f"{path}: {message}" for path, message in field_errors(OPERATIONS[block.title].request, value).items()]
