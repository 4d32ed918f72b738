"""libFuzzer around one target: `python -m tests.guided.drive TARGET [options of libFuzzer] [corpus]`.

Only `scripts/fuzz-bytes` calls this, in the environment that has atheris. Our modules are instrumented, the oracle is
not: coverage counts what is tested.
"""

from __future__ import annotations

import logging
import shlex
import sys
from random import Random

import atheris

OURS = ["highhelp", "highhelp_signing"]


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    name, *options = sys.argv[1:]
    logging.disable(logging.CRITICAL)  # a line for each refused callback would be the whole output
    with atheris.instrument_imports(include=OURS):
        from highhelp.inbox.inbox import CallbackInbox
        from highhelp_signing import CallbackVerifier
        from highhelp_signing.normalize import parse
    for function in (parse, CallbackVerifier.verify, CallbackInbox.receive):
        if "_trace_branch" not in function.__code__.co_names:
            sys.exit(f"{function.__qualname__} is not instrumented: the fuzzer would be blind")
    from tests.guided.mutate import mutated
    from tests.guided.targets import TARGETS

    target = TARGETS[name]

    def judge(data: bytes) -> None:
        target(data)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        turned = data if random.random() < 0.7 else bytes(atheris.Mutate(data, most))
        return (mutated(turned, random) if random.random() < 0.8 else turned)[:most]

    # libFuzzer's merge starts itself again, by a shell
    myself = shlex.join([sys.executable, "-m", "tests.guided.drive", name])
    atheris.Setup([myself, *options], judge, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
