"""Prepare calls: complete a body, check it against the contract, and encode it once into the bytes that are sent."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from highhelp import validation
from highhelp.calls.facts import PaymentFacts
from highhelp.calls.flow import ClientCall
from highhelp.errors import FieldProblem, InvalidRequest
from highhelp.identifiers import id_problem
from highhelp_api.contract import OPERATIONS, REQUEST_FIELDS, SCHEMAS, Operation, resolve
from highhelp_signing import ECHO_PATHS, BodyNotSignable, SignatureScheme, parse_body
from highhelp_signing.ambiguity import FieldRules, ambiguity_of_request, rules_of_callbacks, rules_of_requests
from highhelp_signing.errors import BodyFault
from highhelp_signing.loopback import is_loopback
from highhelp_signing.normalize import DEFAULT_LIMITS, NotJsonValue, collect_entries, join_entries

if TYPE_CHECKING:
    from highhelp_api.client.api import Body

T = TypeVar("T")

_PATH = re.compile(r"[!-~]+")
_ID = ("general", "payment_id")
_AMOUNT, _CURRENCY = ("payment", "amount"), ("payment", "currency")
_INFORMED = ("general", "merchant_callback_url")
_IDS = (_ID, ("customer", "id"))
_ECHOED = {path: tuple(path.split(":")) for path in ECHO_PATHS}
# a circular reference raises RecursionError anyway, so requests need no check for one
_STYLE: dict[str, Any] = {"ensure_ascii": False, "check_circular": False, "allow_nan": False, "separators": (",", ":")}
_JSON = json.JSONEncoder(**_STYLE)
_SORTED_JSON = json.JSONEncoder(**_STYLE, sort_keys=True)


@dataclass(frozen=True)
class RequestBuilder:
    """Build calls of one project.

    Attributes:
        project_id: The project.
        scheme: The signature scheme of its requests.
        check_requests: Whether requests are checked against the contract.
        callback_url: Fills each callback URL that a request leaves out.
        gateway_is_local: Whether the gateway can reach this machine by a loopback address.
    """

    project_id: str
    scheme: SignatureScheme
    check_requests: bool
    callback_url: str | None = None
    gateway_is_local: bool = False

    @cached_property
    def _request_rules(self) -> FieldRules:
        return rules_of_requests(self.scheme)

    @cached_property
    def _callback_rules(self) -> FieldRules:
        return rules_of_callbacks(self.scheme)

    def build(
        self,
        operation_id: str,
        body: Body | Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        sort_keys: bool = False,
    ) -> ClientCall[T]:
        """Build a call with its body completed, checked and encoded.

        Args:
            operation_id: Such as `create_p2p_payin`.
            body: The request.
            parse: Converts the answer's JSON object to the result.
            sort_keys: Whether to make the bytes independent of the order of the body's keys.

        Raises:
            InvalidRequest: The body breaks the contract, names another project, or cannot be signed.
        """
        operation = OPERATIONS.get(operation_id)
        if operation is None:
            problem = FieldProblem("", f"there is no operation {operation_id!r}")
            raise InvalidRequest([problem], operation=str(operation_id))
        content = self._complete(operation, _to_dict(operation, body))
        raw = self._encode(operation, content, sort_keys=sort_keys)
        # A model has just built a new dict. A mapping belongs to the caller: another thread may change it, and its
        # classes may show the encoder something different. What is checked and signed is what is sent.
        content, normalized = self._check_sent(operation, raw, content, own=not isinstance(body, Mapping))
        if operation.info is not None and "card" in content:
            self._warn_of_lost_challenges(content)
        given = _value_at(content, _ID)
        creates = operation.retry == "reconcile" and operation.info
        facts = PaymentFacts(
            given if isinstance(given, str) else None,
            self.project_id,
            _value_at(content, _AMOUNT),
            _value_at(content, _CURRENCY),
            operation.direction,
        )
        return ClientCall(
            operation=operation,
            body=raw,
            facts=facts,
            parse=parse,
            info=partial(self.build_info, operation.id, given, parse) if creates else None,
            normalized=normalized,
        )

    def build_query(
        self,
        operation_id: str,
        payment_id: str,
        expected: tuple[int, str],
        parse: Callable[[Mapping[str, Any]], T],
    ) -> ClientCall[T]:
        """Build a create of an earlier process, without its body: for queries only, never sent.

        Args:
            operation_id: Of the create.
            payment_id: The payment that it was to create.
            expected: Its amount in minor units and its currency.
            parse: Converts the answer's JSON object to a state.
        """
        operation = OPERATIONS[operation_id]
        info = partial(self.build_info, operation_id, payment_id, parse)
        facts = PaymentFacts(payment_id, self.project_id, *expected, operation.direction)
        return ClientCall(operation, b"", facts, parse, info)

    def build_raw(self, path: str, body: Mapping[str, Any]) -> ClientCall[Any]:
        """Build a call of any path; only the project is checked.

        Raises:
            InvalidRequest: The path does not begin with one slash, or the body has no JSON form.
        """
        if not isinstance(path, str) or not path.startswith("/") or path.startswith("//") or not _PATH.fullmatch(path):
            problem = FieldProblem("", "the path starts with one slash, like /api/v1/balance/info")
            raise InvalidRequest([problem], operation=str(path))
        known = next((operation for operation in OPERATIONS.values() if operation.path == path), None)
        # an unknown path may move money, so a lost answer means an unknown outcome
        operation = known or OPERATIONS["get_balance"]._replace(id=path, path=path, retry="never")
        content = self._complete(operation, _to_dict(operation, body))
        return ClientCall(operation, _to_json(operation, content), PaymentFacts(payment_id_of(content)), dict)

    def build_info(
        self, operation_id: str, payment_id: object, parse: Callable[[Mapping[str, Any]], T]
    ) -> ClientCall[T]:
        """Build the info query of a create.

        Args:
            operation_id: Of the create.
            payment_id: The payment.
            parse: Converts the answer's JSON object to a state.
        """
        info = OPERATIONS[str(OPERATIONS[operation_id].info)]
        known = payment_id if isinstance(payment_id, str) else None
        body = _to_json(info, {"general": {"project_id": self.project_id, "payment_id": payment_id}})
        return ClientCall(info, body, PaymentFacts(known, self.project_id), parse)

    def _complete(self, operation: Operation, body: dict[str, Any]) -> dict[str, Any]:
        """Add the project id and the callback URLs; refuse a body that names another project."""
        general = body.get("general", {})
        if not isinstance(general, dict):
            return body  # the check reports the error
        project = general.get("project_id")
        if project is not None and project != self.project_id:
            problem = FieldProblem("general:project_id", "is not the project of this client")
            raise InvalidRequest([problem], operation=operation.id, payment_id=payment_id_of(body))
        completed = {"project_id": self.project_id, **{k: v for k, v in general.items() if k != "project_id"}}
        if self.callback_url is not None and operation.info is not None:
            for name in _callback_urls(operation.request):
                if completed.get(name) is None:
                    completed[name] = self.callback_url
        return {**body, "general": completed}

    def _encode(self, operation: Operation, body: dict[str, Any], *, sort_keys: bool) -> bytes:
        try:
            return _to_json(operation, body, _SORTED_JSON if sort_keys else _JSON)
        except InvalidRequest:
            self._check(operation, body)  # it may name the field
            raise

    def _check_sent(
        self, operation: Operation, raw: bytes, body: dict[str, Any], *, own: bool
    ) -> tuple[dict[str, Any], str]:
        """Return the checked body that these bytes encode, and its normalised string.

        The bytes encode `body`, which with `own` nobody else holds. If it consists only of types that a JSON parser
        returns, it equals the parsed bytes (`tests/client/test_signed_bytes.py`); parsing takes as long as signing.
        """
        if own:
            self._check(operation, body)
            try:
                return body, self._normalize(operation, body, plain=True)
            except NotJsonValue:
                pass
        try:
            read = parse_body(raw)
        except BodyNotSignable as error:
            problem = FieldProblem(error.path, str(error))
            raise InvalidRequest([problem], operation=operation.id, payment_id=payment_id_of(body)) from None
        self._check(operation, read)
        return read, self._normalize(operation, read, plain=False)

    def _warn_of_lost_challenges(self, content: dict[str, Any]) -> None:
        url = _value_at(content, _INFORMED)
        if not isinstance(url, str):
            _warn_once("names no callback URL")
        elif not self.gateway_is_local and is_loopback(urlsplit(url).hostname or ""):
            _warn_once("has a callback URL that the gateway cannot reach")

    def _check(self, operation: Operation, body: dict[str, Any]) -> None:
        problems = validation.find_problems(operation.request, body) if self.check_requests else []
        problems += self._find_ambiguous_echoes(operation, body)
        problems += _find_unreadable_ids(body)
        if problems:
            raise InvalidRequest(problems, operation=operation.id, payment_id=payment_id_of(body))

    def _find_ambiguous_echoes(self, operation: Operation, body: dict[str, Any]) -> list[FieldProblem]:
        """Find values that callbacks repeat and that would make those callbacks ambiguous."""
        if operation.idempotency is None:
            return []
        problems = []
        for path, at in ECHO_PATHS.items():
            value = _value_at(body, _ECHOED[path])
            if isinstance(value, str) and self._callback_rules.echo(at, value):
                text = "would make the payment's callbacks ambiguous: the text after a ';' looks like a field"
                problems.append(FieldProblem(path, text))
        return problems

    def _normalize(self, operation: Operation, body: dict[str, Any], *, plain: bool) -> str:
        """Return the normalised body; refuse one whose signature would also be valid for another request."""
        try:
            entries = collect_entries(body, self.scheme, plain=plain)
            normalized = join_entries(body, entries, self.scheme)
            place = ambiguity_of_request(body, entries, normalized, self._request_rules)
        except BodyNotSignable as error:
            problem = FieldProblem(error.path, str(error))
        else:
            if place is None:
                return normalized
            text = "is ambiguous: the signature would also be valid for another request"
            problem = FieldProblem(place if place in REQUEST_FIELDS else "", text)
        raise InvalidRequest([problem], operation=operation.id, payment_id=payment_id_of(body))


@cache
def _warn_once(what: str) -> None:
    text = "a card pay-in %s: 3-D Secure data may come by callback only; set HIGHHELP_CALLBACK_URL"
    logging.getLogger("highhelp").warning(text, what)


@cache
def _callback_urls(request: str) -> tuple[str, ...]:
    """Names of a request's callback URL fields."""
    general = resolve(SCHEMAS[request]["properties"]["general"])
    return tuple(name for name in general["properties"] if name.endswith("callback_url"))


