"""`highhelp payin` and `highhelp payout`: create, info, wait. Products and options are read from the contract."""

from __future__ import annotations

import inspect
import re
import shlex
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from highhelp import validation
from highhelp.cli import output
from highhelp.cli.fields import (
    BLOCKS,
    Field,
    assignment,
    at,
    check_known,
    creates,
    fields_of,
    fields_of_flow,
    infos,
    missing_secrets,
    node_at,
    put,
    typed,
)
from highhelp.cli.options import AsJson, Unmasked
from highhelp.cli.output import UsageProblem, guarded
from highhelp.cli.session import connected
from highhelp.errors import FieldProblem, InvalidRequest, MoneyError, OutcomeUnknown, SettingsError
from highhelp.money import Money
from highhelp.redact import masked
from highhelp_api.contract import CATALOGUES, EXPONENTS, SENSITIVE_PATHS, STATES, Operation

_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?:\s*(?P<currency>[A-Za-z]{3}))?", re.ASCII)
_SENSITIVE = {"pan": "a card number", "secret": "a secret"}


def flow_app(flow: str) -> typer.Typer:
    """The commands of one flow, `payin` or `payout`."""
    app = typer.Typer(no_args_is_help=True, help=f"Create a {flow}, see where it stands, wait for its end.")
    app.command("create", help=_create_help(flow))(_create(flow))
    app.command("info", help=f"Show where a {flow} stands.")(_info(flow))
    app.command(
        "wait",
        help=f"Wait until a {flow} is final. Each change is a line on standard error; the last state goes to standard "
        "output.",
    )(_wait(flow))
    return app


def _create_help(flow: str) -> str:
    return (
        f"Create a {flow}. The payment_id is printed before anything is sent, so that the payment can be found again "
        "whatever happens. The request is --body, then the options, then --set. Card numbers do not belong on a "
        "command line: give them with --body, with --set PATH=- (read from standard input), or leave them out and be "
        "asked."
    )


def _product(flow: str) -> Any:
    products = list(creates(flow))
    return Annotated[
        str, typer.Option("--product", help=f"One of {', '.join(products)}.", autocompletion=lambda: products)
    ]


def _operation(operations: Mapping[str, Operation], product: str, flow: str) -> Operation:
    if product not in operations:
        raise UsageProblem(f"--product: there is no {product!r} {flow}; there is {', '.join(operations)}")
    return operations[product]


# --- create --------------------------------------------------------------------------------------------------------


def _create(flow: str) -> Callable[..., None]:
    """The command; its options are those of the contract's request, so its signature is made here."""
    fields = fields_of_flow(flow)

    @guarded
    def create(**given: Any) -> None:
        operation = _operation(creates(flow), given["product"], flow)
        options = {name: given[name.replace("-", "_")] for name in fields}
        body = _body(operation, given, options)
        payment_id = _payment_id(body, given["payment_id"])
        state = _send(operation, body, payment_id)
        _show(state, as_json=given["as_json"], unmasked=given["unmasked"])

    parameters = _create_parameters(flow, fields)
    create.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
    create.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return create


def _create_parameters(flow: str, fields: Mapping[str, list[Field]]) -> list[inspect.Parameter]:
    def parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(
            name.replace("-", "_"), inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )

    def option(name: str, kind: Any, text: str, **more: Any) -> inspect.Parameter:
        return parameter(name, Annotated[kind, typer.Option(f"--{name}", help=text, **more)], None)

    made = [
        parameter("product", _product(flow), next(iter(creates(flow)))),
        option("amount", str | None, 'Major units, like "100.00 RUB" or 100.00 with --currency.'),
        option("currency", str | None, "ISO 4217 code.", autocompletion=lambda: list(CATALOGUES["Currency"])),
        option("payment-id", str | None, "Yours, unique within the project; made and printed if absent."),
    ]
    for name, alternatives in fields.items():
        known = [value for field in alternatives for value in field.known]
        paths = " or ".join(dict.fromkeys(field.path for field in alternatives))
        products = [tag for tag, operation in creates(flow).items() if name in fields_of(operation)]
        only = "" if len(products) == len(creates(flow)) else f" ({', '.join(products)} only)"
        kind = int | None if all(field.integer for field in alternatives) else str | None
        made.append(option(name, kind, f"{paths}{only}.", autocompletion=_offers(known)))
    made += [
        parameter(
            "assignments",
            Annotated[
                list[str] | None,
                typer.Option(
                    "--set", metavar="PATH=VALUE", help="Any field, like customer.phone=+7999...; PATH=- asks for it."
                ),
            ],
            None,
        ),
        option("body", str | None, "File with the JSON body, - for standard input.", metavar="FILE"),
        parameter("unmasked", Unmasked, default=False),
        parameter("as_json", AsJson, default=False),
    ]
    return made


