"""A shop: an order is paid on the gateway's hosted page, and credited exactly once when the callback comes.

Run: `HIGHHELP_HOME=./home SHOP_URL=http://127.0.0.1:8000 uvicorn shop:app`, then open the address. `SHOP_DATABASE` is
the SQLite file of orders and callbacks (default: shop.db); PostgreSQL works as well, with `postgresql://...`.
"""

from __future__ import annotations

import asyncio
import html
import os
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import sqlalchemy as sa
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from highhelp import AsyncCallbackInbox, AsyncHighHelp, HighHelpError, Money, MoneyError, asgi_receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection

    from highhelp import CallbackEvent

SHOP = os.environ.get("SHOP_URL", "http://127.0.0.1:8000")

client = AsyncHighHelp(callback_url=f"{SHOP}/callbacks")
inbox = AsyncCallbackInbox(os.environ.get("SHOP_DATABASE", "shop.db"))

tables = sa.MetaData()
orders = sa.Table(
    "orders",
    tables,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),  # minor units
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("credits", sa.Integer, nullable=False),
)


async def credit(event: CallbackEvent, connection: AsyncConnection) -> None:
    """Handle a final status, in the transaction that marks the event as done."""
    paid = event.status == "success"
    await connection.execute(
        orders.update()
        .where(orders.c.id == event.payment_id)
        .values(state="paid" if paid else "declined", credits=orders.c.credits + int(paid))
    )


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Create the tables, and handle callbacks while the shop is open."""
    await inbox.create_schema()
    async with inbox.engine.begin() as connection:
        await connection.run_sync(tables.create_all)
    stop = asyncio.Event()
    worker = asyncio.create_task(inbox.run(credit, stop=stop, poll=0.2))
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
    return HTMLResponse(
        '<form method="post" action="/orders"><input name="amount" value="100.00"> RUB <button>Pay</button></form>'
    )


@app.post("/orders")
async def order(request: Request) -> RedirectResponse:
    """Store an order, and send the visitor to the payment page."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    try:
        money = Money(form.get("amount", [""])[0], "RUB")
    except MoneyError as error:
        raise HTTPException(422, str(error)) from None
    order_id = f"order-{uuid.uuid4()}"
    # the order is stored before the gateway knows of it, so no callback can come for a missing order
    async with inbox.engine.begin() as connection:
        row = {"id": order_id, "amount": money.minor, "currency": money.currency, "state": "open", "credits": 0}
        await connection.execute(orders.insert().values(row))
        await inbox.expect(order_id, money, connection=connection)  # a success with another sum is parked
    return RedirectResponse(f"/orders/{order_id}/pay", 303)


@app.get("/orders/{order_id}/pay")
async def pay(order_id: str) -> RedirectResponse:
    """Open the payment page. Safe to repeat: the order's id is the payment's, and a payment_id is paid once."""
    found = await _order(order_id)
    money = Money.from_minor(found.amount, found.currency)
    back = f"{SHOP}/orders/{order_id}"
    try:
        state = await client.widget.create_payin(payment_id=order_id, amount=money, redirect_url=back)
    except HighHelpError as error:
        # safe whatever the error: the same address may be opened again
        raise HTTPException(502, f"the payment page cannot be opened now ({type(error).__name__})") from error
    if not state.integration or not state.integration.form_url:
        raise HTTPException(409, f"the payment is {state.status}")
    return RedirectResponse(state.integration.form_url, 303)


@app.get("/orders/{order_id}")
async def shown(order_id: str) -> HTMLResponse:
    """Show the state of an order as the gateway reported it; that the visitor came back proves nothing."""
    found = await _order(order_id)
    return HTMLResponse(f"<p>{html.escape(order_id)}: <b>{found.state}</b>, credited {found.credits} times</p>")


async def _order(order_id: str) -> sa.Row[tuple[str, int, str, str, int]]:
    async with inbox.engine.connect() as connection:
        found = (await connection.execute(sa.select(orders).where(orders.c.id == order_id))).one_or_none()
    if found is None:
        raise HTTPException(404, "there is no such order")
    return found
