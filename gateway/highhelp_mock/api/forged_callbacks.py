"""Forge callbacks of any status, correct or with a chosen defect, to test receivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from highhelp_mock.api.signed_callbacks import Outgoing, sign_callback
from highhelp_mock.http import encode
from highhelp_mock.simulation.projects import Project, make_keys
from highhelp_mock.simulation.representations import callback_kind, payment_info

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from highhelp_mock.api.dispatch import Dispatcher
    from highhelp_mock.http import Json
    from highhelp_mock.simulation.projects import Algorithm

__all__ = ["DEFECTS", "Defect", "forge_callback"]

Defect: TypeAlias = Literal["signature", "key", "stale", "future", "body", "unsigned", "project"]
"""A signature that does not match; another key of the same kind; an hour too old; an hour ahead; an amount changed
after signing; no signature at all; an unknown project."""

DEFECTS: Final[tuple[Defect, ...]] = get_args(Defect)

_HOUR = 3600
_UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def forge_callback(
    dispatcher: Dispatcher,
    project: Project,
    payment_id: str,
    state: tuple[str, str | None],
    *,
    timestamp: int | None = None,
    amount: int | None = None,
    body: Mapping[str, Any] | None = None,
    wrong: Defect | None = None,
    algorithm: Algorithm | None = None,
) -> Outgoing:
    """Make a callback, signed like the gateway's.

    Args:
        dispatcher: the gateway; if it knows the payment, amount, currency and ids are the payment's.
        project: the project of the callback.
        payment_id: the merchant's id.
        state: status and sub-status, any text.
        timestamp: Unix seconds of signing; default: the gateway's clock.
        amount: minor units; default: the payment's, or 100.00.
        body: additional or changed members of the body, merged object by object.
        wrong: the defect.
        algorithm: "rsa" or "hmac"; default: the project's.

    Raises:
        ValueError: `wrong` is unknown.
        BodyNotSignable: the body with `body` merged cannot be signed.
    """
    if wrong is not None and wrong not in DEFECTS:
        raise ValueError(f"wrong must be one of {', '.join(DEFECTS)}, not {wrong!r}")
    content = _content(dispatcher, project, payment_id, *state)
    if amount is not None:
        content["payment_info"]["amount"] = amount
    content = _merge(content, body or {})
    if wrong == "project":
        content["project_id"] = _UNKNOWN_ID
    signed_at = int(dispatcher.clock()) if timestamp is None else timestamp
    signed_at += {"stale": -_HOUR, "future": _HOUR}.get(wrong or "", 0)
    raw = encode(content)
    signing = _signing_project(project, wrong, algorithm)
    headers = sign_callback(signing, raw, signed_at, dispatcher.scheme, wrong=wrong == "signature")
    if wrong == "unsigned":
        headers = {"content-type": headers["content-type"]}
    if wrong == "body":
        info = content["payment_info"]
        raw = encode(content | {"payment_info": info | {"amount": info.get("amount", 0) + 1}})
    return Outgoing(0, payment_id, callback_kind(state[0]), "", headers, raw)


def _merge(content: Json, changes: Mapping[str, Any]) -> Json:
    merged = dict(content)
    for key, value in changes.items():
        inner = merged.get(key)
        merged[key] = _merge(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def _signing_project(project: Project, wrong: Defect | None, algorithm: Algorithm | None) -> Project:
    if wrong != "key" and algorithm is None:
        return project
    keys = make_keys() if wrong == "key" else project.keys
    return Project(project.project_id, keys, callback_algorithm=algorithm or project.callback_algorithm)


def _content(dispatcher: Dispatcher, project: Project, payment_id: str, status: str, sub_status: str | None) -> Json:
    with dispatcher.engine() as engine:
        payment = engine.find(project.project_id, payment_id)
    request_id, info = _UNKNOWN_ID, payment_info(10000, "RUB", "payin")
    if payment is not None:
        request_id, info = payment.request_id, payment_info(payment.amount, payment.currency, payment.flow)
    return {
        "project_id": project.project_id,
        "general": {"request_id": request_id, "payment_id": payment_id},
        "status": {"status": status, "sub_status": sub_status, "status_description": None},
        "payment_info": info,
    }
