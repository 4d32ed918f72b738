# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Contains some shared types for properties"""

from collections.abc import Mapping, MutableMapping
from enum import Enum
from http import HTTPStatus
from typing import IO, Any, BinaryIO, ClassVar, Generic, Literal, TypeVar

from attrs import define


class Unset:
    """The type of UNSET, which stands for an absent field. It has one instance."""

    _instance: "ClassVar[Unset | None]" = None

    def __new__(cls) -> "Unset":
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Unset = Unset()

# The types that `httpx.Client(files=)` can accept, copied from that library.
FileContent = IO[bytes] | bytes | str
FileTypes = (
    # (filename, file (or bytes), content_type)
    tuple[str | None, FileContent, str | None]
    # (filename, file (or bytes), content_type, headers)
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)
RequestFiles = list[tuple[str, FileTypes]]


@define
class File:
    """Contains information for file uploads"""

    payload: BinaryIO
    file_name: str | None = None
    mime_type: str | None = None

    def to_tuple(self) -> FileTypes:
        """Return a tuple representation that httpx will accept for multipart/form-data"""
        return self.file_name, self.payload, self.mime_type


MISFIT = (TypeError, ValueError, KeyError, AttributeError)
"""Errors raised for a value that does not have the type in the document."""


def expect(value: Any, kind: type) -> Any:
    """Return the value if it is absent or of this type, else raise TypeError; a boolean is not an integer."""
    if value is UNSET or (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):
        return value
    raise TypeError


def refuse_float(_: object, attribute: Any, value: Any) -> None:
    """Refuse a float in place of an integer, since money has no floats. Raises TypeError."""
    if isinstance(value, float):
        raise TypeError(f"{attribute.name} is a whole number, not a float")


def plain(value: Any) -> Any:
    """Return the JSON value: that of an enum member, or the caller's string."""
    return value.value if isinstance(value, Enum) else value


T = TypeVar("T")


@define
class Response(Generic[T]):
    """A response from an endpoint"""

    status_code: HTTPStatus | int
    content: bytes
    headers: MutableMapping[str, str]
    parsed: T | None


__all__ = [
    "MISFIT",
    "UNSET",
    "File",
    "FileTypes",
    "RequestFiles",
    "Response",
    "Unset",
    "expect",
    "plain",
    "refuse_float",
]
