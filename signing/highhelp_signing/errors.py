"""Typed errors of keys, schemes, bodies and requests.

None of them contains a key, a token, a signature or a value of the body; they name places by colon path
(``payment:amount``) and key files by name. All survive :mod:`pickle`.
"""

from __future__ import annotations

from enum import StrEnum, unique

__all__ = [
    "BodyFault",
    "BodyNotSignable",
    "HomeExistsError",
    "KeyFormatError",
    "RequestNotSignable",
    "SchemeError",
    "SigningError",
]

_LONGEST_SHOWN = 200


class SigningError(ValueError):
    """Base of all errors that this package raises deliberately."""


@unique
class BodyFault(StrEnum):
    """Why a body cannot be signed or read; the ``reason`` of :class:`BodyNotSignable` and of the invalid vectors."""

    ENCODING = "encoding"
    """The bytes are not UTF-8, or start with a byte order mark."""
    SYNTAX = "syntax"
    """Not a single JSON value; includes ``NaN`` and ``Infinity``, which are not JSON."""
    NOT_OBJECT = "not_object"
    """The top level is not a JSON object."""
    DUPLICATE_KEY = "duplicate_key"
    """An object names one key twice."""
    KEY = "key"
    """A key is not text, or contains ``:`` or the joiner, so that its path and value cannot be separated."""
    FLOAT = "float"
    """A number with a fraction or an exponent: its text is not defined by the gateway."""
    NUMBER = "number"
    """An integer with more digits than the interpreter converts."""
    SURROGATE = "surrogate"
    """Text with a lone surrogate, which has no UTF-8 form."""
    TYPE = "type"
    """A Python value without a JSON type."""
    DEPTH = "depth"
    """Nested deeper than the limit, or with too many objects and arrays."""
    SIZE = "size"
    """Larger than a limit, as bytes or as normalised text."""


class BodyNotSignable(SigningError):
    """The body has no normalised form; nothing has been sent.

    Attributes:
        path: colon path of the offending place, ``""`` for the body as a whole.
        reason: one of :class:`BodyFault`.
    """

    def __init__(self, path: str, reason: BodyFault) -> None:
        self.path = path
        self.reason = BodyFault(reason)
        super().__init__(path, reason)

    def __str__(self) -> str:
        """Place and reason; the path is shortened and control characters are escaped, as it goes to logs."""
        shown = ascii(self.path)[1:-1]
        if len(shown) > _LONGEST_SHOWN:
            shown = shown[:_LONGEST_SHOWN] + "..."
        return f"body cannot be signed: {_FAULT_TEXTS[self.reason]} (at {shown or 'the top level'})"


_FAULT_TEXTS = {
    BodyFault.ENCODING: "the bytes are not plain UTF-8 (a byte order mark is refused too)",
    BodyFault.SYNTAX: "not a JSON document",
    BodyFault.NOT_OBJECT: "the top level must be a JSON object",
    BodyFault.DUPLICATE_KEY: "an object has the same key twice",
    BodyFault.KEY: "a key must be text without ':' and without the joiner of the signature scheme",
    BodyFault.FLOAT: "a floating point number has no defined text, use an integer (minor units) or a string",
    BodyFault.NUMBER: "an integer has too many digits",
    BodyFault.SURROGATE: "text with a lone surrogate has no UTF-8 form",
    BodyFault.TYPE: "a value has no JSON type",
    BodyFault.DEPTH: "nested too deep or too often",
    BodyFault.SIZE: "too large",
}


class SchemeError(SigningError):
    """A signature scheme is not valid.

    Attributes:
        field: the invalid field, ``""`` for the scheme as a whole.
        problem: a description.
    """

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(field, problem)

    def __str__(self) -> str:
        """Field and problem."""
        return f"signature scheme: {self.field + ': ' if self.field else ''}{self.problem}"


class KeyFormatError(SigningError):
    """A key cannot be used.

    Attributes:
        source: its origin: a file's name, or a description if it was passed as text.
        problem: the expected form.
    """

    def __init__(self, source: str, problem: str) -> None:
        self.source = source
        self.problem = problem
        super().__init__(source, problem)

    def __str__(self) -> str:
        """Source and problem, never the content."""
        return f"{self.source}: {self.problem}"


class HomeExistsError(SigningError):
    """A file of a home directory already exists and is not overwritten.

    Attributes:
        path: the existing file or directory.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(path)

    def __str__(self) -> str:
        """The path."""
        return f"refusing to overwrite {self.path}"


class RequestNotSignable(SigningError):
    """The request must not be signed; nothing has been sent.

    Attributes:
        problem: another origin, plain http, a redirect, or a streaming body.
    """

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)

    def __str__(self) -> str:
        """The problem."""
        return f"request not signed: {self.problem}"
