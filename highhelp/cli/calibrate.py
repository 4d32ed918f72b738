"""Which reading of the signature scheme the gateway takes: found by asking it, read-only, slowly, a few dozen times.

First the balance, whose body has one field: it shows digest, padding, token and algorithm. Then the state of a pay-in
that does not exist, whose body has two: it shows the joiner, and "no such payment" means that the signature was right.
No request carries null, which is for callbacks to show, and none of these a boolean: their texts stay open.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from highhelp.calls.outcome import RawResponse, classify, clock_skew
from highhelp.cli.fields import infos
from highhelp.errors import HighHelpError, InvalidRequest, NotSent, OutcomeUnknown
from highhelp_api.contract import OPERATIONS, Operation
from highhelp_signing import SignatureScheme, Signer, normalize
from highhelp_signing.errors import SchemeError
from highhelp_signing.forms import DIGESTS, PADDINGS

MOST_CALLS = 48
CLOCK_SECONDS = 120.0
"""A clock that is wrong by more makes every reading look wrong."""

Ask = Callable[[SignatureScheme, Operation, Mapping[str, Any]], RawResponse]

# From the likeliest to the least likely, with how unlikely each is compared with the others.
_DIGESTS = tuple(zip(DIGESTS, (0, 1), strict=True))
_PADDINGS = tuple(zip(PADDINGS, (0, 2), strict=True))
_TOKENS = (("public_key", 0), ("project_id", 2), ("public_key_pem", 3))
_RSA_ALGORITHMS = ((None, 0), ("rsa-sha256", 1), ("RSA-SHA256", 2))
_HMAC_ALGORITHMS = (("hmac-sha512", 0), ("HMAC-SHA512", 1), ("hmac", 2), ("HMAC", 3), ("hmac-sha-512", 4))
_JOINERS = (";", ",", "&", "|", "\n", " ", ";\n")

TOKEN_FORMS = frozenset(name for name, _ in _TOKENS)


class Stopped(HighHelpError):
    """The calibration ended without a result.

    Attributes:
        kind: "refused" (nothing was accepted, or the gateway asked to stop), "not_sent" or "unavailable".
    """

    def __init__(self, message: str, kind: Literal["refused", "not_sent", "unavailable"]) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What was found.

    Attributes:
        scheme: The reading that the gateway accepted.
        calls: How many questions it took.
        open_points: Fields of the scheme that these calls cannot show, with the reason.
    """

    scheme: SignatureScheme
    calls: int
    open_points: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tried:
    """One question and what came of it, for the one who watches."""

    number: int
    operation: Operation
    scheme: SignatureScheme
    accepted: bool
    told: str


def balance_operation() -> Operation:
    """The question whose body is documented whole."""
    return next(known for known in OPERATIONS.values() if known.tag == "service" and known.method_name == "balance")


def info_operation() -> Operation:
    """The question whose body has a second field."""
    return infos("payin")["p2p"]


def readings(signer: Signer, start: SignatureScheme) -> list[SignatureScheme]:
    """The readings to try with a body of one field, the likeliest first; the one in use is the first of all."""
    rsa = signer.algorithm == "rsa"
    field = "rsa_algorithm" if rsa else "hmac_algorithm"
    if start.token not in TOKEN_FORMS:
        tokens: tuple[tuple[str, int], ...] = ((start.token, 0),)  # given by the settings
    else:
        tokens = _TOKENS if signer.public_key_der is not None else (("project_id", 0),)
    axes: list[tuple[tuple[Any, int], ...]] = [
        _DIGESTS if rsa else ((start.digest, 0),), _PADDINGS, tokens, _RSA_ALGORITHMS if rsa else _HMAC_ALGORITHMS,
    ]  # fmt: skip
    found: dict[SignatureScheme, int] = {start: -1}
    for (digest, one), (padding, two), (token, three), (algorithm, four) in itertools.product(*axes):
        made = replace(start, digest=digest, padding=padding, token=token, **{field: algorithm})
        found.setdefault(made, one + two + three + four)
    return sorted(found, key=lambda made: found[made])


def continued(scheme: SignatureScheme, *, padding_is_open: bool) -> list[SignatureScheme]:
    """The readings to try with a body of two fields, once the rest is known."""
    paddings = (scheme.padding, not scheme.padding) if padding_is_open else (scheme.padding,)
    found: dict[SignatureScheme, None] = {}
    for padding, joiner in itertools.product(paddings, (scheme.joiner, *_JOINERS)):
        try:
            found.setdefault(replace(scheme, padding=padding, joiner=joiner))
        except SchemeError:
            continue  # a text of the scheme contains this joiner
    return list(found)


def most_calls(signer: Signer, start: SignatureScheme) -> int:
    """How many questions it takes at most."""
    return min(len(readings(signer, start)) + 2 * (len(_JOINERS) + 1), MOST_CALLS)


