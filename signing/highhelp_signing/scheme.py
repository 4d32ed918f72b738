"""The points of the signature that the gateway's documentation leaves open, as one frozen value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, cast

from highhelp_signing.errors import SchemeError

__all__ = ["Digest", "SignatureScheme"]

Digest = Literal["double", "single"]

_HEADER_VALUE = re.compile(r"[!-~]+")
# A joiner must not contain characters of numbers, indexes or field names.
_NOT_IN_JOINER = re.compile(r"[0-9A-Za-z:_.+-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureScheme:
    """The rules that turn a body into a signature; the defaults are those of the project's API notes.

    If the gateway turns out to differ, one field changes and no code. The field names are also the keys of the JSON
    form.

    Attributes:
        digest: ``"double"``: RSA-SHA256 over the raw SHA-256 of the message, so SHA-256 runs twice (integrator);
            ``"single"``: RSA-SHA256 over the message. HMAC takes the message in either case.
        padding: whether ``=`` pads the base64url of the normalised string and of the signature (integrator: no).
        joiner: text between two entries of the normalised string (integrator: ``;``).
        null_text: text of JSON null (integrator: ``None``); None = null gives no entry.
        true_text: text of JSON true (documented: ``1``).
        false_text: text of JSON false (documented: ``0``).
        token: content of ``x-access-token``: ``"public_key"``, unpadded base64url of the DER SubjectPublicKeyInfo
            (documented, form by an integrator); ``"public_key_pem"``, the same of the PEM text; ``"project_id"``;
            anything else is sent literally.
        rsa_algorithm: value of ``x-access-merchant-algorithm`` for RSA, None = not sent (inferred).
        hmac_algorithm: likewise for HMAC (inferred).

    Raises:
        SchemeError: a field has a wrong type, or a value that would make signatures unreadable.
    """

    digest: Digest = "double"
    padding: bool = False
    joiner: str = ";"
    null_text: str | None = "None"
    true_text: str = "1"
    false_text: str = "0"
    token: str = "public_key"  # noqa: S105 - names a form, holds no secret
    rsa_algorithm: str | None = None
    hmac_algorithm: str | None = "hmac-sha512"

    def __post_init__(self) -> None:
        """Check each field early, so that a typo in a setting does not become a refused signature."""
        if self.digest not in ("double", "single"):
            raise SchemeError("digest", 'must be "double" or "single"')
        if type(self.padding) is not bool:
            raise SchemeError("padding", "must be true or false")
        for name in ("joiner", "null_text", "true_text", "false_text", "token"):
            if name != "null_text" or self.null_text is not None:
                _check_text(name, getattr(self, name))
        _check_joiner(self.joiner)
        for name in ("null_text", "true_text", "false_text"):
            if ":" in (getattr(self, name) or "") or self.joiner in (getattr(self, name) or ""):
                raise SchemeError(name, "must contain neither ':' nor the joiner")
        if self.true_text == self.false_text:
            raise SchemeError("true_text", "must differ from false_text")
        for name in ("token", "rsa_algorithm", "hmac_algorithm"):
            _check_header(name, getattr(self, name), optional=name != "token")

    def __repr__(self) -> str:
        """Every field except a literal token, which is a credential."""
        shown = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.token not in ("public_key", "public_key_pem", "project_id"):
            shown |= {"token": "***"}
        return f"SignatureScheme({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @classmethod
    def from_json(cls, source: str | bytes | Mapping[str, object]) -> SignatureScheme:
        """Read the JSON form: an object with any of the fields; the others keep their defaults.

        Args:
            source: JSON text, or the parsed object.

        Raises:
            SchemeError: not a JSON object, an unknown key, a wrong type or value; names the field.
        """
        if isinstance(source, str | bytes):
            from highhelp_signing.json_text import JsonRefused, read_json  # lazy: most programs read no scheme

            try:
                source = read_json(source)
            except JsonRefused as error:
                raise SchemeError("", str(error)) from None
            except ValueError:
                raise SchemeError("", "is not valid JSON") from None
        if not isinstance(source, Mapping):
            raise SchemeError("", "must be a JSON object")
        known = [field.name for field in fields(cls)]
        for name in source:
            if name not in known:
                raise SchemeError(str(name), f"unknown field, known are {', '.join(known)}")
        return cls(**cast("dict[str, Any]", source))  # the constructor checks each value

    def to_json(self) -> str:
        """Return the JSON form with every field, as ``from_json`` reads it."""
        return json.dumps(asdict(self), ensure_ascii=False)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise SchemeError(name, "must be text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SchemeError(name, "must have a UTF-8 form") from None


def _check_joiner(joiner: str) -> None:
    if not joiner:
        raise SchemeError("joiner", "must not be empty")
    if _NOT_IN_JOINER.search(joiner):
        raise SchemeError("joiner", "must hold no letter, no digit and none of : _ . + -")


def _check_header(name: str, value: object, *, optional: bool) -> None:
    if value is None and optional:
        return
    if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
        raise SchemeError(name, "must be printable ASCII without spaces" + (" or null" if optional else ""))
