"""A client signs exactly the bytes that it sends, whatever types the caller's body has."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from highhelp import HighHelp, InvalidRequest, RsaSigner
from highhelp.calls import prepare
from highhelp.testing.strategies import TEXT
from highhelp_signing.normalize import DEFAULT_LIMITS, normalize, parse_body


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


class Empty(dict[str, Any]):
    """A mapping that is true, but empty for an encoder."""

    def __bool__(self) -> bool:
        return False


class EmptyList(list[Any]):
    def __bool__(self) -> bool:
        return False


class Elsewhere(dict[str, Any]):
    """A mapping whose items an encoder does not see, as in some web frameworks."""

    def __init__(self, kept: dict[str, Any]) -> None:
        super().__init__()
        self._kept = kept

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Any:
        return iter(self._kept)

    def __getitem__(self, key: str) -> Any:
        return self._kept[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self._kept.get(key, default)

    def keys(self) -> Any:
        return self._kept.keys()

    def items(self) -> Any:
        return self._kept.items()


class OtherItems(dict[str, Any]):
    def items(self) -> Any:
        return [("a:b", 1), ("k", 1), ("k", 2)]


class NumberedItems(dict[str, Any]):
    def items(self) -> Any:
        return [(1, 1)]


class Hidden(str):
    """Text that denies to contain a colon, and to equal another one."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __contains__(self, part: object) -> bool:
        return False


ODD: list[Any] = [
    Empty(a=1), EmptyList([1, 2]), EmptyList([1.5]), Elsewhere({"a": 1}), OtherItems(k=1), NumberedItems(a=1),
    {Hidden("a"): 1, "a": 2}, {Hidden("a:b"): 1}, {Hidden("a;b"): 1},
]  # fmt: skip
LEAVES = st.one_of(
    TEXT,
    st.text(max_size=4),  # also halves of surrogate pairs
    st.sampled_from([None, True, False, 0, -1, 10**30, 1.5, float("nan"), Word.YES, Number.TWO, Text("a;b:c"), Sum(7)]),
    st.integers(),
    st.binary(max_size=2),
    st.sampled_from(ODD),
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


class Model:
    """Return a new dict, as the models of requests do."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content

    def to_dict(self) -> dict[str, Any]:
        return dict(self._content)


def as_mapping(content: dict[str, Any]) -> Any:
    return content


kinds = pytest.mark.parametrize("kind", [as_mapping, Model])


@pytest.mark.slow
@kinds
@settings(max_examples=400)  # three in four are refused
@given(content=st.dictionaries(TEXT, BODIES, max_size=4))
def test_the_signed_string_is_that_of_the_bytes(client: HighHelp, kind: Any, content: dict[str, Any]) -> None:
    try:
        call = client._executor.builder.build("create_p2p_payin", kind(content), lambda told: told)
    except InvalidRequest:
        return
    assert call.normalized == normalize(parse_body(call.body))


@kinds
@pytest.mark.parametrize("leaf", [Word.YES, Number.TWO, Text("x"), Sum(7), (1, "a"), Pair(1, "b"), None, True, 10**30])
def test_what_json_takes_is_signed(client: HighHelp, kind: Any, leaf: object) -> None:
    call = client._executor.builder.build(
        "create_p2p_payin", kind({"payment": OrderedDict(extra=leaf)}), lambda told: told
    )
    assert call.normalized == normalize(parse_body(call.body))


@kinds
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_custom_json_types_are_signed_as_sent(client: HighHelp, kind: Any, odd: object) -> None:
    try:
        call = client._executor.builder.build("create_p2p_payin", kind({"payment": {"extra": odd}}), lambda told: told)
    except InvalidRequest:
        return
    assert call.normalized == normalize(parse_body(call.body))


@kinds
def test_what_will_be_sent_is_what_is_checked(signer: RsaSigner, kind: Any) -> None:
    about: Any = {"base_url": "https://gateway.example", "project_id": "p", "signer": signer, "environ": {}}
    payment = {"method": "card-p2p", "amount": 100, "currency": "RUB"}
    content = {"general": {"payment_id": "order-1"}, "payment": Elsewhere(payment)}  # sent as {}
    with HighHelp(**about) as strict, pytest.raises(InvalidRequest, match="payment:amount"):
        strict._executor.builder.build("create_p2p_payin", kind(content), lambda told: told)


def test_mapping_changed_during_the_call_is_signed_as_sent(client: HighHelp, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = {"method": "card-p2p", "amount": 100, "currency": "RUB"}
    encode = prepare._to_json

    def meanwhile(*about: Any) -> bytes:
        raw = encode(*about)
        payment["amount"] = 900
        return raw

    monkeypatch.setattr(prepare, "_to_json", meanwhile)
    call = client._executor.builder.build("create_p2p_payin", {"payment": payment}, lambda told: told)
    assert b'"amount":100' in call.body
    assert call.normalized == normalize(parse_body(call.body))
    assert (call.facts.amount, call.facts.currency) == (100, "RUB")


@kinds
def test_more_bytes_than_may_be_signed_are_refused(client: HighHelp, kind: Any) -> None:
    content = {"payment": {"extra": "x" * DEFAULT_LIMITS.raw}}
    with pytest.raises(InvalidRequest, match="large"):
        client._executor.builder.build("create_p2p_payin", kind(content), lambda told: told)


def test_mapping_with_a_duplicate_key_is_refused(client: HighHelp) -> None:
    content = {"general": {"payment_id": "order-1"}, "payment": {1: "a", "1": "b"}}
    with pytest.raises(InvalidRequest, match="twice") as caught:
        client._executor.builder.build("create_p2p_payin", content, lambda told: told)
    assert caught.value.payment_id == "order-1"


@kinds
def test_a_value_without_a_json_form_is_named_by_its_field(signer: RsaSigner, kind: Any) -> None:
    about: Any = {"base_url": "https://gateway.example", "project_id": "p", "signer": signer, "environ": {}}
    payment = {"method": "card-p2p", "amount": Decimal(100), "currency": "RUB"}
    content = {"general": {"payment_id": "order-1"}, "payment": payment}
    with HighHelp(**about) as strict, pytest.raises(InvalidRequest, match="payment:amount"):
        strict._executor.builder.build("create_p2p_payin", kind(content), lambda told: told)
