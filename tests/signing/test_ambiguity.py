"""Any two accepted bodies with one normalised string agree on every known field, empty containers aside.

``bodies_of`` inverts the normalisation: it lists every JSON object with a given string (but for empty containers), so
the searches below cover all candidates, not only those that somebody thought of.
"""

from __future__ import annotations

import copy
import itertools
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from highhelp_api import contract
from highhelp_signing import (
    ECHO_PATHS,
    BodyFault,
    BodyNotSignable,
    CallbackRejected,
    CallbackVerifier,
    Limits,
    RejectionReason,
    SignatureScheme,
    normalize,
    request_ambiguity,
)
from highhelp_signing.ambiguity import FieldRules, echo_is_ambiguous
from highhelp_signing.normalize import collect_entries, join_entries
from tests.signing.conftest import PROJECT, Sign, callback, compact
from tests.trees import built

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT = SignatureScheme()


# The search.


def cuts(text: str, joiner: str) -> Iterator[list[str]]:
    """Every way to cut the text at occurrences of the joiner, overlapping ones included."""
    places = [match.start() for match in re.finditer(f"(?={re.escape(joiner)})", text)]
    for count in range(len(places) + 1):
        for chosen in itertools.combinations(places, count):
            if all(second - first >= len(joiner) for first, second in itertools.pairwise(chosen)):
                starts = [0, *(place + len(joiner) for place in chosen)]
                yield [text[start:end] for start, end in zip(starts, [*chosen, len(text)], strict=True)]


def leaves_of(text: str, scheme: SignatureScheme) -> list[Any]:
    found: list[Any] = [text]
    found += [None] * (text == scheme.null_text)
    found += [True] * (text == scheme.true_text)
    found += [False] * (text == scheme.false_text)
    if re.fullmatch(r"0|-?[1-9][0-9]*", text, re.ASCII):
        found.append(int(text))
    return found


def readings(entry: str, scheme: SignatureScheme) -> list[tuple[list[str], Any]]:
    parts = entry.split(":")
    return [
        (parts[:depth], leaf)
        for depth in range(1, len(parts))
        if not any(scheme.joiner in key for key in parts[:depth])
        for leaf in leaves_of(":".join(parts[depth:]), scheme)
    ]


def with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = {key: with_lists(item) for key, item in value.items()}
    return list(items.values()) if list(items) == [str(number) for number in range(len(items))] else items


def bodies_of(text: str, scheme: SignatureScheme) -> Iterator[dict[str, Any]]:
    for entries in cuts(text, scheme.joiner):
        if entries != sorted(entries):
            continue
        for placed in itertools.product(*(readings(entry, scheme) for entry in entries)):
            body = built(placed)
            if body is not None:
                yield body
                as_lists = {key: with_lists(value) for key, value in body.items()}
                if as_lists != body:
                    yield as_lists


def accepted(body: dict[str, Any], rules: Rules) -> dict[str, tuple[type, object]] | None:
    """The known leaves of a body that the rules accept, else None."""
    entries = collect_entries(body, rules.scheme)
    text = join_entries(body, entries, rules.scheme)
    known = rules.rules.read(copy.deepcopy(body))
    if known.wrong is not None or rules.rules.ambiguity(lambda: known, entries, text) is not None:
        return None
    said: dict[str, tuple[type, object]] = {}
    for path, value in known.values.items():
        kind = rules.fields[path].type
        if kind == "map" and isinstance(value, dict):
            said |= {f"{path}:{key}": (str, item) for key, item in value.items()}
        elif kind == "array" and isinstance(value, list):
            said |= {f"{path}:{index}": (str, item) for index, item in enumerate(value)}
        elif kind != "object":
            said[path] = (type(value), value)
    return said


class Rules:
    def __init__(self, scheme: SignatureScheme, fields: Mapping[str, contract.Field]) -> None:
        self.scheme = scheme
        self.fields = fields
        self.rules = FieldRules(scheme, fields)


