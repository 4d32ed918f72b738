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
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack

from sqlalchemy.exc import IntegrityError

from highhelp.calls.drive import drive, drive_async
from highhelp.inbox import admin
from highhelp.inbox.events import log_fields
from highhelp.inbox.handling import Write
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
    from collections.abc import Generator, Mapping

    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from highhelp.storage.database import AsyncDatabase, Database
    from highhelp_signing import KeyRing, SignatureScheme
    from highhelp_signing.headers import ReceivedHeaders

Judged: TypeAlias = tuple[VerifiedCallback, str | None] | CallbackRejected
TAKEN: HttpReply = (200, b"OK")
REFUSED: HttpReply = (REFUSAL.status, REFUSAL.body)
UNAVAILABLE: HttpReply = (503, b'{"status":"error","status_description":"not stored, send it again"}')


@dataclass(frozen=True)
class _Receiver:
    """The steps of receiving, common to both inboxes. Sans-I/O."""

    database: Database | AsyncDatabase
    verifier: CallbackVerifier
    outbox: bool
    rejections: Rejections = field(default_factory=Rejections)

    @classmethod
    def of(
        cls,
        database: Database | AsyncDatabase,
        keys: Mapping[str, KeyRing] | None,
        verifier: CallbackVerifier | None,
        scheme: SignatureScheme | None,
        tolerance: float,
        *,
        outbox: bool,
    ) -> Self:
        if verifier is None:
            source = database.source
            if keys is None:
                keys = {project_id_of(source): load_callback_keys(source)[0]}
            pinned = scheme if scheme is not None else load_callback_scheme(source)
            verifier = CallbackVerifier(keys, pinned, tolerance, database.clock)
        return cls(database, verifier, outbox)

    def own_project(self) -> str:
        """Return the project if there are keys of only one, else that of the settings. Raises SettingsError."""
        own, *others = self.verifier.project_ids
        return project_id_of(self.database.source) if others else own

    def judge(self, raw: bytes, headers: ReceivedHeaders) -> Judged:
        """Verify a callback; return it and the reason if it is not trusted, or the refusal if it is not genuine."""
        try:
            return self.verifier.verify(raw, headers), None
        except CallbackRejected as rejected:
            if not rejected.genuine:
                return rejected
            return rejected.callback or _without_ids(raw), str(rejected.reason)

    def receive(self, raw: bytes, judged: Judged) -> Generator[Write, Any, HttpReply]:
        """Store a verified callback, or count a refused one."""
        if isinstance(judged, CallbackRejected):
            self.rejections.add(raw, judged, self.database.now())
            log_event(logging.WARNING, "callback refused", reason=judged.reason)
            yield from self.write_rejections()
            return REFUSED
        callback, refusal = judged
        now, cipher = self.database.now(), self.database.cipher
        write = Write(partial(store, callback=callback, refusal=refusal, now=now, cipher=cipher, outbox=self.outbox))
        try:
            try:
                stored: Stored = yield write
            except IntegrityError:
                stored = yield write  # unique key: another delivery was stored meanwhile; the retry finds it
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being stored, the answer is not 200
            log_event(logging.ERROR, "callback not stored", **log_fields(callback), error=cause(error))
            return UNAVAILABLE
        level = logging.WARNING if stored.state == "parked" else logging.INFO
        log_event(level, "callback", **log_fields(callback), inbox=stored.state, reason=stored.reason)
        return TAKEN

    def write_rejections(self, *, at_once: bool = False) -> Generator[Write, Any, None]:
        """Store the counts of refused callbacks, unless it is too early."""
        taken = self.rejections.take(self.database.now(), at_once=at_once)
        if taken is None:
            return
        counts, samples = taken
        try:
            yield Write(partial(admin.add_rejections, counts=counts, samples=samples, size_of_sample=SAMPLE))
        except Exception as error:  # noqa: BLE001 - a sample that cannot be kept changes nothing
            log_event(logging.WARNING, "refused callbacks not counted", error=cause(error))


class CallbackInbox(CallbackStore):
    """Receive callbacks and have each handled exactly once. See :class:`CallbackStore` for handling and the arguments.

    Args:
        url: Path of an SQLite file, or `postgresql://...`.
        keys: Key rings by project id; default: those of the settings.
        verifier: Instead of `keys`.
        scheme: The signature scheme; default: that of the settings.
        tolerance: Seconds that a callback's timestamp may be off.
        max_body: Largest body accepted, in bytes, at most 1 MiB; larger ones are refused before they are parsed.
        engine: See :class:`CallbackStore`.
        options: See :class:`CallbackStore`.

    Raises:
        SettingsError: A setting is missing or wrong, or there is no key.
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
        self._tolerance, outbox = tolerance, self._options.outbox
        self._receiver = _Receiver.of(self._database, keys, verifier, scheme, tolerance, outbox=outbox)

    def receive(self, raw_body: bytes, headers: ReceivedHeaders) -> HttpReply:
        """Receive one callback. Never raises because of its content or the database.

        Args:
            raw_body: The body exactly as received.
            headers: A mapping or pairs, names in any case.

        Returns:
            HTTP status and body: 200 only if the callback is durably stored, now or before. 401 if it is not genuine,
            413 above `max_body`, 503 if it could not be stored: the gateway sends it again.
        """
        if len(raw_body) > self.max_body:
            return TOO_LARGE
        judged = self._receiver.judge(raw_body, headers)
        return drive(self._receiver.receive(raw_body, judged), self._perform)

    def close(self) -> None:
        """Store the counts of refused callbacks, and close all connections."""
        drive(self._receiver.write_rejections(at_once=True), self._perform)
        super().close()

    def _own_project(self) -> str:
        return self._receiver.own_project()


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
        self._tolerance, outbox = tolerance, self._options.outbox
        self._receiver = _Receiver.of(self._database, keys, verifier, scheme, tolerance, outbox=outbox)

    async def receive(self, raw_body: bytes, headers: ReceivedHeaders) -> HttpReply:
        """As :meth:`CallbackInbox.receive`; verifies in a thread."""
        if len(raw_body) > self.max_body:
            return TOO_LARGE
        # even an unsigned body can take 50 ms, during which the event loop would be blocked
        judge = partial(self._receiver.judge, raw_body, headers)
        judged = await asyncio.get_running_loop().run_in_executor(_verifying_thread(os.getpid()), judge)
        return await drive_async(self._receiver.receive(raw_body, judged), self._perform)

    async def close(self) -> None:
        """As :meth:`CallbackInbox.close`."""
        await drive_async(self._receiver.write_rejections(at_once=True), self._perform)
        await super().close()

    def _own_project(self) -> str:
        return self._receiver.own_project()


@lru_cache(maxsize=1)
def _verifying_thread(process: int) -> ThreadPoolExecutor:  # noqa: ARG001  # threads do not survive a fork
    # only one thread: each further one competes with the event loop for the interpreter lock
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
