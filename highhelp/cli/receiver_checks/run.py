"""Send the cases to an endpoint and judge its answers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import httpx

from highhelp.cli.output import UsageProblem
from highhelp.cli.receiver_checks.cases import SENDERS, Case, Cases, Expected, Signed
from highhelp.cli.receiver_checks.credits import CountCredits

TIMEOUT = httpx.Timeout(15, connect=5)
_REPETITIONS = 3
"""Retries of a callback that was answered with 503, as the gateway does."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one case.

    Attributes:
        name: Of the case.
        payment_id: Of its callbacks.
        answers: HTTP status of each callback, or the name of the error.
        problem: What is wrong; None if nothing is.
        credited: How often the payment was credited; None if not checked.
    """

    name: str
    payment_id: str
    answers: tuple[int | str, ...]
    problem: str | None = None
    credited: int | None = None


@dataclass(frozen=True)
class Endpoint:
    """Sends callbacks to a URL.

    Attributes:
        url: Of the endpoint.
        client: That follows no redirects.
        pause: Seconds until a callback is sent again that could not be stored.
        sleep: Waits; another one in tests.
    """

    url: str
    client: httpx.Client
    pause: float = 0.5
    sleep: Callable[[float], object] = time.sleep

    def check(self, case: Case) -> Finding:
        """Send one case and judge the answers."""
        if case.at_once:
            with ThreadPoolExecutor(SENDERS) as threads:
                answers = tuple(threads.map(lambda _: self._send(case, case.callbacks[0]), range(SENDERS)))
        else:
            answers = tuple(self._send(case, callback) for callback in case.callbacks)
        wrong = next((answer for answer in answers if not _is_right(answer, case)), None)
        problem = None if wrong is None else f"answered {_said(wrong)}, not {case.expected.value}: {case.harm}"
        return Finding(case.name, case.payment_id, answers, problem)

    def _send(self, case: Case, callback: Signed) -> int | str:
        answer = self._post(callback)
        for _ in range(_REPETITIONS):
            if answer != 503 or case.expected is not Expected.ACCEPTED:
                break
            self.sleep(self.pause)
            answer = self._post(callback)
        return answer

    def _post(self, callback: Signed) -> int | str:
        try:
            return self.client.post(self.url, content=callback.body, headers=dict(callback.headers)).status_code
        except httpx.HTTPError as error:
            return type(error).__name__


def check_cases(endpoint: Endpoint, cases: Cases) -> Iterator[tuple[Case, Finding]]:
    """Check every case, one after the other.

    Raises:
        UsageProblem: Nothing listens at the URL.
    """
    for number, case in enumerate(cases):
        finding = endpoint.check(case)
        if not number and set(finding.answers) <= {"ConnectError", "ConnectTimeout"}:
            raise UsageProblem(f"{endpoint.url} cannot be reached")
        yield case, finding


def check_damaged(
    endpoint: Endpoint, cases: Cases, seconds: float, *, seed: int, clock: Callable[[], float] = time.monotonic
) -> Iterator[tuple[Case, Finding]]:
    """Send randomly damaged callbacks for some time, at least one; stop at the first wrong answer."""
    chance, until, number = random.Random(seed), clock() + seconds, 0  # noqa: S311 - not a secret
    while not number or clock() < until:
        number += 1
        case = cases.damaged(number, chance)
        finding = endpoint.check(case)
        if finding.problem is not None:
            yield case, replace(finding, problem=f"{finding.problem} (seed {seed}, number {number})")
            return
    name = f"{number} damaged at random"
    yield replace(case, name=name), Finding(name, case.payment_id, ())


def check_credits(
    checked: list[tuple[Case, Finding]],
    count: CountCredits,
    *,
    wait: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> list[Finding]:
    """Compare how often each payment was credited, after the worker had time to do it.

    Args:
        checked: Each case with its finding so far.
        count: Asks the system.
        wait: Seconds that its worker may take.
        clock: Monotonic seconds.
        sleep: Waits.
    """
    until = clock() + wait
    for case, _ in checked:
        while case.credits and not count(case.payment_id) and clock() < until:
            sleep(min(0.5, wait))
    if wait:
        sleep(min(1.0, wait))  # wait for a possible second credit
    return [_with_credits(case, finding, count(case.payment_id)) for case, finding in checked]


def _with_credits(case: Case, finding: Finding, credited: int) -> Finding:
    finding = replace(finding, credited=credited)
    if case.credits is None or credited == case.credits:
        wrong = None if credited < 2 else f"credited {credited} times"
    else:
        wrong = f"credited {_times(credited)} instead of {_times(case.credits)}"
    problems = [problem for problem in (finding.problem, wrong) if problem is not None]
    return replace(finding, problem="; ".join(problems) or None)


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _is_right(answer: int | str, case: Case) -> bool:
    if isinstance(answer, str):
        # a server may close the connection on a body that it does not want to read
        return case.expected is Expected.REFUSED and case.name == "oversized" and "Timeout" not in answer
    if case.expected is Expected.ACCEPTED:
        return answer == 200
    return 400 <= answer < 500 or (case.expected is Expected.NO_FAULT and 200 <= answer < 300)


def _said(answer: int | str) -> str:
    return f"HTTP {answer}" if isinstance(answer, int) else f"nothing ({answer})"
