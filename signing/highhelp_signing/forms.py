"""Detect the form in which a body was signed.

Three points of the signature are not documented and show only in received callbacks: how null is written, whether
base64url is padded, and whether RSA signs the message or its SHA-256. A verifier without a scheme accepts every
combination. One RSA operation is enough for all, since an RSA signature contains the hash of the signed text: a forged
one is refused before the body is normalised.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from highhelp_signing.encoding import base64url_bytes
from highhelp_signing.keys import HmacVerificationKey, RsaVerificationKey
from highhelp_signing.normalize import add_nulls, join_entries, split_entries
from highhelp_signing.scheme import Digest, SignatureScheme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from highhelp_signing.keys import KeyRing, VerificationKey
    from highhelp_signing.normalize import Limits

__all__ = ["DIGESTS", "FORMS", "NULL_TEXTS", "PADDINGS", "FormFinder", "FormLog", "SignedForm"]

NULL_TEXTS: tuple[str | None, ...] = ("None", "", None)
PADDINGS = (False, True)
DIGESTS: tuple[Digest, ...] = ("double", "single")
FORMS = tuple(
    SignatureScheme(null_text=null_text, padding=padding, digest=digest)
    for null_text, padding, digest in itertools.product(NULL_TEXTS, PADDINGS, DIGESTS)
)
"""Every form that a verifier without a scheme accepts; the first one is the default scheme."""

_LARGE = 128 << 10
"""Body size in bytes above which only the first form of null is tried, as each costs a sort of all entries."""
_CODE = "status:sub_status:"
"""The path whose null proves how null is written: its values are codes, so no user text is echoed there."""
_HMAC_SIZE = 64
_LOG = logging.getLogger("highhelp.signing")

_Matcher: TypeAlias = "Callable[[bytes, Mapping[bytes, bool]], tuple[bool, Digest] | None]"
"""Called with the encoded string and the endings that complete it to a message, each with its padding."""


class SignedForm(NamedTuple):
    """A matched signature: its key, form and entries.

    Attributes:
        key_id: the key that signed.
        scheme: the form; points that the body does not reveal have their defaults.
        entries: the sorted entries of the body.
        normalized: the entries joined.
        has_nulls: whether the body contains a null.
        proof: the points of the scheme that the body proves, by name.
    """

    key_id: str
    scheme: SignatureScheme
    entries: list[str]
    normalized: str
    has_nulls: bool
    proof: Mapping[str, object]


class FormFinder:
    """Find the key and the form of a signature.

    Args:
        schemes: the accepted ones; they differ only in ``null_text``, ``padding`` and ``digest``.
        limits: bounds of a normalised string.
    """

    __slots__ = ("_base", "_digests", "_limits", "_null_texts", "_paddings", "_recent", "_schemes")

    def __init__(self, schemes: Sequence[SignatureScheme], limits: Limits) -> None:
        self._base = schemes[0]
        self._schemes = {(scheme.null_text, scheme.padding, scheme.digest): scheme for scheme in schemes}
        self._null_texts = tuple(dict.fromkeys(scheme.null_text for scheme in schemes))
        self._paddings = tuple(dict.fromkeys(scheme.padding for scheme in schemes))
        self._digests = tuple(dict.fromkeys(scheme.digest for scheme in schemes))
        self._limits = limits
        self._recent = self._base.null_text  # only affects the order of attempts

    def find(
        self, raw: bytes, body: dict[str, object], ring: KeyRing, signature: bytes, timestamp: str, bad_keys: list[str]
    ) -> SignedForm | None:
        """Find the form; None if no key of the ring made the signature in any form.

        Args:
            raw: the body on the wire.
            body: the body, parsed.
            ring: the accepted keys.
            signature: the bytes of the signature.
            timestamp: decimal Unix seconds.
            bad_keys: see :func:`~highhelp_signing.normalize.split_entries`.

        Raises:
            BodyNotSignable: a key may have made the signature, and the body has no normalised form.
        """
        matchers = [(key, match) for key in ring if (match := self._matcher(key, signature)) is not None]
        if not matchers:
            return None
        entries, nulls = split_entries(body, self._base, limits=self._limits, bad_keys=bad_keys)
        stamp = timestamp.encode("ascii")
        for null_text in self._order(len(raw), has_nulls=bool(nulls)):
            all_entries = add_nulls(entries, nulls, null_text)
            normalized = join_entries(body, all_entries, self._base, limits=self._limits)
            data = normalized.encode()
            missing = -len(data) % 3
            endings: dict[bytes, bool] = {}
            for padding in self._paddings:  # with nothing to pad, both are the same
                endings.setdefault(b"=" * (missing * padding) + stamp, padding)
            encoded = base64url_bytes(data)
            for key, match in matchers:
                found = match(encoded, endings)
                if found is not None:
                    proof = self._proof(key, found, null_text, nulls, missing)
                    if nulls:
                        self._recent = null_text
                    scheme = self._schemes[null_text, *found]
                    return SignedForm(key.key_id, scheme, all_entries, normalized, bool(nulls), proof)
        return None

    def _order(self, size: int, *, has_nulls: bool) -> Sequence[str | None]:
        if not has_nulls or size > _LARGE:
            return self._null_texts[:1]
        return [self._recent, *(null_text for null_text in self._null_texts if null_text != self._recent)]

    def _matcher(self, key: VerificationKey, signature: bytes) -> _Matcher | None:
        if isinstance(key, RsaVerificationKey):
            recovered = key.recover_digest(signature)
            return None if recovered is None else partial(_match_rsa, recovered, self._digests)
        if isinstance(key, HmacVerificationKey):
            return partial(_match_hmac, key, signature, self._digests) if len(signature) == _HMAC_SIZE else None
        return partial(_match_any, key, signature, self._digests)

    def _proof(
        self, key: VerificationKey, found: tuple[bool, Digest], null_text: str | None, nulls: list[str], missing: int
    ) -> Mapping[str, object]:
        padding, digest = found
        proof: dict[str, object] = {}
        # HMAC has no digest, and a custom key that ignores it matches the first one
        if isinstance(key, RsaVerificationKey) or digest != DIGESTS[0]:
            proof["digest"] = digest
        if missing:
            proof["padding"] = padding
        # a null without an entry may also have been inserted on the way
        if _CODE in nulls and null_text is not None:
            proof["null_text"] = null_text
        return proof


def _match_rsa(
    recovered: bytes, digests: Sequence[Digest], encoded: bytes, endings: Mapping[bytes, bool]
) -> tuple[bool, Digest] | None:
    begun = hashlib.sha256(encoded)
    for ending, padding in endings.items():
        hashed = begun.copy()
        hashed.update(ending)
        once = hashed.digest()
        for digest in digests:
            if recovered == (once if digest == "single" else hashlib.sha256(once).digest()):
                return padding, digest
    return None


def _match_hmac(
    key: HmacVerificationKey, signature: bytes, digests: Sequence[Digest], encoded: bytes, endings: Mapping[bytes, bool]
) -> tuple[bool, Digest] | None:
    ending = key.find_ending(encoded, endings, signature)
    return None if ending is None else (endings[ending], digests[0])


def _match_any(
    key: VerificationKey, signature: bytes, digests: Sequence[Digest], encoded: bytes, endings: Mapping[bytes, bool]
) -> tuple[bool, Digest] | None:
    for ending, padding in endings.items():
        for digest in digests:
            if key.matches(encoded + ending, signature, digest):
                return padding, digest
    return None


class FormLog:
    """Log the setting that pins the form, once accepted callbacks have proved all its points."""

    __slots__ = ("_done", "_proved")

    def __init__(self) -> None:
        self._proved: dict[str, object] = {}
        self._done = False

    def add(self, form: SignedForm) -> None:
        """Add the proof of one accepted callback."""
        if self._done:
            return
        seen = {**form.proof, "null_text": form.scheme.null_text} if form.has_nulls else form.proof
        if any(name in self._proved and self._proved[name] != value for name, value in seen.items()):
            self._done = True
            _LOG.warning("callbacks arrive in more than one signature form; no setting can pin them")
            return
        self._proved |= form.proof
        # HMAC reveals no digest, RSA always does
        if self._proved.keys() >= {"null_text", "padding"}:
            self._done = True
            setting = json.dumps(self._proved, sort_keys=True, separators=(",", ":"))
            _LOG.info("callbacks prove their signature form; HIGHHELP_SIGNATURE_SCHEME=%s pins it", setting)
