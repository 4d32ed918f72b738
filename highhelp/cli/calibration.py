"""Find the signature scheme that the gateway accepts, with a few dozen read-only calls at most.

The balance query has a body of one field, which shows digest, padding, token and algorithm. The query of a pay-in that
does not exist has two fields, which shows the joiner; "no such payment" means that the signature was right. No request
carries null, which only callbacks can show, and none of these carries a boolean, so their texts stay open.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from highhelp.calls.outcome import RawResponse, classify, clock_skew
from highhelp.cli.schemes import TOKEN_FORMS
from highhelp.errors import HighHelpError, InvalidRequest, NotSent, OutcomeUnknown
from highhelp_api.contract import OPERATIONS, Operation
from highhelp_signing import SignatureScheme, Signer, normalize
from highhelp_signing.errors import SchemeError
from highhelp_signing.forms import DIGESTS, PADDINGS

MAX_CALLS = 48
CLOCK_SECONDS = 120.0
"""If the clock is wrong by more, the gateway refuses every scheme."""

Ask = Callable[[SignatureScheme, Operation, Mapping[str, Any]], RawResponse]
Watch = Callable[[int, Operation, SignatureScheme, str], object]
"""Called after each call with its number, its operation, the scheme that was tried and the outcome."""

# each from the likeliest to the least likely
_TOKENS = ("public_key", "project_id", "public_key_pem")
_RSA_ALGORITHMS = (None, "rsa-sha256", "RSA-SHA256")
_HMAC_ALGORITHMS = ("hmac-sha512", "HMAC-SHA512", "hmac", "HMAC", "hmac-sha-512")
_JOINERS = (";", ",", "&", "|", "\n", " ", ";\n")

BALANCE = OPERATIONS["get_balance"]
"""The query whose whole body is documented."""
INFO = OPERATIONS["get_p2p_payin"]
"""The query whose body has a second field."""


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
    """The result.

    Attributes:
        scheme: The scheme that the gateway accepted.
        calls: The number of calls it took.
        open_points: Fields of the scheme that these calls cannot show, with the reason.
    """

    scheme: SignatureScheme
    calls: int
    open_points: Mapping[str, str]


def one_field_candidates(signer: Signer, start: SignatureScheme) -> list[SignatureScheme]:
    """The schemes to try with a body of one field, the one in use first, then the likeliest."""
    rsa = signer.algorithm == "rsa"
    tokens: tuple[str, ...] = _TOKENS if signer.public_key_der is not None else ("project_id",)
    if start.token not in TOKEN_FORMS:
        tokens = (start.token,)  # given by the settings
    points: list[dict[str, Any]] = (
        [{"rsa_algorithm": name, "digest": digest} for name in _RSA_ALGORITHMS for digest in DIGESTS]
        if rsa
        else [{"hmac_algorithm": name} for name in _HMAC_ALGORITHMS]
    )
    # the point most likely to differ varies first
    tried = itertools.product(tokens, PADDINGS, points)
    return list(dict.fromkeys([start, *(replace(start, token=t, padding=p, **point) for t, p, point in tried)]))


def two_field_candidates(scheme: SignatureScheme, *, padding_is_open: bool) -> list[SignatureScheme]:
    """The schemes to try with a body of two fields, once the rest is known."""
    paddings = (scheme.padding, not scheme.padding) if padding_is_open else (scheme.padding,)
    candidates: dict[SignatureScheme, None] = {}
    for padding, joiner in itertools.product(paddings, (scheme.joiner, *_JOINERS)):
        try:
            candidates.setdefault(replace(scheme, padding=padding, joiner=joiner))
        except SchemeError:
            continue  # a text of the scheme contains this joiner
    return list(candidates)


def max_calls(signer: Signer, start: SignatureScheme) -> int:
    """The number of calls it takes at most."""
    return min(len(one_field_candidates(signer, start)) + 2 * (len(_JOINERS) + 1), MAX_CALLS)


def calibrate(
    ask: Ask,
    signer: Signer,
    project_id: str,
    start: SignatureScheme,
    *,
    pause: Callable[[], object],
    watch: Watch = lambda *_: None,
) -> Calibrated:
    """Find the scheme that the gateway accepts.

    Args:
        ask: Sends one signed request, once.
        signer: The project's key.
        project_id: The merchant project.
        start: The scheme to try first.
        pause: Called between two calls.
        watch: Called after each call.

    Raises:
        Stopped: Nothing was accepted, or the gateway asked to stop (403, 429), or it gives no usable answer.
    """
    queries = _Queries(ask, pause, watch)
    body = {"general": {"project_id": project_id}}
    accepted = queries.first_accepted(BALANCE, body, one_field_candidates(signer, start))
    if accepted is None:
        raise Stopped(
            f"none of {queries.asked} variants was accepted; the key, the project or the token may differ from the "
            "gateway's",
            "refused",
        )
    padding_is_open = not _shows_padding(body, accepted)
    candidates = two_field_candidates(accepted, padding_is_open=padding_is_open)
    final = queries.first_accepted(INFO, _query(project_id, candidates), candidates)
    open_points = _never_shown(signer)
    if final is None:
        open_points["joiner"] = "no joiner that was tried was accepted, or the query itself was refused"
    return Calibrated(final or accepted, queries.asked, open_points)


def _never_shown(signer: Signer) -> dict[str, str]:
    texts = dict.fromkeys(("null_text", "true_text", "false_text"), "no read-only call carries such a value")
    if signer.algorithm == "rsa":
        return {**texts, "hmac_algorithm": "the key is RSA"}
    return {**texts, "digest": "not used with HMAC", "rsa_algorithm": "the key is HMAC"}


def _shows_padding(body: Mapping[str, Any], scheme: SignatureScheme) -> bool:
    return len(normalize(body, scheme).encode()) % 3 != 0


def _query(project_id: str, schemes: list[SignatureScheme]) -> dict[str, Any]:
    """The body of a query for a payment that does not exist, long enough to show padding with every joiner."""
    name = f"calibrate-{secrets.token_hex(8)}"
    bodies: list[dict[str, Any]] = [
        {"general": {"project_id": project_id, "payment_id": name + more}} for more in ("", "x", "xx")
    ]
    shown = (body for body in bodies if all(_shows_padding(body, scheme) for scheme in schemes))
    return next(shown, bodies[0])  # joiners of three lengths at once leave no such body


class _Queries:
    def __init__(self, ask: Ask, pause: Callable[[], object], watch: Watch) -> None:
        self._ask, self._pause, self._watch = ask, pause, watch
        self.asked = 0
        self._refusals: set[int] = set()

    def first_accepted(
        self, operation: Operation, body: Mapping[str, Any], schemes: list[SignatureScheme]
    ) -> SignatureScheme | None:
        """The first scheme with which the query is accepted, or None."""
        for scheme in schemes:
            if self.asked >= MAX_CALLS:
                return None
            if self.asked:
                self._pause()
            answer = self._answer(scheme, operation, body)
            verdict = classify(operation, answer, dict)
            accepted = verdict.kind == "accepted" or (verdict.is_not_found and operation.direction is not None)
            outcome = "accepted" if accepted else verdict.reason
            self._watch(self.asked, operation, scheme, outcome)
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
            raise Stopped(f"{operation.id}: no usable answer ({error}); nothing was changed", "unavailable") from None

    def _may_go_on(self, answer: RawResponse, operation: Operation) -> bool:
        """Whether this answer only means that the scheme is wrong."""
        status = answer.status
        if status in (403, 429):
            raise Stopped(f"{operation.id}: HTTP {status}; stopped, as the gateway asks to", "refused")
        if status == 401 or (status in (400, 422) and operation.direction is None):
            self._check_clock(answer)
            self._refusals.add(status)
            return True
        # the second query itself may be refused with these; only a status that refused signatures before counts
        if status in (400, 422):
            return status in self._refusals
        raise Stopped(f"{operation.id}: HTTP {status}, which says nothing about the signature", "unavailable")

    def _check_clock(self, answer: RawResponse) -> None:
        skew = clock_skew(answer)
        if skew is not None and abs(skew) > CLOCK_SECONDS:
            where = "ahead of" if skew > 0 else "behind"
            raise Stopped(
                f"this machine's clock is {abs(skew):.0f} s {where} the gateway's, so every variant is refused; "
                "set the clock first",
                "refused",
            )
