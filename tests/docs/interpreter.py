"""The Python of a page, in a separate process: blocks come as lines of JSON, what they print goes back.

Names last from block to block, as they do for a reader who types one block after the other.
"""

from __future__ import annotations

import contextlib
import io
import json
import linecache
import os
import sys
import traceback


def main() -> None:
    """Run what comes until the input ends."""
    names: dict[str, object] = {"__name__": "__page__"}
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a program below prints is not the page's output
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - a text is wanted
    for line in sys.stdin:
        block = json.loads(line)
        os.environ.clear()
        os.environ.update(block["environ"])
        place = f"<{block['place']}>"
        linecache.cache[place] = (len(block["text"]), None, block["text"].splitlines(keepends=True), place)
        told, failed = io.StringIO(), None
        with contextlib.redirect_stdout(told):
            try:
                exec(compile(block["text"], place, "exec"), names)
            except BaseException:  # noqa: BLE001 - whatever a page's code raises is the answer
                failed = traceback.format_exc()
        answers.write(json.dumps({"told": told.getvalue(), "failed": failed}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
