"""Each example moves money, or handles what became of it, exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import re
import secrets
import shutil
import socket
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aio_pika
import httpx
import pytest

from highhelp import CallbackStore, HighHelp, PayoutBook, models
from highhelp_mock import MockGateway
from tests.examples.conftest import EXAMPLES, free_port
from tests.requirements import require
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from tests.examples.conftest import Gateway, Programs

pytestmark = pytest.mark.slow

PAYS = "4000009000001001"
"""The card of the mock gateway's scenario `payout success`."""
DECLINES = "4000009000001019"
SERVER = """
import contextlib, sys
from wsgiref.simple_server import make_server
from tasks import receiver
with contextlib.suppress(KeyboardInterrupt):
    make_server("127.0.0.1", int(sys.argv[1]), receiver).serve_forever()
"""
NAMES = {path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name != "__pycache__"}


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """What a database holds; nothing while its tables are not there yet."""
    if not database.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        made = {name for (name,) in connection.execute("select name from sqlite_master")}
        return connection.execute(query).fetchall() if query.rpartition(" ")[2] in made else []


def pay_in(gateway: Gateway, payment_id: str, callbacks: str) -> None:
    """A pay-in of 100.00 RUB that succeeds by itself, reporting to an address."""
    with HighHelp(home=gateway.home, environ={}) as client:
        client.p2p.create_payin(
            models.P2PPayinRequest(
                general=models.General(
                    payment_id=payment_id,
                    merchant_callback_url=callbacks,
                    merchant_success_callback_url=callbacks,
                    merchant_decline_callback_url=callbacks,
                ),
                payment=models.P2PPayinPayment(
                    method=models.Method.CARD_P2P, amount=10000, currency=models.Currency.RUB
                ),
            )
        )
    gateway.travel(10)


def test_every_example_is_told_of() -> None:
    told = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)/`", told, re.MULTILINE)) == NAMES
    for path in EXAMPLES.rglob("*"):
        if path.suffix == ".py" and path.parent.parent == EXAMPLES:
            assert re.match(r'""".+\n(.*\n)*?.*Run: `', path.read_text(encoding="utf-8")), path
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert tests.count("EXAMPLES / ") >= len(NAMES)


def test_the_plain_script(gateway: Gateway, programs: Programs) -> None:
    script = EXAMPLES / "plain_script" / "payin.py"
    payment_id = f"plain-{secrets.token_hex(4)}"
    for _ in range(2):  # the second run finds the same payment
        done = programs.run(sys.executable, script, payment_id, "100.00", "RUB")
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith(f"{payment_id}: success\n")
    payment = gateway.payment(payment_id)
    assert (payment["status"], payment["amount"], payment["currency"]) == ("success", 10000, "RUB")
    declined = programs.run(sys.executable, script, f"{payment_id}-no", "9000.02", "RUB")
    assert (declined.returncode, declined.stdout) == (1, f"{payment_id}-no: decline\n")
    assert programs.run(sys.executable, script, f"{payment_id}-no", "1.001", "RUB").returncode == 4


def test_generated_client(gateway: Gateway, programs: Programs) -> None:
    script = EXAMPLES / "generated_client" / "payin.py"
    payment_id = f"generated-{secrets.token_hex(4)}"
    gateway.fault("create_p2p_payin", "drop_response_after_commit")
    first = programs.run(sys.executable, script, payment_id, "10000", "RUB")
    assert (first.returncode, first.stdout) == (0, f"{payment_id}: success\n"), first.stderr
    assert "the payment may exist" in first.stderr
    again = programs.run(sys.executable, script, payment_id, "10000", "RUB")
    assert (again.returncode, again.stdout) == (0, f"{payment_id}: success\n")
    other = programs.run(sys.executable, script, payment_id, "10001", "RUB")
    assert other.stderr.startswith("HTTP 409: ")
    declined = programs.run(sys.executable, script, f"{payment_id}-no", "900002", "RUB")
    assert (declined.returncode, declined.stdout) == (1, f"{payment_id}-no: decline\n")


