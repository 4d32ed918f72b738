"""Verification keys of one project's callbacks: several at a time, so that a key can be rotated without a gap."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidSignature

from highhelp_signing.errors import KeyFormatError
from highhelp_signing.keyfiles import (
    GOOD_HMAC_LENGTH,
    MIN_HMAC_LENGTH,
    KeySource,
    Secret,
    check_rsa,
    hmac_key_bytes,
    load_public_keys,
    public_der,
    read_hmac_key,
    rsa_key_id,
)
from highhelp_signing.signers import PKCS1, SHA256, rsa_input

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from cryptography.hazmat.primitives.asymmetric import rsa

    from highhelp_signing.scheme import Digest

__all__ = ["HmacVerificationKey", "KeyRing", "RsaVerificationKey", "VerificationKey"]


class VerificationKey(Protocol):
    """A key that recognises its own signatures."""

    @property
    def key_id(self) -> str:
        """A name that gives nothing of the key away, for logs and the inbox."""

    def matches(self, message: bytes, signature: bytes, digest: Digest = "double") -> bool:
        """Whether this key made ``signature`` over ``message``; a malformed signature is simply not its own."""


class RsaVerificationKey:
    """The gateway's RSA public key for callbacks (documented: "Callback settings").

    Args:
        key: at least 2048 bits.

    Attributes:
        key_id: a name that gives nothing of the key away.
        public_der: DER SubjectPublicKeyInfo.
        size: bytes of a signature of this key.

    Raises:
        KeyFormatError: too short.
    """

    __slots__ = ("_key", "key_id", "public_der", "size")

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        check_rsa(key, "RSA public key")
        self._key = key
        self.public_der = public_der(key)
        self.key_id = rsa_key_id(self.public_der)
        self.size = key.key_size // 8

    def matches(self, message: bytes, signature: bytes, digest: Digest = "double") -> bool:
        """See :meth:`VerificationKey.matches`."""
        try:
            self._key.verify(signature, rsa_input(message, digest), PKCS1, SHA256)
        except InvalidSignature:
            return False
        return True

    def recover_digest(self, signature: bytes) -> bytes | None:
        """The SHA-256 that this key signed; None where the signature is not this key's. As strict as a verification."""
        try:
            return self._key.recover_data_from_signature(signature, PKCS1, SHA256)
        except InvalidSignature:
            return None

    def made(self, signature: bytes) -> bool:
        """Whether this key made the signature, over whatever text and with whatever hash.

        For the diagnosis of a signature: it distinguishes "another key" from "another text".
        """
        try:
            self._key.recover_data_from_signature(signature, PKCS1, None)
        except (InvalidSignature, ValueError):
            return False
        return True

    def __repr__(self) -> str:
        return f"<RsaVerificationKey {self.key_id}>"


class HmacVerificationKey(Secret):
    """The text of ``hmac_callback_key_<id>.txt`` (documented that it exists; HMAC-SHA512 and its detail inferred).

    Args:
        key: the text; white space around it is not part of the key.
        min_key_length: characters that it must have.

    Raises:
        KeyFormatError: text that cannot be an HMAC key: a PEM, the name of a file, white space inside, too short.
    """

    __slots__ = ("__key", "key_id")

    def __init__(self, key: str, *, min_key_length: int = MIN_HMAC_LENGTH) -> None:
        self.__key = hmac_key_bytes(key, "HMAC key", min_key_length)
        # the full hash would let a weak key be guessed with certainty; eight digits are enough to tell two keys apart
        self.key_id = f"hmac:{hmac.digest(self.__key, b'highhelp key id', hashlib.sha256).hex()[:8]}"

    def matches(self, message: bytes, signature: bytes, digest: Digest = "double") -> bool:  # noqa: ARG002 - protocol
        """See :meth:`VerificationKey.matches`; compares in constant time."""
        return hmac.compare_digest(hmac.digest(self.__key, message, hashlib.sha512), signature)

    @property
    def is_short(self) -> bool:
        """Whether the key is shorter than a good one."""
        return len(self.__key) < GOOD_HMAC_LENGTH

    def find_ending(self, start: bytes, endings: Iterable[bytes], signature: bytes) -> bytes | None:
        """The ending with which ``start`` was signed, or None."""
        return next((ending for ending in endings if self.matches(start + ending, signature)), None)

    def mac(self, message: bytes, hash_name: str = "sha512", *, line_break: bool = False) -> bytes:
        """The HMAC of a message; `line_break`: by the key as read with the line break at the end of its file.

        For the diagnosis of a signature.
        """
        return hmac.digest(self.__key + b"\n" * line_break, message, hash_name)

    def __repr__(self) -> str:
        return f"<HmacVerificationKey {self.key_id}>"


class KeyRing:
    """The keys that may have signed one project's callbacks; never empty.

    ``KeyRing.from_pem(new) + KeyRing.from_pem(old)`` accepts both while the gateway changes over.

    Args:
        keys: at least one; a key that is there twice counts once.

    Raises:
        KeyFormatError: no key: a receiver without keys would have to accept everything or nothing.
        TypeError: something that is not a verification key.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: Iterable[VerificationKey]) -> None:
        ring: dict[str, VerificationKey] = {}
        for key in keys:
            if not callable(getattr(key, "matches", None)):
                raise TypeError("a key ring holds verification keys; see KeyRing.from_pem and KeyRing.from_hmac")
            ring.setdefault(key.key_id, key)
        if not ring:
            raise KeyFormatError("key ring", "at least one key is needed")
        self._keys = tuple(ring.values())

    @classmethod
    def from_pem(cls, *sources: KeySource) -> KeyRing:
        """RSA public keys.

        Args:
            sources: PEM text or paths; each may hold several PEM blocks.

        Raises:
            KeyFormatError: names the file and the form that was expected, never the content.
        """
        return cls(RsaVerificationKey(key) for source in sources for key in load_public_keys(source))

    @classmethod
    def from_hmac(cls, *texts: str, min_key_length: int = MIN_HMAC_LENGTH) -> KeyRing:
        """HMAC keys, as text.

        Args:
            texts: the keys; white space around them is not part of them.
            min_key_length: characters that each must have.

        Raises:
            KeyFormatError: text that cannot be an HMAC key, see :class:`HmacVerificationKey`.
        """
        return cls(HmacVerificationKey(text, min_key_length=min_key_length) for text in texts)

    @classmethod
    def from_hmac_file(cls, *paths: str | PathLike[str], min_key_length: int = MIN_HMAC_LENGTH) -> KeyRing:
        """HMAC keys, each a text file.

        Args:
            paths: the files.
            min_key_length: characters that each key must have.

        Raises:
            KeyFormatError: names the file, never the content.
        """
        texts = [read_hmac_key(path, min_key_length) for path in paths]
        return cls.from_hmac(*texts, min_key_length=min_key_length)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The names of the keys, in the order in which they are tried."""
        return tuple(key.key_id for key in self._keys)

    def verify(self, message: bytes, signature: bytes, digest: Digest = "double") -> str | None:
        """The ``key_id`` of the key that made the signature, or None.

        Which algorithm signed is found by trying: a header that chose it would let the sender choose.

        Args:
            message: what :func:`~highhelp_signing.signing_message` returned.
            signature: raw bytes, of any length.
            digest: the scheme's digest mode, for RSA.
        """
        for key in self._keys:
            if key.matches(message, signature, digest):
                return key.key_id
        return None

    def __add__(self, other: KeyRing) -> KeyRing:
        return KeyRing([*self, *other])

    def __iter__(self) -> Iterator[VerificationKey]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<KeyRing {' '.join(self.key_ids)}>"
