"""Search for two bodies with one normalised string, starting from a real body.

A *rival* of a body is another JSON text with the same normalised string, and so with the same signature. `rivals` makes
them by small steps that keep the string: the text after a joiner inside a value becomes a separate
entry, two entries become one, the border between path and value moves, a value takes another type, an object with
the keys 0, 1, ... becomes a list, a key is named twice, an empty container comes or goes. `planted` makes bodies that
have many rivals, by writing attack texts into each text field.

This uses an independent implementation of the rules (`make_vectors`), nothing from the package.
"""

from __future__ import annotations

import copy
import itertools
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.signing.make_vectors import DEFAULTS, normalized_of
from tests.trees import built

Leaf: TypeAlias = tuple[tuple[str, ...], str]
"""Keys, and the JSON text of the value (so that 1, 1.0 and "1" are three)."""
Said: TypeAlias = Mapping[str, str]
"""The content of a body: the colon path of each known field, and its value as JSON."""


@dataclass
class Search:
    """Asks a judge about all rivals of many bodies, and keeps the pairs that it accepts although they differ.

    Attributes:
        judge: returns the content of an accepted body, or None if it is refused. Its second argument is the signed
            string of the whole group.
        scheme: fields that differ from the default, as in the vectors.
        tried: how many bodies were judged.
        accepted: how many of them were accepted.
        shared: how many strings belong to more than one accepted body.
        collisions: pairs of accepted bodies with one string that say different things.
    """

    judge: Callable[[bytes, str], Said | None]
    scheme: Mapping[str, Any] = field(default_factory=dict)
    tried: int = 0
    accepted: int = 0
    shared: int = 0
    collisions: list[tuple[bytes, bytes]] = field(default_factory=list)

    def group(self, raw: bytes, *, steps: int = 2, most: int = 400, seed: int = 0) -> None:
        """Judge a body and up to `most` of its rivals."""
        scheme = {**DEFAULTS, **self.scheme}
        text = normalized_of(raw, scheme)
        heard: list[tuple[bytes, Said]] = []
        for rival in itertools.chain([raw], rivals(raw, scheme, steps=steps, most=most, seed=seed)):
            self._hear(rival, text, heard)
        self.shared += len(heard) > 1

    def group_of_forms(
        self, raw: bytes, forms: Sequence[Mapping[str, Any]], paths: Sequence[str], *, most: int, seed: int = 0
    ) -> None:
        """Judge a body as each form would sign it, and its rivals as each form reads them."""
        chosen = random.Random(seed)
        for signed in forms:
            text = normalized_of(raw, {**DEFAULTS, **signed})
            heard: list[tuple[bytes, Said]] = []
            for read in forms:
                scheme = {**DEFAULTS, **read}
                start = without_nulls(raw, {**DEFAULTS, **signed})
                for rival in itertools.chain([start], rivals(start, scheme, most=most, seed=seed)):
                    pair = [rival] if read["null_text"] is not None else [rival, with_nulls(rival, paths, chosen)]
                    for body in pair:
                        self._hear(body, text, heard)
            self._hear(raw, text, heard)
            self.shared += len({body for body, _ in heard}) > 1

    def _hear(self, rival: bytes, text: str, heard: list[tuple[bytes, Said]]) -> None:
        self.tried += 1
        said = self.judge(rival, text)
        if said is None:
            return
        self.accepted += 1
        heard.append((rival, said))
        if said != heard[0][1]:
            self.collisions.append((heard[0][0], rival))

    def summary(self) -> str:
        """A summary for people."""
        counts = f"{self.tried} bodies judged, {self.accepted} accepted, {self.shared} strings with more than one"
        return f"{counts}; collisions: {self.collisions[:1] or 'none'}"


def without_nulls(raw: bytes, scheme: Mapping[str, Any]) -> bytes:
    """A body of the same string under each form: every null is the text that this form writes for it, or is gone."""
    written = {**DEFAULTS, **scheme}["null_text"]

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {key: changed(item) for key, item in value.items() if item is not None or written is not None}
            return {key: written if item is None else item for key, item in kept.items()}
        if isinstance(value, list):
            return [written if item is None else changed(item) for item in value]
        return value

    return json.dumps(changed(json.loads(raw)), ensure_ascii=False).encode()


