"""Read, generate and write key material. An error names the file and the expected form, never the content."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from os import PathLike
from pathlib import Path
from typing import NoReturn, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from highhelp_signing.errors import KeyFormatError

__all__ = [
    "GOOD_HMAC_LENGTH",
    "MIN_HMAC_LENGTH",
    "MIN_RSA_BITS",
    "KeySource",
    "Secret",
    "check_rsa",
    "generate_hmac_key",
    "generate_rsa_pair",
    "hmac_key_bytes",
    "load_private_key",
    "load_public_keys",
    "public_der",
    "public_pem",
    "read_hmac_key",
    "rsa_key_id",
]

KeySource: TypeAlias = str | bytes | PathLike[str]

MIN_RSA_BITS = 2048
MIN_HMAC_LENGTH = 16
"""Shortest accepted HMAC key, in characters."""
GOOD_HMAC_LENGTH = 32
"""Length below which ``doctor`` warns, in characters."""

_PRIVATE_FORM = "expected an RSA private key in PEM form (PKCS#8 or PKCS#1)"
_PUBLIC_FORM = "expected an RSA public key in PEM form (SubjectPublicKeyInfo)"
_BEGIN = "-----BEGIN "
_BLOCK = re.compile(r"-----BEGIN (?P<label>[A-Z0-9 ]+)-----.*?-----END (?P=label)-----", re.DOTALL)
# Text that is neither a PEM nor a file might be a bare key: it is shown only if it looks like a file name.
_FILE_NAME = re.compile(r".{1,255}\.(?:pem|key|pub|der|crt|cer|txt)")
_LARGEST_FILE = 1 << 20


class Secret:
    """Base of classes that hold a key: refuses pickling, which would copy the key."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a key and cannot be pickled or copied")


def load_private_key(source: KeySource, password: str | bytes | None = None) -> rsa.RSAPrivateKey:
    """Load an RSA private key from PEM text or a path.

    Raises:
        KeyFormatError: unreadable, encrypted without a password, a public key, not RSA, too short, not a valid key.
    """
    name, pem = _read_pem(source, _PRIVATE_FORM)
    if "PRIVATE KEY-----" not in pem:
        given = ", a public key was given" if "PUBLIC KEY-----" in pem else ""
        raise KeyFormatError(name, _PRIVATE_FORM + given)
    secret = password.encode() if isinstance(password, str) else password
    try:
        key = serialization.load_pem_private_key(pem.encode(), secret, unsafe_skip_rsa_key_validation=False)
    except TypeError:
        problem = "the private key is encrypted and no password was given" if secret is None else "not encrypted"
        raise KeyFormatError(name, problem) from None
    except (ValueError, UnsupportedAlgorithm):
        wrong = "" if secret is None else ", or the password is wrong"
        raise KeyFormatError(name, f"{_PRIVATE_FORM}; this one cannot be read{wrong}") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyFormatError(name, f"{_PRIVATE_FORM}, a key of another kind was given")
    check_rsa(key, name)
    return key


def load_public_keys(source: KeySource) -> list[rsa.RSAPublicKey]:
    """Load the RSA public keys (one or more PEM blocks) from PEM text or a path.

    Raises:
        KeyFormatError: unreadable, a private key, not RSA, too short.
    """
    name, pem = _read_pem(source, _PUBLIC_FORM)
    if "PRIVATE KEY-----" in pem:
        raise KeyFormatError(name, _PUBLIC_FORM + ", a private key was given")
    keys = [_load_public(block[0], name) for block in _BLOCK.finditer(pem)]
    if not keys:
        raise KeyFormatError(name, _PUBLIC_FORM)
    return keys


def _load_public(pem: str, name: str) -> rsa.RSAPublicKey:
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFormatError(name, f"{_PUBLIC_FORM}; this one cannot be read") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise KeyFormatError(name, f"{_PUBLIC_FORM}, a key of another kind was given")
    check_rsa(key, name)
    return key


