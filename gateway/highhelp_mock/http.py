"""HTTP requests, responses and errors as plain values, independent of any server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["ApiError", "Json", "Request", "Response", "block", "check_method", "encode", "json_response"]

Json: TypeAlias = dict[str, Any]

_JSON = "application/json"
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Its ``repr`` shows neither headers nor body.

    Attributes:
        method: in upper case.
        path: as on the wire, percent-encoded, without the query.
        headers: names and values, any mapping or pairs.
        body: the raw bytes.
    """

    method: str
    path: str
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    _named: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        source = self.headers
        for name, value in source.items() if isinstance(source, Mapping) else source:
            self._named.setdefault(name.lower(), []).append(value)

    def values(self, name: str) -> list[str]:
        """Return all values of the header `name` (in lower case)."""
        return self._named.get(name, [])


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, and the faults that the adapter has to simulate.

    Attributes:
        status: HTTP status.
        headers: names and values.
        body: the raw bytes.
        dropped: the connection is closed without a complete answer.
        delay: seconds before the answer begins.
        byte_interval: seconds between two bytes of the body; 0 sends it whole.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    dropped: bool = False
    delay: float = 0
    byte_interval: float = 0

    def header(self, name: str) -> str | None:
        """Return the first value of the header `name` (in lower case)."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: the body is not JSON.
        """
        return json.loads(self.body)


class ApiError(Exception):
    """The request is refused. Renders as the contract's error object.

    Attributes:
        status: HTTP status.
        message: for people.
        errors: colon path of a field, and its problem.
        headers: additional headers of the answer.
        extra: additional members of the answer's body.
    """

    def __init__(
        self,
        status: int,
        message: str,
        errors: Iterable[tuple[str, str]] = (),
        *,
        headers: tuple[tuple[str, str], ...] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.errors = tuple(errors)
        self.headers = headers
        self.extra = dict(extra or {})

    def response(self, request_id: str) -> Response:
        """Render the HTTP answer."""
        body: Json = {"status": "error", "sub_status": None, "status_description": self.message}
        body["request_id"] = request_id
        if self.errors:
            body["errors"] = [{"field": path, "message": text} for path, text in self.errors]
        return json_response(self.status, body | self.extra, self.headers)


def check_method(request: Request, *methods: str) -> None:
    """Refuse all other methods; GET includes HEAD.

    Raises:
        ApiError: 405.
    """
    allowed = [*methods, "HEAD"] if "GET" in methods else [*methods]
    if request.method not in allowed:
        names = ", ".join(allowed)
        raise ApiError(405, f"Only {names} is allowed here", headers=(("allow", names),))


def block(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object of a body; empty if it is absent or not an object."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def encode(value: object) -> bytes:
    """Encode as compact JSON in UTF-8."""
    return _COMPACT.encode(value).encode()


def json_response(status: int, value: object, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Make an answer with a JSON body."""
    return Response(status, (("content-type", _JSON), *headers), encode(value))
