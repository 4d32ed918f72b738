"""A terminal for pages: runs commands one after the other, as a person would, in a directory of the reader's."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GATEWAY_PORT, RECEIVER_PORT = "8080", "8090"
"""Stand in the pages, of the mock gateway and of `highhelp listen`; free ones take their place."""
SHOWN_AS = "/home/you/shop"
CARD = "4000000000000002"

ENDS_WITHIN = 20.0
"""Seconds that what runs in the background has to end after Ctrl-C."""

VARIES: tuple[tuple[str, str], ...] = (
    (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"\b[0-9a-f]{64}\b", "<sha256>"),
    (r"\b[0-9a-f]{40}\b", "<token>"),
    (r"rsa:[0-9a-f]{16}", "rsa:<key>"),
    (r"hmac:[0-9a-f]{8}", "hmac:<key>"),
    (r"Python [0-9.]+\w*", "Python <version>"),
    (r" *[0-9]+\.[0-9] s  ", "<seconds>  "),
    (r"within [0-9]+ s", "within <seconds>"),
    (r"in [0-9]+\.[0-9]+s", "in <seconds>"),
    (r"\bms=[0-9]+", "ms=<milliseconds>"),
    # how many of a payment's states are seen on its way depends on when the gateway is asked
    (r"(?m)^<seconds>  processing:.*\n", ""),
)


def essence(text: str) -> str:
    """An output without what differs from run to run."""
    for pattern, name in VARIES:
        text = re.sub(pattern, name, text)
    return text


class Terminal:
    """Runs commands in a directory; `export`, `unset` and what was started with ` &` last until it is closed.

    Args:
        directory: Where the reader is.
        environ: Variables in addition to those of this process, of which no `HIGHHELP_...` is taken over.
        gateway_port: Of a gateway that is there already.
        alone: Whether `environ` is all that the reader's shell knows.
        patience: Seconds that a command may take.
    """

    def __init__(
        self,
        directory: Path,
        environ: Mapping[str, str],
        gateway_port: str | None = None,
        *,
        alone: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        self._directory, self._patience = directory, patience
        known = {} if alone else os.environ
        self.environ = {name: value for name, value in known.items() if not name.startswith("HIGHHELP")}
        self.environ |= {
            "PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}",  # noqa: PTH120 - a text
            "HOME": str(directory),
            "COLUMNS": "100",
            "NO_COLOR": "1",
            **environ,
        }
        self._background: list[subprocess.Popen[str]] = []
        with socket.socket() as one, socket.socket() as other:
            for free in (one, other):
                free.bind(("127.0.0.1", 0))
            free_ports = [str(free.getsockname()[1]) for free in (one, other)]
        self._ports = {GATEWAY_PORT: gateway_port or free_ports[0], RECEIVER_PORT: free_ports[1]}

    def run(self, command: str) -> tuple[str, int]:
        """Run a command. Returns its output, with the reader's paths, and its exit code."""
        words = self.real(command)
        code = 0
        if words.endswith(" &"):
            text = self._start(words.removesuffix(" &"))
        else:
            text, code = self._wait_for(words)
        if CARD in text:
            raise RuntimeError(f"{command} shows a card number")
        return self.shown(text), code

    def real(self, text: str) -> str:
        """With the ports that are in use, in place of those of the page."""
        for shown, port in self._ports.items():
            text = text.replace(shown, port)
        return text

    def shown(self, text: str) -> str:
        """With the ports and the place of the page."""
        for shown, port in self._ports.items():
            text = text.replace(port, shown)
        return text.replace(str(self._directory), SHOWN_AS)

    def _wait_for(self, words: str) -> tuple[str, int]:
        # the variables as they are afterwards come through a separate pipe
        end, start = os.pipe()
        process = subprocess.Popen(
            ["bash", "-c", f"{words}\ncode=$?; env -0 >&{start}; exit $code"], cwd=self._directory, env=self.environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=(start,),
        )  # fmt: skip
        os.close(start)
        with os.fdopen(end) as told:
            try:
                text, _ = process.communicate(timeout=self._patience)
            except subprocess.TimeoutExpired:
                process.kill()
                raise RuntimeError(f"{words} takes longer than {self._patience:.0f} s") from None
            after = dict(pair.split("=", 1) for pair in told.read().split("\0") if "=" in pair)
        # bash's own, of the one command
        self.environ = {name: value for name, value in after.items() if name not in {"_", "SHLVL"}} or self.environ
        return text, process.returncode

    def _start(self, words: str) -> str:
        log = self._directory.parent / f"background-{len(self._background)}.log"
        with log.open("w") as file:
            self._background.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {words}"], cwd=self._directory, env=self.environ, text=True,
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
            try:
                process.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:  # a shell in the background lets its children ignore SIGINT
                process.kill()
                process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
