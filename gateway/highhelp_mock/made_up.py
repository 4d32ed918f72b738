"""Callbacks of any status without a payment's course behind them, right or wrong on purpose, to test receivers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from highhelp_mock.answers import callback_kind
from highhelp_mock.core import Outgoing, sign
from highhelp_mock.messages import encode
from highhelp_mock.projects import Project, make_keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from highhelp_mock.core import Core
    from highhelp_mock.messages import Json
    from highhelp_mock.projects import Algorithm

__all__ = ["WRONGS", "Wrong", "made_up"]

Wrong: TypeAlias = Literal["signature", "key", "stale", "future", "body", "unsigned", "project"]
"""What is wrong with a callback: a signature that does not match; another key of the same kind; an hour too old; an
hour ahead; an amount changed after signing; no signature at all; a project that nobody knows."""

WRONGS: Final[tuple[str, ...]] = get_args(Wrong)

_OFF = 3600
_NOBODY = "00000000-0000-4000-8000-000000000000"


def made_up(
    core: Core,
    project: Project,
    payment_id: str,
    state: tuple[str, str | None],
    *,
    timestamp: int | None = None,
    body: Mapping[str, Any] | None = None,
    wrong: Wrong | None = None,
    algorithm: Algorithm | None = None,
) -> Outgoing:
    """A callback, signed as the gateway signs.

    Args:
        core: the gateway; where it knows the payment, amount, currency and ids are the payment's.
        project: whose callback it is.
        payment_id: the merchant's id.
        state: status and sub-status, any text.
        timestamp: Unix seconds of signing; the gateway's clock when absent.
        body: further members of the body, or other values for those that are there.
        wrong: what is to be wrong with it.
        algorithm: "rsa" or "hmac"; the project's when absent.

    Raises:
        ValueError: an unknown `wrong`.
        BodyNotSignable: `body` makes a body that cannot be signed.
    """
    if wrong is not None and wrong not in WRONGS:
        raise ValueError(f"wrong must be one of {', '.join(WRONGS)}, not {wrong!r}")
    told = _plain(core, project, payment_id, *state) | dict(body or {})
    if wrong == "project":
        told["project_id"] = _NOBODY
    stamp = int(core.clock()) if timestamp is None else timestamp
    stamp += {"stale": -_OFF, "future": _OFF}.get(wrong or "", 0)
    raw = encode(told)
    headers = sign(_signing(project, wrong, algorithm), raw, stamp, core.scheme, wrong=wrong == "signature")
    if wrong == "unsigned":
        headers = {"content-type": headers["content-type"]}
    if wrong == "body":
        raw = encode(told | {"payment_info": _info(told["payment_info"].get("amount", 0) + 1)})
    return Outgoing(0, payment_id, callback_kind(state[0]), "", headers, raw)


def _signing(project: Project, wrong: Wrong | None, algorithm: Algorithm | None) -> Project:
    if wrong != "key" and algorithm is None:
        return project
    keys = make_keys() if wrong == "key" else project.keys
    return Project(project.project_id, keys, callback_algorithm=algorithm or project.callback_algorithm)


def _plain(core: Core, project: Project, payment_id: str, status: str, sub_status: str | None) -> Json:
    with core.engine() as engine:
        payment = engine.find(project.project_id, payment_id)
    known = (
        {"request_id": _NOBODY, "payment_info": _info(10000)}
        if payment is None
        else {
            "request_id": payment.request_id,
            "payment_info": _info(payment.amount, payment.currency, payment.flow or "payin"),
        }
    )
    return {
        "project_id": project.project_id,
        "general": {"request_id": known["request_id"], "payment_id": payment_id},
        "status": {"status": status, "sub_status": sub_status, "status_description": None},
        "payment_info": known["payment_info"],
    }


def _info(amount: int, currency: str = "RUB", flow: str = "payin") -> Json:
    return {"amount": amount, "currency": currency, "type": flow}
