"""A program as a user writes it: every public name with its types. mypy --strict and pyright have to accept it.

It is never run. Lines that end with `# wrong` hold a wrong type, and both tools have to refuse each of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from decimal import Decimal

import httpx
from sqlalchemy import Connection

import highhelp
from highhelp import (
    ApiResponse,
    AskedPayin,
    AsyncCallbackInbox,
    AsyncCallbackStore,
    AsyncHighHelp,
    AsyncHTTPTransport,
    AsyncPayoutGuard,
    CallbackEvent,
    CallbackInbox,
    CallbackRejected,
    CallbackStore,
    CallbackVerifier,
    CallError,
    DuplicatePayment,
    FieldProblem,
    HandlerCommits,
    HighHelp,
    HighHelpError,
    HmacSigner,
    HTTPTransport,
    InboxRefusal,
    InvalidRequest,
    KeyRing,
    Money,
    MoneyError,
    NoSuchPayout,
    NotSent,
    OutboxPublisher,
    OutcomeUnknown,
    PaymentEnded,
    Payout,
    PayoutBook,
    PayoutBusy,
    PayoutConflict,
    PayoutGuard,
    PayoutRefusal,
    PayoutUnsettled,
    RawResponse,
    Rejected,
    RowsRefused,
    RsaSigner,
    SettingsError,
    SignatureAuth,
    SignatureScheme,
    Signer,
    Unavailable,
    VerifiedCallback,
    WaitTimeout,
    asgi_receiver,
    django_receiver,
    explain,
    flask_receiver,
    models,
    nats_sender,
    normalize,
    rabbit_sender,
    signing_message,
    wsgi_receiver,
)
from highhelp_mock import MockGateway, create_app

PAYIN = models.P2PPayinRequest(
    general=models.General(payment_id="order-1", merchant_callback_url="https://shop.example/callbacks"),
    payment=models.P2PPayinPayment(
        method=models.Method.CARD_P2P, amount=Money("100.00", "RUB").minor, currency=models.Currency.RUB
    ),
)


def pay(client: HighHelp) -> models.PaymentState | None:
    try:
        state = client.p2p.create_payin(PAYIN, timeout=30)
    except InvalidRequest as error:
        problems: tuple[FieldProblem, ...] = error.problems
        print([(problem.path, problem.message) for problem in problems])
    except DuplicatePayment as error:
        return error.existing
    except Rejected as error:
        status: int = error.status
        cause: str = error.cause
        skew: float | None = error.clock_skew
        print(status, cause, skew, error.request_id, error.description)
    except OutcomeUnknown as error:
        found: bool | None = error.found
        print(error.operation, error.payment_id, error.attempts, found)
    except (NotSent, Unavailable) as error:
        base: CallError = error
        print(base.attempts)
    except (WaitTimeout, PaymentEnded) as error:
        return error.last
    except (SettingsError, MoneyError, HighHelpError) as error:
        print(error)
    else:
        print(str(state.status), state.sub_status, state.status_description, state.status.is_known)
        return state
    return None


def wait(client: HighHelp) -> models.PaymentState:
    def changed(state: models.PaymentState) -> None:
        print(state.status)

    cancel = threading.Event()
    return client.p2p.wait_payin("order-1", timeout=600, on_change=changed, cancel=cancel)


def show_payer(client: HighHelp) -> str | None:
    return client.p2p.wait_requisites("order-1", timeout=60).requisites.pan


def raw(client: HighHelp) -> tuple[int, str | None]:
    response: ApiResponse[models.PaymentState] = client.p2p.with_raw_response.create_payin(PAYIN)
    return response.status, response.parsed.payment_id


def one_line(client: HighHelp, body: bytes, headers: Mapping[str, str]) -> models.Status:
    print(client.with_options(timeout=5, callback_url="https://shop.example/callbacks").callback_keys)
    return client.callbacks.verify(body, headers).callback.status.status


def services(client: HighHelp) -> RawResponse:
    balance: models.BalanceResponse = client.service.balance()
    print(balance, client.service.banks, client.service.payment_methods, client.ecom.confirm_3ds, client.widget)
    return client.request("/api/v1/anything", {"a": 1}, timeout=5)


async def asynchronous(client: AsyncHighHelp) -> models.PaymentState:
    async with client:
        await asyncio.gather(client.p2p.create_payin(PAYIN), client.service.balance())
        return await client.p2p.wait_payin("order-1")


def clients(signer: Signer) -> tuple[HighHelp, AsyncHighHelp]:
    scheme = SignatureScheme(digest="double", padding=True)
    sync = HighHelp(
        base_url="https://gateway.example",
        project_id="p",
        signer=signer,
        scheme=scheme,
        timeout=10,
        total_timeout=60.0,
        proxy="http://proxy.example:3128",
        ca_file="ca.pem",
        client_certificate=("cert.pem", "key.pem"),
        max_connections=10,
        clock=lambda: 0.0,
    )
    return sync, AsyncHighHelp(http_client=httpx.AsyncClient())


def signers() -> list[Signer]:
    return [RsaSigner.from_pem("private_key.pem"), HmacSigner("k" * 32), HmacSigner.from_file("key.txt")]


def money() -> tuple[Money, Decimal, int, str]:
    amount = Money(Decimal(1), "USD") + Money.from_minor(100, "USD")
    return amount, amount.amount, amount.minor, amount.currency


def callback(keys: Mapping[str, KeyRing], raw: bytes, headers: Mapping[str, str]) -> str | None:
    verifier = CallbackVerifier(keys, tolerance=300)
    try:
        event: VerifiedCallback = verifier.verify(raw, headers)
    except CallbackRejected as error:
        print(error.reason)
        return None
    return event.payment_id


def inbox(keys: Mapping[str, KeyRing], raw: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    def credit(event: CallbackEvent, connection: Connection) -> None:
        print(event.payment_id, event.status, event.money, event.key, connection)

    def show(event: CallbackEvent) -> None:
        print(event.state, event.requisites, event.callback.general.payment_id, event.source)

    with CallbackInbox("shop.db", keys=keys, lease=60) as store:
        store.expect("order-1", Money("100.00", "RUB"))
        number: int = store.process(credit, show, limit=10)
        print(number, store.stats())
        return store.receive(raw, headers)


def lost(inbox: CallbackInbox, client: HighHelp) -> list[AskedPayin]:
    print(inbox.ask(client, "order-1", product="p2p").status.is_known)
    return list(inbox.reconcile(client))


async def asynchronous_inbox(raw: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    async def credit(event: CallbackEvent) -> None:
        print(event.amount, event.currency)

    store = AsyncCallbackInbox("postgresql://127.0.0.1/shop")
    await store.process(credit)
    return await store.receive(raw, headers)


def payouts(client: HighHelp, request: models.P2PPayoutRequest, event: CallbackEvent) -> list[str]:
    with PayoutGuard(client, "shop.db") as guard:
        sent = guard.send(request)
        guard.settle(event)
        return [sent.state, guard.status("payout-1").state, *(payout.payment_id for payout in guard.recover())]


async def asynchronous_payouts(client: AsyncHighHelp, request: models.P2PPayoutRequest) -> str:
    async with AsyncPayoutGuard(client, "shop.db") as guard:
        return (await guard.send(request)).state


def transports(signer: Signer) -> tuple[HighHelp, AsyncHighHelp]:
    ours = HTTPTransport(proxy="http://proxy.example:3128", limits=httpx.Limits(max_connections=5))
    return HighHelp(signer=signer, transport=ours), AsyncHighHelp(signer=signer, transport=AsyncHTTPTransport())


def receivers(inbox: CallbackInbox, late: AsyncCallbackInbox) -> list[object]:
    made: list[object] = [asgi_receiver(late), django_receiver(inbox)]
    return [*made, wsgi_receiver(inbox), flask_receiver(inbox)]


async def publishing() -> int:
    async with rabbit_sender("amqp://127.0.0.1", queue="events") as send:
        publisher = OutboxPublisher("shop.db", send)
        sent: int = await publisher.publish()
    async with nats_sender("nats://127.0.0.1", stream="events", subject="paid") as other:
        return sent + await OutboxPublisher("shop.db", other).publish()


def stores() -> tuple[CallbackStore, AsyncCallbackStore]:
    return CallbackStore("shop.db"), AsyncCallbackStore("shop.db")


def books() -> list[Payout]:
    try:
        with PayoutBook("shop.db") as book:
            return list(book.list(limit=1))
    except (NoSuchPayout, PayoutBusy, PayoutConflict, PayoutUnsettled, RowsRefused, HandlerCommits) as error:
        print(error)
    except (PayoutRefusal, InboxRefusal) as error:
        print(error)
    return []


def signature(signer: Signer) -> bytes:
    text: str = normalize({"a": 1})
    message: bytes = signing_message({"a": 1}, 1700000000, SignatureScheme())
    auth = SignatureAuth("p", signer, origin="https://gateway.example")
    httpx.Client(auth=auth).post("https://gateway.example", content=text)
    return signer.sign(message)


def explanation(body: bytes, headers: Mapping[str, str], keys: KeyRing) -> object:
    return explain(body, headers, keys)


def testing() -> None:
    gateway = MockGateway()
    create_app(gateway)
    HighHelp(base_url="https://gateway.example", transport=gateway.transport)


def mistakes(client: HighHelp) -> None:
    HighHelp(project_id=5)  # wrong
    HighHelp(timeout="10")  # wrong
    HighHelp(signer="key")  # wrong
    HighHelp(no_such_setting=True)  # wrong
    client.p2p.create_payin(5)  # wrong
    client.p2p.create_payin(models.P2PPayoutRequest)  # wrong
    client.p2p.get_payin(5)  # wrong
    client.p2p.get_payin()  # wrong
    client.p2p.wait_payin("x", timeout="long")  # wrong
    client.p2p.wait_payin("x", on_change=5)  # wrong
    models.P2PPayinPayment(method="card-p2p", amount=100.0, currency=models.Currency.RUB)  # wrong
    Money(1.5, "RUB")  # wrong
    state: str = client.p2p.get_payin("x")  # wrong
    CallbackVerifier("keys")  # wrong
    CallbackInbox(5)  # wrong
    CallbackInbox("shop.db", lase=60)  # wrong
    CallbackInbox("shop.db", lease="long")  # wrong
    PayoutGuard(client, "shop.db", no_such_setting=True)  # wrong
    PayoutGuard("shop.db")  # wrong
    CallbackInbox("shop.db").process(5)  # wrong
    CallbackInbox("shop.db").expect("order-1", 100)  # wrong
    normalize({"a": 1}, scheme="double")  # wrong
    highhelp.no_such_name  # wrong
    print(state)
