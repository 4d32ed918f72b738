"""What the README shows is run."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fastapi import FastAPI
from starlette.routing import Route
from starlette.testclient import TestClient

from highhelp import HighHelp, Money, cli, models
from highhelp.ledger import CallbackStore
from highhelp_api.contract import EXAMPLES
from highhelp_mock import MockGateway
from highhelp_signing import generate_home

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_its_python_runs_against_the_mock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    generate_home(home, base_url="http://127.0.0.1:9")
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    told = io.StringIO()
    with MockGateway(home).serve(), contextlib.redirect_stdout(told):
        for block in blocks("python"):
            exec(compile(block, "README.md", "exec"), {})
    assert told.getvalue() == "processing success\n"


def test_its_inbox_credits_an_order_and_its_guard_pays_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    generate_home(home, base_url="http://127.0.0.1:9")
    monkeypatch.setenv("HIGHHELP_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    # the loop of a worker would go on; what is due is handled once
    monkeypatch.setattr(CallbackStore, "run", lambda store, *handlers: store.process(*handlers))
    receiving, paying = blocks("py")
    orders = sa.Table("orders", sa.MetaData(), sa.Column("id", sa.Text), sa.Column("state", sa.Text))
    engine = sa.create_engine("sqlite:///shop.db")
    orders.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(orders.insert().values(id="order-1001", state="open"))
    app = FastAPI()
    names: dict[str, Any] = {"app": app, "Route": Route, "Money": Money, "orders": orders}
    with MockGateway(home).serve() as gateway, HighHelp() as client:
        exec(compile(receiving, "README.md", "exec"), names)
        sent = gateway.signed_callback("order-1001", "success")
        with TestClient(app) as browser:
            assert browser.post("/callbacks", content=sent.body, headers=sent.headers).status_code == 200
        assert names["inbox"].process(names["credit"]) == 1
        with engine.connect() as connection:
            assert connection.execute(sa.select(orders.c.state)).scalar_one() == "success"

        def payout(payment_id: str) -> dict[str, Any]:
            example = next(one.value for one in EXAMPLES if one.of == "create_p2p_payout" and not one.status)
            general = {**example["general"], "payment_id": payment_id}
            return {**example, "general": {name: value for name, value in general.items() if name != "project_id"}}

        names |= {"client": client, "request": payout("payout-1"), "requests": [payout("payout-2")]}
        names["request"] = models.P2PPayoutRequest.from_dict(names["request"])
        names["requests"] = [models.P2PPayoutRequest.from_dict(one) for one in names["requests"]]
        exec(compile(paying, "README.md", "exec"), names)
        assert sorted(one.payment_id for one in gateway.payments) == ["payout-1", "payout-2"]
        names["guard"].close()
        names["inbox"].close()
    engine.dispose()


def test_it_has_exactly_two_set_up_commands_and_they_are_there() -> None:
    commands = [line.split("#")[0].strip() for line in blocks("sh")[0].splitlines()]
    assert commands == ["scripts/demo", "scripts/test"]
    assert all((ROOT / command).stat().st_mode & 0o111 for command in commands)


def test_every_command_it_names_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    named = re.search(r"`highhelp (demo .*?)`", README, re.DOTALL)
    assert named is not None
    for command in named[1].replace("OPERATION_ID|/path", "").split("|"):
        assert cli.main([*command.split(), "--help"]) == 0
    capsys.readouterr()


def test_every_link_leads_to_a_file() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "spec" / "README.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