def test_the_fastapi_shop(gateway: Gateway, programs: Programs) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "uvicorn", "--port", str(port), "--log-level", "warning", "shop:app"]
    settings = {"SHOP_URL": url, "SHOP_DATABASE": str(programs.directory / "shop.db")}
    folder = EXAMPLES / "fastapi_shop"
    with (
        programs.running(*command, ready=url, cwd=folder, environ=settings),
        httpx.Client(base_url=url, timeout=PATIENCE) as visitor,
    ):
        assert visitor.post("/orders", data={"amount": "1.001"}).status_code == 422
        noted = visitor.post("/orders", data={"amount": "250.00"})
        assert noted.status_code == 303
        order = noted.headers["location"].split("/")[2]
        gateway.fault("create_widget_payin", "http_500", times=9)
        assert visitor.get(noted.headers["location"]).status_code == 502
        httpx.post(f"{gateway.url}/_mock/faults/clear", timeout=PATIENCE).raise_for_status()
        pages = {visitor.get(noted.headers["location"]).headers["location"] for _ in range(2)}
        assert len(pages) == 1  # opened twice, one payment
        assert httpx.get(pages.pop(), timeout=PATIENCE).status_code == 200
        assert "<b>open</b>, credited 0 times" in visitor.get(f"/orders/{order}").text
        # a genuine success with another sum than the order's is taken in, and credits nothing
        info = {"payment_info": {"amount": 1, "currency": "RUB", "type": "payin"}}
        other = MockGateway(gateway.home).signed_callback(order, "success", body=info)
        assert visitor.post("/callbacks", content=other.body, headers=dict(other.headers)).status_code == 200
        gateway.advance(order, "success")  # what the payer does on the page is tested with the page
        eventually(lambda: "<b>paid</b>, credited 1 times" in visitor.get(f"/orders/{order}").text, "the order is paid")
        assert gateway.payment(order)["amount"] == 25000
        with CallbackStore(settings["SHOP_DATABASE"], environ={}) as store:
            assert [(one["payment_id"], one["amount"]) for one in store.list(state="parked")] == [(order, 1)]
        assert visitor.post("/callbacks", content=b"{}").status_code == 401
        assert visitor.get("/orders/nobody").status_code == 404


def test_the_flask_receiver(gateway: Gateway, programs: Programs) -> None:
    folder = EXAMPLES / "flask_receiver"
    url = f"http://127.0.0.1:{(port := free_port())}/callbacks"
    flask = [sys.executable, "-m", "flask", "--app", str(folder / "receiver.py"), "run", "--port", str(port)]
    payment_id = f"flask-{secrets.token_hex(4)}"
    credited = "select payment_id, amount, currency from credits"
    database = programs.directory / "ledger.db"
    with (
        programs.running(*flask, ready=url),
        programs.running(sys.executable, folder / "receiver.py", ready="working"),
        programs.running(sys.executable, folder / "receiver.py", ready="working"),  # a second worker does no harm
    ):
        gateway.fault("payment_success", "duplicate_callback")
        pay_in(gateway, payment_id, url)
        eventually(lambda: rows(database, credited), "the callback is handled")
        assert httpx.post(url, content=b"{}", timeout=PATIENCE).status_code == 401
    assert rows(database, credited) == [(payment_id, 10000, "RUB")]