def with_nulls(raw: bytes, paths: Sequence[str], chosen: random.Random) -> bytes:
    """The body with nulls where nothing was, which a form that leaves nulls out does not show."""
    body = json.loads(raw)
    for path in chosen.sample(list(paths), 3):
        *parents, key = path.split(":")
        node: Any = body
        for parent in parents:
            node = node.setdefault(parent, {}) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node.setdefault(key, None)
    return json.dumps(body, ensure_ascii=False).encode()


def rivals(raw: bytes, scheme: Mapping[str, Any], *, steps: int = 2, most: int = 400, seed: int = 0) -> Iterator[bytes]:
    """Other JSON texts with the normalised string of this one, each once; the seed says which, where there are more."""
    chosen = random.Random(seed)
    text = normalized_of(raw, dict(scheme))
    start = tuple(_leaves(json.loads(raw, parse_float=_Literal), ()))
    seen, known, level = {raw}, {start}, [start]
    spellings = list(_spellings(start))
    chosen.shuffle(spellings)
    found: Iterator[bytes] = iter(spellings[: most // 4])
    for _ in range(steps + 1):
        for rival in found:
            if len(seen) > most:
                return
            if rival not in seen and normalized_of(rival, dict(scheme)) == text:
                seen.add(rival)
                yield rival
        stepped = {other: None for leaves in level for other in _steps(leaves, scheme) if other not in known}
        known |= stepped.keys()
        level = list(stepped)
        chosen.shuffle(level)
        found = (spelt for leaves in level for spelt in itertools.islice(_spellings(leaves), 2))


def planted(body: Mapping[str, Any], paths: Sequence[str], scheme: Mapping[str, Any]) -> Iterator[bytes]:
    """The body with attack texts in each text field, and with texts that look like other types."""
    joiner = {**DEFAULTS, **scheme}["joiner"]
    words = [{**DEFAULTS, **scheme}[name] for name in ("null_text", "true_text", "false_text")]
    samples = ["x", "1", *words, "a:b"]
    ends = [f"x{joiner}{path}:{sample}" for path in paths for sample in samples[:2]]
    ends += [f"x{joiner}{key}{tail}" for key in ("zone:", "~:", "0:", " y: ") for tail in ("", "z")]
    ends += [joiner, f"x{joiner}", f"x{joiner[0]}", f"{joiner[0]}{joiner}{joiner[0]}", ":", "a:", "0:x"]
    for keys in [keys for keys, value in _leaves(body, ()) if value.startswith('"')]:
        for text in [*ends, *samples]:
            made: Any = copy.deepcopy(dict(body))
            node = made
            for key in keys[:-1]:
                node = node[int(key)] if isinstance(node, list) else node[key]
            node[int(keys[-1]) if isinstance(node, list) else keys[-1]] = text
            yield json.dumps(made, ensure_ascii=False).encode()


class _Literal(str):
    """A number with a fraction, as it was written."""

    __slots__ = ()


def _leaves(value: Any, keys: tuple[str, ...]) -> Iterator[Leaf]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*keys, str(key)))
    else:
        yield keys, str(value) if isinstance(value, _Literal) else json.dumps(value, ensure_ascii=False)


def _text(value: str, scheme: Mapping[str, Any]) -> str:
    loaded = json.loads(value, parse_float=_Literal)
    if loaded is None:
        assert scheme["null_text"] is not None, "a null that gives no entry is not a leaf of the string"
        return str(scheme["null_text"])
    if isinstance(loaded, bool):
        return str(scheme["true_text"] if loaded else scheme["false_text"])
    return str(loaded)


def _values(text: str, scheme: Mapping[str, Any]) -> Iterator[str]:
    yield json.dumps(text, ensure_ascii=False)
    for name, word in (("null_text", "null"), ("true_text", "true"), ("false_text", "false")):
        if text == scheme[name]:
            yield word
    if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", text, re.ASCII) and text != "-0":
        yield text


def _readings(entry: str, scheme: Mapping[str, Any]) -> Iterator[Leaf]:
    parts = entry.split(":")
    for depth in range(1, len(parts)):
        for value in _values(":".join(parts[depth:]), scheme):
            yield tuple(parts[:depth]), value


