"""Every key that the settings hold, as what it can verify."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import TypeVar

from highhelp.errors import SettingsError
from highhelp.settings import (
    CALLBACK_PUBLIC_KEY,
    HMAC_KEY,
    HMAC_KEY_FILE,
    HOME,
    PRIVATE_KEY,
    Source,
    load_callback_keys,
)
from highhelp_signing import KeyRing, RsaSigner, Signer
from highhelp_signing.errors import SigningError
from highhelp_signing.keyfiles import public_pem

Place = tuple[KeyRing, str]
T = TypeVar("T")


def public_ring(signer: Signer) -> KeyRing | None:
    """What verifies an RSA signer's signatures; None for another one."""
    der = signer.public_key_der
    return KeyRing.from_pem(public_pem(der)) if signer.algorithm == "rsa" and der is not None else None


def project_keys(source: Source) -> list[Place]:
    """The project's own keys, with where each is from; also a public key that does not belong to the private one."""
    return list(_project_keys(source))


def _project_keys(source: Source) -> Iterator[Place]:
    private = source.text(PRIVATE_KEY)
    file = source.file(lambda home: home.private_key)
    if private is not None:
        ring = public_ring(_made(private[1], lambda: RsaSigner.from_pem(private[0])))
        yield from [(ring, private[1])] if ring is not None else []
    if file is not None:
        ring = public_ring(_made(str(file), lambda: RsaSigner.from_pem(file)))
        yield from [(ring, str(file))] if ring is not None else []
    public = source.file(lambda home: home.public_key)
    if public is not None:
        yield _made(str(public), lambda: KeyRing.from_pem(public)), str(public)
    text, path = source.text(HMAC_KEY), source.text(HMAC_KEY_FILE)
    if text is not None:
        yield _made(text[1], lambda: KeyRing.from_hmac(text[0])), text[1]
    if path is not None:
        yield _made(path[1], lambda: KeyRing.from_hmac_file(path[0])), path[1]
    secret = source.file(lambda home: home.hmac_private_key)
    if secret is not None:
        yield _made(str(secret), lambda: KeyRing.from_hmac_file(secret)), str(secret)


def _made(where: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except SigningError as error:
        raise SettingsError(where, str(error)) from None


def keys_at_hand(source: Source, *, of_request: bool) -> tuple[KeyRing, dict[str, KeyRing]]:
    """The keys that should have signed a request or a callback, and all others by where they are from.

    Raises:
        SettingsError: There is none at all, or one cannot be read.
    """
    own = project_keys(source)
    callback: list[Place] = []
    try:
        callback = [load_callback_keys(source)]
    except SettingsError as error:
        if error.setting != CALLBACK_PUBLIC_KEY or "is not set" not in str(error):
            raise
    expected, others = (own, callback) if of_request else (callback, own)
    if not expected and not others:
        raise SettingsError(
            PRIVATE_KEY, f"is not set, nor is {CALLBACK_PUBLIC_KEY}, nor {HOME}: there is no key to check with"
        )
    kind = "the gateway's callback key" if of_request else "the project's own key"
    named = {f"{kind} of {where}": ring for ring, where in others}
    if not expected:
        raise SettingsError(
            PRIVATE_KEY if of_request else CALLBACK_PUBLIC_KEY,
            f"is not set: without it nobody can say who signed a {'request' if of_request else 'callback'}",
        )
    return reduce(KeyRing.__add__, (ring for ring, _ in expected)), named
