"""`highhelp payin` and `highhelp payout`: create, info, wait. Products and options are read from the contract."""

import inspect
import json
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from highhelp.cli import output
from highhelp.cli.fields import OptionField, creates, fields_of, fields_of_direction, info_operations
from highhelp.cli.options import AsJson, Unmasked, offer
from highhelp.cli.output import FAILED_STATUSES, ExitCode, UsageProblem, report_errors
from highhelp.cli.request_body import build_body, name_options, set_payment_id
from highhelp.cli.session import connect, database_in_use, open_guard
from highhelp.errors import InvalidRequest, OutcomeUnknown, SettingsError, WaitTimeout
from highhelp.redact import masked, masking
from highhelp.settings import Source
from highhelp_api.contract import STATES, Operation

# no `from __future__ import annotations`: typer reads the annotations of commands that are built for a direction

PaymentId = Annotated[str, typer.Argument(metavar="PAYMENT_ID", help="The merchant's id of the payment.")]


def direction_app(direction: str) -> typer.Typer:
    """Build the commands of one direction, `payin` or `payout`."""
    app = typer.Typer(no_args_is_help=True, help=f"Create a {direction}, show its state, wait for its end.")
    app.command(
        "create",
        help=f"Create a {direction}.\n\nThe payment_id is printed before anything is sent, so it can always be "
        "found again. The request is --body, changed by the options, then by --set. Card numbers do not belong on a "
        "command line: give them with --body, with --set PATH=- (read from standard input), or leave them out and be "
        "asked.",
    )(_make_create(direction))
    app.command("info", help=f"Show the state of a {direction}.")(_make_info(direction))
    app.command(
        "wait",
        help=f"Wait until a {direction} is final.\n\nEach change is a line on standard error; the last state goes to "
        "standard output.",
    )(_make_wait(direction))
    return app


def _product_option(direction: str) -> Any:
    products = list(creates(direction))
    return typer.Option("--product", help=f"One of {', '.join(products)}.", autocompletion=lambda: products)


def _find_operation(operations: Mapping[str, Operation], product: str, direction: str) -> Operation:
    if product not in operations:
        raise UsageProblem(f"--product: there is no {product!r} {direction}; known are {', '.join(operations)}")
    return operations[product]


# --- create --------------------------------------------------------------------------------------------------------


def _make_create(direction: str) -> Callable[..., None]:
    """Build the command with a signature for typer; its options are the fields of the contract's request."""
    fields = fields_of_direction(direction)

    @report_errors
    def create(**given: Any) -> None:
        operation = _find_operation(creates(direction), given["product"], direction)
        options = {name: given[name.replace("-", "_")] for name in fields}
        body = build_body(operation, given, options)
        payment_id, generated = set_payment_id(body, given["payment_id"])
        with masking(json.dumps(body).encode()):  # a description may repeat what was sent
            state = _send(operation, body, payment_id, generated=generated, as_json=given["as_json"])
            _show(state, as_json=given["as_json"], unmasked=given["unmasked"])

    parameters = _create_parameters(direction, fields)
    create.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
    create.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return create


def _create_parameters(direction: str, fields: Mapping[str, list[OptionField]]) -> list[inspect.Parameter]:
    def parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(
            name.replace("-", "_"), inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )

    def option(name: str, kind: Any, text: str, **more: Any) -> inspect.Parameter:
        return parameter(name, Annotated[kind, typer.Option(f"--{name}", help=text, **more)], None)

    parameters = [
        parameter("product", Annotated[str, _product_option(direction)], next(iter(creates(direction)))),
        option("amount", str | None, 'Major units, like "100.00 RUB" or 100.00 with --currency.'),
        option("currency", str | None, "ISO 4217 code.", autocompletion=offer("Currency")),
        option("payment-id", str | None, "Yours, unique within the project; generated and printed if absent."),
    ]
    for name, alternatives in fields.items():
        known = [value for field in alternatives for value in field.known]
        paths = " or ".join(dict.fromkeys(field.path for field in alternatives))
        products = [tag for tag, operation in creates(direction).items() if name in fields_of(operation)]
        only = "" if len(products) == len(creates(direction)) else f" ({', '.join(products)} only)"
        kind = int | None if all(field.integer for field in alternatives) else str | None
        parameters.append(option(name, kind, f"{paths}{only}.", autocompletion=_offer(known)))
    assignments = typer.Option(
        "--set", metavar="PATH=VALUE", help="Any field, like customer.phone=+7999...; PATH=- reads the value."
    )
    return [
        *parameters,
        parameter("assignments", Annotated[list[str] | None, assignments], None),
        option("body", str | None, "File with the JSON body, - for standard input.", metavar="FILE"),
        parameter("unmasked", Unmasked, default=False),
        parameter("as_json", AsJson, default=False),
    ]


def _offer(values: list[str]) -> Callable[[], list[str]]:
    return lambda: values


def _send(
    operation: Operation, body: Mapping[str, Any], payment_id: str, *, generated: bool, as_json: bool
) -> dict[str, Any]:
    guarded = operation.direction == "payout" and database_in_use(Source.load()) is not None
    announced = False

    def announce(*_: object) -> None:
        """Print what is needed to find the payment again, before its first byte leaves."""
        nonlocal announced
        if announced:
            return
        announced = True
        if generated:
            output.show(f"payment_id {payment_id}", err=True)
        if operation.direction == "payout" and not guarded:
            output.show(_NOT_GUARDED, err=True)

    try:
        if not guarded:
            with connect(on_request=announce) as client:
                return client.call(operation.id, body, dict[str, Any])
        payout = _send_guarded(operation, body, announce, as_json=as_json)
    except InvalidRequest as error:
        raise name_options(operation, body, error) from None
    except KeyboardInterrupt:
        raise OutcomeUnknown(
            "interrupted; it may have been carried out", operation=operation.id, payment_id=payment_id, attempts=1
        ) from None
    if not announced:
        output.show(f"payout {payment_id} was sent before; nothing was sent now", err=True)
    return payout


