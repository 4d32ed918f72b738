"""A page followed to the letter: what stands in its fenced blocks is typed and nothing else, until a step fails.

`sh` blocks and the `$` lines of `console` blocks go to one shell, `python` blocks to one interpreter that is started in
that shell. A command that ends with `&` stays in the background. Beside a `python` block the prose counts as well: an
inline `NAME=value` is set, and an inline `highhelp mock ...` or `highhelp listen ...` is started. That is how a reader
reads "in another terminal".
"""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, cast

from blocks import blocks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PATIENCE = 900.0
"""Seconds that a command may take; the first one makes environments."""
STARTS_WITHIN = 60.0
"""Seconds until a command in the background has said that it is up."""
ENDS_WITHIN = 20.0
_INTERPRETER = """
import json, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    try:
        exec(compile(json.loads(line), "the page", "exec"), names)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        print("\\nfailed\\x00", flush=True)
    else:
        print("\\ndone\\x00", flush=True)
"""


class StepFailed(Exception):
    """A step of a page did not work as it stands there."""

    def __init__(self, step: Step, output: str) -> None:
        super().__init__(f"{step}\n{output.strip()}")


@dataclass(frozen=True)
class Step:
    """Something that the page asks for.

    Attributes:
        kind: `command`, `background`, `setting`, `python`, or `output`: what the step before has to show.
        text: What is typed.
        line: Where it stands on the page.
    """

    kind: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}, {self.kind}: {self.text.strip()}"


def steps(page: str) -> Iterator[Step]:
    """What a page asks for, in its order."""
    end = 0
    for block in blocks_of(page):
        language, text, line, place = block.language, block.text, block.line, block.place
        if language == "sh":
            yield from _commands(text.splitlines(), line)
        elif language == "console":
            yield from _commands(
                [row.removeprefix("$ ") if row.startswith("$ ") else "" for row in text.splitlines()], line
            )
        elif language == "python":
            following = page[place[1] :].lstrip("\n").split("\n\n", 1)[0]
            yield from _prose(page[end : place[0]], following, line - 1)
            yield Step("python", text, line)
        elif language == "output":
            yield Step("output", text, line)
        end = place[1]


def _commands(rows: list[str], line: int) -> Iterator[Step]:
    for number, row in enumerate(rows, line):
        command = re.sub(r"\s+#.*$", "", row).strip()
        if command and not command.startswith("#"):
            background = command.endswith(" &")
            yield Step("background" if background else "command", command.removesuffix(" &"), number)


def _prose(before: str, after: str, line: int) -> Iterator[Step]:
    last = before.rstrip("\n").rsplit("\n\n", 1)[-1]
    for word in re.findall(r"`([^`\n]+)`", f"{last}\n{after if not after.startswith('```') else ''}"):
        if re.match(r"highhelp (mock|listen)\b", word):
            yield Step("background", word, line)
        elif re.fullmatch(r"[A-Z][A-Z0-9_]*=\S+", word):
            yield Step("setting", word, line)