def generate_rsa_pair() -> tuple[str, str]:
    """Generate an RSA key of the shortest accepted length; return unencrypted PKCS#8 PEM and the public half."""
    key = rsa.generate_private_key(65537, MIN_RSA_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode("ascii"), public_pem(public_der(key.public_key())).decode("ascii")


def generate_hmac_key() -> str:
    """Generate an HMAC key of 384 bits, as text."""
    return secrets.token_urlsafe(48)


def check_rsa(key: rsa.RSAPrivateKey | rsa.RSAPublicKey, name: str) -> None:
    """Refuse RSA keys that give no protection.

    Raises:
        KeyFormatError: below 2048 bits; an exponent with which anybody could sign (cryptography 47 accepts it).
    """
    if key.key_size < MIN_RSA_BITS:
        raise KeyFormatError(name, f"RSA keys below {MIN_RSA_BITS} bits are refused, this one has {key.key_size}")
    exponent = (key.public_key() if isinstance(key, rsa.RSAPrivateKey) else key).public_numbers().e
    if exponent < 3 or exponent % 2 == 0:
        raise KeyFormatError(name, "the exponent of this RSA key makes it unusable")


def public_der(key: rsa.RSAPublicKey) -> bytes:
    """DER SubjectPublicKeyInfo."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def rsa_key_id(der: bytes) -> str:
    """Derive a name for an RSA key from its public half (DER SubjectPublicKeyInfo), so that it is not secret."""
    return f"rsa:{hashlib.sha256(der).hexdigest()[:16]}"


def public_pem(der: bytes) -> bytes:
    """Convert a DER SubjectPublicKeyInfo to PEM."""
    key = serialization.load_der_public_key(der)
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def hmac_key_bytes(text: str, name: str, min_length: int = MIN_HMAC_LENGTH) -> bytes:
    """Return the bytes of an HMAC key: its text without surrounding white space, in UTF-8.

    The key allows forging callbacks, so anything that is probably not a key is refused: a public key is public, and a
    file name can be guessed.

    Args:
        text: the key.
        name: its origin, for the error.
        min_length: required length in characters; the length of a real key is not documented.

    Raises:
        KeyFormatError: not text, empty, a PEM, the name of a file, white space inside, too short, or no UTF-8 form.
    """
    if not isinstance(text, str):
        raise KeyFormatError(name, "expected the HMAC key as text")
    key = text.strip()
    if not key:
        raise KeyFormatError(name, "the HMAC key is empty")
    if _BEGIN in key:
        raise KeyFormatError(name, "this is a PEM; an HMAC key is one line of plain text")
    if key.lower().endswith((".txt", ".pem", ".key")) or _exists(key):
        problem = "this is a file name, not an HMAC key; read the file with from_file, from_hmac_file"
        raise KeyFormatError(name, f"{problem} or a setting that ends in _FILE")
    if any(char.isspace() for char in key):
        raise KeyFormatError(name, "the HMAC key has white space inside")
    if len(key) < min_length:
        raise KeyFormatError(name, f"the HMAC key is shorter than {min_length} characters (see min_key_length)")
    try:
        return key.encode()
    except UnicodeEncodeError:
        pass  # this error contains the key: raise ours outside, so that it is not even its context
    raise KeyFormatError(name, "the HMAC key has no UTF-8 form")


def read_hmac_key(path: str | PathLike[str], min_length: int = MIN_HMAC_LENGTH) -> str:
    """Read an HMAC key from its file.

    Raises:
        KeyFormatError: unreadable, or invalid as in :func:`hmac_key_bytes`; names the file, never the content.
    """
    if isinstance(path, str) and not _FILE_NAME.fullmatch(path) and not _exists(path):
        # the path may be the key itself, which must not be shown
        raise KeyFormatError("HMAC key file", "there is no such file; pass the name of a file, not the key")
    text = _read_text_file(path)
    hmac_key_bytes(text, str(path), min_length)
    return text


def _read_text_file(path: str | PathLike[str]) -> str:
    name = os.fspath(path)
    try:
        with Path(name).open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise KeyFormatError(name, f"cannot be read ({error.strerror})") from None
    except ValueError:
        raise KeyFormatError("key", "not the name of a file") from None
    if len(data) > _LARGEST_FILE:
        raise KeyFormatError(name, "too large for a key file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass  # this error contains the content: raise ours outside, so that it is not even its context
    raise KeyFormatError(name, "not a text file")


def _read_pem(source: KeySource, form: str) -> tuple[str, str]:
    name, text = _read_text(source, form)
    # cryptography before 45 reads PEM text only if its lines begin in the first column
    return name, "\n".join(line.strip() for line in text.strip().splitlines())


def _read_text(source: KeySource, form: str) -> tuple[str, str]:
    if isinstance(source, PathLike):
        return str(source), _read_text_file(source)
    if isinstance(source, bytes):
        source = source.decode("utf-8", "replace")
    if not isinstance(source, str):
        raise KeyFormatError("key", f"{form}, as text or as a path")
    if _BEGIN in source:
        return "PEM text", source if "\n" in source else source.replace("\\n", "\n")
    if not _FILE_NAME.fullmatch(source) and not _exists(source):
        raise KeyFormatError("key", f"{form}, as text or as the path of a file; the given text is neither")
    return source, _read_text_file(source)


def _exists(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False
