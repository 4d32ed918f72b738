"""The callback inbox, synchronous and asynchronous: verify, store durably, answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from sqlalchemy.exc import IntegrityError

from highhelp.inbox import admin
from highhelp.inbox.events import log_fields
from highhelp.inbox.receive import Stored, store
from highhelp.inbox.receivers import MAX_BODY, TOO_LARGE, HttpReply
from highhelp.inbox.rejections import SAMPLE, Rejections
from highhelp.inbox.store import AsyncCallbackStore, CallbackStore, StoreOptions, project_id_of
from highhelp.settings import load_callback_keys, load_callback_scheme
from highhelp.storage.engine import cause
from highhelp.telemetry.log import log_event
from highhelp_signing import REFUSAL, CallbackRejected, CallbackVerifier, VerifiedCallback
from highhelp_signing.normalize import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from highhelp.storage.database import AsyncDatabase, Database
    from highhelp_signing import KeyRing, SignatureScheme

Headers: TypeAlias = "Mapping[str, str] | list[tuple[Any, Any]]"
TAKEN: HttpReply = (200, b"OK")
REFUSED: HttpReply = (REFUSAL.status, REFUSAL.body)
UNAVAILABLE: HttpReply = (503, b'{"status":"error","status_description":"not stored, send it again"}')


def _verifier(
    database: Database | AsyncDatabase,
    keys: Mapping[str, KeyRing] | None,
    scheme: SignatureScheme | None,
    tolerance: float,
) -> CallbackVerifier:
    if keys is None:
        keys = {project_id_of(database.source): load_callback_keys(database.source)[0]}
    pinned = scheme if scheme is not None else load_callback_scheme(database.source)
    return CallbackVerifier(keys, pinned, tolerance, database.clock)


@dataclass(frozen=True)
class _Gate:
    """Verification and counting of refused callbacks, common to both inboxes. No input or output."""

    database: Database | AsyncDatabase
    verifier: CallbackVerifier
    rejections: Rejections = field(default_factory=Rejections)

    def judge(self, raw: bytes, headers: Headers) -> tuple[VerifiedCallback, str | None] | CallbackRejected:
        try:
            return self.verifier.verify(raw, headers), None  # type: ignore[arg-type]  # pairs are taken too
        except CallbackRejected as refusal:
            if not refusal.genuine:
                return refusal
            callback = refusal.callback if refusal.callback is not None else _without_ids(raw)
            return callback, str(refusal.reason)

    def storing(
        self, callback: VerifiedCallback, refusal: str | None, *, outbox: bool
    ) -> Callable[[Connection], Stored]:
        now, cipher = self.database.now(), self.database.cipher
        return partial(store, callback=callback, refusal=refusal, now=now, cipher=cipher, outbox=outbox)

    def count(self, raw: bytes, refusal: CallbackRejected) -> Any:
        now = self.database.now()
        self.rejections.add(raw, refusal, now)
        log_event(logging.WARNING, "callback refused", reason=refusal.reason)
        return self.rejections.take(now)


class CallbackInbox(CallbackStore):
    """Receives callbacks and has each handled exactly once. See :class:`CallbackStore` for handling and the arguments.

    Args:
        url: Path of an SQLite file, or `postgresql://...`.
        keys: The key ring of each project that is received for, by project id; else those of the settings.
        verifier: Instead of `keys`.
        scheme: The open points of the signature; else those of the settings.
        tolerance: Seconds that a callback's timestamp may be off.
        max_body: Bytes of a body that are taken, at most 1 MiB; more is refused before it is parsed.
        engine: As that of :class:`CallbackStore`.
        options: As those of :class:`CallbackStore`.

    Raises:
        SettingsError: A setting is missing or wrong; without a key nothing is received.
    """

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        keys: Mapping[str, KeyRing] | None = None,
        verifier: CallbackVerifier | None = None,
        scheme: SignatureScheme | None = None,
        tolerance: float = TOLERANCE,
        max_body: int = MAX_BODY,
        engine: Engine | None = None,
        **options: Unpack[StoreOptions],
    ) -> None:
        super().__init__(url, engine=engine, **options)
        self.max_body = max_body
        if verifier is None:
            verifier = _verifier(self._database, keys, scheme, tolerance)
        self._gate = _Gate(self._database, verifier)

    def receive(self, raw_body: bytes, headers: Headers) -> HttpReply:
        """Take in one callback. Never raises on account of what was sent or of the database.

        Args:
            raw_body: The body exactly as received.
            headers: A mapping or pairs, names in any case.

        Returns:
            HTTP status and body: 200 only when the callback is durably stored, or was before. 401 for all that is not
            the gateway's, 413 above `max_body`, 503 when it could not be stored: the gateway sends it again.
        """
        if len(raw_body) > self.max_body:
            return TOO_LARGE
        judged = self._gate.judge(raw_body, headers)
        if isinstance(judged, CallbackRejected):
            self._note(self._gate.count(raw_body, judged))
            return REFUSED
        callback, refusal = judged
        try:
            stored = self._store(callback, refusal)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being stored, the answer is not 200
            _log_not_stored(callback, error)
            return UNAVAILABLE
        _log_received(callback, stored)
        return TAKEN

    def _store(self, callback: VerifiedCallback, refusal: str | None) -> Stored:
        storing = self._gate.storing(callback, refusal, outbox=self._options.outbox)
        try:
            return self._database.write(storing)
        except IntegrityError:
            # the unique key: another delivery was stored in between, and is found this time
            return self._database.write(storing)

    def _note(self, taken: Any) -> None:
        if taken is None:
            return
        counts, samples = taken
        try:
            self._database.write(admin.add_rejections, counts, samples, SAMPLE)
        except Exception as error:  # noqa: BLE001 - a sample that cannot be kept changes nothing
            log_event(logging.WARNING, "refused callbacks cannot be counted now", error=cause(error))

    def close(self) -> None:
        """Store the counts of refused callbacks, and close all connections."""
        self._note(self._gate.rejections.take(self._database.now(), at_once=True))
        super().close()


class AsyncCallbackInbox(AsyncCallbackStore):
    """:class:`CallbackInbox` for asyncio: the same arguments, methods and rules."""

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        keys: Mapping[str, KeyRing] | None = None,
        verifier: CallbackVerifier | None = None,
        scheme: SignatureScheme | None = None,
        tolerance: float = TOLERANCE,
        max_body: int = MAX_BODY,
        engine: AsyncEngine | None = None,
        **options: Unpack[StoreOptions],
    ) -> None:
        super().__init__(url, engine=engine, **options)
        self.max_body = max_body
        if verifier is None:
            verifier = _verifier(self._database, keys, scheme, tolerance)
        self._gate = _Gate(self._database, verifier)

    async def receive(self, raw_body: bytes, headers: Headers) -> HttpReply:
        """As :meth:`CallbackInbox.receive`; verifies in a thread."""
        if len(raw_body) > self.max_body:
            return TOO_LARGE
        # a body that nobody signed can take 50 ms, in which the event loop would stand still
        judging = partial(self._gate.judge, raw_body, headers)
        judged = await asyncio.get_running_loop().run_in_executor(_verifying_thread(os.getpid()), judging)
        if isinstance(judged, CallbackRejected):
            await self._note(self._gate.count(raw_body, judged))
            return REFUSED
        callback, refusal = judged
        try:
            stored = await self._store(callback, refusal)
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being stored, the answer is not 200
            _log_not_stored(callback, error)
            return UNAVAILABLE
        _log_received(callback, stored)
        return TAKEN

    async def _store(self, callback: VerifiedCallback, refusal: str | None) -> Stored:
        storing = self._gate.storing(callback, refusal, outbox=self._options.outbox)
        try:
            return await self._database.write(storing)
        except IntegrityError:
            # the unique key: another delivery was stored in between, and is found this time
            return await self._database.write(storing)

    async def _note(self, taken: Any) -> None:
        if taken is None:
            return
        counts, samples = taken
        try:
            await self._database.write(admin.add_rejections, counts, samples, SAMPLE)
        except Exception as error:  # noqa: BLE001 - a sample that cannot be kept changes nothing
            log_event(logging.WARNING, "refused callbacks cannot be counted now", error=cause(error))

    async def close(self) -> None:
        """As :meth:`CallbackInbox.close`."""
        await self._note(self._gate.rejections.take(self._database.now(), at_once=True))
        await super().close()


@lru_cache(maxsize=1)
def _verifying_thread(process: int) -> ThreadPoolExecutor:  # noqa: ARG001  # threads do not survive a fork
    # one: each more would take another turn at the interpreter's lock before the loop gets it back
    return ThreadPoolExecutor(1, thread_name_prefix="highhelp-verify")


def _without_ids(raw: bytes) -> VerifiedCallback:
    """Represent a genuine callback whose ids cannot be read; it is kept for a person to look at."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = {}
    project_id = body.get("project_id") if isinstance(body, dict) else None
    return VerifiedCallback(
        raw=raw,
        body=body if isinstance(body, dict) else {},
        project_id=project_id if isinstance(project_id, str) else "",
        payment_id="",
        request_id=None,
        status="",
        sub_status=None,
        amount=None,
        currency=None,
        key_id="",
        signed_at=0,
        normalized_sha256=hashlib.sha256(raw).hexdigest(),
    )


def _log_received(callback: VerifiedCallback, stored: Stored) -> None:
    level = logging.WARNING if stored.state == "parked" else logging.INFO
    log_event(level, "callback", **log_fields(callback), inbox=stored.state, reason=stored.reason)


def _log_not_stored(callback: VerifiedCallback, error: Exception) -> None:
    log_event(logging.ERROR, "callback not stored", **log_fields(callback), error=cause(error))