def test_the_django_desk(gateway: Gateway, programs: Programs) -> None:
    desk = EXAMPLES / "django_desk" / "manage.py"
    url = f"http://127.0.0.1:{(port := free_port())}"
    settings = {"DESK_URL": url, "DESK_PASSWORD": "open sesame", "DESK_SECRET": secrets.token_hex(16)}
    assert programs.run(sys.executable, desk, "makemigrations", "--check").returncode == 0
    migrated = programs.run(sys.executable, desk, "migrate", "--verbosity", "0")
    assert migrated.returncode == 0, migrated.stderr
    serve = ["runserver", "--noreload", f"127.0.0.1:{port}"]
    with (
        programs.running(sys.executable, desk, *serve, ready=url, environ=settings),
        programs.running(sys.executable, desk, "highhelp_worker", "--poll", "0.2", ready="", environ=settings),
        httpx.Client(base_url=url, timeout=PATIENCE) as visitor,
    ):
        assert visitor.get("/").status_code == 401
        assert visitor.get("/", auth=("x", "wrong")).status_code == 401
        visitor.auth = ("x", "open sesame")
        form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', visitor.get("/").text))
        assert visitor.post("/", data={"payment_id": "x", "amount": "1.00", "pan": PAYS}).status_code == 403
        filled = form | {"amount": "500.00", "pan": PAYS}
        sent = [visitor.post("/", data=filled).status_code for _ in range(2)]  # a double click
        assert sent == [302, 302]
        payment_id = form["payment_id"]
        assert visitor.post("/", data=filled | {"amount": "501.00"}).status_code == 422
        assert visitor.post("/", data=filled | {"amount": "many"}).status_code == 422
        gateway.travel(10)
        eventually(
            lambda: f"<td>{payment_id}<td>500.00 RUB<td>success" in visitor.get("/").text, "the payout is settled"
        )
        assert PAYS not in visitor.get("/").text
    assert gateway.payment(payment_id)["status"] == "success"
    stored = rows(programs.directory / "desk.sqlite3", "select payment_id, settled from desk_payout")
    assert stored == [(payment_id, 1)]
    with PayoutBook(programs.environ["HIGHHELP_DATABASE_URL"], environ={}) as book:
        assert [(one.payment_id, one.status) for one in book.list()] == [(payment_id, "success")]


def test_the_celery_worker(gateway: Gateway, programs: Programs) -> None:
    broker = "amqp://guest:guest@127.0.0.1:5672//"
    try:
        socket.create_connection(("127.0.0.1", 5672), timeout=2).close()
    except OSError:
        require("rabbitmq", None)
    folder = EXAMPLES / "celery_worker"
    url = f"http://127.0.0.1:{(port := free_port())}/callbacks"
    queue = f"highhelp-test-{secrets.token_hex(4)}"
    settings = {"CELERY_BROKER_URL": broker, "CELERY_QUEUE": queue}
    celery = [sys.executable, "-m", "celery", "--app", "tasks", "worker", "--pool", "solo", "--loglevel", "info"]
    celery += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    payment_id = f"celery-{secrets.token_hex(4)}"
    database = programs.directory / "ledger.db"
    credited = 'select payment_id, amount, "by" from credits'
    receiving = programs.running(sys.executable, "-c", SERVER, str(port), ready=url, cwd=folder, environ=settings)
    try:
        with receiving, programs.running(*celery, ready="ready.", cwd=folder, environ=settings) as worker:
            pay_in(gateway, payment_id, url)
            eventually(lambda: rows(database, credited), "the callback is handled")
            assert rows(database, credited) == [(payment_id, 10000, f"worker {worker.pid}")]
    finally:
        asyncio.run(delete(broker, queue))


async def delete(broker: str, queue: str) -> None:
    async with await aio_pika.connect(broker) as connection:
        await (await connection.channel()).queue_delete(queue)