def calibrate(
    ask: Ask,
    signer: Signer,
    project_id: str,
    start: SignatureScheme,
    *,
    pause: Callable[[], object],
    watch: Callable[[Tried], object] = lambda _: None,
) -> Calibrated:
    """Find the reading that the gateway accepts.

    Args:
        ask: Sends one signed request, once.
        signer: The project's key.
        project_id: The merchant project.
        start: The reading that is tried first.
        pause: Called between two questions.
        watch: Told of each question.

    Raises:
        Stopped: Nothing was accepted, or the gateway asked to stop (403, 429), or it gives no usable answer.
    """
    questions = _Questions(ask, pause, watch)
    body = {"general": {"project_id": project_id}}
    accepted = questions.first_accepted(balance_operation(), body, readings(signer, start))
    if accepted is None:
        raise Stopped(
            f"none of {questions.asked} readings was accepted; the key, the project or the token may be others than "
            "the gateway has",
            "refused",
        )
    padding_is_open = not _shows_padding(body, accepted)
    candidates = continued(accepted, padding_is_open=padding_is_open)
    final = questions.first_accepted(info_operation(), _query(project_id, candidates), candidates)
    open_points = _never_shown(signer)
    if final is None:
        open_points["joiner"] = "no joiner that was tried was accepted, or the question itself was refused"
    return Calibrated(final or accepted, questions.asked, open_points)


def _never_shown(signer: Signer) -> dict[str, str]:
    texts = dict.fromkeys(("null_text", "true_text", "false_text"), "no read-only call carries such a value")
    if signer.algorithm == "rsa":
        return {**texts, "hmac_algorithm": "the key at hand is RSA"}
    return {**texts, "digest": "not used with HMAC", "rsa_algorithm": "the key at hand is HMAC"}


def _shows_padding(body: Mapping[str, Any], scheme: SignatureScheme) -> bool:
    return len(normalize(body, scheme).encode()) % 3 != 0


def _query(project_id: str, schemes: list[SignatureScheme]) -> dict[str, Any]:
    """A question about a payment that does not exist; of such a length that padding shows with every joiner."""
    name = f"calibrate-{secrets.token_hex(8)}"
    bodies: list[dict[str, Any]] = [
        {"general": {"project_id": project_id, "payment_id": name + more}} for more in ("", "x", "xx")
    ]
    shown = (body for body in bodies if all(_shows_padding(body, scheme) for scheme in schemes))
    return next(shown, bodies[0])  # joiners of three lengths at once leave no such body


class _Questions:
    def __init__(self, ask: Ask, pause: Callable[[], object], watch: Callable[[Tried], object]) -> None:
        self._ask, self._pause, self._watch = ask, pause, watch
        self.asked = 0
        self._refusals: set[int] = set()

    def first_accepted(
        self, operation: Operation, body: Mapping[str, Any], schemes: list[SignatureScheme]
    ) -> SignatureScheme | None:
        """The first reading with which the question is accepted; None where it is none."""
        for scheme in schemes:
            if self.asked >= MOST_CALLS:
                return None
            if self.asked:
                self._pause()
            answer = self._answer(scheme, operation, body)
            verdict = classify(operation, answer, dict)
            accepted = verdict.kind == "accepted" or (verdict.is_not_found and operation.direction is not None)
            told = "accepted" if accepted else verdict.reason
            self._watch(Tried(self.asked, operation, scheme, accepted, told))
            if accepted:
                return scheme
            if not self._may_go_on(answer, operation):
                return None
        return None

    def _answer(self, scheme: SignatureScheme, operation: Operation, body: Mapping[str, Any]) -> RawResponse:
        self.asked += 1
        try:
            return self._ask(scheme, operation, body)
        except InvalidRequest:
            raise
        except NotSent as error:
            raise Stopped(str(error), "not_sent") from None
        except OutcomeUnknown as error:
            raise Stopped(
                f"{operation.id}: no usable answer ({error}); it was only a question", "unavailable"
            ) from None

    def _may_go_on(self, answer: RawResponse, operation: Operation) -> bool:
        """Whether this answer says no more than "not this reading"."""
        status = answer.status
        if status in (403, 429):
            raise Stopped(f"{operation.id}: HTTP {status}; stopped, as the gateway asks for it", "refused")
        if status == 401 or (status in (400, 422) and operation.direction is None):
            self._check_clock(answer)
            self._refusals.add(status)
            return True
        # with the second question, these may be about the question: only what refused signatures before counts
        if status in (400, 422):
            return status in self._refusals
        raise Stopped(f"{operation.id}: HTTP {status}, which says nothing about the signature", "unavailable")

    def _check_clock(self, answer: RawResponse) -> None:
        skew = clock_skew(answer)
        if skew is not None and abs(skew) > CLOCK_SECONDS:
            where = "ahead of" if skew > 0 else "behind"
            raise Stopped(
                f"this machine's clock is {abs(skew):.0f} s {where} the gateway's, so that every reading is refused; "
                "set the clock first",
                "refused",
            )


def told(scheme: SignatureScheme) -> Iterator[str]:
    """The points in which a reading differs from the default, for people."""
    default = SignatureScheme()
    for name in SignatureScheme.__slots__:
        value = getattr(scheme, name)
        if name == "token" and value not in TOKEN_FORMS:
            yield "token=***"
        elif value != getattr(default, name):
            yield f"{name}={value!r}"