class Reader:
    """Who follows a page: a shell, an interpreter, and what runs in the background.

    Args:
        directory: Where the reader is; the reader's.
        environ: All that the reader's shell knows.
        instead: Commands that are replaced, with what is run for them; each is told in the log.
        log: Takes a line for every step.
    """

    def __init__(
        self,
        directory: Path,
        environ: Mapping[str, str],
        *,
        instead: Mapping[str, str] | None = None,
        log: Callable[[str], object] = print,
    ) -> None:
        self._directory, self._environ = directory, dict(environ)
        self._instead, self._log = dict(instead or {}), log
        self._running: list[subprocess.Popen[bytes]] = []
        self._interpreter: subprocess.Popen[bytes] | None = None
        self._shown = ""
        self._takers: dict[str, Callable[[Step], None]] = {
            "command": self._run,
            "background": self._start,
            "setting": self._set,
            "python": self._run_python,
            "output": self._compare,
        }

    def follow(self, page: str) -> int:
        """Take every step. Returns how many there were. Raises StepFailed at the first that does not work."""
        taken = list(steps(page))
        for step in taken:
            begun = time.monotonic()
            self._takers[step.kind](step)
            self._log(f"{time.monotonic() - begun:6.1f} s  {step.kind:10}  {step.text.strip().splitlines()[0]}")
        return len(taken)

    def _run(self, step: Step) -> None:
        command = self._instead.get(step.text, step.text)
        if command != step.text:
            self._log(f"          instead of `{step.text}`: `{command}`")
        # what the command changes of the shell stays
        script = f'{command}\ncode=$?; pwd > "$KEPT.d"; env -0 > "$KEPT.e"; exit $code'
        kept = self._directory.parent / "shell"
        done = subprocess.run(
            ["/bin/bash", "-c", script], cwd=self._directory, env=self._environ | {"KEPT": str(kept)}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False,
        )  # fmt: skip
        self._shown = done.stdout
        if done.returncode:
            raise StepFailed(step, f"exit code {done.returncode}\n{done.stdout[-3000:]}")
        self._directory = Path(kept.with_suffix(".d").read_text(encoding="utf-8").strip())
        pairs = kept.with_suffix(".e").read_text(encoding="utf-8").split("\0")
        self._environ = dict(pair.split("=", 1) for pair in pairs if "=" in pair and not pair.startswith("KEPT="))

    def _set(self, step: Step) -> None:
        name, _, value = step.text.partition("=")
        self._environ[name] = value

    def _compare(self, step: Step) -> None:
        if self._shown.strip() != step.text.strip():
            raise StepFailed(step, f"was shown instead:\n{self._shown}")

    def _start(self, step: Step) -> None:
        log = self._directory.parent / f"background-{len(self._running)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                ["/bin/bash", "-c", f"exec {step.text}"], cwd=self._directory, env=self._environ,
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._running.append(process)
        end = time.monotonic() + STARTS_WITHIN
        while "Ctrl-C" not in (said := log.read_text(encoding="utf-8")):  # how a reader sees that it is up
            if process.poll() is not None or time.monotonic() > end:
                raise StepFailed(step, f"does not start: {said}")
            time.sleep(0.05)

    def _python(self) -> subprocess.Popen[bytes]:
        if self._interpreter is None:
            self._interpreter = subprocess.Popen(
                ["/bin/bash", "-c", 'exec python -c "$0"', _INTERPRETER], cwd=self._directory, env=self._environ,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return self._interpreter

    def _run_python(self, step: Step) -> None:
        python = self._python()
        typed, shown = cast("IO[bytes]", python.stdin), cast("IO[bytes]", python.stdout)
        try:
            typed.write(json.dumps(step.text).encode() + b"\n")
            typed.flush()
        except BrokenPipeError:
            raise StepFailed(step, "python does not start") from None
        said = _until_zero(step, shown).decode(errors="replace")
        self._shown, _, verdict = said.rpartition("\n")
        if verdict != "done":
            raise StepFailed(step, self._shown)

    def close(self) -> None:
        """End what was started."""
        if self._interpreter is not None:
            cast("IO[bytes]", self._interpreter.stdin).close()
            self._interpreter.wait(ENDS_WITHIN)
            cast("IO[bytes]", self._interpreter.stdout).close()
        for process in reversed(self._running):
            if process.poll() is None:  # with all that it started, as Ctrl-C does
                os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _until_zero(step: Step, shown: IO[bytes]) -> bytes:
    said, end = b"", time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(shown, selectors.EVENT_READ)
        while not said.rstrip(b"\n").endswith(b"\0"):
            if not selector.select(max(end - time.monotonic(), 0)):
                raise StepFailed(step, f"not within {PATIENCE:.0f} s: {said.decode(errors='replace')}")
            part = os.read(shown.fileno(), 65536)
            if not part:
                raise StepFailed(step, f"python ended: {said.decode(errors='replace')}")
            said += part
    return said.rstrip(b"\n")[:-1]
