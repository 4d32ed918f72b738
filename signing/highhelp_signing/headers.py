"""Create the signature headers of a request, and find them among received headers."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from highhelp_api import contract
from highhelp_signing.encoding import base64url_encode
from highhelp_signing.errors import SchemeError
from highhelp_signing.keyfiles import public_pem
from highhelp_signing.normalize import DEFAULT_SCHEME, message_of, normalize, parse_body, timestamp_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from highhelp_signing.scheme import SignatureScheme
    from highhelp_signing.signers import Signer

__all__ = ["ReceivedHeaders", "access_token", "check_project_id", "find_headers", "headers_of", "signature_headers"]

_HEADER_VALUE = re.compile(r"[!-~]{1,255}")
_MOST_HEADERS = 1000

ReceivedHeaders: TypeAlias = "Mapping[str, str] | list[tuple[Any, Any]] | tuple[tuple[Any, Any], ...]"
"""Headers as frameworks have them: a mapping, or pairs of texts or bytes, where a repeated header is kept."""


def signature_headers(
    raw_body: bytes,
    *,
    project_id: str,
    signer: Signer,
    timestamp: int,
    scheme: SignatureScheme = DEFAULT_SCHEME,
) -> dict[str, str]:
    """Create the signature headers for the bytes that go on the wire.

    Args:
        raw_body: the request's body, a JSON object in UTF-8.
        project_id: the merchant project, value of ``x-access-merchant-id`` (documented).
        signer: the project's key.
        timestamp: Unix seconds of signing (documented).
        scheme: the signature scheme.

    Returns:
        Header names (lower case) and values for the request.

    Raises:
        BodyNotSignable: the body has no normalised form.
        SchemeError: the project id cannot be sent in a header.
    """
    normalized = normalize(parse_body(raw_body), scheme)
    return headers_of(normalized, project_id=project_id, signer=signer, timestamp=timestamp, scheme=scheme)


def headers_of(
    normalized: str, *, project_id: str, signer: Signer, timestamp: int, scheme: SignatureScheme = DEFAULT_SCHEME
) -> dict[str, str]:
    """As :func:`signature_headers`, for a body that is already normalised.

    Args:
        normalized: the normalised string of the bytes that go on the wire.
        project_id: the merchant project.
        signer: the project's key.
        timestamp: Unix seconds of signing.
        scheme: the scheme with which it was normalised.

    Raises:
        SchemeError: the project id cannot be sent in a header.
    """
    check_project_id(project_id)
    names, signed_at = contract.HEADERS, timestamp_text(timestamp)
    message = message_of(normalized, signed_at, scheme)
    signature = signer.sign(message, scheme.digest)
    headers = {
        names.merchant_id: project_id,
        names.timestamp: signed_at,
        names.token: access_token(project_id, signer, scheme),
        names.signature: base64url_encode(signature, padding=scheme.padding),
    }
    algorithm = scheme.hmac_algorithm if signer.algorithm == "hmac" else scheme.rsa_algorithm
    if algorithm is not None:
        headers[names.algorithm] = algorithm
    return headers


def access_token(project_id: str, signer: Signer, scheme: SignatureScheme = DEFAULT_SCHEME) -> str:
    """Return the value of ``x-access-token``: as the scheme says, or the project id if there is no public key.

    The public key is documented, its DER form unpadded comes from an integrator; for HMAC nothing is documented.
    """
    if scheme.token == "project_id":  # noqa: S105 - names a form, holds no secret
        return project_id
    if scheme.token not in ("public_key", "public_key_pem"):
        return scheme.token
    der = signer.public_key_der
    if der is None:
        return project_id
    return base64url_encode(public_pem(der) if scheme.token == "public_key_pem" else der)  # noqa: S105 - as above


def check_project_id(project_id: object) -> None:
    """Refuse a project id that cannot be sent in a header.

    Raises:
        SchemeError: not text, empty, too long, or not printable ASCII without spaces.
    """
    if not isinstance(project_id, str) or not _HEADER_VALUE.fullmatch(project_id):
        raise SchemeError("project_id", "must be 1 to 255 characters of printable ASCII without spaces")


def find_headers(headers: Any, wanted: Iterable[str]) -> dict[str, list[str | None]]:
    """Collect all values of received headers, repeated ones included. Never raises; ignores unreadable headers.

    Args:
        headers: any mapping, or a list or tuple of pairs. Multi-dicts of web frameworks list each occurrence in
            ``items()``; an ASGI scope has a list of pairs of bytes.
        wanted: names in lower case.

    Returns:
        The values of each wanted name; None for a value that is not text.
    """
    found: dict[str, list[str | None]] = {name: [] for name in wanted}
    try:
        pairs = headers if isinstance(headers, list | tuple) else headers.items()
        listed = list(islice(pairs, _MOST_HEADERS + 1))
        for name, value in listed if len(listed) <= _MOST_HEADERS else ():
            lowered = (name if type(name) is str else _text(name) or "").lower()
            if lowered in found:
                found[lowered].append(_text(value))
    except Exception:  # noqa: BLE001 - whatever a foreign mapping raises: it has no headers that can be read
        return {name: [] for name in found}
    return found


def _text(value: object) -> str | None:
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, bytes):
        return bytes.decode(value, "latin-1")
    return str.__str__(value) if isinstance(value, str) else None
