"""Run one target: lay out the tree, run the tester, read its results."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.mutate import equivalent, mutants
from tools.mutate.report import Outcome, Result
from tools.mutate.tree import ROOT, file_of, laid_out

if TYPE_CHECKING:
    from tools.mutate.targets import Target

# a mutant that never ends may also gather without end; the machine is not to suffer
_MEMORY = 4 << 30
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


def run(target: Target, *, again: bool, sample: int, processes: int) -> Outcome:
    """Test the mutants of a target.

    Args:
        target: Which one.
        again: Only those that the last run left unnoticed.
        sample: Percent of the mutants to test.
        processes: Mutants tested at a time.
    """
    began = time.monotonic()
    tree = laid_out(target, fresh=not again)
    every = mutants.of(target, tree)
    counted = [one for one in every if one.not_counted is None and one.place < sample]
    known = _found(target, tree)
    found = _tested(target, tree, [one.name for one in counted if known.get(one.name) != "noticed"], processes)
    # of a function that has changed since the last run, the tester has forgotten which mutants were noticed
    found = _tested(target, tree, [one.name for one in counted if one.name not in found], processes)
    # those that ran out of time may have done so on a busy machine: once more, one at a time
    found = _tested(target, tree, [one.name for one in counted if found.get(one.name) in _TESTED_AGAIN], 1)
    results = [Result(one, found.get(one.name, "not tested")) for one in counted]
    _must_have_run(target, results)
    return Outcome(
        target=target,
        results=tuple(results),
        not_counted=sum(one.not_counted is not None for one in every),
        explained=equivalent.read(),
        seconds=time.monotonic() - began,
        partial=again,
        sample=sample,
    )


def _tested(target: Target, tree: Path, names: list[str], processes: int) -> dict[str, str]:
    """Test these mutants. Returns the status of all that were tested until now."""
    log = ROOT / "build" / "mutation" / f"{target.name}.log"
    if names:
        print(f"{target.name}: {len(names)} mutants to test, progress in {log}", flush=True)
        first = tree / "mutants"
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(first), str(first / "scripts")])}
        command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(processes), *names]
        with log.open("w", encoding="utf-8") as written:
            done = subprocess.run(
                command,
                cwd=tree,
                env=environ | {"PYTHONUNBUFFERED": "1"},
                stdout=written,
                stderr=subprocess.STDOUT,
                preexec_fn=_bounded,
                check=False,
            )
        if done.returncode:
            sys.exit(f"{target.name}: the mutation tester failed with {done.returncode}; see {log}")
    return _found(target, tree)


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _found(target: Target, tree: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for module in target.modules:
        meta = tree / "mutants" / f"{file_of(module)}.meta"
        if meta.is_file():
            codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
            found |= {name: _STATUS.get(code, f"exit code {code}") for name, code in codes.items() if code is not None}
    return found


def _must_have_run(target: Target, results: list[Result]) -> None:
    for module in target.modules:
        of_it = [one for one in results if one.mutant.identity.module == module]
        if of_it and all(one.status == "no test runs it" for one in of_it):
            sys.exit(f"{target.name}: no test of the target runs {module}; is the mutated code what is imported?")