def check(text: str, rules: Rules) -> tuple[int, int]:
    """Compare all accepted bodies of one string; how many candidates there were, and how many were accepted."""
    candidates = [body for body in bodies_of(text, rules.scheme) if normalize(body, rules.scheme) == text]
    verdicts = [(body, said) for body in candidates if (said := accepted(body, rules)) is not None]
    for body, said in verdicts[1:]:
        assert said == verdicts[0][1], f"{text!r}: {verdicts[0][0]} and {body}"
    return len(candidates), len(verdicts)


def field(path: str, kind: str, *, required: bool = False, nullable: bool = False) -> contract.Field:
    return contract.Field(path=path, type=kind, required=required, nullable=nullable)


def fields(*rows: contract.Field) -> dict[str, contract.Field]:
    return {row.path: row for row in rows}


SMALL = fields(
    field("b", "string"),
    field("d", "object"),
    field("d:e", "string", required=True),
    field("d:i", "integer"),
    field("d:t", "boolean", nullable=True),
    field("m", "object"),
    field("m:p", "map", required=True),
    field("s", "array"),
)
ATOMS = [
    "b:", "b:x", "b:None", "x", "", "a:", "c:1", "d:e:", "d:e:x:y", "d:ea:", "d:i:1", "d:t:None", "d:t:1", "d:z:", "d",
    "e:",    "m:p:k:", "m:p:", "m:q:", "m:p:k:None", "s:0:x", "z:b", "\u007f:", " y: z",
]  # fmt: skip
SCHEMES = [
    DEFAULT,
    SignatureScheme(joiner="~"),  # sorts after the letters
    SignatureScheme(joiner="||"),  # overlaps with itself
    SignatureScheme(joiner="; "),
    SignatureScheme(null_text="1", true_text="None"),
    SignatureScheme(null_text="", true_text="x", false_text=""),
    SignatureScheme(null_text="1"),  # null, true, 1 and "1" have one text
]
NAMES = [f"{scheme.joiner} {scheme.null_text!r}" for scheme in SCHEMES]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES, ids=NAMES)
def test_no_collision_among_all_small_strings(scheme: SignatureScheme) -> None:
    rules = Rules(scheme, SMALL)
    shared = 0
    for count in (1, 2, 3):
        for atoms in itertools.product(ATOMS, repeat=count):
            candidates, found = check(scheme.joiner.join(atoms), rules)
            shared += candidates > 1 and found > 0
    assert shared > 500, "the search must meet bodies that are accepted although they have rivals"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES, ids=NAMES)
def test_no_collision_among_all_strings_of_few_characters(scheme: SignatureScheme) -> None:
    rules = Rules(scheme, fields(field("b", "string"), field("d", "object"), field("d:b", "string")))
    letters = [*dict.fromkeys((":", scheme.joiner, "b", "a", "d", "|" if "|" in scheme.joiner else "c"))]
    for count in range(1, 7):
        for characters in itertools.product(letters, repeat=count):
            if characters.count(":") > 1 and scheme.joiner in characters:
                check("".join(characters), rules)


PATHS = [path for path, row in contract.CALLBACK_FIELDS.items() if row.type != "object"]
TOKENS = st.sampled_from(
    [
        *PATHS,
        *contract.CALLBACK_FIELDS,
        "zone",
        "a",
        "project_id",
        "None",
        "1",
        "0",
        "-5",
        "x",
        " ",
        "k",
        "https",
        "//",
        "",
    ]
)


def texts(joiner: str) -> st.SearchStrategy[str]:
    glue = st.sampled_from([":", ":", joiner, joiner, ""]) | st.sampled_from(["", " ", joiner[0]])
    pieces = st.lists(st.tuples(TOKENS, glue), min_size=2, max_size=12)
    loose = pieces.map(lambda parts: "".join(itertools.chain.from_iterable(parts)))
    entries = st.lists(st.tuples(TOKENS, TOKENS).map(":".join), min_size=1, max_size=6)
    return loose | st.tuples(entries, loose).map(lambda parts: joiner.join(sorted([*parts[0], parts[1]])))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES, ids=NAMES)
