"""The mutated code, the tests that must notice the mutants, and the required percentages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A part of the code with the tests that guard it.

    Attributes:
        name: What the command line calls it.
        modules: Dotted names of what is mutated.
        tests: Files and folders. Only what runs in this process: tests with sockets or killed processes are too slow
            to be run for every mutant.
        without: What of these is left out, files or single tests.
        keywords: Which of them, as pytest's `-k`. The other database, and a gateway that answers duplicates otherwise,
            run the same lines: once is enough.
        percent: How many of a hundred mutants must be noticed at the least.
    """

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    percent: float
    without: tuple[str, ...] = ()
    keywords: str = "not postgres"


_SIGNING_TESTS = ("tests/signing", "tests/security/test_repr.py")
_SLOW_SIGNING_TESTS = ("tests/signing/test_explain.py",)


def _of(package: str, names: str) -> tuple[str, ...]:
    return tuple(f"{package}.{name}" for name in names.split())


TARGETS = {
    target.name: target
    for target in (
        Target(
            "signing",
            _of("highhelp_signing", "normalize encoding scheme signers keys keyfiles headers auth loopback"),
            _SIGNING_TESTS,
            95,
            (
                *_SLOW_SIGNING_TESTS,
                # of the verifier, and slow
                "tests/signing/test_ambiguity.py",
                "tests/signing/test_callbacks.py::test_unauthenticated_bytes_cost_little",
                "tests/signing/test_callbacks.py::test_the_verifier_is_total",
                "tests/signing/test_normalize.py::test_amplification_is_bounded_in_time_and_memory",
            ),
        ),
        Target(
            "verifier", _of("highhelp_signing", "callbacks ambiguity forms"), _SIGNING_TESTS, 95, _SLOW_SIGNING_TESTS
        ),
        Target(
            "guard",
            _of("highhelp.payouts", "intents lifecycle flow guard"),
            (
                "tests/payouts/test_intents.py",
                "tests/payouts/test_guard.py",
                "tests/payouts/test_both_kinds.py",
                "tests/payouts/test_refusals.py",
                "tests/payouts/test_review.py",
                "tests/payouts/test_reconcile.py",
                "tests/payouts/test_batch.py",
            ),
            96,
            ("tests/payouts/test_batch.py::test_a_batch_that_is_killed_ten_times_pays_every_row_once",),
            "not postgres and not conflict",
        ),
        Target(
            "inbox",
            (
                *_of("highhelp.inbox", "receive leases transitions events admin rejections inbox"),
                *_of("highhelp.storage", "database encryption engine url"),
            ),
            ("tests/inbox", "tests/security/test_stored_callbacks.py"),
            85,
            (
                "tests/inbox/test_crashes.py",
                "tests/inbox/test_many.py",
                "tests/inbox/test_publish.py",
                "tests/inbox/test_commands.py",
            ),
        ),
        Target(
            "flows",
            _of("highhelp.calls", "flow outcome policy wait"),
            (
                "tests/client/test_flows.py",
                "tests/client/test_money_is_safe.py",
                "tests/client/test_answers.py",
                "tests/client/test_error_table.py",
                "tests/client/test_requisites.py",
                "tests/client/test_conveniences.py",
                "tests/payouts/test_refusals.py",
            ),
            85,
        ),
    )
}
