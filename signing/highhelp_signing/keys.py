"""Verification keys of a project's callbacks: several at once, so that a key can be rotated without a gap."""

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
        """A name for logs and the inbox that reveals nothing about the key."""

    def matches(self, message: bytes, signature: bytes, digest: Digest = "double") -> bool:
        """Whether this key made ``signature`` over ``message``; False for a malformed signature."""


class RsaVerificationKey:
    """The gateway's RSA public key for callbacks (documented: "Callback settings").

    Args:
        key: at least 2048 bits.

    Attributes:
        key_id: a name that reveals nothing about the key.
        public_der: DER SubjectPublicKeyInfo.
        size: length of this key's signatures, in bytes.

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
        """Return the SHA-256 that this key signed; None if the signature is not its own. As strict as verification."""
        try:
            return self._key.recover_data_from_signature(signature, PKCS1, SHA256)
        except InvalidSignature:
            return None

    def made(self, signature: bytes) -> bool:
        """Whether this key made the signature, over any text and with any hash.

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
    """The key in ``hmac_callback_key_<id>.txt`` (its existence is documented, HMAC-SHA512 and details are inferred).

    Args:
        key: the text; surrounding white space is not part of the key.
        min_key_length: required length in characters.

    Raises:
        KeyFormatError: text that cannot be an HMAC key: a PEM, the name of a file, white space inside, too short.
    """

    __slots__ = ("__key", "key_id")

    def __init__(self, key: str, *, min_key_length: int = MIN_HMAC_LENGTH) -> None:
        self.__key = hmac_key_bytes(key, "HMAC key", min_key_length)
        # the full hash would let a guess of a weak key be confirmed; eight digits are enough to distinguish two keys
        self.key_id = f"hmac:{hmac.digest(self.__key, b'highhelp key id', hashlib.sha256).hex()[:8]}"

    def matches(self, message: bytes, signature: bytes, digest: Digest = "double") -> bool:  # noqa: ARG002 - protocol
        """See :meth:`VerificationKey.matches`; compares in constant time."""
        return hmac.compare_digest(hmac.digest(self.__key, message, hashlib.sha512), signature)

    @property
    def is_short(self) -> bool:
        """Whether the key is shorter than recommended."""
        return len(self.__key) < GOOD_HMAC_LENGTH

    def find_ending(self, start: bytes, endings: Iterable[bytes], signature: bytes) -> bytes | None:
        """Return the ending with which ``start`` was signed, or None."""
        return next((ending for ending in endings if self.matches(start + ending, signature)), None)

    def mac(self, message: bytes, hash_name: str = "sha512", *, line_break: bool = False) -> bytes:
        """Return the HMAC of a message; with `line_break`, by the key with a line break at its end.

        For the diagnosis of a signature.
        """
        return hmac.digest(self.__key + b"\n" * line_break, message, hash_name)

    def __repr__(self) -> str:
        return f"<HmacVerificationKey {self.key_id}>"


class KeyRing:
    """The keys that may have signed one project's callbacks; never empty.

    ``KeyRing.from_pem(new) + KeyRing.from_pem(old)`` accepts both while the gateway changes over.

    Args:
        keys: at least one; a repeated key counts once.

    Raises:
        KeyFormatError: no key: a receiver without keys would have to accept everything or nothing.
        TypeError: an item is not a verification key.
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
        """Create a ring of RSA public keys.

        Args:
            sources: PEM text or paths; each may hold several PEM blocks.

        Raises:
            KeyFormatError: names the file and the expected form, never the content.
        """
        return cls(RsaVerificationKey(key) for source in sources for key in load_public_keys(source))

    @classmethod
    def from_hmac(cls, *texts: str, min_key_length: int = MIN_HMAC_LENGTH) -> KeyRing:
        """Create a ring of HMAC keys, given as text.

        Args:
            texts: the keys; surrounding white space is not part of them.
            min_key_length: required length of each, in characters.

        Raises:
            KeyFormatError: text that cannot be an HMAC key, see :class:`HmacVerificationKey`.
        """
        return cls(HmacVerificationKey(text, min_key_length=min_key_length) for text in texts)

    @classmethod
    def from_hmac_file(cls, *paths: str | PathLike[str], min_key_length: int = MIN_HMAC_LENGTH) -> KeyRing:
        """Create a ring of HMAC keys, each from a text file.

        Args:
            paths: the files.
            min_key_length: required length of each key, in characters.

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
        """Return the ``key_id`` of the key that made the signature, or None.

        The algorithm is found by trying each key: a header would let the sender choose it.

        Args:
            message: the result of :func:`~highhelp_signing.signing_message`.
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