def test_no_collision_under_the_contract(scheme: SignatureScheme) -> None:
    # nothing is required here, so that strings need not be long to be accepted
    optional = {
        path: field(path, row.type, required=False, nullable=row.nullable)
        for path, row in contract.CALLBACK_FIELDS.items()
    }
    strict, loose = Rules(scheme, contract.CALLBACK_FIELDS), Rules(scheme, optional)

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts(scheme.joiner))
    def search(text: str) -> None:
        if text.count(scheme.joiner) < 7 and text.count(":") < 16:
            check(text, loose)
            check(text, strict)

    search()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([";", ":", "a", "x", "z", " ", "y", "None", "general", "zone", "status:"]), max_size=9))
def test_only_what_can_be_read_in_two_ways_is_refused(pieces: list[str]) -> None:
    """Rule S is exact: a value that it refuses does belong to two bodies, one of them without the end of the value."""
    rules = Rules(DEFAULT, fields(field("p", "string")))
    body = {"p": "".join(pieces)}
    rivals = [
        other
        for other in bodies_of(normalize(body), DEFAULT)
        if isinstance(other.get("p"), str) and other["p"] != body["p"] and body["p"] not in ("", "None")
    ]
    refused = accepted(body, rules) is None
    by_other_rules = ";p:" in body["p"]
    assert refused == (bool(rivals) or by_other_rules)


# The cases one by one, through the verifier.


def verdict(verifier: CallbackVerifier, sign: Sign, body: Any) -> str:
    raw = body if isinstance(body, bytes) else compact(body)
    try:
        verifier.verify(raw, sign(raw))
    except CallbackRejected as error:
        return error.reason.value if error.genuine else "forged"
    return "accepted"


def described(text: str) -> dict[str, Any]:
    return callback(status={"status": "success", "status_description": text})


@pytest.mark.parametrize(
    "body",
    [
        compact(callback()).replace(b'"order-1"', b'"order-2","payment_id":"order-1"'),
        compact(callback()).replace(b'"amount":10000', b'"amount":1,"amount":10000'),
        compact(callback())[:-1] + b',"unknown":{"a":1,"a":1}}',
        callback(**{"a:b": "c"}),
        callback(unknown=[{"a;b": "c"}]),
        callback(unknown="x;status:status:decline"),
        callback(unknown={"deep": ["x;payment_info:amount:1"]}),
        callback(unknown="x;redirect_data:body:k:v"),
        callback(unknown="x;general:y"),
        described("x;payment_info:amount:1"),
        described("x;zone: w"),
        described("x; y: z;zone:"),
        described("x;status:status_description:"),
        callback(general={"payment_id": "o;zone:1"}),
        callback(general={"payment_id": "x;https://a"}),
        callback(redirect_data={"body": {"k": "v;zone:1"}}),
        callback(redirect_data={"body": {"k": "v;redirect_data:body:l:w"}}),
    ],
    ids=str,
)
def test_what_could_be_another_body_is_ambiguous(verifier: CallbackVerifier, sign: Sign, body: Any) -> None:
    assert verdict(verifier, sign, body) == "ambiguous"


@pytest.mark.parametrize(
    "body",
    [
        described("x; y: z"),
        described("x;https://a"),
        described("x;y;z"),
        described("x;zone"),
        described("a:b:c"),
        described("none"),
        described("None"),
        described(""),
        described(";"),
        described("general:payment_id:x"),
        callback(general={"payment_id": "None"}),
        callback(general={"payment_id": "a;b"}),
        callback(unknown="x;zone:1"),
        callback(unknown="None"),
        callback(redirect_data={"body": {"k": "v;abc:d", "": ""}}),
        callback(redirect_data={"body": {"k": "None"}}),
        callback(general={"payment_id": "o", "request_id": "None"}),
        callback(requisites={"bank_name": "None"}),
        callback(requisites=[], redirect_data={"body": []}),
    ],
    ids=str,
)
def test_what_says_one_thing_is_accepted(verifier: CallbackVerifier, sign: Sign, body: Any) -> None:
    assert verdict(verifier, sign, body) == "accepted"


