from __future__ import annotations

import json
import pickle
import sys
import time
import tracemalloc
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from highhelp_signing import BodyFault, BodyNotSignable, Limits, SignatureScheme, normalize, parse_body, signing_message

# any JSON object that can be signed
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":;"), max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
BODIES = st.dictionaries(KEYS, VALUES, max_size=5)


class Currency(StrEnum):
    RUB = "RUB"


class Noisy(str, Enum):  # noqa: UP042 - prints as its name, which is the point
    RUB = "RUB"


class Amount(IntEnum):
    ONE = 1


def plainly(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [entry for key, item in value.items() for entry in plainly(item, f"{path}{key}:")]
    if isinstance(value, list):
        return [entry for index, item in enumerate(value) for entry in plainly(item, f"{path}{index}:")]
    return [path + {"None": "None", "True": "1", "False": "0"}.get(repr(value), str(value))]


@given(BODIES)
def test_agrees_with_the_plain_reading(body: dict[str, Any]) -> None:
    assert normalize(body) == ";".join(sorted(plainly(body)))


@given(BODIES)
def test_wire_form_and_parsed_form_are_signed_alike(body: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        raw = json.dumps(body, ensure_ascii=ascii_only).encode()
        assert normalize(parse_body(raw)) == normalize(body)


@given(BODIES)
def test_order_of_keys_does_not_matter(body: dict[str, Any]) -> None:
    assert normalize(dict(reversed(body.items()))) == normalize(body)


def test_each_point_of_the_scheme() -> None:
    scheme = SignatureScheme(joiner="&", null_text="nil", true_text="yes", false_text="no", padding=True)
    body = {"a": True, "b": False, "c": None, "d": 1}
    assert normalize(body, scheme) == "a:yes&b:no&c:nil&d:1"
    assert signing_message({"a": "b"}, 7, scheme) == b"YTpi7"
    assert signing_message({"a": "bc"}, 7, scheme) == b"YTpiYw==7"
    assert signing_message({"a": "bc"}, 7) == b"YTpiYw7"
    assert normalize({"a;b": "c"}, scheme) == "a;b:c"
    with pytest.raises(BodyNotSignable):
        normalize({"a&b": "c"}, scheme)


def test_subclasses_count_as_their_base() -> None:
    assert normalize({"a": Currency.RUB, "b": Noisy.RUB, "c": Amount.ONE, "d": (1, 2)}) == "a:RUB;b:RUB;c:1;d:0:1;d:1:2"
    assert normalize({Currency.RUB: 1}) == normalize({Noisy.RUB: 1}) == "RUB:1"


def test_empty_containers_give_nothing() -> None:
    assert normalize({}) == normalize({"a": {}, "b": [], "c": [{}, [[]]]}) == ""
    assert signing_message({}, 5) == b"5"


@pytest.mark.parametrize(
    ("body", "path", "reason"),
    [
        ({"a": {"b": 1.5}}, "a:b", BodyFault.FLOAT),
        ({"a": float("nan")}, "a", BodyFault.FLOAT),
        ({"a": [0, Decimal(1)]}, "a:1", BodyFault.FLOAT),
        ({"a": {1: "x"}}, "a", BodyFault.KEY),
        ({None: "x"}, "", BodyFault.KEY),
        ({"a": {"b:c": "x"}}, "a:b:c", BodyFault.KEY),
        ({"a": {"b;c": "x"}}, "a:b;c", BodyFault.KEY),
        ({"a": [{"b": "\udfff"}]}, "a:0:b", BodyFault.SURROGATE),
        ({"a": {"\ud800": "x"}}, "a:\ud800", BodyFault.SURROGATE),
        ({"a": b"x"}, "a", BodyFault.TYPE),
        ({"a": {1, 2}}, "a", BodyFault.TYPE),
        ({"a": {"b": 10**5000}}, "a:b", BodyFault.NUMBER),
        ({"a": 1, "b": [0, {"c": 10**5000}], "d": 10**5000}, "b:1:c", BodyFault.NUMBER),
        ({"a": ["x", {"b": "y", "c": "\ud800"}], "d": "\ud800"}, "a:1:c", BodyFault.SURROGATE),
        (["a"], "", BodyFault.NOT_OBJECT),
        ("a", "", BodyFault.NOT_OBJECT),
        (None, "", BodyFault.NOT_OBJECT),
    ],
)
def test_what_has_no_defined_text_is_refused_by_its_place(body: Any, path: str, reason: BodyFault) -> None:
    with pytest.raises(BodyNotSignable) as caught:
        normalize(body)
    assert (caught.value.path, caught.value.reason) == (path, reason)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.path, again.reason, str(again)) == (path, reason, str(caught.value))


@pytest.mark.parametrize(
    ("raw", "path", "reason"),
    [
        (b"", "", BodyFault.SYNTAX),
        (b"{", "", BodyFault.SYNTAX),
        (b'{"a":1}x', "", BodyFault.SYNTAX),
        (b'{"a":NaN}', "", BodyFault.SYNTAX),
        (b'{"a":-Infinity}', "", BodyFault.SYNTAX),
        (b"\xef\xbb\xbf{}", "", BodyFault.ENCODING),
        (b'{"a":"\xff"}', "", BodyFault.ENCODING),
        ('{"a":"b"}'.encode("utf-16"), "", BodyFault.ENCODING),
        (b'{"a":"\xed\xa0\x80"}', "", BodyFault.ENCODING),
        (b"[]", "", BodyFault.NOT_OBJECT),
        (b'{"a":[{"b":1,"c":2,"b":3}]}', "a:0:b", BodyFault.DUPLICATE_KEY),
        (b'{"a":{"x":1,"x":2},"a":3}', "x", BodyFault.DUPLICATE_KEY),
        (b'{"x":1,"a":{"q":1,"x":1,"x":2}}', "a:x", BodyFault.DUPLICATE_KEY),
        (b'{"x":1,"y":{"z":1,"z":2},"w":{"v":1,"v":2}}', "y:z", BodyFault.DUPLICATE_KEY),
        (b'{"a":' + b"1" * 5000 + b"}", "", BodyFault.NUMBER),
        (b'{"a":"' + b"x" * (1 << 20) + b'"}', "", BodyFault.SIZE),
    ],
)
def test_bytes_are_read_strictly(raw: bytes, path: str, reason: BodyFault) -> None:
    with pytest.raises(BodyNotSignable) as caught:
        parse_body(raw)
    assert (caught.value.path, caught.value.reason) == (path, reason)


AROUND = st.text(" \t\n\r\v\f\x1c\x85\xa0\u2003,x", max_size=3)


@given(AROUND, AROUND)
def test_around_the_object_only_white_space_of_json_may_stand(before: str, behind: str) -> None:
    text = f'{before}{{"a": 1}}{behind}'
    if (before + behind).strip(" \t\n\r"):
        with pytest.raises(BodyNotSignable) as caught:
            parse_body(text.encode())
        assert caught.value.reason is BodyFault.SYNTAX
    else:
        assert parse_body(text.encode()) == {"a": 1}


def test_a_float_of_the_wire_is_refused_by_its_place() -> None:
    with pytest.raises(BodyNotSignable) as caught:
        normalize(parse_body(b'{"a":{"b":1e2}}'))
    assert (caught.value.path, caught.value.reason) == ("a:b", BodyFault.FLOAT)


@pytest.mark.parametrize(
    "raw", [b'{"a":"SECRET\xff"}', b'{"a":"SECRET', b'{"a":"SECRET\\ud800"}', b'{"a":"SECRET","a":1}']
)
def test_errors_hold_no_values(raw: bytes) -> None:
    with pytest.raises(BodyNotSignable) as caught:
        normalize(parse_body(raw))
    error: BaseException | None = caught.value
    while error is not None:
        assert "SECRET" not in f"{error} {error!r} {vars(error)}"
        assert not hasattr(error, "doc")
        assert not hasattr(error, "object")
        error = error.__cause__ or error.__context__


def test_a_shown_path_is_short_and_printable() -> None:
    with pytest.raises(BodyNotSignable) as caught:
        normalize({"a\r\n\x1b[31m" + "x" * 5000: 1.5})
    text = str(caught.value)
    assert len(text) < 500
    assert text.isprintable()


@pytest.mark.parametrize("timestamp", [True, 1.5, "1", None])
def test_a_timestamp_is_an_integer(timestamp: Any) -> None:
    with pytest.raises(TypeError, match="integer of Unix seconds"):
        signing_message({}, timestamp)
    with pytest.raises(ValueError, match="negative"):
        signing_message({}, -1)
    assert signing_message({}, 0) == b"0"


def nested(depth: int) -> dict[str, Any]:
    body: dict[str, Any] = {"k": "v"}
    for _ in range(depth - 1):
        body = {"k": body}
    return body


def test_depth_is_bounded_whatever_the_recursion_limit() -> None:
    assert normalize(nested(64)).count(":") == 64
    with pytest.raises(BodyNotSignable) as caught:
        normalize(nested(65))
    assert caught.value.reason is BodyFault.DEPTH
    assert caught.value.path.count(":") == 63
    assert (
        normalize(nested(9000), limits=Limits(depth=10_000, text=1 << 28)).count(":") == 9000 > sys.getrecursionlimit()
    )


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_ten_thousand_levels_of_the_wire_are_refused(opening: bytes) -> None:
    with pytest.raises(BodyNotSignable) as caught:
        normalize(parse_body(b'{"a":' + opening * 10_000))
    assert caught.value.reason in (BodyFault.DEPTH, BodyFault.SYNTAX)
    closing = b"]" if opening == b"[" else b"}"
    with pytest.raises(BodyNotSignable) as caught:
        normalize(parse_body(b'{"a":' + opening * 10_000 + b"1" + closing * 10_000 + b"}"))
    assert caught.value.reason is BodyFault.DEPTH


def test_a_cycle_is_refused() -> None:
    body: dict[str, Any] = {}
    body["a"] = [body]
    with pytest.raises(BodyNotSignable) as caught:
        normalize(body)
    assert caught.value.reason is BodyFault.DEPTH


def test_the_limit_of_the_text_is_exact_in_bytes() -> None:
    limits = Limits(text=20)
    assert len(normalize({"a": "x" * 8, "b": "x" * 7}, limits=limits)) == 20
    assert len(normalize({"a": "ж" * 9}, limits=limits).encode()) == 20
    assert len(normalize({"a": {"b": {"c": "x" * 14}}}, limits=limits)) == 20
    for body in ({"a": "x" * 8, "b": "x" * 8}, {"a": "ж" * 10}, {"a": {"b": {"c": "x" * 15}}}):
        with pytest.raises(BodyNotSignable) as caught:
            normalize(body, limits=limits)
        assert caught.value.reason is BodyFault.SIZE


def test_too_long_text_is_reported_for_the_whole_body() -> None:
    for body in (
        {"a": {"b": {"c": "x" * 15}}},
        {"a": "x" * 8, "b": {"c": ["x", "x" * 9]}},
        {"a": "x" * 8, "b": "x" * 8},
        {"a": "ж" * 10},
    ):
        with pytest.raises(BodyNotSignable) as caught:
            normalize(body, limits=Limits(text=20))
        assert (caught.value.path, caught.value.reason) == ("", BodyFault.SIZE)


def test_the_limit_is_kept_where_a_message_is_made() -> None:
    assert signing_message({"a": "b"}, 7, limits=Limits(text=3)) == b"YTpi7"
    with pytest.raises(BodyNotSignable):
        signing_message({"a": "b"}, 7, limits=Limits(text=2))


def test_the_paths_of_containers_are_counted_too() -> None:
    # "aaaaaaaaa:" and "aaaaaaaaa:0:" are 22 characters, the innermost is empty
    body: dict[str, Any] = {"a" * 9: [[[]]]}
    assert normalize(body, limits=Limits(text=22)) == ""
    with pytest.raises(BodyNotSignable) as caught:
        normalize(body, limits=Limits(text=21))
    assert (caught.value.path, caught.value.reason) == ("a" * 9 + ":0", BodyFault.SIZE)
    with pytest.raises(BodyNotSignable) as caught:
        normalize(body, limits=Limits(text=9))
    assert (caught.value.path, caught.value.reason) == ("a" * 9, BodyFault.SIZE)


def test_the_limit_of_the_bytes_is_exact() -> None:
    raw = b'{"a":"b"}'
    assert parse_body(raw, limits=Limits(raw=len(raw))) == {"a": "b"}
    with pytest.raises(BodyNotSignable) as caught:
        parse_body(raw, limits=Limits(raw=len(raw) - 1))
    assert (caught.value.path, caught.value.reason) == ("", BodyFault.SIZE)


LONG = b"k" * 400_000
AMPLIFIERS = {
    "leaves under a long key": b'{"%s":[%s]}' % (LONG, b",".join([b"0"] * 200_000)),
    "empty objects under a long key": b'{"%s":[%s]}' % (LONG, b",".join([b"{}"] * 150_000)),
    "containers without leaves under a long key": b'{"%s":[%s]}' % (LONG, b",".join([b"[[]]"] * 100_000)),
    "a surrogate after many empty containers": b'{"%s":[%s,"\\ud800"]}' % (LONG, b",".join([b"{}"] * 150_000)),
    "a repeated key after many leaves": b'{"%s":[%s],"z":{"a":1,"a":2}}' % (LONG, b",".join([b"0"] * 200_000)),
    "a long number": b'{"%s":[%s,%s]}' % (LONG, b",".join([b"{}"] * 150_000), b"1" * 4300),
}


@pytest.mark.parametrize("raw", AMPLIFIERS.values(), ids=AMPLIFIERS.keys())
def test_amplification_is_bounded_in_time_and_memory(raw: bytes) -> None:
    assert len(raw) <= 1 << 20
    tracemalloc.start()
    started = time.process_time()
    try:
        normalize(parse_body(raw))
    except BodyNotSignable:
        pass
    finally:
        spent = time.process_time() - started
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 80 << 20
    assert spent < 8


def test_ten_megabytes_are_refused_unread() -> None:
    raw = b'{"a":"' + b"x" * 10_000_000 + b'"}'
    tracemalloc.start()
    with pytest.raises(BodyNotSignable) as caught:
        parse_body(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.reason is BodyFault.SIZE
    assert peak < 1 << 20


def test_mapping_with_inconsistent_keys_is_refused() -> None:
    class Numbered(dict[str, Any]):
        def items(self) -> Any:
            return [(1, 1)]

    with pytest.raises(BodyNotSignable) as caught:
        normalize({"payment": Numbered(a=1)})
    assert (caught.value.path, caught.value.reason) == ("payment", "key")