def _offers(values: list[str]) -> Callable[[], list[str]]:
    return lambda: values


def _body(operation: Operation, given: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The request: the file's, then the options, then --set, then what only a person can be asked for."""
    body = output.read_object(given["body"], "--body") if given["body"] is not None else {}
    known = fields_of(operation)
    for name, value in options.items():
        if value is None:
            continue
        if name not in known:
            raise UsageProblem(f"--{name}: a {operation.tag} {operation.direction} has no such field")
        if isinstance(value, str):
            check_known(known[name], value)
        put(body, known[name].path, value, f"--{name}")
    amount = _amount(given["amount"], given["currency"], body)
    if amount is not None:
        put(body, "payment:amount", amount.minor, "--amount")
        put(body, "payment:currency", amount.currency, "--currency")
    for text in given["assignments"] or ():
        path, value = assignment(operation.request, text)
        put(body, path, typed(operation.request, path, _value(operation, path, value)), "--set")
    for block in BLOCKS:
        body.setdefault(block, {})  # so that what is missing is named, and not only its block
    for path in missing_secrets(operation, body) if sys.stdin.isatty() else ():
        put(body, path, typed(operation.request, path, _asked(path)), "input")
    return body


def _amount(text: str | None, currency: str | None, body: Mapping[str, Any]) -> Money | None:
    if text is None:
        if currency is not None:
            raise UsageProblem('--currency: goes with --amount, like --amount "100.00 RUB"')
        return None
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise UsageProblem(f'--amount: {text!r} is not an amount; write it like "100.00 RUB", with a point')
    named, in_body = match["currency"], at(body, "payment:currency")
    if named and currency and named.upper() != currency.upper():
        raise UsageProblem(f"--amount is in {named.upper()} and --currency is {currency.upper()}")
    code = (named or currency or (in_body if isinstance(in_body, str) else "")).upper()
    if not code:
        raise UsageProblem(f'--amount: {text} of what? Write it like "{text} RUB"')
    if code not in EXPONENTS:
        raise UsageProblem(f"--amount: {code} is not an ISO 4217 currency")
    try:
        amount = Money(match["number"], code)
    except MoneyError as error:
        raise UsageProblem(f"--amount: {error}, and {match['number']} has more") from None
    if not amount.amount:
        raise UsageProblem("--amount: must be above 0")
    return amount


def _value(operation: Operation, path: str, value: str) -> str:
    if value == "-":
        return _asked(path)
    kind = SENSITIVE_PATHS[operation.request].get(path)
    if kind in _SENSITIVE:
        dotted = path.replace(":", ".")
        text = (
            f"warning: {dotted} is {_SENSITIVE[kind]}; on a command line others can read it, and the shell's history "
            f"keeps it. Use --set {dotted}=- or --body"
        )
        output.show(text, err=True)
    return value


def _asked(path: str) -> str:
    """A value that is not to be seen: asked for on a terminal without echo, else a line of standard input."""
    name = path.replace(":", ".")
    if sys.stdin.isatty():
        text: str = typer.prompt(name, hide_input=True, err=True)
        return text.strip()
    line = sys.stdin.readline().strip()
    if not line:
        raise UsageProblem(f"--set {name}=-: standard input has no line for it")
    return line


def _payment_id(body: dict[str, Any], option: str | None) -> str:
    """The payment's id, put into the body; one that is made here is shown before anything leaves the machine."""
    present = at(body, "general:payment_id")
    if option is not None:
        put(body, "general:payment_id", option, "--payment-id")
        return option
    if isinstance(present, str):
        return present
    made = str(uuid.uuid4())
    put(body, "general:payment_id", made, "--payment-id")
    output.show(f"payment_id {made}", err=True)
    sys.stderr.flush()
    return made


def _send(operation: Operation, body: Mapping[str, Any], payment_id: str) -> dict[str, Any]:
    try:
        with connected() as client:
            answer: dict[str, Any] = client.call(operation.id, body, dict)
    except InvalidRequest as error:
        raise _by_option(operation, body, error) from None
    except KeyboardInterrupt:
        raise OutcomeUnknown(
            "interrupted; it may have been carried out", operation=operation.id, payment_id=payment_id, attempts=1
        ) from None
    return answer


def _by_option(operation: Operation, body: Mapping[str, Any], error: InvalidRequest) -> InvalidRequest:
    """The same refusal, with the options that stand for the fields; of a missing block, the fields that it needs."""
    names = {field.path: f"--{name}" for name, field in fields_of(operation).items()}
    names |= {"payment:amount": "--amount", "payment:currency": "--amount", "general:payment_id": "--payment-id"}
    problems = []
    for problem in _in_detail(operation, body, error.problems):
        known = next((field.known for field in fields_of(operation).values() if field.path == problem.path), ())
        hint = f" ({names[problem.path]})" if problem.path in names else ""
        if not hint and ":" not in problem.path and problem.path not in ("", "general", "payment"):
            needed = node_at(operation.request, problem.path).get("required") or ["FIELD"]
            hint = f" ({', '.join(f'--set {problem.path}.{name}=...' for name in needed)} or --body)"
        elif not hint and ":" in problem.path:
            asked = SENSITIVE_PATHS[operation.request].get(problem.path) in _SENSITIVE
            hint = f" (--set {problem.path.replace(':', '.')}={'-' if asked else '...'})"
        listed = f"; known are {', '.join(known)}" if known and problem.message == "is missing" else ""
        problems.append(FieldProblem(problem.path, f"{problem.message}{hint}{listed}"))
    return InvalidRequest(problems, operation=error.operation, payment_id=error.payment_id)


def _in_detail(
    operation: Operation, body: Mapping[str, Any], problems: Sequence[FieldProblem]
) -> Iterator[FieldProblem]:
    for problem in problems:
        deeper: list[FieldProblem] = []
        if problem.message == "is missing" and ":" not in problem.path and problem.path not in body:
            trial = validation.find_problems(operation.request, {**body, problem.path: {}})
            deeper = [found for found in trial if found.path.startswith(f"{problem.path}:")]
        yield from deeper or [problem]


# --- info and wait -------------------------------------------------------------------------------------------------

PaymentId = Annotated[str, typer.Argument(metavar="PAYMENT_ID", help="The merchant's id of the payment.")]


def _info(flow: str) -> Callable[..., None]:
    @guarded
    def info(payment_id: str, product: str, *, unmasked: bool, as_json: bool) -> None:
        operation = _operation(infos(flow), product, flow)
        with connected() as client:
            state: dict[str, Any] = client.call(operation.id, {"general": {"payment_id": payment_id}}, dict)
        _show(state, as_json=as_json, unmasked=unmasked)

    return _signed(info, flow, {"unmasked": (Unmasked, False), "as_json": (AsJson, False)})


def _wait(flow: str) -> Callable[..., None]:
    @guarded
    def wait(payment_id: str, product: str, timeout: float, *, unmasked: bool, as_json: bool) -> None:
        operation = _operation(infos(flow), product, flow)
        progress = Progress(as_json=as_json)
        try:
            state = _waited(operation, payment_id, timeout, progress)
        except SettingsError as error:
            raise UsageProblem(f"--{error}" if error.setting == "timeout" else str(error)) from None
        except KeyboardInterrupt:
            hint = f"`highhelp {flow} wait {shlex.quote(payment_id)} --product {product}` goes on waiting"
            seen = progress.last or "not at all"
            text = f"interrupted; {flow} {payment_id} was last seen {seen}, it goes on by itself"
            output.fail(UsageProblem(f"{text}. Next: {hint}"), output.UNKNOWN, as_json=as_json)
        _show(state, as_json=as_json, unmasked=unmasked)

    seconds = Annotated[float, typer.Option(help="Seconds until it gives up (exit code 3).")]
    more = {"timeout": (seconds, 600.0), "unmasked": (Unmasked, False), "as_json": (AsJson, False)}
    return _signed(wait, flow, more)


def _waited(operation: Operation, payment_id: str, timeout: float, progress: Progress) -> dict[str, Any]:
    from highhelp_api.client.models import PaymentState

    with connected(quiet=True) as client:
        state = client.wait(
            operation.id,
            {"general": {"payment_id": payment_id}},
            PaymentState.from_dict,
            timeout=timeout,
            on_change=lambda state: progress.changed(state.to_dict()),
        )
    return dict(state.to_dict())


class Progress:
    """Tells each change of a payment on standard error: a line, or with --json a line of JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._began = time.monotonic()
        self.last = ""

    def changed(self, state: Mapping[str, Any]) -> None:
        """Take note of a state."""
        self.last = _name(state)
        seconds = time.monotonic() - self._began
        if self._as_json:
            told = {name: state.get(name) for name in ("status", "sub_status", "status_description")}
            output.show(output.json_line({"seconds": round(seconds, 1), **masked(told)}), err=True)
            return
        meaning = _meaning(state)
        output.show(f"{seconds:6.1f} s  {self.last}{f'  {meaning}' if meaning else ''}", err=True)
        sys.stderr.flush()


def _signed(function: Callable[..., None], flow: str, more: Mapping[str, tuple[Any, Any]]) -> Callable[..., None]:
    """A command about one payment, with a signature for typer."""
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("payment_id", kind, annotation=PaymentId),
        inspect.Parameter("product", kind, default=next(iter(infos(flow))), annotation=_product(flow)),
        *(inspect.Parameter(name, kind, default=default, annotation=what) for name, (what, default) in more.items()),
    ]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return function


# --- showing a state -----------------------------------------------------------------------------------------------


def _name(state: Mapping[str, Any]) -> str:
    parts = (state.get("status"), state.get("sub_status"))
    return ":".join(output.one_line(part) for part in parts if isinstance(part, str) and part)


def _meaning(state: Mapping[str, Any]) -> str:
    told = state.get("status_description")
    if isinstance(told, str) and told:
        return output.one_line(masked(told))
    known = STATES.get(_name(state))
    return known.description if known is not None else ""


def _show(state: Mapping[str, Any], *, as_json: bool, unmasked: bool) -> None:
    """Print a state. Ends with exit code 1 where the payment is declined or failed."""
    shown = dict(state) if unmasked else masked(dict(state), "PaymentState")
    if as_json:
        output.show_json(shown)
    else:
        rows = [(path, value) for path, value in _rows(shown) if value not in (None, "")]
        output.show_table(["field", "value"], [("state", _name(shown)), ("meaning", _meaning(shown)), *rows])
    if state.get("status") in ("decline", "error"):
        raise typer.Exit(output.REFUSED)


def _rows(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, item in value.items():
        path = f"{prefix}{name}"
        if path in ("status", "sub_status", "status_description"):
            continue  # told above
        if isinstance(item, Mapping):
            rows += _rows({**item}, f"{path}.")
        elif isinstance(item, list):
            rows.append((path, output.json_line(item)))
        else:
            rows.append((path, item))
        if name == "amount" and "currency" in value:
            rows[-1] = (path, output.money(item, value["currency"]))
    return rows
