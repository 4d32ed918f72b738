"""What people see of the gateway: the hosted payment page and the dashboard. Made here, without a build step."""

from __future__ import annotations

from highhelp_mock.pages.site import answer

__all__ = ["answer"]
