"""Card data at rest: no mark is found in the database files, whatever was received."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from highhelp import CallbackEvent, CallbackInbox, SettingsError
from highhelp.storage.encryption import BodyCipher, readable
from highhelp_api.contract import CALLBACK_FIELDS, CALLBACK_SCHEMA, SENSITIVE_PATHS
from highhelp_mock import MockGateway
from tests.security.test_leaks import PAN

if TYPE_CHECKING:
    from pathlib import Path

MARK = "Verysecret-Mark"
KEY = base64.b64encode(os.urandom(32)).decode()


def body() -> dict[str, Any]:
    """Every sensitive field of the contract marked, and fields that it does not know."""
    told: dict[str, Any] = {}
    for path in SENSITIVE_PATHS[CALLBACK_SCHEMA]:
        *blocks, name = path.split(":")
        place = told
        for block in blocks:
            place = place.setdefault(block, {})
        is_map = CALLBACK_FIELDS[path].type == "map"
        place[name] = {"p": MARK} if is_map else PAN if name == "pan" else MARK
    told["unknown"] = {"number": int(PAN), "list": [PAN, f"card {PAN} of"], "cvv": MARK}
    told["status"] = {"status": "processing", "sub_status": "requisites", "status_description": f"card {PAN}"}
    return told


def receive_everything(inbox: CallbackInbox, gateway: MockGateway) -> None:
    good = gateway.signed_callback("order-1", "processing", "requisites", body=body())
    stale = gateway.signed_callback("order-2", "processing", "requisites", body=body(), timestamp=1_000_000_000)
    broken = body() | {"payment_info": {"amount": PAN}}
    fields = gateway.signed_callback("order-3", "processing", "requisites", body=broken)
    forged = gateway.signed_callback("order-4", "success", body=body(), wrong_signature=True)
    no_json = (f"{PAN} {MARK}".encode(), good.headers)
    for raw, headers in [*((one.body, one.headers) for one in (good, stale, fields, forged)), no_json]:
        inbox.receive(raw, headers)
    assert sorted(row["state"] for row in inbox.list()) == ["parked", "parked", "received"]


def at_rest(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.iterdir() if path.is_file())


@pytest.mark.parametrize("key", [None, KEY], ids=["masked", "sealed"])
def test_no_mark_is_in_the_database_or_the_log(
    key: str | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway = MockGateway()
    place = tmp_path / "inbox.db"
    seen: list[CallbackEvent] = []

    def fails(event: CallbackEvent) -> None:
        seen.append(event)
        raise RuntimeError(f"card {PAN} {MARK}")

    options: dict[str, Any] = {"verifier": gateway.verifier(), "clock": gateway.clock, "environ": {}}
    with CallbackInbox(place, database_key=key, **options) as inbox:
        receive_everything(inbox, gateway)
        files = at_rest(tmp_path)
        inbox.process(fails, fails)
        told = [repr(seen), json.dumps([inbox.list(), inbox.refused(), inbox.show(1), inbox.stats()]), repr(inbox)]
    files += at_rest(tmp_path)
    assert b"order-1" in files, "the test looks at the wrong files"
    for mark in (PAN, MARK, *([] if key is None else [key])):
        assert mark.encode() not in files
        assert mark not in caplog.text + "".join(told)
    whole = json.dumps(seen[0].body)
    assert (PAN in whole and MARK in whole) == (key is not None), "only with the key is the whole body at hand"


def test_a_body_that_is_not_masked_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("highhelp.inbox.receive.readable", json.dumps)
    gateway = MockGateway()
    with CallbackInbox(tmp_path / "x.db", verifier=gateway.verifier(), clock=gateway.clock, environ={}) as inbox:
        receive_everything(inbox, gateway)
    assert PAN.encode() in at_rest(tmp_path)


LONG = int(PAN)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (10**10, 10**10),
        (10**11, "***"),
        (-(10**11), "***"),
        (10**18, "***"),
        (10**19, 10**19),
        (True, True),
        (None, None),
        ([1, LONG, [LONG], {"a": LONG}], [1, "***", ["***"], {"a": "***"}]),
        ({"b": {"c": LONG, "d": "text"}}, {"b": {"c": "***", "d": "text"}}),
        (PAN, "***"),
    ],
)
def test_a_number_as_long_as_a_cards_is_masked_wherever_it_is(value: Any, shown: Any) -> None:
    assert json.loads(readable({"x": value})) == {"x": shown}


def test_ids_and_the_amount_are_kept_whatever_they_look_like() -> None:
    kept = {
        "project_id": PAN,
        "general": {"payment_id": PAN, "request_id": PAN, "other": PAN},
        "payment_info": {"amount": LONG, "currency": PAN},
    }
    assert json.loads(readable(kept)) == {
        "project_id": PAN,
        "general": {"payment_id": PAN, "request_id": PAN, "other": "***"},
        "payment_info": {"amount": LONG, "currency": "***"},
    }
    # of another type than in the contract, so it is not the value that the inbox stores separately
    odd = {"project_id": LONG, "general": {"payment_id": LONG}, "payment_info": {"amount": PAN}}
    assert json.loads(readable(odd)) == {
        "project_id": "***",
        "general": {"payment_id": "***"},
        "payment_info": {"amount": "***"},
    }
    blocks: list[Any] = ["text", None, [PAN], {}]
    for block in blocks:
        assert PAN not in readable({"general": block, "payment_info": block})


def test_what_a_sealed_body_is() -> None:
    raw_keys = [os.urandom(32) for _ in range(2)]
    texts = [
        f" {base64.b64encode(raw_keys[0]).decode()}\n",
        base64.urlsafe_b64encode(raw_keys[1]).decode().rstrip("="),
    ]
    seal = BodyCipher(",".join(texts))
    sealed = seal.encrypt(b"content", "p\nx")
    assert sealed != seal.encrypt(b"content", "p\nx"), "never twice with one nonce"
    assert sealed[:8] == hashlib.sha256(raw_keys[0]).digest()[:8]
    assert AESGCM(raw_keys[0]).decrypt(sealed[8:20], sealed[20:], b"p\nx") == b"content"
    with_second = BodyCipher(texts[1]).encrypt(b"older", "p\nx")
    assert with_second[:8] == hashlib.sha256(raw_keys[1]).digest()[:8]
    assert seal.decrypt(with_second, "p\nx") == b"older"
    assert repr(seal) == "<BodyCipher with 2 key(s)>"
    with pytest.raises(
        SettingsError, match=r"^HIGHHELP_DATABASE_KEY: is not the key that this body was encrypted with$"
    ):
        BodyCipher(texts[1]).decrypt(sealed, "p\nx")
    with pytest.raises(SettingsError, match=r"^HIGHHELP_DATABASE_KEY: an encrypted body was changed in the database$"):
        seal.decrypt(sealed[:-1], "p\nx")


@pytest.mark.parametrize("text", [base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode(), "é", "="])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^HIGHHELP_DATABASE_KEY: must be base64 of 32 bytes"):
        BodyCipher(text)


def test_keys_of_either_alphabet_are_the_same() -> None:
    raw = b"\xfb\xff\xbf" * 10 + b"\xfb\xff"
    plain, url = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    assert "+" in plain
    assert "/" in plain
    assert BodyCipher(url).decrypt(BodyCipher(plain).encrypt(b"x", "y"), "y") == b"x"


def test_sealed_bodies_open_with_their_key_only() -> None:
    old, new = BodyCipher(KEY), BodyCipher(base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="))
    sealed = old.encrypt(b"content", "p\nx")
    assert old.decrypt(sealed, "p\nx") == b"content"
    with pytest.raises(SettingsError, match="HIGHHELP_DATABASE_KEY"):
        new.decrypt(sealed, "p\nx")
    with pytest.raises(SettingsError, match="changed"):
        old.decrypt(sealed, "p\ny")
    with pytest.raises(SettingsError, match="changed"):
        old.decrypt(sealed[:-1] + bytes([sealed[-1] ^ 1]), "p\nx")
    assert BodyCipher(f"{base64.b64encode(os.urandom(32)).decode()},{KEY}").decrypt(sealed, "p\nx") == b"content"
    for wrong in ("", "short", "x" * 44):
        with pytest.raises(SettingsError, match="32 bytes"):
            BodyCipher(wrong)
    assert KEY not in repr(old)


def test_fingerprint_is_found_again_after_a_key_rotation() -> None:
    new = base64.b64encode(os.urandom(32)).decode()
    old, both = BodyCipher(KEY), BodyCipher(f"{new},{KEY}")
    assert both.key_name == BodyCipher(new).key_name
    assert both.fingerprint(b"body", old.key_name) == old.fingerprint(b"body", old.key_name)
    with pytest.raises(SettingsError, match="nothing was sent"):
        BodyCipher(new).fingerprint(b"body", old.key_name)
