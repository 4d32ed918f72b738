"""Check that the bytes read from a connection are exactly one HTTP/1.1 response.

Only then may the connection be reused: any additional bytes would be taken for the answer to the next request.
Anything unusual counts as "not exactly one", which only costs a new connection.
"""

from __future__ import annotations

import re
from enum import Enum

MAX_LINE_BYTES = 64 * 1024
"""Largest head of a response, or line between chunks, in bytes."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*(?=\r\n)", re.IGNORECASE)
_ENCODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\n]*)?")


class _Part(Enum):
    HEAD = "head"
    BODY = "body of known length"
    CHUNK_SIZE = "line with the size of a chunk"
    CHUNK = "chunk"
    TRAILER = "lines after the last chunk"
    END = "end"
    UNSURE = "not one response"


class ResponseFraming:
    """Follow the bytes of one response to its end."""

    __slots__ = ("_left", "_part", "_pending")

    def __init__(self) -> None:
        self._part = _Part.HEAD
        self._pending = b""
        self._left = 0

    @property
    def is_complete(self) -> bool:
        """Whether the bytes so far are exactly one complete response."""
        return self._part is _Part.END and not self._pending

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._part is _Part.UNSURE:
            return
        self._pending += data
        while self._pending and self._take():
            pass
        if len(self._pending) > MAX_LINE_BYTES:
            self._part, self._pending = _Part.UNSURE, b""

    def _take(self) -> bool:
        """Consume one part of the pending bytes; return False if more are needed."""
        if self._part in (_Part.BODY, _Part.CHUNK):
            size = min(self._left, len(self._pending))
            self._pending = self._pending[size:]
            self._left -= size
            if not self._left:
                self._part = _Part.END if self._part is _Part.BODY else _Part.CHUNK_SIZE
            return True
        if self._part is _Part.END:
            self._part, self._pending = _Part.UNSURE, b""
            return False
        end = b"\r\n\r\n" if self._part is _Part.HEAD else b"\r\n"
        line, found, rest = self._pending.partition(end)
        if not found:
            return False
        self._pending = rest
        self._part = self._next_part(line)
        return self._part is not _Part.UNSURE

    def _next_part(self, line: bytes) -> _Part:
        if b"\n" in line.replace(b"\r\n", b""):
            return _Part.UNSURE  # some parsers accept a bare line feed as the end of a line
        if self._part is _Part.HEAD:
            return self._body_of(line + b"\r\n")
        if self._part is _Part.TRAILER:
            return _Part.TRAILER if line else _Part.END
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            return _Part.UNSURE
        self._left = int(size[1], 16)
        if not self._left:
            return _Part.TRAILER
        self._left += 2  # the line break behind the chunk
        return _Part.CHUNK

    def _body_of(self, head: bytes) -> _Part:
        status = head[9:12]
        if status.startswith(b"1") and status != b"101":
            return _Part.HEAD  # a provisional answer; the final one follows
        if status in (b"204", b"304"):
            return _Part.END
        lengths, encodings = _LENGTH.findall(head), _ENCODING.findall(head)
        if len(lengths) == 1 and not encodings:
            self._left = int(lengths[0])
            return _Part.BODY if self._left else _Part.END
        if [coding.lower() for coding in encodings] == [b"chunked"] and not lengths:
            return _Part.CHUNK_SIZE
        return _Part.UNSURE
