"""The HTML pages: hosted payment page and dashboard."""

from __future__ import annotations

from highhelp_mock.pages.router import answer

__all__ = ["answer"]
