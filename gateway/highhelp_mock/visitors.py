"""Who may use pages and control: people on this machine, and no other site that their browser happens to have open."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from highhelp_mock.messages import Refusal

if TYPE_CHECKING:
    from highhelp_mock.messages import Request

__all__ = ["HEADERS", "check_host", "check_same_site", "form", "is_own"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    # not no-referrer: then the pages' own forms would come with the origin "null"
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
)

_LONGEST_FORM = 1 << 16
_MOST_FIELDS = 32


def check_host(request: Request, base_url: str) -> None:
    """Refuse a foreign name for this machine: a page may point its own name here and then read what it likes.

    An address is no such name, and neither is one without a dot, as in a compose network: nobody else can publish it.

    Raises:
        Refusal: 403.
    """
    own = (urlsplit(base_url).hostname or "").lower()
    for value in request.values("host"):
        try:
            name = (urlsplit(f"//{value}").hostname or "").lower()
        except ValueError:
            name = ""
        if not name or (name != own and "." in name.rstrip(".") and not _is_address(name) and not _is_local(name)):
            raise Refusal(403, "The gateway is not reached by this name; use its address or localhost")


def check_same_site(request: Request) -> None:
    """Refuse a form that another site's page sent.

    Raises:
        Refusal: 403.
    """
    origins, hosts = request.values("origin"), request.values("host")
    if not origins and request.values("sec-fetch-site") == ["same-origin"]:
        return
    if len(origins) != 1 or not is_own(origins[0], hosts):
        raise Refusal(403, "This form is only taken from the gateway's own pages")


def is_own(origin: str, hosts: list[str]) -> bool:
    """Whether a page of this origin came from the host that it now speaks to."""
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(place) and hosts == [place]


def form(request: Request) -> dict[str, str]:
    """The fields of a form; the first value of each.

    Raises:
        Refusal: 413 or 400 for what no form of the pages is.
    """
    if len(request.body) > _LONGEST_FORM:
        raise Refusal(413, f"The form is larger than {_LONGEST_FORM} bytes")
    try:
        pairs = parse_qsl(request.body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Refusal(400, "This is not a form") from None
    return dict(reversed(pairs))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_local(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")
