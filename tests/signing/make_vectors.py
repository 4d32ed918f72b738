"""Write ``spec/signing-vectors.json`` with an implementation that is independent of the package.

It must not import ``highhelp_signing``: the vectors check the package, so they cannot come from it. The published keys
in the file are kept, and both signature algorithms are deterministic, so a second run changes nothing.

    python tests/signing/make_vectors.py            writes the file
    python tests/signing/make_vectors.py --check    fails if the file is out of date
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
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from collections.abc import Callable

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
    "token": "public_key",
    "rsa_algorithm": None,
    "hmac_algorithm": "hmac-sha512",
}
DESCRIPTION = (
    "Vectors of the HighHelp request signature; README.md beside this file says the rules. `input` is the body in "
    "base64; `scheme` holds the fields that differ from the default; `key` names the key that verifies. `stages`: "
    "`normalized` is the normalised string, `message` what is signed, `digest` the hex SHA-256 of the message (RSA "
    "only), `signature` its base64url, `headers` what a request of the project `project_id` carries (valid vectors "
    "only). An invalid vector is invalid in one of two ways, told by its flags: `body` must be refused before anything "
    "is signed (its stages are null), or `signature` must not verify over the stages of the input. `reason` says why. "
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
    """The deviations in an invalid vector's signature: body, text, timestamp, key, scheme, hash, how;
    `change` is done to its bytes, `spelt` to its base64url."""
    timestamp: int = TIMESTAMP


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def raw_of(body: Any) -> bytes:
    return body if isinstance(body, bytes) else compact(body)


def entries(value: Any, path: str, scheme: dict[str, Any]) -> list[str]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [entry for key, item in pairs for entry in entries(item, f"{path}{key}:", scheme)]
    if value is None:
        return [] if scheme["null_text"] is None else [path + str(scheme["null_text"])]
    if isinstance(value, bool):
        return [path + str(scheme["true_text"] if value else scheme["false_text"])]
    return [f"{path}{value}"]


def b64(data: bytes, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(data).decode()
    return text if padded else text.rstrip("=")


def normalized_of(raw: bytes, scheme: dict[str, Any]) -> str:
    # sorted by the UTF-8 bytes, which is the same order as by code point, reached another way; a number with a fraction
    # is never signed, but a verifier of careless signatures takes it as it was written
    return str(scheme["joiner"]).join(sorted(entries(json.loads(raw, parse_float=str), "", scheme), key=str.encode))


def message_of(raw: bytes, timestamp: int, scheme: dict[str, Any]) -> bytes:
    return (b64(normalized_of(raw, scheme).encode(), padded=scheme["padding"]) + str(timestamp)).encode()


def signature_of(message: bytes, key: dict[str, str], scheme: dict[str, Any], **how: Any) -> bytes:
    digest = how.get("hash", "sha512" if "text" in key else "sha256")
    if "text" in key:
        return hmac.digest(key["text"].encode(), message, digest)
    private = serialization.load_pem_private_key(key["private_pem"].encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    data = hashlib.sha256(message).digest() if scheme["digest"] == "double" else message
    form = {"pss": padding.PSS(padding.MGF1(hashes.SHA256()), 0)}.get(how.get("how", ""), padding.PKCS1v15())
    if how.get("how") == "bare":  # the padding of PKCS#1 v1.5, but the hash without the name of its algorithm
        block = hashlib.sha256(data).digest()
        numbers = private.private_numbers()
        padded = b"\0\1" + b"\xff" * (253 - len(block)) + b"\0" + block
        return pow(int.from_bytes(padded), numbers.d, numbers.public_numbers.n).to_bytes(256)
    return private.sign(data, form, {"sha1": hashes.SHA1(), "sha512": hashes.SHA512()}.get(digest, hashes.SHA256()))


def headers_of(case: Case, key: dict[str, str], scheme: dict[str, Any], made: str) -> dict[str, str]:
    public = serialization.load_pem_public_key(key["public_pem"].encode()) if "public_pem" in key else None
    forms = {"public_key": serialization.Encoding.DER, "public_key_pem": serialization.Encoding.PEM}
    token = scheme["token"]
    if token == "project_id" or (token in forms and public is None):
        token = PROJECT
    elif token in forms and public is not None:
        token = b64(public.public_bytes(forms[token], serialization.PublicFormat.SubjectPublicKeyInfo))
    algorithm = scheme["hmac_algorithm" if "text" in key else "rsa_algorithm"]
    return {
        "x-access-merchant-id": PROJECT,
        "x-access-timestamp": str(case.timestamp),
        "x-access-token": token,
        "x-access-signature": made,
    } | ({} if algorithm is None else {"x-access-merchant-algorithm": algorithm})


def nested(depth: int, kinds: str = "o") -> Any:
    """`kinds` says from the inside out which levels are objects (o) and which are arrays (a)."""
    value: Any = "x"
    for level in range(depth):
        value = {"k": value} if kinds[level % len(kinds)] == "o" else [value]
    return value


PAYMENT = {"general": {"payment_id": "order-1", "project_id": PROJECT}, "payment": {"amount": 10000, "currency": "RUB"}}
CHANGED = {"general": {"payment_id": "order-1", "project_id": PROJECT}, "payment": {"amount": 10001, "currency": "RUB"}}
SECOND = {
    "general": {"project_id": PROJECT, "payment_id": "order-1"},
    "payment": {"amount": 10000, "currency": "RUB", "flag": True, "note": None, "tags": ["a", "b"]},
    "sender": {},
}


def form_case(null_text: str | None, key: str, **scheme: Any) -> Case:
    """A final callback in one of the forms that a verifier without a scheme accepts."""
    names = {"None": "none", "": "empty", None: "left-out"}
    # with the longer id no string is of a length that needs no padding
    payment_id = "order-10" if "padding" in scheme else "order-1"
    body = {
        "project_id": PROJECT,
        "general": {"request_id": "r-1", "payment_id": payment_id},
        "status": {"status": "success", "sub_status": None, "status_description": None},
        "payment_info": {"amount": 10000, "currency": "RUB", "type": "payin"},
    }
    words = [names[null_text], "padded" if "padding" in scheme else "", scheme.get("digest", ""), key]
    other = {} if null_text == "None" else {"null_text": null_text}
    comment = f"a callback, null as {names[null_text].replace('-', ' ')}"
    return Case("-".join(["form", *filter(None, words)]), comment, ["callback", "null"], body, key, {**scheme, **other})


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
    Case("no-field", "an empty object: the normalised string is empty", ["empty"], b"{}"),
    Case("white-space", "white space around everything", ["syntax"], b' \r\n\t{ "a" :\t[ 1 ,\n"b c" ] }\r\n'),
    Case("escaped-keys", "keys are escaped like values", ["unicode"], b'{"\\u0061\\/":"b","\\ud83d\\ude00":1,"\\b":2}'),
    Case("composed", "e with acute as one character (NFC): text is never normalised", ["unicode"],
         {"customer": {"first_name": "Jos\u00e9"}}),
    Case("decomposed", "the same in two characters (NFD) is another text", ["unicode"],
         {"customer": {"first_name": "Jose\u0301"}}),
    Case("compatible", "compatibility forms stay as they are", ["unicode"], {"a": "\ufb01 \u2460 \uff21 \u00b2"}),
    Case("right-to-left", "Arabic, Hebrew and direction marks, in the order of the source", ["unicode"],
         {"a": "\u200fسلام \u202eשלום\u202c", "ключ": "значение"}),
    Case("joined-emoji", "a family of one glyph and seven code points", ["unicode"],
         {"a": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"}),
    Case("last-code-points", "U+FFFF before U+10000, U+10FFFF last", ["unicode", "order"],
         {"\U0010ffff": 1, "\U00010000": 2, "\uffff": 3, "\ue000": 4, "\ud7ff": 5}),
    Case("controls", "control characters, also as a key", ["unicode"], b'{"\\u0000":"\\u001f\x7f","\\t":"\\n\\r"}'),
    Case("list", "an array", ["array"], {"a": ["x", "y"]}),
    Case("list-as-object", "an object with the indexes as keys has the same string", ["array"],
         {"a": {"0": "x", "1": "y"}}),
    Case("list-of-all", "every kind of value in an array", ["array", "boolean", "null"],
         {"a": [1, "1", True, False, None, {}, [], {"b": [0]}, ""]}),
    Case("long-order", "a hundred and one elements: 100 sorts between 10 and 11", ["array", "order"],
         {"a": list(range(101))}),
    Case("deepest-list", "63 arrays within the top object", ["depth", "array"], {"k": nested(63, "a")}),
    Case("deepest-mixed", "64 levels, arrays and objects by turns", ["depth", "array"], nested(64, "ao")),
    Case("long-number", "an integer of 4300 digits, the most that is taken", ["number", "limit"],
         b'{"a":%s}' % (b"9" * 4300)),
    Case("beyond-double", "integers beyond 2^53 keep every digit", ["number"],
         b'{"a":9007199254740993,"b":-9223372036854775809,"c":18446744073709551616}'),
    Case("number-texts", "text that looks like a number stays as it is", ["number"],
         {"a": "1e5", "b": "01", "c": "1.50", "d": "-0", "e": "٣"}),
    Case("colons", "only keys may not hold a colon", ["separator"], {"a": ":", "b": "x:y:z", "c": "::"}),
    Case("empty-texts", "an empty value and an empty key", ["separator", "order"], {"": {"": ""}, "a": ""}),
    Case("long-value", "a value of 8192 characters", ["limit"], {"payment": {"description": "ab€d" * 2048}}),
    Case("first-ten-digits", "the first timestamp of ten digits", ["timestamp"], PAYMENT, timestamp=1_000_000_000),
    Case("last-ten-digits", "the last timestamp of ten digits", ["timestamp"], PAYMENT, timestamp=9_999_999_999),
    Case("single-padded", "both together", ["scheme"], PAYMENT, scheme={"digest": "single", "padding": True}),
    Case("padded-twice", "a normalised string that needs two signs of padding", ["scheme"], {"a": "bc"},
         scheme={"padding": True}),
    Case("joiner-newline", "a line break joins", ["scheme"], SECOND, scheme={"joiner": "\n"}),
    Case("joiner-unicode", "a joiner beyond ASCII", ["scheme", "unicode"], {"a": ";", "b": 1}, scheme={"joiner": "→"}),
    Case("key-with-semicolon", "where another joiner is used, a key may hold a semicolon", ["scheme"],
         {"a;b": 1, "c": 2}, scheme={"joiner": "&"}),
    Case("null-word", "null as in JSON", ["scheme", "null"], SECOND, scheme={"null_text": "null"}),
    Case("null-empty", "null as nothing", ["scheme", "null"], {"a": None, "b": {"c": None}}, scheme={"null_text": ""}),
    Case("boolean-words", "booleans as in JSON", ["scheme", "boolean"], SECOND,
         scheme={"true_text": "true", "false_text": "false"}),
    Case("token-pem", "the token is the PEM text of the key", ["scheme", "header"], PAYMENT,
         scheme={"token": "public_key_pem"}),
    Case("token-project", "the token is the project", ["scheme", "header"], PAYMENT, scheme={"token": "project_id"}),
    Case("token-literal", "the token is a text of its own", ["scheme", "header"], PAYMENT, scheme={"token": "key-17"}),
    Case("rsa-named", "RSA is named in a header", ["scheme", "header"], PAYMENT,
         scheme={"rsa_algorithm": "rsa-sha256"}),
    Case("hmac-renamed", "HMAC under another name, and under the project's token", ["scheme", "header", "hmac"],
         PAYMENT, key="hmac", scheme={"hmac_algorithm": "HS512", "token": "project_id"}),
    Case("hmac-unicode", "HMAC over text beyond ASCII", ["hmac", "unicode"], {"a": "заказ №1 😀"}, key="hmac"),
    Case("hmac-empty", "HMAC over nothing but the timestamp", ["hmac", "empty"], {"a": {}}, key="hmac"),
    Case("hmac-padded", "HMAC with padding, joiner and texts of its own", ["hmac", "scheme"], SECOND, key="hmac",
         scheme={"padding": True, "joiner": "|", "null_text": "nil", "true_text": "yes", "false_text": "no"}),
    Case("other-key", "the second key pair", ["key"], PAYMENT, key="rsa_other"),
    *(form_case(null, key, **scheme)
      for null in ("None", "", None)
      for key, scheme in (("rsa", {}), ("rsa", {"digest": "single"}), ("rsa", {"padding": True}),
                          ("rsa", {"padding": True, "digest": "single"}), ("hmac", {}), ("hmac", {"padding": True}))),
]  # fmt: skip

K = b"k" * 2048


def bad(name: str, comment: str, body: Any, reason: str, **more: Any) -> Case:
    return Case(name, comment, ["body"], body, reason=reason, **more)


def forged(name: str, comment: str, reason: str, body: Any = PAYMENT, **more: Any) -> Case:
    signed = {key: more.pop(key) for key in [*more] if key not in ("key", "scheme", "timestamp")}
    signed |= {"key": signed.pop("by")} if "by" in signed else {}
    flags = ["signature", "hmac"] if more.get("key") == "hmac" else ["signature"]
    return Case(name, comment, flags, body, reason=reason, signed=signed, **more)


INVALID = [
    bad("bom", "a byte order mark", b'\xef\xbb\xbf{"a":"b"}', "encoding"),
    bad("not-utf8", "Latin-1 bytes", '{"a":"é"}'.encode("latin-1"), "encoding"),
    bad("utf-16", "UTF-16 with its mark", '{"a":"b"}'.encode("utf-16"), "encoding"),
    bad("overlong", "an overlong form of a slash", b'{"a":"\xc0\xaf"}', "encoding"),
    bad("encoded-surrogate", "a surrogate as three bytes", b'{"a":"\xed\xa0\xbd"}', "encoding"),
    bad("beyond-unicode", "a code point after the last one", b'{"a":"\xf4\x90\x80\x80"}', "encoding"),
    bad("cut-character", "a character that ends early", b'{"a":"\xe2\x82"}', "encoding"),
    bad("nan", "NaN is not JSON", b'{"payment":{"amount":NaN}}', "syntax"),
    bad("infinity", "nor is -Infinity", b'{"payment":{"amount":-Infinity}}', "syntax"),
    bad("truncated-body", "a document that ends early", b'{"payment":{"amount":100', "syntax"),
    bad("no-body", "nothing at all", b"", "syntax"),
    bad("two-bodies", "a second document after the first", b'{"a":1}{"a":2}', "syntax"),
    bad("trailing-comma", "a comma before the end", b'{"a":[1,2,]}', "syntax"),
    bad("comment", "a comment", b'{"a":1/* one */}', "syntax"),
    bad("single-quotes", "single quotes", b"{'a':'b'}", "syntax"),
    bad("bare-key", "a key without quotes", b'{a:"b"}', "syntax"),
    bad("leading-zero", "a number with a zero before it", b'{"a":0100}', "syntax"),
    bad("plus-sign", "a number with a plus sign", b'{"a":+1}', "syntax"),
    bad("bare-point", "a number that ends in a point", b'{"a":1.}', "syntax"),
    bad("hex-number", "a hexadecimal number", b'{"a":0x10}', "syntax"),
    bad("raw-control", "a line break inside text", b'{"a":"b\nc"}', "syntax"),
    bad("unknown-escape", "an escape that JSON does not know", b'{"a":"\\x41"}', "syntax"),
    bad("short-escape", "an escape with three digits", b'{"a":"\\u041"}', "syntax"),
    bad("other-space", "a no-break space between tokens", '{\u00a0"a":1}'.encode(), "syntax"),
    bad("utf-16-bare", "UTF-16 without its mark", '{"a":"b"}'.encode("utf-16-le"), "syntax"),
    bad("not-object", "an array at the top", b'["a"]', "not_object"),
    bad("top-text", "text at the top", b'"{}"', "not_object"),
    bad("top-null", "null at the top", b"null", "not_object"),
    bad("duplicate-key", "one key twice", b'{"payment":{"amount":1,"amount":2}}', "duplicate_key"),
    bad("duplicate-object", "an object twice, with different fields", b'{"a":{"b":1},"a":{"c":1}}', "duplicate_key"),
    bad("duplicate-escape", "one key twice, the second time escaped", b'{"ab":1,"\\u0061b":1}', "duplicate_key"),
    bad("duplicate-in-list", "one key twice in an object of an array", b'{"a":[{"":1,"":2}]}', "duplicate_key"),
    bad("key-colon", "a colon in a key", b'{"a":{"b:c":"d"}}', "key"),
    bad("key-escaped-colon", "a colon in a key, escaped", b'{"a\\u003ab":"d"}', "key"),
    bad("key-joiner", "the joiner in a key", b'{"a;b":"d"}', "key"),
    bad("key-other-joiner", "the joiner of the scheme in a key", b'{"a&;b":"d"}', "key", scheme={"joiner": "&;"}),
    bad("key-of-nothing", "a colon in the key of an empty object", b'{"a:b":{}}', "key"),
    bad("float", "a number with a fraction", b'{"payment":{"amount":100.0}}', "float"),
    bad("exponent", "a number with an exponent", b'{"payment":{"amount":1E2}}', "float"),
    bad("minus-zero-float", "-0.0", b'{"a":[-0.0]}', "float"),
    bad("number-too-long", "an integer of 4301 digits", b'{"a":%s}' % (b"9" * 4301), "number"),
    bad("surrogate", "the first half of a surrogate pair", b'{"a":"\\ud83d"}', "surrogate"),
    bad("low-surrogate", "the second half", b'{"a":"x\\ude00y"}', "surrogate"),
    bad("swapped-surrogates", "the halves in the wrong order", b'{"a":"\\ude00\\ud83d"}', "surrogate"),
    bad("key-surrogate", "half of a pair in a key", b'{"\\ud83d":1}', "surrogate"),
    bad("too-deep", "65 levels", nested(65), "depth"),
    bad("too-deep-lists", "65 levels, most of them arrays", {"k": nested(64, "a")}, "depth"),
    bad("far-too-deep", "3000 arrays", b'{"a":%s%s}' % (b"[" * 3000, b"]" * 3000), "depth"),
    bad("too-large", "6 KB that would normalise to more than 4 MiB",
        b'{"%s":[%s]}' % (K, b",".join([b"1"] * 2100)), "size"),
    bad("too-many-paths", "6 KB of containers whose paths are longer than 4 MiB together",
        b'{"%s":[%s]}' % (K, b",".join([b"[[]]"] * 2100)), "size"),
    forged("flipped-bit", "one bit of the signature", "signature", change="flip"),
    forged("flipped-first-bit", "the first bit of the signature", "signature", change="flip first"),
    forged("truncated-signature", "one byte short", "signature", change="cut"),
    forged("extended-signature", "one byte more", "signature", change="extend"),
    forged("zero-before", "a zero byte before it", "signature", change="zero before"),
    forged("all-zero", "256 zero bytes", "signature", change="zeros"),
    forged("number-one", "the number 1", "signature", change="one"),
    forged("single-byte", "one byte alone", "signature", change="one byte"),
    forged("hmac-truncated", "half of the HMAC", "signature", key="hmac", change="half"),
    forged("altered-body", "the amount was changed after signing", "signature", CHANGED, body_signed=PAYMENT),
    forged("altered-order", "two elements of an array were swapped after signing", "signature", {"a": ["y", "x"]},
           body_signed={"a": ["x", "y"]}),
    forged("altered-form", "the text was composed after it was signed decomposed", "signature", {"a": "Jos\u00e9"},
           body_signed={"a": "Jose\u0301"}),
    forged("hmac-altered-body", "the amount was changed after signing", "signature", CHANGED, key="hmac",
           body_signed=PAYMENT),
    forged("altered-timestamp", "signed one second earlier", "timestamp", at=TIMESTAMP - 1),
    forged("later-timestamp", "signed one second later", "timestamp", at=TIMESTAMP + 1),
    forged("wrong-digest", "signed once where twice is expected", "digest", made_with={"digest": "single"}),
    forged("wrong-digest-twice", "signed twice where once is expected", "digest", scheme={"digest": "single"},
           made_with={"digest": "double"}),
    forged("padded-message", "the message was padded where it must not be", "padding", made_with={"padding": True}),
    forged("bare-message", "the message was not padded where it must be", "padding", scheme={"padding": True},
           made_with={"padding": False}),
    forged("hmac-padded-message", "the same with HMAC", "padding", key="hmac", made_with={"padding": True}),
    forged("wrong-joiner", "the entries were joined with &", "reading", made_with={"joiner": "&"}),
    forged("wrong-null", "null was read as null", "reading", SECOND, made_with={"null_text": "null"}),
    forged("wrong-booleans", "true was read as true", "reading", SECOND, made_with={"true_text": "true"}),
    forged("unsorted", "the entries stood in the order of the document", "reading",
           b'{"payment":{"amount":1},"general":{"payment_id":"o"}}', text="payment:amount:1;general:payment_id:o"),
    forged("sorted-utf-16", "the entries were sorted by UTF-16 units", "reading", {"\uff5e": "a", "\U0001f600": "b"},
           text="\U0001f600:b;\uff5e:a"),
    forged("escaped-text", "the text was signed as it stands in the source", "reading", b'{"a":"\\u0437"}',
           text="a:\\u0437"),
    forged("wrong-key", "signed by another key", "key_mismatch", by="rsa_other"),
    forged("hmac-for-rsa", "HMAC where RSA is expected", "key_mismatch", by="hmac"),
    forged("rsa-for-hmac", "RSA where HMAC is expected", "key_mismatch", key="hmac", by="rsa"),
    forged("hmac-sha256", "HMAC with SHA-256", "algorithm", key="hmac", hash="sha256"),
    forged("hmac-sha1", "HMAC with SHA-1", "algorithm", key="hmac", hash="sha1"),
    forged("rsa-sha512", "RSA with SHA-512", "algorithm", hash="sha512"),
    forged("rsa-sha1", "RSA with SHA-1", "algorithm", hash="sha1"),
    forged("rsa-pss", "RSA-PSS, without salt", "algorithm", how="pss"),
    forged("rsa-bare-hash", "the hash was padded without the name of its algorithm", "algorithm", how="bare"),
    forged("standard-base64", "the other alphabet of base64", "spelling", spelt="standard"),
    forged("hex-signature", "hex of odd length instead of base64url", "spelling", spelt="hex"),
    forged("loose-bits", "set bits after the last byte", "spelling", spelt="loose bits"),
    forged("half-padding", "one sign of padding where two belong", "spelling", spelt="half padding"),
    forged("dot-in-signature", "a character of no alphabet", "spelling", spelt="dot"),
]  # fmt: skip


def vector(case: Case, keys: dict[str, dict[str, str]]) -> dict[str, Any]:
    raw = raw_of(case.body)
    scheme = DEFAULTS | case.scheme
    stages: dict[str, Any] = dict.fromkeys(("normalized", "message", "digest", "signature", "headers"))
    if "body" not in case.flags:
        message = message_of(raw, case.timestamp, scheme)
        made = spelt(b64(signature(case, message, keys), padded=scheme["padding"]), case.signed.get("spelt"))
        stages["normalized"] = normalized_of(raw, scheme)
        stages["message"] = message.decode()
        stages["digest"] = None if case.key == "hmac" else hashlib.sha256(message).hexdigest()
        stages["signature"] = made
        stages["headers"] = None if case.reason else headers_of(case, keys[case.key], scheme, made)
    return {
        "id": case.id,
        "comment": case.comment,
        "flags": case.flags,
        "input": base64.b64encode(raw).decode(),
        "scheme": case.scheme,
        "timestamp": case.timestamp,
        "key": case.key,
        "stages": stages,
        "result": "invalid" if case.reason else "valid",
        "reason": case.reason,
    }


def signature(case: Case, message: bytes, keys: dict[str, dict[str, str]]) -> bytes:
    signed = case.signed
    scheme = DEFAULTS | case.scheme | signed.get("made_with", {})
    at = signed.get("at", case.timestamp)
    if "text" in signed:
        message = (b64(signed["text"].encode()) + str(at)).encode()
    elif signed.keys() & {"body_signed", "at", "made_with"}:
        message = message_of(raw_of(signed.get("body_signed", case.body)), at, scheme)
    how = {name: signed[name] for name in ("hash", "how") if name in signed}
    made = signature_of(message, keys[signed.get("key", case.key)], scheme, **how)
    return CHANGES[signed["change"]](made) if "change" in signed else made


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "flip": lambda made: made[:-1] + bytes([made[-1] ^ 1]),
    "flip first": lambda made: bytes([made[0] ^ 128]) + made[1:],
    "cut": lambda made: made[:-1],
    "extend": lambda made: made + b"\0",
    "zero before": lambda made: b"\0" + made,
    "zeros": lambda made: bytes(len(made)),
    "one": lambda made: (1).to_bytes(len(made)),
    "one byte": lambda made: b"\1",
    "half": lambda made: made[: len(made) // 2],
}


def spelt(text: str, how: str | None) -> str:
    """Another spelling of base64url; the signature of each vector that asks for one needs two signs of padding."""
    return text if how is None else SPELLINGS[how](text)


LAST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "standard": lambda text: text.replace("-", "+").replace("_", "/"),
    "hex": lambda text: base64.urlsafe_b64decode(text + "==").hex() + "0",
    "loose bits": lambda text: text[:-1] + LAST[LAST.index(text[-1]) ^ 1],
    "half padding": lambda text: text + "=",
    "dot": lambda text: text[:-1] + ".",
}


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
        "project_id": PROJECT,
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
