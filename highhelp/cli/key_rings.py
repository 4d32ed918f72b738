"""Load the verification keys of the settings."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

from highhelp.errors import SettingsError
from highhelp.settings import (
    CALLBACK_PUBLIC_KEY,
    HMAC_KEY,
    HMAC_KEY_FILE,
    PRIVATE_KEY,
    Source,
    load_callback_keys,
    load_each,
)
from highhelp_signing import KeyRing, RsaSigner, Signer
from highhelp_signing.keyfiles import public_pem


def public_ring(signer: Signer) -> KeyRing | None:
    """The ring that verifies an RSA signer's signatures; None for another signer."""
    der = signer.public_key_der
    return KeyRing.from_pem(public_pem(der)) if signer.algorithm == "rsa" and der is not None else None


def _project_rings(source: Source) -> list[tuple[KeyRing, str]]:
    """The project's keys with the place of each; a public key is included even if it does not match the private one."""

    def from_private_key(key: str | Path) -> KeyRing:
        return KeyRing.from_pem(public_pem(RsaSigner.from_pem(key).public_key_der))

    return list(
        load_each(
            (source.text(PRIVATE_KEY), from_private_key),
            (source.file(lambda home: home.private_key), from_private_key),
            (source.file(lambda home: home.public_key), KeyRing.from_pem),
            (source.text(HMAC_KEY), KeyRing.from_hmac),
            (source.text(HMAC_KEY_FILE), KeyRing.from_hmac_file),
            (source.file(lambda home: home.hmac_private_key), KeyRing.from_hmac_file),
        )
    )


def load_rings(source: Source, *, of_request: bool) -> tuple[KeyRing, dict[str, KeyRing]]:
    """Load the keys that should have signed a request or a callback, and all others by their place.

    Raises:
        SettingsError: There is no key, or one cannot be read.
    """
    own = _project_rings(source)
    try:
        callback = [load_callback_keys(source)]
    except SettingsError as error:
        if error.setting != CALLBACK_PUBLIC_KEY or "is not set" not in str(error):
            raise
        callback = []
    expected, others = (own, callback) if of_request else (callback, own)
    if not expected:
        raise SettingsError(
            PRIVATE_KEY if of_request else CALLBACK_PUBLIC_KEY,
            f"is not set: there is no key to say who signed a {'request' if of_request else 'callback'}",
        )
    owner = "the gateway's callback key" if of_request else "the project's own key"
    named = {f"{owner} of {place}": ring for ring, place in others}
    return reduce(KeyRing.__add__, (ring for ring, _ in expected)), named
