"""Protect pages and the control API against DNS rebinding and cross-site requests."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from highhelp_mock.http import ApiError

if TYPE_CHECKING:
    from highhelp_mock.http import Request

__all__ = ["HEADERS", "check_host", "check_same_site", "is_same_origin", "read_form"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    # not no-referrer: that would send the pages' forms with the origin "null"
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
)

_LONGEST_FORM = 1 << 16
_MOST_FIELDS = 32


def check_host(request: Request, base_url: str) -> None:
    """Refuse a foreign host name: a web page may resolve its own name to this machine (DNS rebinding).

    Addresses are accepted, and names without a dot, as in a compose network: no web page can have one. A name with a
    final dot is a public one: `ai.` has an address.

    Raises:
        ApiError: 403.
    """
    own = (urlsplit(base_url).hostname or "").lower()
    for value in request.values("host"):
        try:
            name = (urlsplit(f"//{value}").hostname or "").lower()
        except ValueError:
            name = ""
        if not name or (name != own and "." in name and not _is_address(name) and not name.endswith(".localhost")):
            raise ApiError(403, "The gateway does not accept this host name; use its address or localhost")


def check_same_site(request: Request) -> None:
    """Refuse a form sent by another site's page.

    Raises:
        ApiError: 403.
    """
    origins, hosts = request.values("origin"), request.values("host")
    if not origins and request.values("sec-fetch-site") == ["same-origin"]:
        return
    if len(origins) != 1 or not is_same_origin(origins[0], hosts):
        raise ApiError(403, "This form is only accepted from the gateway's own pages")


def is_same_origin(origin: str, hosts: list[str]) -> bool:
    """Whether an origin, which has no path, matches the host of the request."""
    return len(hosts) == 1 and hosts[0] != "" and origin.partition("://")[2] == hosts[0]


def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; the first value of each.

    Raises:
        ApiError: 413 or 400 if it is not a form of the pages.
    """
    if len(request.body) > _LONGEST_FORM:
        raise ApiError(413, f"The form is larger than {_LONGEST_FORM} bytes")
    try:
        pairs = parse_qsl(request.body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise ApiError(400, "This is not a form") from None
    return dict(reversed(pairs))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