def _steps(leaves: tuple[Leaf, ...], scheme: Mapping[str, Any]) -> Iterator[tuple[Leaf, ...]]:
    placed = sorted(leaves, key=lambda leaf: _entry(leaf, scheme))
    for index, leaf in enumerate(placed):
        before, after = placed[:index], placed[index + 1 :]
        entry = _entry(leaf, scheme)
        yield from ((*before, reading, *after) for reading in _readings(entry, scheme) if reading != leaf)
        yield from ((*before, *two, *after) for two in _cut(entry, leaf[0], range(len(entry)), scheme))
        if after:
            # with the entry that follows: both become one, or they meet elsewhere
            joined = entry + str(scheme["joiner"]) + _entry(after[0], scheme)
            yield from ((*before, one, *after[1:]) for one in _few(joined, leaf[0], scheme))
            near = [place for place in range(len(entry) - 2, len(entry) + 3) if place != len(entry)]
            yield from ((*before, *two, *after[1:]) for two in _cut(joined, leaf[0], near, scheme))


def _entry(leaf: Leaf, scheme: Mapping[str, Any]) -> str:
    return ":".join([*leaf[0], _text(leaf[1], scheme)])


def _cut(
    entry: str, keys: tuple[str, ...], places: Iterable[int], scheme: Mapping[str, Any]
) -> Iterator[tuple[Leaf, Leaf]]:
    """Two entries instead of one, cut where one of the places has a joiner."""
    joiner = str(scheme["joiner"])
    for place in places:
        if entry.startswith(joiner, max(place, 0)):
            first, second = entry[:place], entry[place + len(joiner) :]
            yield from itertools.product(_few(first, keys, scheme), _few(second, (), scheme))


def _few(entry: str, keys: tuple[str, ...], scheme: Mapping[str, Any]) -> list[Leaf]:
    """The variant with these keys, if there is one; else all of them."""
    readings = list(_readings(entry, scheme))
    return [leaf for leaf in readings if leaf[0] == keys] or readings


def _spellings(leaves: tuple[Leaf, ...]) -> Iterator[bytes]:
    tree = built(leaves)
    if tree is None:
        return
    yield _json(tree).encode()
    if (lists := _json(tree, lists=True)) != _json(tree):
        yield lists.encode()
    yield _json(tree, backwards=True).encode()
    yield _json({**tree, "empty": {}}).encode()
    # an earlier value of a key, which most parsers drop and some keep
    for name, value in tree.items():
        decoy = "{}" if isinstance(value, dict) else "0"
        yield ("{" + f"{json.dumps(name)}:{decoy}," + _json(tree)[1:]).encode()
        if isinstance(value, dict):
            inner = "{" + f'{json.dumps(next(iter(value)))}:"x",' + _json(value)[1:]
            yield _json({**tree, name: inner}).encode()


def _json(value: Any, *, lists: bool = False, backwards: bool = False) -> str:
    if not isinstance(value, dict):
        return str(value)
    items = [(key, _json(item, lists=lists, backwards=backwards)) for key, item in value.items()]
    ordered = sorted(items, key=lambda item: (len(item[0]), item[0]))
    if lists and items and [key for key, _ in ordered] == [str(number) for number in range(len(items))]:
        return "[" + ",".join(item for _, item in ordered) + "]"
    shown = reversed(items) if backwards else items
    return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{item}" for key, item in shown) + "}"


def readings_of(raw: bytes) -> list[Any]:
    """The JSON value as parsers read it that keep the last, or the first, of two values of a key."""

    def first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(reversed(pairs))

    return [
        json.loads(raw, parse_float=_Literal),
        json.loads(raw, parse_float=_Literal, object_pairs_hook=first),
    ]


def said(raw: bytes, paths: Sequence[str] | None) -> Said:
    """Each known leaf of a body and its value; null is absent. `paths`: the known ones, None for all."""
    found: dict[str, str] = {}
    for number, body in enumerate(readings_of(raw)):
        for keys, value in _leaves(body, ()):
            path = ":".join(keys)
            if value != "null" and (paths is None or any(path == one or path.startswith(f"{one}:") for one in paths)):
                found[f"{number} {path}"] = value
    return found