PAIRS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (described("x;zone: w"), described("x") | {"zone": " w"}),
    (
        callback(general={"payment_id": "a;general:request_id:b"}),
        callback(general={"payment_id": "a", "request_id": "b"}),
    ),
    (callback(payment_info={"amount": 1}), callback(payment_info={"amount": "1"})),
    (callback(payment_info={"amount": 1}), callback(payment_info={"amount": True})),
    (callback(redirect_data={"body": {"0": "x"}}), callback(redirect_data={"body": ["x"]})),
    (callback(redirect_data={"body": {"k": "None"}}), callback(redirect_data={"body": {"k": None}})),
    (callback(redirect_data={"body": {"a": "b"}}), callback(redirect_data={"body": "a:b"})),
    (callback(requisites=None), callback(requisites="None")),
    (callback(requisites={"pan": "x;status:status:success"}, status=None), callback(requisites={"pan": "x"})),
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=str)
def test_bodies_with_one_signature_are_not_both_accepted(
    verifier: CallbackVerifier, sign: Sign, one: dict[str, Any], other: dict[str, Any]
) -> None:
    verdicts = [verdict(verifier, sign, one), verdict(verifier, sign, other)]
    assert verdicts.count("accepted") <= 1
    for forged, genuine in ((one, other), (other, one)):
        if normalize(one) == normalize(other) and verdict(verifier, sign, forged) != "accepted":
            with pytest.raises(CallbackRejected) as caught:
                verifier.verify(compact(forged), sign(compact(genuine)))
            assert caught.value.genuine


def test_the_pairs_do_collide() -> None:
    assert sum(normalize(one) == normalize(other) for one, other in PAIRS) >= len(PAIRS) - 1


def test_an_ambiguous_callback_can_be_stored(verifier: CallbackVerifier, sign: Sign) -> None:
    raw = compact(described("x;zone: w"))
    with pytest.raises(CallbackRejected) as caught:
        verifier.verify(raw, sign(raw))
    assert caught.value.reason is RejectionReason.AMBIGUOUS
    assert "status:status_description" in caught.value.detail
    assert caught.value.callback is not None
    assert caught.value.callback.payment_id == "order-1"


def test_joiners_of_the_scheme_are_meant(verifier: CallbackVerifier, sign: Sign) -> None:
    scheme = SignatureScheme(joiner="&", null_text="nil")
    rules = Rules(scheme, contract.CALLBACK_FIELDS)
    assert accepted(described("x;zone: w"), rules)
    assert accepted(callback(**{"a;b": "c"}), rules)
    assert accepted(described("x&zone: w"), rules) is None
    for text in ("None", "", "nil"):
        said = accepted(described(text), rules)
        assert said is not None
        assert "status:status_description" not in said


def test_overlapping_joiners_are_ambiguous() -> None:
    rules = Rules(SignatureScheme(joiner="||"), contract.CALLBACK_FIELDS)
    info = {"currency": "x|y", "type": "payin"}
    assert accepted(callback(payment_info=info), rules)
    body = callback(payment_info=info | {"currency": "x|"})
    assert accepted(body, rules) is None, "the end of the value runs into the joiner that follows"


def test_required_and_nullable_are_two_things() -> None:
    rules = FieldRules(
        DEFAULT,
        fields(field("both", "string", required=True, nullable=True), field("one", "string", required=True)),
    )
    assert rules.read({"both": None, "one": "x"}).wrong is None
    assert rules.read({"one": "x"}).wrong == "both"
    assert rules.read({"both": "x", "one": None}).wrong == "one"
    assert rules.read({"both": "x"}).wrong == "one"


def test_each_field_needs_the_row_of_its_object() -> None:
    with pytest.raises(ValueError):
        FieldRules(DEFAULT, fields(field("a:b", "string")))


@pytest.mark.parametrize(
    "value", ["x" + ";a:" * 300_000, ";status_description:" * 40_000, "x;" * 500_000, ";" * 1_000_000]
)
def test_hostile_values_are_judged_in_linear_time(verifier: CallbackVerifier, sign: Sign, value: str) -> None:
    raw = compact(described(value))
    headers = sign(raw)
    started = time.process_time()
    try:
        verifier.verify(raw, headers)
    except CallbackRejected as error:
        assert error.genuine  # noqa: PT017 - either verdict will do
    assert time.process_time() - started < 3


