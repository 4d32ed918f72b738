"""The kept inputs of fuzzing, through the same functions; and these functions find planted faults."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from highhelp.inbox import inbox, receive
from highhelp_signing import BodyFault, RejectionReason, callbacks, normalize, parse_body, signing_message
from highhelp_signing import ambiguity as ambiguities
from highhelp_signing.ambiguity import FieldRules
from highhelp_signing.keys import HmacVerificationKey
from tests.guided import corpus, reading, targets
from tests.guided.equivocation import another
from tests.guided.mutate import mutated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARSING = {BodyFault.TYPE}  # of Python values that no JSON makes
EXPECTED: dict[str, set[str]] = {
    "normalize": {"signed"} | {f"{one}" for one in BodyFault if one not in PARSING},
    "verify": {"accepted"} | {f"{one}" for one in RejectionReason},
    "receive": {"received", "duplicate", "parked", "superseded", "401"},
}


@pytest.fixture(autouse=True, scope="module")
def emptied() -> Iterator[None]:
    """The inbox of the target ends with this module."""
    yield
    targets.close()


@pytest.mark.parametrize("target", targets.TARGETS)
def test_what_was_kept_finds_nothing_and_reaches_every_end(target: str) -> None:
    ends = Counter(word for data in corpus.load(target) for word in targets.TARGETS[target](data).split())
    assert not EXPECTED[target] - set(ends), ends


def finds(target: str) -> str:
    """The first finding of the kept inputs."""
    for data in corpus.load(target):
        try:
            targets.TARGETS[target](data)
        except AssertionError as finding:
            return f"{finding}".splitlines()[0]
    return "nothing"


def test_a_wrong_order_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        targets, "normal", lambda *args, **kwargs: ";".join(reversed(normalize(*args, **kwargs).split(";")))
    )
    assert finds("normalize") == "not what the plain reading gives"


def test_a_limit_that_is_not_kept_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, honest in (("parse_body", parse_body), ("normal", normalize), ("signing_message", signing_message)):
        monkeypatch.setattr(targets, name, lambda *args, honest=honest, **_: honest(*args))
    assert finds("normalize") == "not what the plain reading gives"


def test_any_key_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HmacVerificationKey, "find_ending", lambda _, __, endings, ___: next(iter(endings)))
    assert finds("verify").startswith("accepted, though no key") or "though genuine is False" in finds("verify")
    assert finds("receive").startswith("answered 200, though not genuine")


def test_a_tolerance_that_is_not_kept_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets.verifier(), "_tolerance", 10**12)
    assert finds("verify") == "accepted, though stale"


def test_a_value_that_passes_for_a_field_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FieldRules, "ambiguity", lambda *_: None)
    assert "have one signature" in finds("verify")


def test_a_wrong_amount_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = callbacks._callback

    def doubled(*args: Any) -> Any:
        made = honest(*args)
        return made and dataclasses.replace(made, amount=None if made.amount is None else 2 * made.amount)

    monkeypatch.setattr(callbacks, "_callback", doubled)
    assert finds("verify") == "a field does not say what the body says"


def test_an_answer_before_the_row_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "store", lambda *_, **__: receive.DUPLICATE)
    assert finds("receive") == "answered 200 without a stored row"


def test_a_callback_that_cannot_be_stored_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise OverflowError

    monkeypatch.setattr(inbox, "store", broken)
    assert finds("receive") == "answered 503, though genuine"


def test_card_data_in_the_clear_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "readable", json.dumps)
    assert finds("receive") == "card data in the clear"


def test_what_escapes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("x")

    monkeypatch.setattr(ambiguities.FieldRules, "read", broken)
    with pytest.raises(KeyError):
        finds("verify")


def test_time_without_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "SECONDS", 0.0)
    with pytest.raises(AssertionError, match="processor time"):
        targets.normalize(b"\0{}")


def test_a_cheat_is_made_from_a_genuine_callback() -> None:
    body = {"project_id": "shop", "status": {"status": "decline", "sub_status": "x;status:sub_status:y"}}
    text = reading.normalized(
        reading.read(json.dumps(body).encode(), targets.LIMITS[0]), targets.SCHEMES[0], targets.LIMITS[0]
    )
    made = [another(text, Random(seed)) for seed in range(50)]
    texts = set()
    for raw in filter(None, made):
        read = reading.read(raw, targets.LIMITS[0])
        texts.add(reading.normalized(read, targets.SCHEMES[0], targets.LIMITS[0]))
        body = reading.plain(read)
    assert text in texts
    assert len(set(made)) > 3


def test_a_change_leaves_json() -> None:
    data = b'\0\0\0{"project_id":"shop","general":{"payment_id":"order-1"},"list":[1,{"a":null}]}'
    changed = {mutated(data, Random(seed)) for seed in range(200)}
    assert len(changed) > 50
    for one in changed:
        assert one[:3] == bytes(3)
        json.loads(one[3:].decode("utf-8", "surrogatepass"))
    assert mutated(b"\0\0\0{,}", Random(1)) == b"\0\0\0{,}"


def test_the_corpus_is_kept_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(corpus, "HOME", tmp_path)
    assert corpus.load("verify") == []
    corpus.save("verify", [b"\xff\0", b"a", b"a"])
    assert corpus.load("verify") == [b"a", b"\xff\0"]
    corpus.unpack("verify", tmp_path / "files")
    assert {one.read_bytes() for one in (tmp_path / "files").iterdir()} == {b"a", b"\xff\0"}
