"""One room: lay out the tree, let the tester run, read what it found out."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from tools.mutate import equivalent, mutants
from tools.mutate.report import Outcome, Result
from tools.mutate.tree import ROOT, file_of, laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.mutate.targets import Room

# a mutant that never ends may also gather without end; the machine is not to suffer
_MEMORY = 4 << 30
_PROGRESS_EVERY = 15.0
_TESTED_AGAIN = ("ran out of time", "died")
_STATUS = {
    0: "survived",
    1: "noticed",
    2: "noticed",  # while the tests were collected
    3: "noticed",  # inside pytest
    33: "no test runs it",
    36: "ran out of time",
    24: "ran out of time",
    -24: "ran out of time",
    152: "ran out of time",
    -9: "died",
    -11: "died",
}


def run(room: Room, *, again: bool, sample: int, processes: int) -> Outcome:
    """Test the mutants of a room: all, `sample` percent of them, or `again` those that the last run left unnoticed."""
    began = time.monotonic()
    tree = laid_out(room, anew=not again)
    every = mutants.of(room, tree)
    counted = [one for one in every if one.not_counted is None and one.place < sample]
    known = _found(room, tree)
    names = [one.name for one in counted if known.get(one.name) != "noticed"]
    not_counted = sum(one.not_counted is not None for one in every)
    print(f"{room.name}: {len(names)} mutants to test, {not_counted} not counted", flush=True)
    _tester(room, tree, names, processes)
    found = _found(room, tree)
    # of a function that has changed since the last run, the tester has forgotten what was noticed
    if forgotten := [one.name for one in counted if one.name not in found]:
        print(f"{room.name}: {len(forgotten)} of changed functions are tested too", flush=True)
        _tester(room, tree, forgotten, processes)
        found = _found(room, tree)
    # what ran out of time may have done so on a busy machine: once more, one at a time
    if late := [one.name for one in counted if found.get(one.name) in _TESTED_AGAIN]:
        print(f"{room.name}: {len(late)} ran out of time and are tested again", flush=True)
        _tester(room, tree, late, 1)
        found = _found(room, tree)
    results = [Result(one, found.get(one.name, "not tested")) for one in counted]
    _must_have_run(room, results)
    return Outcome(
        room=room,
        results=tuple(results),
        not_counted=not_counted,
        explained=equivalent.read(),
        seconds=time.monotonic() - began,
        partial=again,
        sample=sample,
    )


def _tester(room: Room, tree: Path, names: Iterable[str], processes: int) -> None:
    names = list(names)
    if not names:
        return
    first = tree / "mutants"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(first), str(first / "scripts")])}
    environ["PYTHONUNBUFFERED"] = "1"  # for the progress
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(processes), *names]
    log = ROOT / "build" / "mutation" / f"{room.name}.log"
    last = time.monotonic()
    with (
        log.open("w", encoding="utf-8") as written,
        subprocess.Popen(
            command,
            cwd=tree,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_bounded,  # noqa: PLW1509 - no thread is there yet
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - for the type checker
        for line in process.stdout:  # a bare carriage return ends a line too
            written.write(line)
            if time.monotonic() - last > _PROGRESS_EVERY and "/" in line:
                print(f"{room.name}: {_plain(line)}", flush=True)
                last = time.monotonic()
    if process.returncode:
        end = "".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[-40:])
        sys.exit(f"{end}\n{room.name}: the mutation tester failed with {process.returncode}; all of it in {log}")


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _plain(line: str) -> str:
    signs = {"🎉": "noticed", "🫥": "without a test", "⏰": "out of time", "🙁": "survived"}
    parts = line.split()
    counts = dict(pairwise(parts))
    progress = next((part for part in parts if "/" in part), "")
    return ", ".join([progress, *(f"{counts[sign]} {word}" for sign, word in signs.items() if sign in counts)])


def _found(room: Room, tree: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for module in room.modules:
        meta = tree / "mutants" / f"{file_of(module)}.meta"
        if meta.is_file():
            codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
            found |= {name: _STATUS.get(code, f"exit code {code}") for name, code in codes.items() if code is not None}
    return found


def _must_have_run(room: Room, results: list[Result]) -> None:
    for module in room.modules:
        of_it = [one for one in results if one.mutant.identity.module == module]
        if of_it and all(one.status == "no test runs it" for one in of_it):
            sys.exit(f"{room.name}: no test of the room runs {module}; is the mutated code what is imported?")