_NOT_GUARDED = (
    "note: no database is set (HIGHHELP_DATABASE_URL), so this payout is not in `highhelp payouts list`, and only the "
    "gateway keeps it from being paid twice"
)


def _send_guarded(
    operation: Operation, body: Mapping[str, Any], announce: Callable[..., None], *, as_json: bool
) -> dict[str, Any]:
    """Send a payout through the guard and return its state as the gateway would report it."""
    from highhelp import PayoutBusy, PayoutUnsettled

    try:
        with open_guard(quiet=False, on_request=announce) as guard:
            payout = guard.send(body, operation=operation.id)
    except (PayoutBusy, PayoutUnsettled) as error:
        output.fail(error, ExitCode.UNKNOWN, as_json=as_json)
    state = {name: getattr(payout, name) for name in ("status", "sub_status", "request_id", "payment_id")}
    return {**state, "payment_info": {"amount": payout.amount, "currency": payout.currency, "type": "payout"}}


# --- info and wait -------------------------------------------------------------------------------------------------


def _make_info(direction: str) -> Callable[..., None]:
    operations = info_operations(direction)

    @report_errors
    def info(
        payment_id: PaymentId,
        product: Annotated[str, _product_option(direction)] = next(iter(operations)),
        unmasked: Unmasked = False,
        as_json: AsJson = False,
    ) -> None:
        operation = _find_operation(operations, product, direction)
        with connect() as client:
            state: dict[str, Any] = client.call(operation.id, {"general": {"payment_id": payment_id}}, dict)
        _show(state, as_json=as_json, unmasked=unmasked)

    return info


def _make_wait(direction: str) -> Callable[..., None]:
    operations = info_operations(direction)

    @report_errors
    def wait(
        payment_id: PaymentId,
        product: Annotated[str, _product_option(direction)] = next(iter(operations)),
        timeout: Annotated[float, typer.Option(help="Seconds to wait at most (exit code 3).")] = 600.0,
        unmasked: Unmasked = False,
        as_json: AsJson = False,
    ) -> None:
        operation = _find_operation(operations, product, direction)
        state = _wait_for_end(operation, payment_id, timeout, as_json=as_json)
        _show(state, as_json=as_json, unmasked=unmasked)

    return wait


def _wait_for_end(operation: Operation, payment_id: str, timeout: float, *, as_json: bool) -> dict[str, Any]:
    from highhelp_api.client.models import PaymentState

    began, seen = time.monotonic(), "not at all"

    def show_change(state: PaymentState) -> None:
        nonlocal seen
        seen = _name(state.to_dict())
        _show_change(state.to_dict(), time.monotonic() - began, as_json=as_json)

    body = {"general": {"payment_id": payment_id}}
    try:
        with connect(quiet=True) as client:
            last = client.wait(operation.id, body, PaymentState.from_dict, timeout=timeout, on_change=show_change)
    except SettingsError as error:
        raise UsageProblem(f"--{error}" if error.setting == "timeout" else str(error)) from None
    except KeyboardInterrupt:
        raise WaitTimeout(
            f"interrupted; last seen {seen}, it goes on by itself",
            operation=operation.id,
            payment_id=payment_id,
            attempts=0,
            last=None,
            cancelled=True,
        ) from None
    return dict(last.to_dict())


def _show_change(state: Mapping[str, Any], seconds: float, *, as_json: bool) -> None:
    """Print a change on standard error: a line, or with --json a line of JSON."""
    if as_json:
        shown = masked({name: state.get(name) for name in ("status", "sub_status", "status_description")})
        output.show(output.json_line({"seconds": round(seconds, 1), **shown}), err=True)
    else:
        output.show(f"{seconds:6.1f} s  {_name(state)}  {_meaning(state)}".rstrip(), err=True)


# --- showing a state -----------------------------------------------------------------------------------------------


def _name(state: Mapping[str, Any]) -> str:
    parts = (state.get("status"), state.get("sub_status"))
    return ":".join(output.one_line(part) for part in parts if isinstance(part, str) and part)


def _meaning(state: Mapping[str, Any]) -> str:
    description = state.get("status_description")
    if isinstance(description, str) and description:
        return output.one_line(masked(description))
    known = STATES.get(_name(state))
    return known.description if known is not None else ""


_SHOWN_ABOVE = ("status", "sub_status", "status_description")


def _show(state: Mapping[str, Any], *, as_json: bool, unmasked: bool) -> None:
    """Print a state. Ends with exit code 1 where the payment is declined or failed."""
    shown = dict(state) if unmasked else masked(dict(state), "PaymentState")
    if as_json:
        output.show_json(shown)
    else:
        rows = [row for row in output.flatten(shown) if row[0] not in _SHOWN_ABOVE and row[1] not in (None, "")]
        output.show_table(["field", "value"], [("state", _name(shown)), ("meaning", _meaning(shown)), *rows])
    if state.get("status") in FAILED_STATUSES:
        raise typer.Exit(ExitCode.REFUSED)
