"""Refuse ids that people cannot tell apart: those with invisible, control or bidirectional characters."""

from __future__ import annotations

import unicodedata

# control, format (zero-width, bidirectional, tags), surrogate, private use, unassigned, line separators
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# invisible letters, marks and symbols of other categories: fillers, joiners, the Braille blank
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"


def id_problem(text: str) -> str | None:
    """Return what is wrong with an id, without quoting it, or None.

    Letters of every script, emoji and single inner spaces are allowed.
    """
    if text.isascii() and text.isprintable() and text == text.strip(" "):
        return None
    if text != text.strip():
        return "begins or ends with white space"
    for place, character in enumerate(text):
        if character == " " or _is_part_of_emoji(text, place):
            continue
        category = unicodedata.category(character)
        variation = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
        if category in _REFUSED or category == "Zs" or character in _BLANK or variation:
            return f"holds U+{ord(character):04X} at position {place + 1}, which people cannot see"
    return None


def _is_part_of_emoji(text: str, place: int) -> bool:
    """Whether a joiner or style selector is part of an emoji: it follows a symbol; a joiner also precedes one."""
    character = text[place]
    if character not in (_JOINER, _EMOJI_STYLE) or place == 0:
        return False
    before = text[place - 1]
    after_symbol = before == _EMOJI_STYLE or unicodedata.category(before) in ("So", "Sk")
    if character == _EMOJI_STYLE:
        return after_symbol and before != _EMOJI_STYLE
    return after_symbol and place + 1 < len(text) and unicodedata.category(text[place + 1]) == "So"
