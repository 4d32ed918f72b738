"""Card data at rest: a masked readable body, and the whole body encrypted if there is a key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from typing import TYPE_CHECKING, Any

from highhelp.errors import SettingsError
from highhelp.redact import MASK, masked
from highhelp.settings import DATABASE_KEY
from highhelp_api.contract import CALLBACK_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME, _NONCE = 8, 12
# of 12 to 19 digits
_CARD_NUMBERS = range(10**11, 10**19)
# also stored in separate columns: a long number in an id, or a large sum, is not a card number
_KEPT: tuple[tuple[tuple[str, ...], type], ...] = (
    (("project_id",), str),
    (("general", "payment_id"), str),
    (("general", "request_id"), str),
    (("payment_info", "amount"), int),
)


def readable(body: Mapping[str, object]) -> str:
    """Return the body as JSON text, with sensitive fields and anything that looks like a card number masked."""
    shown = _without_numbers(masked(dict(body), CALLBACK_SCHEMA))
    for path, kind in _KEPT:
        _keep(shown, body, path, kind)
    return json.dumps(shown)


def _keep(shown: Any, body: Any, path: tuple[str, ...], kind: type) -> None:
    for name in path[:-1]:
        shown, body = shown.get(name), body.get(name)
        if not isinstance(shown, dict) or not isinstance(body, dict):
            return
    value = body.get(path[-1])
    if type(value) is kind:
        shown[path[-1]] = value


def _without_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_numbers(item) for item in value]
    return MASK if isinstance(value, int) and abs(value) in _CARD_NUMBERS else value


class BodyCipher:
    """Encrypt bodies with AES-256-GCM.

    Args:
        keys: Base64 of 32 bytes each, separated by commas: the first encrypts, all of them decrypt (rotation).

    Raises:
        SettingsError: One is not such a key.
    """

    __slots__ = ("_first", "_hash_keys", "_keys")

    def __init__(self, keys: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        made = [_key(text) for text in keys.split(",")]
        self._keys = {hashlib.sha256(key).digest()[:_NAME]: AESGCM(key) for key in made}
        self._first = hashlib.sha256(made[0]).digest()[:_NAME]
        # each purpose has its own key
        self._hash_keys = {
            hashlib.sha256(key).hexdigest()[: 2 * _NAME]: hmac.digest(key, b"highhelp fingerprint", "sha256")
            for key in made
        }

    @property
    def key_name(self) -> str:
        """The name of the first key, which is not secret."""
        return self._first.hex()

    def fingerprint(self, raw: bytes, key_name: str) -> str:
        """Return a keyed hash of bytes, which cannot be brute-forced without the key.

        Raises:
            SettingsError: There is no key of this name.
        """
        if key_name not in self._hash_keys:
            raise SettingsError(DATABASE_KEY, "is not the key that this payout was stored with; nothing was sent")
        return hmac.digest(self._hash_keys[key_name], raw, "sha256").hex()

    def encrypt(self, raw: bytes, associated_data: str) -> bytes:
        """Encrypt bytes; they decrypt only together with the same `associated_data`."""
        nonce = os.urandom(_NONCE)
        return self._first + nonce + self._keys[self._first].encrypt(nonce, raw, associated_data.encode())

    def decrypt(self, sealed: bytes, associated_data: str) -> bytes:
        """Decrypt the result of :meth:`encrypt`.

        Raises:
            SettingsError: The key is missing, or the bytes were changed.
        """
        from cryptography.exceptions import InvalidTag

        name, nonce, rest = sealed[:_NAME], sealed[_NAME : _NAME + _NONCE], sealed[_NAME + _NONCE :]
        if name not in self._keys:
            raise SettingsError(DATABASE_KEY, "is not the key that this body was encrypted with")
        try:
            return self._keys[name].decrypt(nonce, rest, associated_data.encode())
        except InvalidTag:
            raise SettingsError(DATABASE_KEY, "an encrypted body was changed in the database") from None

    def __repr__(self) -> str:
        return f"<BodyCipher with {len(self._keys)} key(s)>"


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/") + "==", validate=False)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise SettingsError(DATABASE_KEY, "must be base64 of 32 bytes, as `openssl rand -base64 32` prints it")
    return key
