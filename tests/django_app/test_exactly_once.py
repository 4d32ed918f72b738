"""Handlers inside the ORM's transaction: each order is credited once, whenever the worker dies."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from highhelp import CallbackInbox

if TYPE_CHECKING:
    from highhelp_mock import MockGateway

ROOT = Path(__file__).parents[2]
ORDERS = ("order-1", "order-2", "order-3")


def python(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": path} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def in_shop(directory: Path, program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the shop set up."""
    start = f"from pathlib import Path; from tests.django_app import shop; shop.configure(Path({str(directory)!r}))\n"
    return python("-c", start + program, **environ)


@pytest.fixture(scope="module")
def empty_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop's database with unpaid orders."""
    directory = tmp_path_factory.mktemp("shop")
    orders = "; ".join(f"Order.objects.create(payment_id={name!r})" for name in (*ORDERS, "refused"))
    done = in_shop(directory, f"shop.make_tables()\nfrom tests.django_app.models import Order; {orders}")
    assert done.returncode == 0, done.stderr
    return directory / "shop.db"


@pytest.fixture
def directory(tmp_path: Path, empty_shop: Path, highhelp_gateway: MockGateway) -> Path:
    """The shop with three orders that the gateway reports as paid, each twice."""
    shutil.copy(empty_shop, tmp_path)
    with CallbackInbox(tmp_path / "inbox.db", verifier=highhelp_gateway.verifier(), environ={}) as inbox:
        for order in ORDERS * 2:
            sent = highhelp_gateway.signed_callback(order, "success")
            assert inbox.receive(sent.body, sent.headers)[0] == 200
    return tmp_path


def credits_of(directory: Path) -> dict[str, int]:
    with sqlite3.connect(directory / "shop.db") as connection:
        return dict(connection.execute("SELECT payment_id, credits FROM django_app_order ORDER BY payment_id"))


@pytest.mark.slow
@pytest.mark.parametrize("points", list(itertools.permutations(["before", "within", "after"])), ids="-".join)
def test_killed_workers_credit_each_order_once(directory: Path, points: tuple[str, ...]) -> None:
    done = python("-m", "tests.django_app.shop", directory, *points)
    assert done.stdout.split() == ["9", "9", "9", "0"], done.stderr
    assert credits_of(directory) == dict.fromkeys(ORDERS, 1) | {"refused": 0}
    with sqlite3.connect(directory / "shop.db") as connection:
        assert connection.execute("SELECT count(*) FROM highhelp_handled_events").fetchone() == (3,)


@pytest.mark.slow
def test_a_handler_that_raises_stores_nothing(directory: Path, highhelp_gateway: MockGateway) -> None:
    with CallbackInbox(directory / "inbox.db", verifier=highhelp_gateway.verifier(), environ={}) as inbox:
        sent = highhelp_gateway.signed_callback("refused", "success")
        inbox.receive(sent.body, sent.headers)
    done = python("-m", "tests.django_app.shop", directory)
    assert done.stdout.split() == ["0"], done.stderr
    assert credits_of(directory) == dict.fromkeys(ORDERS, 1) | {"refused": 0}


COMMAND = "from django.core.management import call_command\ncall_command('highhelp_worker', '--once'{})"


@pytest.mark.slow
def test_the_command_handles_what_is_due(directory: Path) -> None:
    database = str(directory / "inbox.db")
    for _ in range(2):
        done = in_shop(directory, COMMAND.format(""), HIGHHELP_DATABASE_URL=database)
        assert done.returncode == 0, done.stderr
    assert credits_of(directory) == dict.fromkeys(ORDERS, 1) | {"refused": 0}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "text"),
    [
        (", '--handler', 'tests.django_app.handlers.nothing'", "cannot be imported"),
        (", '--update-handler', 'nowhere'", "nowhere cannot be imported"),
    ],
)
def test_the_command_names_a_wrong_handler(directory: Path, setting: str, text: str) -> None:
    done = in_shop(directory, COMMAND.format(setting), HIGHHELP_DATABASE_URL=str(directory / "inbox.db"))
    assert "CommandError" in done.stderr
    assert text in done.stderr


def test_a_transaction_around_it_is_refused(directory: Path) -> None:
    program = (
        "from django.db import transaction\nfrom types import SimpleNamespace\nfrom tests.django_app import handlers\n"
        "with transaction.atomic(): handlers.credit(SimpleNamespace(key='k', payment_id='order-1'))"
    )
    assert "durable" in in_shop(directory, program).stderr


def test_the_migration_matches_the_model(directory: Path) -> None:
    program = "from django.core.management import call_command\ncall_command('makemigrations', 'highhelp', '--check')"
    done = in_shop(directory, program)
    assert done.returncode == 0, done.stdout + done.stderr
