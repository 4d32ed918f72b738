"""Writes ``spec/signing-vectors.json`` from a reading of the rules that is independent of the package.

It must not import ``highhelp_signing``: the vectors check the package, so they cannot come from it. The published keys
in the file are kept, and both signature algorithms are deterministic, so a second run changes nothing.

    python tests/signing/make_vectors.py            writes the file
    python tests/signing/make_vectors.py --check    fails when the file is not what would be written
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

VECTORS = Path(__file__).parents[2] / "spec" / "signing-vectors.json"
TIMESTAMP = 1706182847
PROJECT = "57aff4db-b45d-42bf-bc5f-b7a499a01782"
DEFAULTS: dict[str, Any] = {
    "digest": "double",
    "padding": False,
    "joiner": ";",
    "null_text": "None",
    "true_text": "1",
    "false_text": "0",
}
DESCRIPTION = (
    "Vectors of the HighHelp request signature. `input` is the body in base64; `scheme` holds the fields that differ "
    "from the default; `key` names the key that verifies. `stages`: `normalized` is the normalised string, `message` "
    "what is signed, `digest` the hex SHA-256 of the message (RSA only), `signature` its base64url. "
    "An invalid vector is invalid in one of two ways, told by its flags: `body` must be refused before anything is "
    "signed (its stages are null), or `signature` must not verify over the stages of the input. `reason` says why. "
    "The keys are published here, so they protect nothing."
)


@dataclass(frozen=True)
class Case:
    id: str
    comment: str
    flags: list[str]
    body: Any
    key: str = "rsa"
    scheme: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None
    signed: dict[str, Any] = field(default_factory=dict)
    """What the signature of an invalid vector was made with instead: body, timestamp, key, scheme, cut, flip, hash."""


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def raw_of(body: Any) -> bytes:
    return body if isinstance(body, bytes) else compact(body)


def entries(value: Any, path: str, scheme: dict[str, Any]) -> list[str]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [entry for key, item in pairs for entry in entries(item, f"{path}{key}:", scheme)]
    if value is None:
        return [path + str(scheme["null_text"])]
    if isinstance(value, bool):
        return [path + str(scheme["true_text"] if value else scheme["false_text"])]
    return [f"{path}{value}"]


def b64(data: bytes, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(data).decode()
    return text if padded else text.rstrip("=")


def normalized_of(raw: bytes, scheme: dict[str, Any]) -> str:
    # sorted by the UTF-8 bytes, which is the same order as by code point, reached another way
    return str(scheme["joiner"]).join(sorted(entries(json.loads(raw), "", scheme), key=str.encode))


def message_of(raw: bytes, timestamp: int, scheme: dict[str, Any]) -> bytes:
    return (b64(normalized_of(raw, scheme).encode(), padded=scheme["padding"]) + str(timestamp)).encode()


def signature_of(message: bytes, key: dict[str, str], scheme: dict[str, Any], hmac_hash: str = "sha512") -> bytes:
    if "text" in key:
        return hmac.digest(key["text"].encode(), message, hmac_hash)
    private = serialization.load_pem_private_key(key["private_pem"].encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    data = hashlib.sha256(message).digest() if scheme["digest"] == "double" else message
    return private.sign(data, padding.PKCS1v15(), hashes.SHA256())


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"k": value}
    return value


PAYMENT = {"general": {"payment_id": "order-1", "project_id": PROJECT}, "payment": {"amount": 10000, "currency": "RUB"}}
CHANGED = {"general": {"payment_id": "order-1", "project_id": PROJECT}, "payment": {"amount": 10001, "currency": "RUB"}}
SECOND = {
    "general": {"project_id": PROJECT, "payment_id": "order-1"},
    "payment": {"amount": 10000, "currency": "RUB", "flag": True, "note": None, "tags": ["a", "b"]},
    "sender": {},
}

VALID = [
    Case("info", "the body of an info or balance call", ["documented"], {"general": {"project_id": PROJECT}}),
    Case("payin", "booleans, null, an array and an empty object together", ["documented"], SECOND),
    Case(
        "escapes",
        "escapes and white space of the source do not count",
        ["unicode"],
        b'{ "general" : {"payment_id":"\\u0437\\u0430\\u043a\\u0430\\u0437\\/1\\n"},\r\n\t"a":"\\ud83d\\ude00" }',
    ),
    Case(
        "cyrillic",
        "text is UTF-8, not escaped",
        ["unicode"],
        {"general": {"project_id": PROJECT}, "customer": {"first_name": "Иван", "city": "Алматы"}},
    ),
    Case(
        "line-separator",
        "U+2028, U+0085 and NUL are characters like any other",
        ["unicode"],
        {"payment": {"description": "a\u2028b\u0085c\x00d"}},
    ),
    Case(
        "code-point-order",
        "U+FF5E sorts before U+1F600, unlike in UTF-16",
        ["unicode", "order"],
        {"\U0001f600": "b", "\uff5e": "a", "é": "c", "e\u0301": "d"},
    ),
    Case(
        "plain-order",
        "entries are sorted as whole strings: capitals first, `a:` after `a1:`",
        ["order"],
        {"b": 1, "B": 2, "a": {"z": 3}, "a1": 4, "a-": 5, "": 6},
    ),
    Case(
        "long-array",
        "indexes are sorted as text: 10 and 11 before 2",
        ["array", "order"],
        {"items": [f"v{number}" for number in range(12)]},
    ),
    Case(
        "nested-arrays",
        "arrays in arrays, objects in arrays",
        ["array"],
        {"rows": [["a", ["b"]], {"c": [{"d": "e"}]}, [], "f"]},
    ),
    Case("deepest", "64 levels, the most that is taken", ["depth"], nested(64)),
    Case(
        "booleans",
        "true is 1, false is 0, apart from the numbers",
        ["boolean"],
        {"a": True, "b": False, "c": 1, "d": 0},
    ),
    Case("nulls", "null is None, also inside arrays", ["null"], {"a": None, "b": [None], "c": "None"}),
    Case(
        "empty", "only empty containers: the normalised string is empty", ["empty"], {"a": {}, "b": [], "c": [{}, []]}
    ),
    Case(
        "numbers",
        "large, negative and zero integers; -0 is 0",
        ["number"],
        b'{"large":123456789012345678901234567890,"negative":-5,"zero":0,"minus_zero":-0,"empty_text":""}',
    ),
    Case(
        "separators",
        "values are not escaped",
        ["separator"],
        {"payment": {"description": "x; y: z;general:payment_id:other"}, "url": "https://shop.example/?a=1;b=2"},
    ),
    Case("single", "RSA-SHA256 over the message itself", ["scheme"], PAYMENT, scheme={"digest": "single"}),
    Case("padded", "padding in the message and in the signature", ["scheme"], PAYMENT, scheme={"padding": True}),
    Case(
        "texts",
        "other texts and another joiner of two characters",
        ["scheme"],
        {"a": True, "b": False, "c": None, "d": [1]},
        scheme={"joiner": "&;", "null_text": "", "true_text": "true", "false_text": "false"},
    ),
    Case("hmac", "HMAC-SHA512 over the message", ["hmac"], SECOND, key="hmac"),
    Case(
        "hmac-single",
        "the digest mode, the token and the algorithm header do not touch an HMAC signature",
        ["hmac", "scheme"],
        SECOND,
        key="hmac",
        scheme={"digest": "single", "token": "project_id", "rsa_algorithm": "rsa-sha256", "hmac_algorithm": None},
    ),
]

LONG_KEY = b'{"%s":[%s]}' % (b"k" * 2048, b",".join([b"1"] * 2100))

INVALID = [
    Case("float", "a number with a fraction", ["body"], b'{"payment":{"amount":100.0}}', reason="float"),
    Case("nan", "NaN is not JSON", ["body"], b'{"payment":{"amount":NaN}}', reason="syntax"),
    Case("truncated-body", "a document that ends early", ["body"], b'{"payment":{"amount":100', reason="syntax"),
    Case("duplicate-key", "one key twice", ["body"], b'{"payment":{"amount":1,"amount":2}}', reason="duplicate_key"),
    Case("bom", "a byte order mark", ["body"], b'\xef\xbb\xbf{"a":"b"}', reason="encoding"),
    Case("not-utf8", "Latin-1 bytes", ["body"], '{"a":"é"}'.encode("latin-1"), reason="encoding"),
    Case("key-colon", "a colon in a key", ["body"], b'{"a":{"b:c":"d"}}', reason="key"),
    Case("key-joiner", "the joiner in a key", ["body"], b'{"a;b":"d"}', reason="key"),
    Case("surrogate", "half of a surrogate pair", ["body"], b'{"a":"\\ud83d"}', reason="surrogate"),
    Case("too-deep", "65 levels", ["body"], nested(65), reason="depth"),
    Case("not-object", "an array at the top", ["body"], b'["a"]', reason="not_object"),
    Case("too-large", "6 KB that would normalise to more than 4 MiB", ["body"], LONG_KEY, reason="size"),
    Case("flipped-bit", "one bit of the signature", ["signature"], PAYMENT, reason="signature", signed={"flip": True}),
    Case("truncated-signature", "one byte short", ["signature"], PAYMENT, reason="signature", signed={"cut": 1}),
    Case("altered-body", "the amount was changed after signing", ["signature"], CHANGED, reason="signature",
         signed={"body": PAYMENT}),
    Case("altered-timestamp", "signed one second earlier", ["signature"], PAYMENT, reason="timestamp",
         signed={"timestamp": TIMESTAMP - 1}),
    Case("wrong-digest", "signed once where twice is expected", ["signature"], PAYMENT, reason="digest",
         signed={"scheme": {"digest": "single"}}),
    Case("padded-message", "the message was padded where it must not be", ["signature"], PAYMENT, reason="padding",
         signed={"scheme": {"padding": True}}),
    Case("wrong-key", "signed by another key", ["signature"], PAYMENT, reason="key_mismatch",
         signed={"key": "rsa_other"}),
    Case("hmac-sha256", "HMAC with SHA-256", ["signature", "hmac"], PAYMENT, key="hmac", reason="algorithm",
         signed={"hash": "sha256"}),
]  # fmt: skip


def vector(case: Case, keys: dict[str, dict[str, str]]) -> dict[str, Any]:
    raw = raw_of(case.body)
    scheme = DEFAULTS | case.scheme
    stages: dict[str, str | None] = dict.fromkeys(("normalized", "message", "digest", "signature"))
    if "body" not in case.flags:
        message = message_of(raw, TIMESTAMP, scheme)
        stages["normalized"] = normalized_of(raw, scheme)
        stages["message"] = message.decode()
        stages["digest"] = None if case.key == "hmac" else hashlib.sha256(message).hexdigest()
        stages["signature"] = b64(signature(case, message, keys), padded=scheme["padding"])
    return {
        "id": case.id,
        "comment": case.comment,
        "flags": case.flags,
        "input": base64.b64encode(raw).decode(),
        "scheme": case.scheme,
        "timestamp": TIMESTAMP,
        "key": case.key,
        "stages": stages,
        "result": "invalid" if case.reason else "valid",
        "reason": case.reason,
    }


def signature(case: Case, message: bytes, keys: dict[str, dict[str, str]]) -> bytes:
    signed = case.signed
    scheme = DEFAULTS | case.scheme | signed.get("scheme", {})
    if signed.keys() & {"body", "timestamp", "scheme"}:
        message = message_of(raw_of(signed.get("body", case.body)), signed.get("timestamp", TIMESTAMP), scheme)
    made = signature_of(message, keys[signed.get("key", case.key)], scheme, signed.get("hash", "sha512"))
    made = made[: len(made) - signed.get("cut", 0)]
    return made[:-1] + bytes([made[-1] ^ 1]) if signed.get("flip") else made


def new_keys() -> dict[str, dict[str, str]]:
    return {"rsa": new_rsa(), "rsa_other": new_rsa(), "hmac": {"text": secrets.token_urlsafe(48)}}


def new_rsa() -> dict[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {"private_pem": private.decode(), "public_pem": public.decode()}


def document() -> str:
    keys = json.loads(VECTORS.read_text("utf-8"))["keys"] if VECTORS.exists() else new_keys()
    made = {
        "$schema": "signing-vectors.schema.json",
        "description": DESCRIPTION,
        "keys": keys,
        "vectors": [vector(case, keys) for case in VALID + INVALID],
    }
    # ASCII, so that no editor or diff tool changes an unusual line separator
    return json.dumps(made, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    text = document()
    if "--check" in arguments:
        same = VECTORS.exists() and VECTORS.read_text("utf-8") == text
        sys.stdout.write(f"{VECTORS.name}: {'up to date' if same else 'differs from what make_vectors.py writes'}\n")
        return 0 if same else 1
    VECTORS.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
