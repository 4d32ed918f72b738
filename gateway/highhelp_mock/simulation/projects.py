"""Merchant projects: keys, balances, and loading from a home directory."""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from highhelp_mock.simulation.balances import OPENING, Balances
from highhelp_signing import HmacSigner, HomeDirectory, KeyRing, RsaSigner, SignatureScheme, Signer, generate_home
from highhelp_signing.errors import KeyFormatError
from highhelp_signing.keyfiles import generate_hmac_key, generate_rsa_pair
from highhelp_signing.keys import HmacVerificationKey
from highhelp_signing.signers import Algorithm

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from highhelp_signing.keys import VerificationKey

__all__ = ["Algorithm", "Keys", "Project", "make_keys", "read_home", "write_base_url"]


@dataclass(frozen=True, kw_only=True)
class Keys:
    """All keys of one project, the merchant's and the gateway's, as text. Each signer is loaded once, as that is slow.

    Attributes:
        private_key: PEM of the merchant's RSA key; empty if only the public half is known.
        public_key: PEM of its public half.
        hmac_key: text of the HMAC key for requests.
        callback_private_key: PEM of the gateway's RSA key for callbacks.
        callback_public_key: PEM of its public half.
        callback_hmac_key: text of the HMAC key for callbacks.
    """

    private_key: str = field(repr=False)
    public_key: str = field(repr=False)
    hmac_key: str = field(repr=False)
    callback_private_key: str = field(repr=False)
    callback_public_key: str = field(repr=False)
    callback_hmac_key: str = field(repr=False)

    @cached_property
    def signer(self) -> RsaSigner:
        """The merchant's RSA signer."""
        return RsaSigner.from_pem(self.private_key)

    @cached_property
    def callback_signer(self) -> RsaSigner:
        """The gateway's RSA signer."""
        return RsaSigner.from_pem(self.callback_private_key)


class Project:
    """A merchant project.

    Args:
        project_id: its id.
        keys: its keys.
        callback_algorithm: the algorithm of its callbacks.
        balances: opening balances, minor units per currency.
    """

    def __init__(
        self,
        project_id: str,
        keys: Keys,
        *,
        callback_algorithm: Algorithm = "rsa",
        balances: Mapping[str, int] | None = None,
    ) -> None:
        self.project_id = project_id
        self.keys = keys
        self.callback_algorithm: Algorithm = callback_algorithm
        self.balances = Balances(OPENING if balances is None else balances)
        (rsa_key,) = KeyRing.from_pem(keys.public_key)
        self.matching_keys: Mapping[Algorithm, VerificationKey]
        self.matching_keys = {"rsa": rsa_key, "hmac": HmacVerificationKey(keys.hmac_key)}
        self.public_half: Signer = HmacSigner(keys.hmac_key, keys.public_key)
        self.callback_signer: Signer = (
            keys.callback_signer if callback_algorithm == "rsa" else HmacSigner(keys.callback_hmac_key)
        )

    @property
    def signer(self) -> RsaSigner:
        """The merchant's RSA signer.

        Raises:
            KeyFormatError: only the public half is known.
        """
        return self.keys.signer

    @cached_property
    def hmac_signer(self) -> HmacSigner:
        """The merchant's HMAC signer; its token is made from the public key."""
        return HmacSigner(self.keys.hmac_key, self.keys.public_key)

    @cached_property
    def callback_keys(self) -> KeyRing:
        """The keys that verify this project's callbacks, of either algorithm."""
        return KeyRing.from_pem(self.keys.callback_public_key) + KeyRing.from_hmac(self.keys.callback_hmac_key)

    @cached_property
    def fingerprint_key(self) -> bytes:
        """The key of the fingerprints of this project's requests."""
        return hmac.digest(self.keys.hmac_key.encode(), b"highhelp_mock fingerprint of a request", "sha256")

    def __repr__(self) -> str:
        return f"<Project {self.project_id}>"


def make_keys() -> Keys:
    """Generate keys, in memory only."""
    private_key, public_key = generate_rsa_pair()
    callback_private_key, callback_public_key = generate_rsa_pair()
    return Keys(
        private_key=private_key,
        public_key=public_key,
        hmac_key=generate_hmac_key(),
        callback_private_key=callback_private_key,
        callback_public_key=callback_public_key,
        callback_hmac_key=generate_hmac_key(),
    )


@dataclass(frozen=True, slots=True)
class HomeContent:
    """The content of a home directory.

    Attributes:
        project_id: the merchant project.
        scheme: the signature scheme, if the home names one.
        keys: the project's keys.
    """

    project_id: str
    scheme: SignatureScheme | None
    keys: Keys


def read_home(directory: Path, base_url: str) -> HomeContent:
    """Read a home directory; if it has no ``project.json``, fill it first.

    Raises:
        KeyFormatError: a file is missing or unreadable; names it.
        SchemeError: ``project.json`` contains an invalid scheme.
        OSError: the directory cannot be written.
    """
    home = HomeDirectory(directory)
    if not home.project.exists():
        generate_home(directory, base_url=base_url)
    data = _read_project(home.project)
    scheme = data.get("scheme")
    return HomeContent(
        project_id=data["project_id"],
        scheme=None if scheme is None else SignatureScheme.from_json(scheme),
        keys=Keys(
            private_key=_read(home.private_key) if home.private_key.exists() else "",
            public_key=_read(home.public_key),
            hmac_key=_read(home.hmac_private_key).strip(),
            callback_private_key=_read(home.gateway_callback_private_key),
            callback_public_key=_read(home.callback_public_key),
            callback_hmac_key=_read(home.hmac_callback_key).strip(),
        ),
    )


def write_base_url(directory: Path, base_url: str) -> None:
    """Write the gateway's current URL to ``project.json``, atomically; the rest of the file stays."""
    path = HomeDirectory(directory).project
    data = _read_project(path) | {"base_url": base_url}
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    staged.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", "utf-8")
    staged.replace(path)


def _read_project(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(_read(path))
    except ValueError:
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("project_id"), str) or not data["project_id"]:
        raise KeyFormatError(str(path), "expected a JSON object with project_id and base_url")
    return data


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise KeyFormatError(str(path), "cannot be read") from None
