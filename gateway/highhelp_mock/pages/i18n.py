"""Texts of the payment page; `texts/` has a file for each language."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from highhelp_api import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LANGUAGES", "choose_language", "method_name", "translate"]

LANGUAGES: Final = ("en", "ru")


def choose_language(preferred: str | None) -> str:
    """Choose the page's language: the customer's if available, else English."""
    short = (preferred or "").partition("-")[0].lower()
    return short if short in LANGUAGES else LANGUAGES[0]


def translate(name: str, language: str, **values: object) -> str:
    """Return a text in a language."""
    return _load(language)["texts"][name].format(**values)


def method_name(code: str, language: str) -> str:
    """Return the name of a payment method (in English the contract's), or its code if it has none."""
    english = contract.CATALOGUES["WidgetMethod"].get(code) or contract.CATALOGUES["Method"].get(code) or code
    return english.rstrip(".") if language == "en" else _load(language)["methods"].get(code, code)


@cache
def _load(language: str) -> Mapping[str, Mapping[str, str]]:
    content: Mapping[str, Mapping[str, str]] = json.loads(
        files("highhelp_mock.pages").joinpath("texts", f"{language}.json").read_text("utf-8")
    )
    return content
