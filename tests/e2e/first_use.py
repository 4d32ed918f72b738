"""Runs the session of docs/first-use.md and compares what it shows; `--write` puts what was shown into the page.

The words of the page are written by hand, what follows a `$` is made. What differs from run to run (times, ids, keys)
is not compared.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "first-use.md"
PORT = "8080"
CARD = "4000000000000002"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
PATIENCE = 60.0
"""Seconds until the mock gateway has to be up."""

VARIES: tuple[tuple[str, str], ...] = (
    (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"\b[0-9a-f]{64}\b", "<sha256>"),
    (r"\b[0-9a-f]{40}\b", "<token>"),
    (r"rsa:[0-9a-f]{16}", "rsa:<key>"),
    (r"hmac:[0-9a-f]{8}", "hmac:<key>"),
    (r"Python [0-9.]+\w*", "Python <version>"),
    (r" *[0-9]+\.[0-9] s  ", "<seconds>  "),
    (r"within [0-9]+ s", "within <seconds>"),
    # how many of a payment's states are seen on its way depends on when the gateway is asked
    (r"(?m)^<seconds>  processing:.*\n", ""),
)


@dataclass(frozen=True)
class Shown:
    """A command and what it showed."""

    command: str
    output: str

    @property
    def essence(self) -> str:
        """The output without what differs from run to run."""
        text = self.output
        for pattern, name in VARIES:
            text = re.sub(pattern, name, text)
        return text


def session(page: str) -> list[list[Shown]]:
    """The commands and outputs of a page, block by block."""
    blocks = []
    for block in BLOCK.findall(page):
        parts = re.split(r"(?m)^\$ (.*)\n", block)[1:]
        blocks.append([Shown(command, output) for command, output in zip(parts[::2], parts[1::2], strict=True)])
    return blocks


class Terminal:
    """Runs commands one after the other, as a person would, in an empty directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("HIGHHELP")}
        self._environ |= {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(directory),
            "COLUMNS": "100",
            "NO_COLOR": "1",
        }
        self._background: list[subprocess.Popen[str]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = str(free.getsockname()[1])

    def run(self, command: str) -> str:
        """What a command shows, as in a directory of the reader's."""
        words = command.replace(PORT, self._port)
        if words.endswith(" &"):
            text = self._start(words.removesuffix(" &"))
        elif words.startswith(("export ", "unset ")):
            text = self._set(words)
        else:
            done = subprocess.run(
                ["bash", "-c", words], cwd=self._directory, env=self._environ, text=True, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            text = done.stdout
        if CARD in text:
            raise RuntimeError(f"{command} shows a card number")
        return text.replace(self._port, PORT).replace(str(self._directory), "/home/you/shop")

    def _set(self, words: str) -> str:
        done = subprocess.run(
            ["bash", "-c", f"{words}; env -0"], env=self._environ, capture_output=True, text=True, check=True
        )
        self._environ = dict(pair.split("=", 1) for pair in done.stdout.split("\0") if "=" in pair)
        return ""

    def _start(self, words: str) -> str:
        log = self._directory.parent / "background.log"
        with log.open("w") as file:
            self._background.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {words}"], cwd=self._directory, env=self._environ, text=True,
                    stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                )
            )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while "Ctrl-C" not in log.read_text():
            if time.monotonic() > end or self._background[-1].poll() is not None:
                raise RuntimeError(f"{words} does not start: {log.read_text()}")
            time.sleep(0.05)
        return log.read_text()

    def close(self) -> None:
        """End what was started in the background."""
        for process in self._background:
            process.send_signal(signal.SIGINT)
            process.wait()


def played(page: str) -> list[list[Shown]]:
    """The session of a page, run anew."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory).resolve() / "shop"
        place.mkdir()
        (place / "card.txt").write_text(f"{CARD}\n")  # what a person would have there
        terminal = Terminal(place)
        try:
            return [[Shown(old.command, terminal.run(old.command)) for old in block] for block in session(page)]
        finally:
            terminal.close()


def written(page: str, blocks: list[list[Shown]]) -> str:
    """The page with other outputs."""
    texts = iter("".join(f"$ {shown.command}\n{shown.output}" for shown in block) for block in blocks)
    return BLOCK.sub(lambda _: f"```console\n{next(texts)}```", page)


def differences(old: list[list[Shown]], new: list[list[Shown]]) -> list[str]:
    """The commands whose output is another one now."""
    pairs = zip((shown for block in old for shown in block), (shown for block in new for shown in block), strict=True)
    return [f"$ {was.command}\n--- the page\n{was.essence}--- now\n{now.essence}" for was, now in pairs
            if was.essence != now.essence]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Compare, or with `--write` rewrite the page."""
    page = PAGE.read_text(encoding="utf-8")
    new = played(page)
    found = differences(session(page), new)
    if found and arguments == ["--write"]:
        PAGE.write_text(written(page, new), encoding="utf-8")
        print(f"{PAGE.relative_to(ROOT)} was rewritten; read the diff")
        return 0
    print("\n".join(found) or "docs/first-use.md shows what is")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
