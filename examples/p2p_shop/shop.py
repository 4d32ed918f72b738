"""A P2P shop: the payer is shown a card to pay to, and the order is credited exactly once.

Run: `HIGHHELP_HOME=./home SHOP_URL=http://127.0.0.1:8000 SHOP_DATABASE=postgresql:///shop uvicorn shop:app`, then open
the address. It may be killed at any moment and started again.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import sqlalchemy as sa
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from highhelp import (
    AsyncCallbackInbox,
    AsyncHighHelp,
    HighHelpError,
    Money,
    MoneyError,
    PaymentEnded,
    Rejected,
    asgi_receiver,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection

    from highhelp import CallbackEvent

SHOP = os.environ.get("SHOP_URL", "http://127.0.0.1:8000")
client = AsyncHighHelp(callback_url=f"{SHOP}/callbacks")
inbox = AsyncCallbackInbox(os.environ["SHOP_DATABASE"])

tables = sa.MetaData()
orders = sa.Table(
    "orders",
    tables,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),  # minor units
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("credits", sa.Integer, nullable=False),
)

PAGE = """<!doctype html><meta charset="utf-8"><title>Pay</title><link rel="icon" href="data:,">
<h1>Looking for a card to pay to ...</h1><p></p>
<script>
const show = (what, where) => { h1.textContent = what; p.textContent = where; };
const [h1, p] = [document.querySelector("h1"), document.querySelector("p")];
const ask = async (what) => (await fetch(location.pathname + what)).json();
const again = (step) => step().catch(() => true).then((more) => more && setTimeout(() => again(step), 500));
again(async () => {  // where to pay
  const found = await ask("/details");
  if (found.pan) show(`Pay ${found.amount} to ${found.pan}`, found.to);
  return !found.pan && !found.ended;
});
again(async () => {  // how it ended
  const order = await ask("/state");
  if (order.state !== "open") show(`The order is ${order.state}.`, "");
  return order.state === "open";
});
</script>"""


async def credit(event: CallbackEvent, connection: AsyncConnection) -> None:
    """Handle a final status, in the transaction that marks the event as done."""
    paid = int(event.status == "success")
    values = {"state": "paid" if paid else "declined", "credits": orders.c.credits + paid}
    await connection.execute(orders.update().where(orders.c.id == event.payment_id).values(values))


async def work(stop: asyncio.Event) -> None:
    """Ask about payments that ended while the shop was closed, then handle callbacks."""
    with suppress(HighHelpError):
        await inbox.reconcile(client)
    await inbox.run(credit, stop=stop, poll=0.2)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Create the tables, and work while the shop is open."""
    await inbox.create_schema()
    async with inbox.engine.begin() as connection:
        await connection.run_sync(tables.create_all)
    stop = asyncio.Event()
    worker = asyncio.create_task(work(stop))
    yield
    stop.set()
    await worker
    await inbox.close()
    await client.aclose()


app = FastAPI(lifespan=lifespan)
app.router.routes.append(Route("/callbacks", asgi_receiver(inbox)))


@app.get("/")
async def counter() -> HTMLResponse:
    """Ask what the visitor wants to pay."""
    return HTMLResponse('<form method="post" action="/orders"><input name="amount"><button>Pay</button></form>')


@app.post("/orders")
async def order(request: Request) -> RedirectResponse:
    """Store an order with the amount it expects, and show the visitor its page."""
    try:
        money = Money(parse_qs((await request.body()).decode("utf-8", "replace"))["amount"][0], "RUB")
    except (MoneyError, KeyError):
        raise HTTPException(422, "an amount is written like 100.00") from None
    order_id = f"order-{uuid.uuid4()}"
    async with inbox.engine.begin() as connection:
        await connection.execute(orders.insert().values(id=order_id, amount=money.minor, state="open", credits=0))
        await inbox.expect(order_id, money, connection=connection)
    return RedirectResponse(f"/orders/{order_id}", 303)


@app.get("/orders/{order_id}")
async def page(order_id: str) -> HTMLResponse:
    """Show the page of an order."""
    await _order(order_id)
    return HTMLResponse(PAGE)


@app.get("/orders/{order_id}/details")
async def details(order_id: str) -> dict[str, Any]:
    """Say where to pay. Safe to repeat: the order's id is the payment's, and a payment_id is paid once."""
    money = Money.from_minor((await _order(order_id)).amount, "RUB")
    try:
        with suppress(Rejected):  # it was created before
            await client.p2p.create_payin(payment_id=order_id, amount=money, method="card-p2p")
        found = (await client.p2p.wait_requisites(order_id, timeout=20)).requisites
    except PaymentEnded:
        return {"ended": True}
    except HighHelpError:  # safe whatever the error: the page asks again
        return {}
    return {"pan": found.pan, "to": f"{found.card_holder}, {found.bank_name}", "amount": str(money)}


@app.get("/orders/{order_id}/state")
async def state(order_id: str) -> dict[str, Any]:
    """Return the state of an order as the gateway reported it."""
    found = await _order(order_id)
    return {"state": found.state, "credits": found.credits}


async def _order(order_id: str) -> sa.Row[tuple[str, int, str, int]]:
    async with inbox.engine.connect() as connection:
        found = (await connection.execute(sa.select(orders).where(orders.c.id == order_id))).one_or_none()
    if found is None:
        raise HTTPException(404, "there is no such order")
    return found
