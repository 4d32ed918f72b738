"""What a client signs is what the bytes that it sends come to, whatever a caller's body is made of."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from highhelp import HighHelp, InvalidRequest, RsaSigner
from highhelp_signing.normalize import DEFAULT_LIMITS, normalize, parse_body
from tests.strategies import TEXT


class Word(StrEnum):
    YES = "yes"


class Number(IntEnum):
    TWO = 2


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another text"


class Sum(int):
    def __repr__(self) -> str:
        return "another sum"


class Pair(NamedTuple):
    one: int
    two: str


LEAVES = st.one_of(
    TEXT,
    st.text(max_size=4),  # also halves of surrogate pairs
    st.sampled_from([None, True, False, 0, -1, 10**30, 1.5, float("nan"), Word.YES, Number.TWO, Text("a;b:c"), Sum(7)]),
    st.integers(),
    st.binary(max_size=2),
)
KEYS = st.one_of(TEXT, st.sampled_from([Word.YES, Text("k"), "k", "1", 1, None, True, "a:b", "a;b"]))
BODIES: Any = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.builds(Pair, st.integers(), TEXT),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=3).map(OrderedDict),
        st.dictionaries(KEYS, inner, max_size=3).map(lambda known: defaultdict(str, known)),
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def client(signer: RsaSigner) -> HighHelp:
    return HighHelp(base_url="https://gateway.example", project_id="p", signer=signer, environ={}, check_requests=False)


@settings(max_examples=400)  # three in four are refused
@given(content=st.dictionaries(TEXT, BODIES, max_size=4))
def test_the_signed_string_is_that_of_the_bytes(client: HighHelp, content: dict[str, Any]) -> None:
    try:
        call = client.prepare("create_p2p_payin", content, lambda told: told)
    except InvalidRequest:
        return
    assert call.normalized == normalize(parse_body(call.body))


@pytest.mark.parametrize("leaf", [Word.YES, Number.TWO, Text("x"), Sum(7), (1, "a"), Pair(1, "b"), None, True, 10**30])
def test_what_json_takes_is_signed(client: HighHelp, leaf: object) -> None:
    call = client.prepare("create_p2p_payin", {"payment": OrderedDict(extra=leaf)}, lambda told: told)
    assert call.normalized == normalize(parse_body(call.body))


def test_more_bytes_than_may_be_signed_are_refused(client: HighHelp) -> None:
    with pytest.raises(InvalidRequest, match="large"):
        client.prepare("create_p2p_payin", {"payment": {"extra": "x" * DEFAULT_LIMITS.raw}}, lambda told: told)
