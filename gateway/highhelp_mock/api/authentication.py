"""Authenticate requests: content type, size, headers, signature and project.

Cheap checks come first, so that an unauthenticated request costs little. The signature is checked over the received
bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from highhelp_api import contract
from highhelp_mock.http import ApiError, Request, block
from highhelp_signing import BodyFault, BodyNotSignable, Limits, SignatureScheme, parse_body
from highhelp_signing.ambiguity import ambiguity_of_request, rules_of_requests
from highhelp_signing.encoding import decode_signature
from highhelp_signing.headers import access_token
from highhelp_signing.normalize import collect_entries, is_timestamp, join_entries, message_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from highhelp_mock.simulation.projects import Algorithm, Project

__all__ = ["LIMITS", "TOLERANCE", "authenticate", "check_form"]

LIMITS = Limits()
# deliberately not highhelp_signing's tolerance: gateway and SDK are two independent implementations of one contract
TOLERANCE = 300
"""Seconds that a timestamp may be in the past or the future; not documented."""

_NAMED_ALGORITHMS: Mapping[str, Algorithm] = {"rsa-sha256": "rsa", "hmac-sha512": "hmac"}
_JSON = re.compile(r'application/json\s*(;\s*charset="?utf-8"?)?', re.ASCII | re.IGNORECASE)
_LONGEST_PATH = 200


def check_form(request: Request) -> None:
    """Refuse requests that are not JSON.

    Raises:
        ApiError: 400 for the content type or encoding, 413 for the size.
    """
    kinds = request.values("content-type")
    if len(kinds) != 1 or not _JSON.fullmatch(kinds[0].strip()):
        raise ApiError(400, "content-type must be application/json in UTF-8")
    for name, allowed in (("content-encoding", "identity"), ("transfer-encoding", "chunked")):
        if any(value.strip().lower() not in ("", allowed) for value in request.values(name)):
            raise ApiError(400, f"{name} is not supported")
    if len(request.body) > LIMITS.raw:
        raise ApiError(413, f"The body is larger than {LIMITS.raw} bytes")


def authenticate(
    request: Request, projects: Mapping[str, Project], scheme: SignatureScheme, now: float
) -> tuple[Project, dict[str, Any]]:
    """Check the signature of a request.

    Args:
        request: as received.
        projects: the known projects by id.
        scheme: the gateway's signature scheme.
        now: Unix seconds of the gateway's clock.

    Returns:
        The project and the parsed body.

    Raises:
        ApiError: 401 for headers, project, key, timestamp or signature; 400 for a body that has no normalised form, or
            whose signature would also be valid for another request; 403 if the body names another project.
    """
    names = contract.HEADERS
    project_id = _single(request, names.merchant_id)
    timestamp = _single(request, names.timestamp)
    token = _single(request, names.token)
    signature = decode_signature(_single(request, names.signature))
    algorithms = _algorithms(request, scheme)
    if signature is None:
        raise ApiError(401, f"{names.signature} is not base64url")
    _check_time(timestamp, now)
    project = projects.get(project_id)
    if project is None:
        raise ApiError(401, f"{names.merchant_id} names no known project")
    algorithms = tuple(known for known in algorithms if token in _tokens(project, scheme, known))
    if not algorithms:
        raise ApiError(401, f"{names.token} names no known key of the project")
    body, entries, text = _parse(request.body, scheme)
    message = message_of(text, timestamp, scheme)
    if not any(project.matching_keys[known].matches(message, signature, scheme.digest) for known in algorithms):
        raise ApiError(401, "The signature does not match")
    _check_unambiguous(body, entries, text, scheme)
    _check_project(body, project_id)
    return project, body


def _single(request: Request, name: str) -> str:
    values = request.values(name)
    if not values:
        raise ApiError(401, f"{name} is missing")
    if len(values) > 1:
        raise ApiError(401, f"{name} appears twice")
    return values[0].strip(" \t")


def _algorithms(request: Request, scheme: SignatureScheme) -> tuple[Algorithm, ...]:
    given = [value.strip(" \t") for value in request.values(contract.HEADERS.algorithm)]
    if len(given) > 1:
        raise ApiError(401, f"{contract.HEADERS.algorithm} appears twice")
    sent = given[0] if given else None
    known: list[tuple[str | None, Algorithm]] = [(scheme.rsa_algorithm, "rsa"), (scheme.hmac_algorithm, "hmac")]
    algorithms = tuple(algorithm for value, algorithm in known if value == sent)
    if not algorithms and sent is not None:
        algorithms = tuple(algorithm for name, algorithm in _NAMED_ALGORITHMS.items() if name == sent.lower())
    if not algorithms:
        raise ApiError(401, f"{contract.HEADERS.algorithm} is not known")
    return algorithms


def _check_time(timestamp: str, now: float) -> None:
    if not is_timestamp(timestamp):
        raise ApiError(401, f"{contract.HEADERS.timestamp} is not Unix seconds in ten digits")
    age = now - int(timestamp)
    if abs(age) > TOLERANCE:
        where = "in the past" if age > 0 else "in the future"
        raise ApiError(
            401, f"{contract.HEADERS.timestamp} is stale: {abs(age):.0f} seconds {where}, {TOLERANCE} are allowed"
        )


def _tokens(project: Project, scheme: SignatureScheme, algorithm: Algorithm) -> frozenset[str]:
    key_form = access_token(project.project_id, project.public_half, scheme)
    # the token for HMAC is not documented: made from a public key, or the project
    return frozenset({key_form, project.project_id}) if algorithm == "hmac" else frozenset({key_form})


def _parse(raw: bytes, scheme: SignatureScheme) -> tuple[dict[str, Any], list[str], str]:
    try:
        body = parse_body(raw, limits=LIMITS)
        entries = collect_entries(body, scheme, limits=LIMITS)
        return body, entries, join_entries(body, entries, scheme, limits=LIMITS)
    except BodyNotSignable as error:
        if error.reason in (BodyFault.SYNTAX, BodyFault.NOT_OBJECT, BodyFault.ENCODING):
            raise ApiError(400, "The body is not a JSON object") from None
        path = error.path if len(error.path) <= _LONGEST_PATH else ""
        errors = [(path, error.reason.value.replace("_", " "))] if path and path.isprintable() else []
        raise ApiError(400, f"The body cannot be signed: {error.reason.value.replace('_', ' ')}", errors) from None


def _check_unambiguous(body: Mapping[str, Any], entries: list[str], text: str, scheme: SignatureScheme) -> None:
    # whether the real gateway checks this is not known; the SDK does not send such requests
    place = ambiguity_of_request(body, entries, text, rules_of_requests(scheme))
    if place is not None:
        errors = [(place, "is ambiguous")] if place in contract.REQUEST_FIELDS else []
        raise ApiError(400, "The body's signature would also be valid for another request", errors)


def _check_project(body: Mapping[str, Any], project_id: str) -> None:
    named = block(body, "general").get("project_id")
    if isinstance(named, str) and named != project_id:
        raise ApiError(
            403,
            "The body names another project than the header",
            [("general:project_id", f"is not the project of {contract.HEADERS.merchant_id}")],
        )
