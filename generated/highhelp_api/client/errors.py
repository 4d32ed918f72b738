# Made from spec/openapi.yaml by scripts/generate. Not edited by hand.
"""Contains shared errors types that can be raised from API functions"""

from __future__ import annotations


class UnexpectedStatus(Exception):
    """Raised by api functions when the response status an undocumented status and Client.raise_on_unexpected_status is True"""

    def __init__(self, status_code: int, content: bytes):
        self.status_code = status_code
        self.content = content

        super().__init__(f"Unexpected status code: {status_code} ({len(content)} bytes)")

    def __reduce__(self) -> tuple[type[UnexpectedStatus], tuple[int, bytes]]:
        return type(self), (self.status_code, self.content)


class ResponseParseError(Exception):
    """Raised by api functions when an answer does not match the document"""

    def __init__(self, status_code: int, content: bytes, operation: str):
        self.status_code = status_code
        self.content = content
        self.operation = operation

        super().__init__(f"{operation}: cannot read the answer with HTTP {status_code} ({len(content)} bytes)")

    def __reduce__(self) -> tuple[type[ResponseParseError], tuple[int, bytes, str]]:
        return type(self), (self.status_code, self.content, self.operation)


__all__ = ["ResponseParseError", "UnexpectedStatus"]