# Contracts that may come.


def judged(rules: FieldRules, body: dict[str, Any], scheme: SignatureScheme = DEFAULT) -> str | None:
    entries = collect_entries(body, scheme)
    known = rules.read(body)
    assert known.wrong is None
    return rules.ambiguity(lambda: known, entries, join_entries(body, entries, scheme))


def rows_of(*rows: contract.Field) -> dict[str, contract.Field]:
    return {row.path: row for row in rows}


def test_rules_do_not_depend_on_the_order_of_fields() -> None:
    turned = FieldRules(fields=dict(reversed(list(contract.CALLBACK_FIELDS.items()))))
    assert turned.read(callback()) == FieldRules().read(callback())
    assert turned.read(callback(status={"status": 5})).wrong == "status:status"


def test_a_field_needs_the_object_that_holds_it() -> None:
    top, middle, leaf = (contract.Field(path, "object", False, False) for path in ("a", "a:b", "a:b:c"))
    assert FieldRules(fields=rows_of(leaf, middle, top)).read({"a": {"b": {"c": {}}}}).wrong is None
    text = contract.Field("a:b", "string", False, False)
    for rows in ((top, leaf), (middle, leaf), (leaf,), (top, text, leaf)):
        with pytest.raises(ValueError, match="each field needs a row for the object that contains it"):
            FieldRules(fields=rows_of(*rows))


def test_what_may_follow_a_field_is_what_sorts_after_it() -> None:
    rules = FieldRules(fields=rows_of(contract.Field("memo", "string", False, False)))
    assert judged(rules, {"memo": "a;memoA:x"}) == "memo"
    assert judged(rules, {"memo": "a;memo9:x"}) is None, "9 sorts before the colon"


@pytest.mark.parametrize("kind", ["map", "array"])
def test_maps_and_lists_keep_texts_and_refuse_null(kind: str) -> None:
    rules = FieldRules(fields=rows_of(contract.Field("params", kind, True, False)))

    def held(*items: object) -> dict[str, Any]:
        return {"params": list(items) if kind == "array" else {f"k{number}": item for number, item in enumerate(items)}}

    assert judged(rules, held("None", "", "x")) is None
    assert rules.read(held("None", "")).values == held("None", "")
    wrong: list[object] = [None, 1, True, {}, []]
    for item in wrong:
        assert rules.read(held("x", item)).wrong == "params"
    assert judged(rules, held("x;params:y")) == "params", "an element is looked at like a field"
    assert judged(rules, held("x;zone:y")) == "params"


def test_boolean_with_the_text_of_null_is_ambiguous() -> None:
    scheme = SignatureScheme(null_text="1")
    rules = FieldRules(scheme, rows_of(contract.Field("flag", "boolean", False, False)))
    assert judged(rules, {"flag": True}, scheme) == "flag"
    assert judged(rules, {"flag": False}, scheme) is None
    scheme = SignatureScheme(null_text="0")
    rules = FieldRules(scheme, rows_of(contract.Field("flag", "boolean", False, False)))
    assert judged(rules, {"flag": False}, scheme) == "flag"
    assert judged(rules, {"flag": True}, scheme) is None
    needed = FieldRules(scheme, rows_of(contract.Field("flag", "boolean", True, False)))
    assert judged(needed, {"flag": False}, scheme) is None


# Before sending.


@pytest.mark.parametrize(
    ("value", "at", "expected"),
    [
        ("order-1", "general:payment_id", False),
        ("None", "general:payment_id", False),
        ("a;b", "general:payment_id", False),
        ("заказ №1; 2", "general:payment_id", False),
        ("x;https://a", "general:payment_id", True),
        ("a;status:x", "general:payment_id", True),
        ("a;zone:1", "general:payment_id", True),
        ("a;b;zone:1;c", "general:payment_id", True),
        ("x; y: z", "status:status_description", False),
        ("x;https://a", "status:status_description", False),
        ("None", "status:status_description", False),
        ("", "status:status_description", False),
        ("x;general:payment_id:y", "status:status_description", True),
        ("x;redirect_data:body:k:v", "status:status_description", True),
    ],
)
def test_an_echo_is_judged_before_sending(
    verifier: CallbackVerifier, sign: Sign, value: str, at: str, *, expected: bool
) -> None:
    assert echo_is_ambiguous(value, at=at) is expected
    parent, _, key = at.partition(":")
    body = callback()
    body = body | {parent: body[parent] | {key: value}}
    assert verdict(verifier, sign, body) == ("ambiguous" if expected else "accepted")


