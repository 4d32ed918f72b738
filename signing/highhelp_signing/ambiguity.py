"""Decide which bodies can be trusted, although the signature scheme does not escape anything.

Different bodies can normalise to one string, and a signature proves only the string. A callback is therefore accepted
only when no other acceptable body with the same string says something else in a field of the contract. Notation: ``J``
is the joiner, an entry is ``path:value``, a head is ``path:`` for a path of the contract. Requirements:

T. Every field of the contract that is present has its type: objects are objects, the values of maps and lists are
   texts, leaves are leaves. Null counts as absent if the field is optional or nullable, and is refused elsewhere. An
   empty list in place of an object or a map counts as empty, since neither appears in the string.
K. No object names a key twice; no key contains ``:`` or ``J``.
N. Where null is allowed, a text that some accepted form writes for null is read as absent: ``None``, the empty text and
   that of the scheme. A number or truth value whose text is that of null is refused.
H. No value, of a known or unknown field, contains ``J`` followed by a head.
S. In the value of a known leaf no ``J`` could be an end: the text after it, up to the next ``J``, contains no ``:``, or
   what follows sorts before the entry up to that ``J``.
O. Two occurrences of ``J`` do not overlap (only possible where ``J`` has several characters).

Claim: two accepted bodies A and B with one normalised string agree on every known field, empty containers aside.

1. By K and O (and since ``J`` has no ``:`` and no character of numbers), each ``J`` of the string is either an end of
   an entry or inside a value.
2. A known entry (one that begins with a head) begins at the same place in A and B: at the start of the string or after
   a ``J`` that is followed by a head; by H that ``J`` is inside no value, so it is an end in both.
3. A known leaf entry ends at the same place. Otherwise one of the two, say B, ends it earlier, at a ``J`` inside A's
   value; call the part before it ``L``. B's next entry ``M`` begins after that ``J``; its path has no ``J``, so ``:``
   comes before the next ``J``; and B is sorted, so ``L <= M``. What remains of A's value, ``R``, begins where ``M``
   does, so one is a prefix of the other. If ``M`` is a prefix of ``R``, then ``L <= M <= R`` and A breaks S. Else ``R``
   is a proper prefix of ``M`` and, if A does not break S, ``R < L <= M``, which makes ``R`` a prefix of ``L`` as well.
   Then the path of ``M``, which ends within ``R``, is made of the first keys of ``L``: in B, one place would be a leaf
   and a container, or two leaves. No body has that.
4. So A and B have the same known leaf entries. By T and K the path of each is the same in both; by T and N its text
   stands for one value only: the type decides between string, integer and boolean, and a text of null is absent, like
   the null that gives no entry. (``true_text`` and ``false_text`` differ, and contain neither ``:`` nor ``J``, which
   the scheme ensures.)

The claim also holds for two bodies of different forms, if a verifier accepts all of
:data:`~highhelp_signing.forms.FORMS` under one signature:

- Digest: ``single`` signs a message M, ``double`` its SHA-256. One signature for A by the one and for B by the other
  needs M(A) = SHA-256(M(B)), of 32 bytes; the shortest acceptable body has a message of 73.
- Padding: the timestamp has ten digits, so a message is cut in one way. A padded string ends in ``=`` unless its length
  is a multiple of three, an unpadded one never does: equal messages have equal strings.
- Null: its text holds neither ``:`` nor ``J``, so K, H, S and O do not depend on it, and steps 1 to 3 compare the
  entries present. An entry of null in the one body is a text of null in the other, which is absent by N; where
  an object or a map is known, only null can stand, by T. In maps and lists null is refused and each text is itself.

S is exact locally: it refuses only if cutting the value yields a body that is sorted up to there. So
``x; y: z`` passes in a description (a space sorts before the path), and so does ``x;https://a``.

Requests are closed: their schemas allow no field beyond the contract's. Every entry is then a known one, so each ``J``
that is an end is followed by a head and step 2 alone gives the same entries; S is not needed. Null is refused by the
schemas where the contract does not name it, so N applies to nullable fields only, and refuses their text of null. The
heads are those of all requests together, since the signature does not cover the API path: otherwise the description of
a pay-in could hold the receiver of a payout, and the bytes in between be sent to the payout's path under the same
signature.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from highhelp_api import contract
from highhelp_signing.normalize import DEFAULT_LIMITS, DEFAULT_SCHEME, collect_entries, join_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from highhelp_signing.normalize import Limits
    from highhelp_signing.scheme import SignatureScheme

__all__ = [
    "ECHO_PATHS",
    "FieldRules",
    "KnownFields",
    "ambiguity_of_request",
    "echo_is_ambiguous",
    "request_ambiguity",
    "rules_of_callbacks",
    "rules_of_requests",
]

_TYPES: Mapping[str, type] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "map": dict,
}


_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)

ECHO_PATHS: Mapping[str, str] = {
    "general:payment_id": "general:payment_id",
    "payment:description": "status:status_description",
}
"""Paths of create requests and the paths at which callbacks repeat them (the second one is inferred)."""


class KnownFields(NamedTuple):
    """The contract's fields of one body.

    Attributes:
        values: by colon path, without fields that are absent, null or of a wrong type.
        wrong: path of the first field that is missing or of a wrong type, else None.
    """

    values: Mapping[str, object]
    wrong: str | None


class FieldRules:
    """The rules of this module for one scheme and one set of contract fields.

    Args:
        scheme: the signature scheme.
        fields: the contract's fields by colon path.
        closed: whether a body can have no other field, because its schema is checked elsewhere.
    """

    __slots__ = ("_by_path", "_closed", "_follows", "_places", "_refuses_null", "_scheme")

    def __init__(
        self,
        scheme: SignatureScheme = DEFAULT_SCHEME,
        fields: Mapping[str, contract.Field] = contract.CALLBACK_FIELDS,
        *,
        closed: bool = False,
    ) -> None:
        self._scheme = scheme
        self._closed = closed
        text = scheme.null_text or "None"
        typed = text in (scheme.true_text, scheme.false_text) or _INTEGER.fullmatch(text) is not None
        self._refuses_null = scheme.null_text is not None and (closed or typed)
        rows = [fields[path] for path in sorted(fields)]  # parents first
        self._by_path = {row.path: row for row in rows}
        null_texts = frozenset({"None", "", scheme.null_text})
        self._places: dict[str, list[tuple[contract.Field, str, type, frozenset[str | None]]]] = {}
        for row in rows:
            parent, _, key = row.path.rpartition(":")
            if parent and (parent not in fields or fields[parent].type != "object"):
                raise ValueError("each field needs a row for the object that contains it")
            reads_null = row.type == "string" and (row.nullable or not row.required) and not closed
            place = (row, key, _TYPES[row.type], null_texts if reads_null else frozenset())
            self._places.setdefault(parent, []).append(place)
        # an entry of a closed body ends in a known leaf; in an open one, an unknown leaf may stand in a known object
        beginnings = [row.path for row in rows if not (closed and row.type == "object")]
        heads = "|".join(map(re.escape, beginnings))
        self._follows = re.compile(f"{re.escape(scheme.joiner)}(?:{heads}):")

    def read(self, body: dict[str, object]) -> KnownFields:
        """Apply rules T and N: return the known fields, and the first that is missing or of a wrong type.

        Args:
            body: a body whose entries are already collected. In an open one, a text that is read as absent becomes
                null and an empty list in place of an object becomes an object, so that it agrees with the fields.
        """
        values: dict[str, object] = {}
        wrong: list[str] = []
        objects: dict[str, dict[str, object]] = {"": body}
        for parent_path, places in self._places.items():
            parent = objects.get(parent_path)
            if parent is None:
                continue  # absent, null, or already known to be wrong
            for row, key, kind, null_texts in places:
                value = parent.get(key)
                if null_texts and type(value) is str and value in null_texts:
                    value = parent[key] = None
                elif kind is dict and value == [] and not self._closed:
                    value = parent[key] = {}
                if value is None and not (row.required and (key not in parent or not row.nullable)):
                    continue
                if type(value) is not kind or (row.type in ("map", "array") and not _holds_texts(value)):
                    wrong.append(row.path)
                    continue
                values[row.path] = value
                if isinstance(value, dict):
                    objects[row.path] = value
        return KnownFields(values, wrong[0] if wrong else None)

    def ambiguity(self, known: Callable[[], KnownFields], entries: list[str], normalized: str) -> str | None:
        """Apply rules N, H, S and O to a body that satisfies T and K.

        Args:
            known: returns the result of :meth:`read`, without a wrong field; lazy, as most bodies do not need it.
            entries: the body's sorted entries.
            normalized: the entries joined.

        Returns:
            The ambiguous place: a contract path, or a description of a field outside the contract. None if unambiguous.
        """
        joiner, null = self._scheme.joiner, self._scheme.null_text
        if self._refuses_null and f":{null}{joiner}" in f"{normalized}{joiner}":
            for path, value in known().values.items():
                if self._may_be_null(self._by_path[path]) and self._text(value) == null:
                    return path
        if self._overlaps(normalized):
            return "the joiner"
        if normalized.count(joiner) == len(entries) - 1:
            return None  # usually no value contains the joiner
        if any(self._follows.search(entry) for entry in entries if joiner in entry):
            holders = (row.path for row, text in self._texts(known()) if self._follows.search(text))
            return next(holders, "a value that contains a path of the contract")
        if self._closed:
            return None
        ends = (row.path for row, text in self._texts(known()) if self._can_end(row.path + ":", text))
        return next(ends, None)

    def echo(self, path: str, value: str) -> bool:
        """Whether ``value`` at the contract path ``path`` would be ambiguous in any body."""
        entry, joiner = f"{path}:{value}", self._scheme.joiner
        known = KnownFields({path: value}, None)
        # between joiners, as a value's end may overlap with the joiner that follows it
        return self._overlaps(joiner + entry + joiner) or self.ambiguity(lambda: known, [entry], entry) is not None

    def _may_be_null(self, row: contract.Field) -> bool:
        if self._closed:
            return row.nullable
        return row.type in ("integer", "boolean") and (row.nullable or not row.required)

    def _text(self, value: object) -> str:
        if isinstance(value, bool):
            return self._scheme.true_text if value else self._scheme.false_text
        return f"{value}"

    def _texts(self, known: KnownFields) -> list[tuple[contract.Field, str]]:
        texts: list[tuple[contract.Field, str]] = []
        for path, value in known.values.items():
            row = self._by_path[path]
            if isinstance(value, str):
                texts.append((row, value))
            elif row.type == "map" and isinstance(value, dict):
                texts += ((row, text) for text in value.values())
            elif isinstance(value, list):
                texts += ((row, text) for text in value)
        return texts

    def _overlaps(self, text: str) -> bool:
        joiner = self._scheme.joiner
        return len(joiner) > 1 and len(re.findall(f"(?={re.escape(joiner)})", text)) != text.count(joiner)

    def _can_end(self, head: str, text: str) -> bool:
        # Rule S. By H the text after it does not begin with the head, so the comparison is decided within its length:
        # that keeps this linear, whatever a hostile value repeats.
        joiner = self._scheme.joiner
        end = text.find(joiner)
        while end >= 0:
            start = end + len(joiner)
            end = text.find(joiner, start)
            atom = (start, end if end >= 0 else len(text))
            if text.find(":", *atom) >= 0 and text[start : start + len(head)] > head:
                return True
        return False


def echo_is_ambiguous(value: str, *, at: str, scheme: SignatureScheme = DEFAULT_SCHEME) -> bool:
    """Whether a value that the gateway echoes would make the payment's callbacks unacceptable.

    Check this before creating a payment, since afterwards its callbacks could only be parked.

    Args:
        value: the value in the request.
        at: the callback's path where it comes back, see :data:`ECHO_PATHS`.
        scheme: the signature scheme.

    Raises:
        KeyError: ``at`` is not a path of the contract.
    """
    if at not in contract.CALLBACK_FIELDS:
        raise KeyError(at)
    return rules_of_callbacks(scheme).echo(at, value)


def request_ambiguity(
    body: Mapping[str, object], scheme: SignatureScheme = DEFAULT_SCHEME, *, limits: Limits = DEFAULT_LIMITS
) -> str | None:
    """Find what would make a request's signature valid for another request too, at any path of the API.

    Args:
        body: a request of the contract; its schema is checked elsewhere.
        scheme: the signature scheme.
        limits: bounds of the normalised string.

    Returns:
        The ambiguous place: a contract path, or a description of a field outside the contract. None if unambiguous.

    Raises:
        BodyNotSignable: the body has no normalised form.
    """
    entries = collect_entries(body, scheme, limits=limits)
    normalized = join_entries(body, entries, scheme, limits=limits)
    return ambiguity_of_request(body, entries, normalized, rules_of_requests(scheme))


def ambiguity_of_request(
    body: Mapping[str, object], entries: list[str], normalized: str, rules: FieldRules
) -> str | None:
    """As :func:`request_ambiguity`, for a body that is already normalised.

    Args:
        body: a request of the contract.
        entries: its sorted entries.
        normalized: the entries joined.
        rules: those of requests in the scheme of the entries.
    """
    return rules.ambiguity(lambda: rules.read(dict(body)), entries, normalized)


# a program has one scheme, or one for each of a few gateways


@lru_cache(maxsize=16)
def rules_of_callbacks(scheme: SignatureScheme) -> FieldRules:
    """Return the rules for callbacks in a scheme, built once."""
    return FieldRules(scheme)


@lru_cache(maxsize=16)
def rules_of_requests(scheme: SignatureScheme) -> FieldRules:
    """Return the rules for requests in a scheme, built once."""
    return FieldRules(scheme, contract.REQUEST_FIELDS, closed=True)


def _holds_texts(value: Any) -> bool:
    return all(type(item) is str for item in (value.values() if isinstance(value, dict) else value))