def test_the_batch_of_payouts(gateway: Gateway, programs: Programs) -> None:
    script = EXAMPLES / "batch_payouts" / "pay.py"
    batch = secrets.token_hex(4)
    path = programs.directory / "salaries.csv"

    def write(*cells: tuple[str, str, str]) -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["payment_id", "amount", "currency", "method", "pan"])
            writer.writerows([f"{batch}-{name}", amount, "RUB", "card-p2p", pan] for name, amount, pan in cells)

    write(("a", "10.00", PAYS), ("b", "ten", PAYS))
    wrong = programs.run(sys.executable, script, path)
    assert (wrong.returncode, batch in str(gateway.payments())) == (2, False), wrong.stderr
    assert "line 3" in wrong.stderr
    write(("a", "10.00", PAYS), ("b", "20.50", DECLINES), ("c", "30.00", PAYS))
    gateway.fault("create_p2p_payout", "drop_response_after_commit")  # one answer is lost
    for _ in range(2):  # the second run sends nothing again
        done = programs.run(sys.executable, script, path)
        assert done.returncode == 0, done.stdout + done.stderr
    made = {name: one["amount"] for name, one in gateway.payments().items() if name.startswith(batch)}
    assert made == {f"{batch}-a": 1000, f"{batch}-b": 2050, f"{batch}-c": 3000}
    assert "processing: 3 payouts, 6050 minor units of RUB" in done.stdout
    assert PAYS not in done.stdout + done.stderr


# --- signing without this package ------------------------------------------------------------------------------------

ODD = '{"general":{"project_id":"%s","payment_id":"%s"},"payment":{"method":"card-p2p","amount":10000,"currency":"RUB",\
"description":"Заказ 🏔 \\u0436; \\"x\\" \\\\ "},"customer":{"browser":{"java_enabled":true,"time_zone":-300},\
"id":"\uffee","first_name":"\U0001f3d4"},"sender":{}}'  # fmt: skip


@pytest.mark.parametrize(("program", "script"), [("node", "signed.mjs"), ("php", "signed.php")])
def test_another_language_signs_what_the_gateway_accepts(
    gateway: Gateway, programs: Programs, program: str, script: str
) -> None:
    path = "/api/v1/payment/p2p/payin"
    command = [require(program, shutil.which(program)), str(EXAMPLES / "signing" / script), path]
    with HighHelp(home=gateway.home, environ={}) as client:
        project = client.settings.project_id
    payment_id = f"{program}-{secrets.token_hex(4)}"
    done = programs.run(*command, body=ODD % (project, payment_id))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'"{payment_id}"' in done.stdout
    assert gateway.payment(payment_id)["amount"] == 10000
    wrong = programs.run(*command, body=ODD.replace("10000", "10.5") % (project, f"{payment_id}-2"))
    assert wrong.returncode != 0
    assert "payment:amount: whole numbers only" in wrong.stdout + wrong.stderr
    # unknown fields are refused after the signature was found right; these two stand the other way round in UTF-16
    apart = {"general": {"project_id": project, "payment_id": "x"}, "\uffee": 1, "\U0001f3d4": 2}
    unknown = programs.run(*command, body=json.dumps(apart, ensure_ascii=False))
    assert unknown.returncode == 1
    assert "invalid fields" in unknown.stdout, unknown.stdout
    refused = programs.run(*command, body=ODD.replace("10000", "0") % (project, f"{payment_id}-2"))
    assert refused.returncode == 1
    assert f"{payment_id}-2" not in gateway.payments()
    assert programs.run(*command[:2]).returncode == 2


def test_bash_signs_what_the_gateway_accepts(gateway: Gateway, programs: Programs) -> None:
    for program in ("openssl", "curl", "bash"):
        require(program, shutil.which(program))
    script = EXAMPLES / "signing" / "signed.sh"
    payment_id = f"bash-{secrets.token_hex(4)}"
    done = programs.run("bash", script, payment_id, "10000", "RUB")
    assert done.returncode == 0, done.stdout + done.stderr
    assert gateway.payment(payment_id)["amount"] == 10000
    again = programs.run("bash", script, payment_id, "20000", "RUB")
    assert (again.returncode, '"There is a payment' in again.stdout) == (1, True), again.stdout + again.stderr
    for wrong in ([], [payment_id, "1.5", "RUB"], ['a"b', "1", "RUB"]):
        assert programs.run("bash", script, *wrong).returncode == 2
    told = programs.run("bash", script).stderr
    assert "HIGHHELP_HOME=./home bash signed.sh order-1001 10000 RUB" in told
