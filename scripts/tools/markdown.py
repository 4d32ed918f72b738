"""Markdown pages from Jinja templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def render(template: Path, filters: Mapping[str, Callable[[Any], str]] | None = None, **values: Any) -> str:
    """Fill a template. What a mapping does not have is empty.

    Args:
        template: Its file; what it includes stands in the same folder.
        filters: What it calls by name.
        values: What it shows.
    """
    environment = Environment(  # noqa: S701 - Markdown, from our document
        loader=FileSystemLoader(template.parent),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters or {})
    return environment.get_template(template.name).render(values).rstrip() + "\n"
