"""Forged callbacks: counted in memory, stored at most once a second, and only as a bounded sample."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from highhelp.storage.encryption import readable

if TYPE_CHECKING:
    from highhelp_signing import CallbackRejected

SAMPLE = 100
"""Size of the sample of refused callbacks."""

_EVERY = 1000
_AT_ONCE = 10
_LONGEST_BODY = 4096


class Rejections:
    """Refused callbacks that are not stored yet. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._samples: deque[dict[str, Any]] = deque(maxlen=_AT_ONCE)
        self._written_at: int | None = None

    def add(self, raw: bytes, refusal: CallbackRejected, now: int) -> None:
        """Count a refused callback, and keep it until the next write."""
        sample = {
            "received_at": now,
            "reason": str(refusal.reason),
            "detail": refusal.detail,
            "size": len(raw),
            "body_sha256": hashlib.sha256(raw).hexdigest(),
            "body": _shown(raw),
        }
        with self._lock:
            self._counts[str(refusal.reason)] += 1
            self._samples.append(sample)

    def take(self, now: int, *, at_once: bool = False) -> tuple[dict[str, int], list[dict[str, Any]]] | None:
        """Return the counts and callbacks to store now; None if it is too early or there are none.

        Thousands of forged callbacks a second cause one transaction a second.
        """
        with self._lock:
            early = self._written_at is not None and 0 <= now - self._written_at < _EVERY
            if not self._counts or (early and not at_once):
                return None
            taken = dict(self._counts), list(self._samples)
            self._counts.clear()
            self._samples.clear()
            self._written_at = now
            return taken


def _shown(raw: bytes) -> str | None:
    if len(raw) > _LONGEST_BODY:
        return None
    try:
        body = json.loads(raw.decode("utf-8"))
        return readable(body) if isinstance(body, dict) else None
    except (ValueError, RecursionError):
        return None
