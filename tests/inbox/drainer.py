"""A worker process of the drain test: waits for its start, drains the inbox, says how many it has handled."""

from __future__ import annotations

import sys
import time

from highhelp import CallbackStore
from tests.inbox.crasher import book
from tests.killing import Steps


def main() -> None:
    with CallbackStore(sys.argv[1], environ={}) as store:
        store.create_schema()
        print("ready", flush=True)
        sys.stdin.readline()
        began, done = time.monotonic(), 0
        while number := store.process(book(Steps(0))):
            done += number
        print(done, time.monotonic() - began, flush=True)


if __name__ == "__main__":
    main()
