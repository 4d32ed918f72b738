"""Render the pages' Jinja2 templates. Autoescape is on; Python code creates no markup."""

from __future__ import annotations

import json
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from highhelp_mock.http import Response
from highhelp_mock.pages import formatting

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render"]


def render(
    template: str,
    *,
    title: str,
    language: str = "en",
    live: bool = False,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    **values: Any,
) -> Response:
    """Render a page.

    Args:
        template: its name without `.html`.
        title: of the page.
        language: of its texts.
        live: whether the page updates itself.
        status: HTTP status.
        headers: additional headers of the answer.
        values: additional values for the template.
    """
    page = _environment().get_template(f"{template}.html").render(title=title, language=language, live=live, **values)
    body = page.encode("utf-8", "replace")  # a lone surrogate has no UTF-8 form
    return Response(status, (("content-type", "text/html; charset=utf-8"), *headers), body)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # lazy: most gateways never render a page

    environment = Environment(
        loader=PackageLoader("highhelp_mock.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: getattr(formatting, name) for name in formatting.__all__}
    environment.filters["json"] = partial(json.dumps, ensure_ascii=False, indent=2)
    return environment
