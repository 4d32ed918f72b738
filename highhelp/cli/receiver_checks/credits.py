"""Ask the checked system how often it has credited a payment."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from urllib.parse import quote

import httpx

from highhelp.cli.output import UsageProblem, one_line

CountCredits = Callable[[str], int]
"""Returns how often the payment with this payment_id was credited."""

PLACE = "{payment_id}"
_SECONDS = 30


def credits_by_command(command: str) -> CountCredits:
    """Count with a program that prints the number; it runs without a shell.

    Raises:
        UsageProblem: The command cannot be split into words, or does not name the payment.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageProblem(f"--credits: {error}") from None
    if not any(PLACE in word for word in words):
        raise UsageProblem(f"--credits: write {PLACE} where the payment's id belongs")

    def count(payment_id: str) -> int:
        arguments = [word.replace(PLACE, payment_id) for word in words]
        try:
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - the caller's own command
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UsageProblem(f"--credits: {words[0]} cannot be run: {type(error).__name__}") from None
        if done.returncode:
            last = done.stderr.strip().rpartition("\n")[2]
            raise UsageProblem(f"--credits: {words[0]} ended with {done.returncode}: {one_line(last)}")
        return _number(done.stdout, "--credits")

    return count


def credits_by_url(url: str, client: httpx.Client) -> CountCredits:
    """Count with a GET request whose answer is the number.

    Raises:
        UsageProblem: The URL does not name the payment.
    """
    if PLACE not in url:
        raise UsageProblem(f"--credits-url: write {PLACE} where the payment's id belongs")

    def count(payment_id: str) -> int:
        try:
            answer = client.get(url.replace(PLACE, quote(payment_id, safe="")))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UsageProblem(f"--credits-url: no answer: {type(error).__name__}") from None
        if answer.status_code != 200:
            raise UsageProblem(f"--credits-url: HTTP {answer.status_code}, not 200")
        return _number(answer.text, "--credits-url")

    return count


def _number(text: str, option: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageProblem(f"{option}: expected a whole number and nothing else, not {one_line(text)[:40]!r}")
    return int(text)
