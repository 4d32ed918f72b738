"""Signers: sign messages with a key in memory that is never shown."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from highhelp_signing.keyfiles import (
    GOOD_HMAC_LENGTH,
    MIN_HMAC_LENGTH,
    KeySource,
    Secret,
    check_rsa,
    hmac_key_bytes,
    load_private_key,
    load_public_keys,
    public_der,
    read_hmac_key,
    rsa_key_id,
)

if TYPE_CHECKING:
    from os import PathLike

    from highhelp_signing.scheme import Digest

PKCS1, SHA256 = padding.PKCS1v15(), hashes.SHA256()

__all__ = ["PKCS1", "SHA256", "Algorithm", "HmacSigner", "RsaSigner", "Signer", "rsa_input"]

Algorithm: TypeAlias = Literal["rsa", "hmac"]


@runtime_checkable
class Signer(Protocol):
    """Sign messages with a key in memory, an HSM or a KMS. Must be thread-safe.

    Attributes:
        algorithm: determines the scheme's algorithm header.
        public_key_der: DER SubjectPublicKeyInfo of the project's public key, from which the token is made; None if
            unknown.
    """

    @property
    def algorithm(self) -> Algorithm:
        """``"rsa"`` or ``"hmac"``."""

    @property
    def public_key_der(self) -> bytes | None:
        """DER SubjectPublicKeyInfo, or None."""

    def sign(self, message: bytes, digest: Digest = "double") -> bytes:
        """Sign the result of :func:`~highhelp_signing.signing_message`.

        Args:
            message: base64url of the normalised body and the timestamp.
            digest: the scheme's interpretation of "RSA-SHA256 of sha256(message)"; HMAC ignores it.

        Returns:
            The raw signature.
        """


class RsaSigner(Secret):
    """RSASSA-PKCS1-v1_5 with SHA-256 (documented as RSA-SHA256; the double digest by an integrator).

    Args:
        key: an RSA private key of at least 2048 bits.

    Attributes:
        algorithm: ``"rsa"``.
        public_key_der: DER SubjectPublicKeyInfo of the public half.

    Raises:
        KeyFormatError: too short.
    """

    __slots__ = ("__key", "public_key_der")

    algorithm: Algorithm = "rsa"

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        check_rsa(key, "RSA private key")
        self.__key = key
        self.public_key_der = public_der(key.public_key())

    @classmethod
    def from_pem(cls, source: KeySource, *, password: str | bytes | None = None) -> RsaSigner:
        r"""Load a PKCS#8 or PKCS#1 private key, and check its numbers once.

        Args:
            source: PEM text (``str`` or ``bytes``; literal ``\n`` of environment variables are read as line ends), or
                the path of a PEM file.
            password: of an encrypted key.

        Raises:
            KeyFormatError: names the file and the expected form, never the content.
        """
        return cls(load_private_key(source, password))

    def sign(self, message: bytes, digest: Digest = "double") -> bytes:
        """See :meth:`Signer.sign`."""
        return self.__key.sign(rsa_input(message, digest), PKCS1, SHA256)

    def __repr__(self) -> str:
        return f"<RsaSigner {rsa_key_id(self.public_key_der)}>"


class HmacSigner(Secret):
    """HMAC-SHA512 with the text of the project's HMAC key file (its existence is documented, the details are inferred).

    Args:
        key: the key as text, used as UTF-8 bytes; surrounding white space is not part of it.
        public_key: PEM text or path of the project's public key, for the token; without it the scheme's
            ``public_key`` tokens fall back to the project id.
        min_key_length: required length in characters.

    Attributes:
        algorithm: ``"hmac"``.
        public_key_der: DER SubjectPublicKeyInfo of the project's public key, if given.

    Raises:
        KeyFormatError: text that cannot be an HMAC key (a PEM, the name of a file, white space inside, too short), or
            an unreadable public key.
    """

    __slots__ = ("__key", "public_key_der")

    algorithm: Algorithm = "hmac"

    def __init__(self, key: str, public_key: KeySource | None = None, *, min_key_length: int = MIN_HMAC_LENGTH) -> None:
        self.__key = hmac_key_bytes(key, "HMAC key", min_key_length)
        self.public_key_der = None if public_key is None else public_der(load_public_keys(public_key)[0])

    @classmethod
    def from_file(
        cls, path: str | PathLike[str], public_key: KeySource | None = None, *, min_key_length: int = MIN_HMAC_LENGTH
    ) -> HmacSigner:
        """Load the key from a text file.

        Args:
            path: the file.
            public_key: see the class.
            min_key_length: see the class.

        Raises:
            KeyFormatError: names the file, never the content.
        """
        return cls(read_hmac_key(path, min_key_length), public_key, min_key_length=min_key_length)

    @property
    def is_short(self) -> bool:
        """Whether the key is shorter than recommended."""
        return len(self.__key) < GOOD_HMAC_LENGTH

    def sign(self, message: bytes, digest: Digest = "double") -> bytes:  # noqa: ARG002 - part of the protocol
        """See :meth:`Signer.sign`."""
        return hmac.digest(self.__key, message, hashlib.sha512)

    def __repr__(self) -> str:
        return "<HmacSigner hmac>"


def rsa_input(message: bytes, digest: Digest) -> bytes:
    """Return the input of RSA-SHA256: the raw SHA-256 of the message, or the message itself.

    Raises:
        ValueError: an unknown digest mode; a typo must not produce a different signature.
    """
    if digest == "double":
        return hashlib.sha256(message).digest()
    if digest == "single":
        return message
    raise ValueError('digest must be "double" or "single"')
