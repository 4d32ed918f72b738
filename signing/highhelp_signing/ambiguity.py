"""Which bodies may be trusted although the signature scheme does not escape anything.

Different bodies can normalise to one string, and a signature proves only the string. A callback is therefore accepted
only when no other acceptable body with the same string says something else in a field of the contract. Notation: ``J``
is the joiner, an entry is ``path:value``, a head is ``path:`` for a path of the contract. What is required:

T. Every field of the contract that is present has its type: objects are objects, maps have string values, leaves are
   leaves. Null counts as absent where the field is optional or nullable, and is refused elsewhere.
K. No object names a key twice; no key contains ``:`` or ``J``.
N. Where null is allowed, the text of a leaf is not the text of null.
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
   stands for one value only: the type decides between string, integer and boolean, N between text and null.
   (``true_text`` and ``false_text`` differ, and contain neither ``:`` nor ``J``; the scheme sees to that.)

S is exact for the local question: it refuses only where cutting the value yields a body that is sorted up to there. So
``x; y: z`` passes in a description (a space sorts before the path), and so does ``x;https://a``.

Requests are closed: their schemas take no field beyond the contract's. Every entry is then a known one, so each ``J``
that is an end is followed by a head and step 2 alone gives the same entries; S is not needed. Null is refused by the
schemas where the contract does not name it, so N is asked of nullable fields only. The heads are those of all requests
together, since the signature covers no path of the API: else the description of a pay-in could hold the receiver of a
payout, and the bytes in between be sent to the payout's address under the same signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

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
]

_TYPES: Mapping[str, type] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "map": dict,
}


ECHO_PATHS: Mapping[str, str] = {
    "general:payment_id": "general:payment_id",
    "payment:description": "status:status_description",
}
"""Which path of a create request comes back at which path of its callbacks (the second one is inferred)."""


@dataclass(frozen=True, slots=True)
class KnownFields:
    """The contract's fields of one body.

    Attributes:
        values: by colon path; what is absent, null or of a wrong type is left out.
        wrong: path of the first field that is missing or of a wrong type, else None.
    """

    values: Mapping[str, object]
    wrong: str | None


class FieldRules:
    """The rules of this module for one scheme and one set of contract fields.

    Args:
        scheme: the open points of the signature.
        fields: the contract's fields by colon path.
        closed: whether no other field can be in a body, because its schema was or will be asked.
    """

    __slots__ = ("_by_path", "_closed", "_follows", "_places", "_scheme")

    def __init__(
        self,
        scheme: SignatureScheme = DEFAULT_SCHEME,
        fields: Mapping[str, contract.Field] = contract.CALLBACK_FIELDS,
        *,
        closed: bool = False,
    ) -> None:
        self._scheme = scheme
        self._closed = closed
        rows = [fields[path] for path in sorted(fields)]  # parents first
        self._by_path = {row.path: row for row in rows}
        self._places: list[tuple[contract.Field, str, str, type]] = []
        for row in rows:
            parent, _, key = row.path.rpartition(":")
            if parent and (parent not in fields or fields[parent].type != "object"):
                raise ValueError("each field needs a row for the object that holds it")
            self._places.append((row, parent, key, _TYPES[row.type]))
        # an entry of a closed body ends in a known leaf; in an open one, an unknown leaf may stand in a known object
        beginnings = [row.path for row in rows if not (closed and row.type == "object")]
        heads = "|".join(map(re.escape, beginnings))
        self._follows = re.compile(f"{re.escape(scheme.joiner)}(?:{heads}):")

    def read(self, body: Mapping[str, object]) -> KnownFields:
        """Rule T: the known fields, and whether one is missing or of a wrong type."""
        values: dict[str, object] = {}
        wrong: list[str] = []
        objects: dict[str, Mapping[str, object]] = {"": body}
        for row, parent_path, key, kind in self._places:
            parent = objects.get(parent_path)
            if parent is None:
                continue  # absent, null, or already found to be wrong
            value = parent.get(key)
            if value is None and not (row.required and (key not in parent or not row.nullable)):
                continue
            if type(value) is not kind or (row.type == "map" and not _is_text_map(value)):
                wrong.append(row.path)
                continue
            values[row.path] = value
            if isinstance(value, dict):
                objects[row.path] = value
        return KnownFields(values, wrong[0] if wrong else None)

    def ambiguity(self, known: Callable[[], KnownFields], entries: list[str], normalized: str) -> str | None:
        """Rules N, H, S and O for a body that satisfies T and K.

        Args:
            known: answers what :meth:`read` returned, without a wrong field; most bodies need not be asked.
            entries: the body's sorted entries.
            normalized: the entries joined.

        Returns:
            What is ambiguous: a contract path, or a general word for a field outside it. None: nothing is.
        """
        joiner, null = self._scheme.joiner, self._scheme.null_text
        if f":{null}{joiner}" in f"{normalized}{joiner}":
            for row, text in self._leaves(known()):
                if text == null and self._may_be_null(row):
                    return row.path
        if self._overlaps(normalized):
            return "the joiner"
        if normalized.count(joiner) == len(entries) - 1:
            return None  # the usual case: no value contains the joiner
        if any(self._follows.search(entry) for entry in entries if joiner in entry):
            holders = (row.path for row, text in self._leaves(known()) if self._follows.search(text))
            return next(holders, "a value that contains a path of the contract")
        if self._closed:
            return None
        ends = (row.path for row, text in self._leaves(known()) if self._can_end(row.path + ":", text))
        return next(ends, None)

    def echo(self, path: str, value: str) -> bool:
        """Whether ``value`` at the contract path ``path`` would be ambiguous in any body."""
        entry = f"{path}:{value}"
        joiner = self._scheme.joiner
        if len(joiner) == 1 and joiner not in entry and value != self._scheme.null_text:
            return False  # what the rules below would come to, too: nearly every value
        known = KnownFields({path: value}, None)
        # between joiners, as a value's end may overlap with the joiner that follows it
        return self._overlaps(joiner + entry + joiner) or self.ambiguity(lambda: known, [entry], entry) is not None

    def _may_be_null(self, row: contract.Field) -> bool:
        return row.nullable or row.type == "map" or not (row.required or self._closed)

    def _leaves(self, known: KnownFields) -> list[tuple[contract.Field, str]]:
        leaves: list[tuple[contract.Field, str]] = []
        for path, value in known.values.items():
            row = self._by_path[path]
            if type(value) is str:
                leaves.append((row, value))
            elif row.type == "map" and isinstance(value, dict):
                leaves += ((row, text) for text in value.values() if text is not None)
            elif isinstance(value, bool):
                leaves.append((row, self._scheme.true_text if value else self._scheme.false_text))
            elif isinstance(value, int):
                leaves.append((row, f"{value}"))
        return leaves

    def _overlaps(self, text: str) -> bool:
        joiner = self._scheme.joiner
        return len(joiner) > 1 and len(re.findall(f"(?={re.escape(joiner)})", text)) != text.count(joiner)

    def _can_end(self, head: str, text: str) -> bool:
        # Rule S. By H what follows does not begin with the head, so the comparison is decided within its length: that
        # keeps this linear, whatever a hostile value repeats.
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
    """Whether a value that the gateway echoes would make the payment's own callbacks unacceptable.

    To be asked before a payment is created, since afterwards its callbacks could only be parked.

    Args:
        value: what the request carries.
        at: the callback's path where it comes back, see :data:`ECHO_PATHS`.
        scheme: the open points of the signature.

    Raises:
        KeyError: ``at`` is no path of the contract.
    """
    if at not in contract.CALLBACK_FIELDS:
        raise KeyError(at)
    return _callback_rules(scheme).echo(at, value)


def request_ambiguity(
    body: Mapping[str, object], scheme: SignatureScheme = DEFAULT_SCHEME, *, limits: Limits = DEFAULT_LIMITS
) -> str | None:
    """What in a request would let its signature vouch for another request, also at another path of the API.

    Args:
        body: a request of the contract; that it fits its schema is checked elsewhere.
        scheme: the open points of the signature.
        limits: how large the normalised string may become.

    Returns:
        What is ambiguous: a contract path, or a general word for a field outside it. None: nothing is.

    Raises:
        BodyNotSignable: the body has no normalised form.
    """
    entries = collect_entries(body, scheme, limits=limits)
    return ambiguity_of_request(body, entries, join_entries(body, entries, scheme, limits=limits), scheme)


def ambiguity_of_request(
    body: Mapping[str, object], entries: list[str], normalized: str, scheme: SignatureScheme
) -> str | None:
    """As :func:`request_ambiguity`, for a body that is normalised already.

    Args:
        body: a request of the contract.
        entries: its sorted entries.
        normalized: the entries joined.
        scheme: the open points of the signature.
    """
    rules = _request_rules(scheme)
    return rules.ambiguity(lambda: rules.read(body), entries, normalized)


# a program has one scheme, or one for each of a few gateways


@lru_cache(maxsize=16)
def _callback_rules(scheme: SignatureScheme) -> FieldRules:
    return FieldRules(scheme)


@lru_cache(maxsize=16)
def _request_rules(scheme: SignatureScheme) -> FieldRules:
    return FieldRules(scheme, contract.REQUEST_FIELDS, closed=True)


def _is_text_map(value: object) -> bool:
    return type(value) is dict and all(item is None or type(item) is str for item in value.values())
