"""HTML that is safe by construction: text becomes markup only by being escaped, and markup only comes from here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Child", "Html", "document", "tag"]

_VOID: Final = frozenset({"br", "hr", "input", "link", "meta"})


class Html(str):
    """Markup. Whatever is no `Html` is text, and is escaped where it is put in."""

    __slots__ = ()


Child: TypeAlias = "str | int | Iterable[Child] | None"
Attribute: TypeAlias = str | int | bool | None


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """An element.

    Args:
        name: of the element.
        children: markup, text, or sequences of these; None is left out.
        attributes: a trailing underscore is dropped, others become hyphens; True has no value, None and False are
            left out.
    """
    shown = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    if name in _VOID:
        return Html(f"<{name}{shown}>")
    return Html(f"<{name}{shown}>{_text(children)}</{name}>")


def document(head: Child, body: Html, language: str) -> bytes:
    """A whole page."""
    page = "<!doctype html>" + tag("html", tag("head", head), body, lang=language)
    return page.encode("utf-8", "replace")  # half of a surrogate pair has no UTF-8 form


def _attribute(name: str, value: Attribute) -> str:
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(str(value))}"'


def _text(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int):
        return escape(str(child))
    return "".join(_text(one) for one in child)