@settings(max_examples=300, deadline=None)
@given(st.lists(TOKENS | st.sampled_from([";", ":", "|", "||"]), max_size=8).map("".join), st.sampled_from(SCHEMES))
def test_the_judgement_before_sending_is_that_of_the_verifier(value: str, scheme: SignatureScheme) -> None:
    rules = Rules(scheme, contract.CALLBACK_FIELDS)
    for at in ECHO_PATHS.values():
        parent, _, key = at.partition(":")
        body = callback(project_id=PROJECT)
        body = body | {parent: body[parent] | {key: value}}
        if not echo_is_ambiguous(value, at=at, scheme=scheme) and accepted(callback(), rules) is not None:
            assert accepted(body, rules) is not None


def test_the_echo_paths_are_of_the_contract() -> None:
    assert set(ECHO_PATHS.values()) <= set(contract.CALLBACK_FIELDS)
    with pytest.raises(KeyError, match="no:such:path"):
        echo_is_ambiguous("x", at="no:such:path")


# Requests, whose schemas are closed.

PAYIN: dict[str, Any] = {
    "general": {"project_id": PROJECT, "payment_id": "o-1"},
    "payment": {"amount": 100, "description": "x"},
}


def with_description(text: str) -> dict[str, Any]:
    return PAYIN | {"payment": PAYIN["payment"] | {"description": text}}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x;receiver:pan:4000000000000002", "payment:description"),
        ("x;payment:method:card-p2p", "payment:description"),
        ("x;payment:zone:w", None),  # no request has such a field, and its schema takes no other
        ("x;zone:w", None),
        ("x;receiver:pan", None),
        ("None", None),  # nothing that a description could be taken for
        ("x", None),
    ],
)
def test_what_a_request_s_signature_could_vouch_for_besides(text: str, place: str | None) -> None:
    rules, body = FieldRules(DEFAULT, contract.REQUEST_FIELDS, closed=True), with_description(text)
    entries = collect_entries(body)
    assert rules.ambiguity(lambda: rules.read(body), entries, join_entries(body, entries, DEFAULT)) == place
    assert request_ambiguity(body) == place


def test_a_request_is_read_by_the_scheme_in_force() -> None:
    bar = SignatureScheme(joiner="|")
    assert request_ambiguity(with_description("x|receiver:pan:4"), bar) == "payment:description"
    assert request_ambiguity(with_description("x;receiver:pan:4"), bar) is None
    with pytest.raises(BodyNotSignable) as caught:
        request_ambiguity({"a|b": 1}, bar)
    assert caught.value.path == "a|b"
    assert request_ambiguity({"a;b": 1}, bar) is None


def test_a_request_without_a_normalised_form_names_the_place() -> None:
    with pytest.raises(BodyNotSignable) as caught:
        request_ambiguity(with_description("\ud800"))
    assert (caught.value.path, caught.value.reason) == ("payment:description", BodyFault.SURROGATE)


@pytest.mark.parametrize(
    ("body", "limits", "fault"),
    [
        (PAYIN, Limits(depth=1), BodyFault.DEPTH),
        (with_description("\u044f" * 400), Limits(text=700), BodyFault.SIZE),  # of bytes, known only once it is joined
    ],
)
def test_a_request_is_kept_within_the_limits(body: dict[str, Any], limits: Limits, fault: BodyFault) -> None:
    assert request_ambiguity(body) is None
    with pytest.raises(BodyNotSignable) as caught:
        request_ambiguity(body, limits=limits)
    assert caught.value.reason is fault