def _find_unreadable_ids(body: dict[str, Any]) -> list[FieldProblem]:
    """Find ids that people cannot distinguish: a payment_id that looks the same would be paid twice."""
    found = []
    for path in _IDS:
        value = _value_at(body, path)
        problem = id_problem(value) if isinstance(value, str) else None
        if problem is not None:
            found.append(FieldProblem(":".join(path), problem))
    return found


def payment_id_of(body: dict[str, Any]) -> str | None:
    """Return the payment_id of a request's body, where it has one that is text."""
    value = _value_at(body, _ID)
    return value if isinstance(value, str) else None


def _value_at(body: dict[str, Any], path: tuple[str, ...]) -> object:
    value: object = body
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _to_dict(operation: Operation, body: Body | Mapping[str, Any]) -> dict[str, Any]:
    problem = "must be a request of the contract or a mapping"
    if isinstance(body, Mapping):
        return dict(body)
    try:
        content = body.to_dict()
    except (AttributeError, TypeError, ValueError, KeyError):
        problem = "cannot be turned into JSON: a field holds a value of the wrong type"
    else:
        if isinstance(content, dict):
            return content
    raise InvalidRequest([FieldProblem("", problem)], operation=operation.id)


def _to_json(operation: Operation, body: dict[str, Any], encoder: json.JSONEncoder = _JSON) -> bytes:
    try:
        raw = encoder.encode(body).encode("utf-8")
    except UnicodeEncodeError:
        problem = "holds text that has no UTF-8 form"
    except (TypeError, ValueError, RecursionError):
        problem = "holds a value that has no JSON form"
    else:
        if len(raw) <= DEFAULT_LIMITS.raw:
            return raw
        problem = str(BodyNotSignable("", BodyFault.SIZE))
    raise InvalidRequest([FieldProblem("", problem)], operation=operation.id, payment_id=payment_id_of(body))
