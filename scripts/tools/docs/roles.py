"""For the site: docstrings may name an object as `:class:`~package.Name``, which Markdown does not know."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|meth|func|data|mod|attr|exc):`~?([^`]+)`")


class Roles(griffe.Extension):  # type: ignore[misc]  # griffe comes without types here
    """Turns roles into code, without the path that a tilde hides."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = _ROLE.sub(_shown, obj.docstring.value)


def _shown(match: re.Match[str]) -> str:
    hidden = match[0].partition("`")[2].startswith("~")
    return f"`{match[1].rpartition('.')[2] if hidden else match[1]}`"
