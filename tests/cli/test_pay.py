"""`highhelp payin` and `payout`: the request, the output and the exit code of each outcome."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import cli, validation
from highhelp.cli.fields import creates, fields_of, fields_of_direction, node_at
from highhelp_api.client.models import PaymentState
from highhelp_api.contract import CATALOGUES, OPERATIONS
from highhelp_mock import MockGateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAN = "4000000000000002"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CREATE = ["payin", "create", "--amount", "100.00 RUB", "--method", "card-p2p"]
SLOW = ["--amount", "9000.06 RUB"]
"""Each step of such a pay-in takes a minute, so that it keeps its state while a test looks."""
SLEEP = time.sleep
PAYOUT = ["payout", "create", "--amount", "25.50 RUB", "--method", "card-p2p"]


@pytest.fixture(scope="module")
def served(pattern: Path) -> Iterator[MockGateway]:
    with MockGateway(pattern).serve() as gateway:
        yield gateway


@pytest.fixture
def gateway(served: MockGateway, pattern: Path, monkeypatch: pytest.MonkeyPatch) -> MockGateway:
    served.reset()
    monkeypatch.setenv("HIGHHELP_HOME", str(pattern))
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: served.travel(1) and None)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    return served


# --- the contract decides ------------------------------------------------------------------------------------------


def test_options_are_fields_of_the_contract_and_do_not_collide() -> None:
    for flow in ("payin", "payout"):
        assert set(fields_of_direction(flow)) >= {"method", "callback-url", "description"}
        for operation in creates(flow).values():
            fields = fields_of(operation)
            assert len({field.path for field in fields.values()}) == len(fields)
            assert all(node_at(operation.request, field.path) for field in fields.values())
    assert fields_of(creates("payin")["widget"])["method"].path == "payment:widget_method"
    assert fields_of(creates("payin")["p2p"])["method"].known == tuple(CATALOGUES["Method"])


@pytest.mark.parametrize("operation", [known for known in OPERATIONS.values() if known.idempotency], ids=lambda o: o.id)
def test_every_create_has_a_command(operation: Any, gateway: MockGateway, capsys: pytest.CaptureFixture[str]) -> None:
    method = {"p2p": "card-p2p", "ecom": "card-ecom", "widget": "payin-p2p-card"}[operation.tag]
    words = [str(operation.direction), "create", "--product", operation.tag, "--amount", "100 RUB", "--method", method]
    if operation.direction == "payout":
        words += ["--set", f"receiver.pan={PAN}"]
    elif operation.tag == "ecom":
        for name, value in {"pan": PAN, "cvv": "123", "month": 12, "year": 2099}.items():
            words += ["--set", f"card:{name}={value}"]
    assert cli.main([*words, "--payment-id", f"p-{operation.id}", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["payment_id"] == f"p-{operation.id}"
    assert PAN not in told.out + told.err
    assert gateway.payment(f"p-{operation.id}").amount == 10000
    assert cli.main([str(operation.direction), "info", f"p-{operation.id}", "--product", operation.tag, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["payment_info"]["amount"] == 10000


# --- create --------------------------------------------------------------------------------------------------------


def test_a_payment_id_is_made_told_and_sent(gateway: MockGateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*CREATE, "--json"]) == 0
    told = capsys.readouterr()
    made = told.err.split()[1]
    assert UUID.fullmatch(made)
    assert json.loads(told.out)["payment_id"] == made == gateway.payments[0].payment_id


@pytest.mark.parametrize(
    ("words", "minor", "currency"),
    [
        (["--amount", "100.00 RUB"], 10000, "RUB"),
        (["--amount", "100", "--currency", "rub"], 10000, "RUB"),
        (["--amount", "0.01RUB"], 1, "RUB"),
        (["--amount", "250 JPY"], 250, "JPY"),
        (["--amount", "1.234 KWD"], 1234, "KWD"),
    ],
)
def test_amounts(gateway: MockGateway, words: list[str], minor: int, currency: str) -> None:
    assert cli.main(["payin", "create", "--method", "card-p2p", "--payment-id", "a", *words]) in (0, 1)
    sent = json.loads(json.dumps(gateway.payments[0].amount))
    assert (sent, gateway.payments[0].currency) == (minor, currency)


def test_file_then_options_then_set(gateway: MockGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    real = validation.find_problems

    def watched(schema: str, body: Any) -> Any:
        sent.append(body)
        return real(schema, body)

    monkeypatch.setattr("highhelp.validation.find_problems", watched)
    body = {
        "general": {"payment_id": "from-file", "redirect_url": "https://one.example/"},
        "payment": {"amount": 1, "currency": "KZT", "method": "phone-p2p", "description": "file"},
        "customer": {"id": "7", "country": "KZ"},
    }
    (tmp_path / "b.json").write_text(json.dumps(body))
    words = ["payin", "create", "--body", str(tmp_path / "b.json"), "--amount", "5", "--description", "option"]
    words += ["--set", "payment.description=set", "--set", "customer.browser.color_depth=24"]
    words += ["--set", "customer.browser.java_enabled=false"]
    assert cli.main(words) in (0, 1)
    final = sent[-1]
    assert final["payment"] == {"amount": 500, "currency": "KZT", "method": "phone-p2p", "description": "set"}
    assert final["customer"] == {"id": "7", "country": "KZ", "browser": {"color_depth": 24, "java_enabled": False}}
    assert final["general"]["payment_id"] == "from-file"


def test_a_card_number_is_read_from_standard_input(
    gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PAN}\n"))
    assert cli.main([*PAYOUT, "--payment-id", "out", "--set", "receiver.pan=-"]) == 0
    told = capsys.readouterr()
    assert PAN not in told.out + told.err
    assert "warning" not in told.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_person_is_asked_for_what_is_secret_without_echo(
    gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, bool]] = []
    values = {"card.pan": PAN, "card.month": "12", "card.year": "2099", "card.cvv": "123"}

    def prompt(name: str, *, hide_input: bool, err: bool) -> str:
        asked.append((name, hide_input))
        return values[name]

    monkeypatch.setattr(sys, "stdin", Terminal(""))
    monkeypatch.setattr("typer.prompt", prompt)
    words = [
        "payin",
        "create",
        "--product",
        "ecom",
        "--amount",
        "100 RUB",
        "--method",
        "card-ecom",
        "--payment-id",
        "c",
    ]
    assert cli.main(words) == 0
    assert sorted(asked) == [(name, True) for name in sorted(values)]
    told = capsys.readouterr()
    assert PAN not in told.out + told.err


def test_declined_ends_with_1_and_says_why(gateway: MockGateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*PAYOUT[:-4], "--amount", "99999999 RUB", *PAYOUT[-2:], "--payment-id", "much", "--set",
                     f"receiver.pan={PAN}"]) == 1  # fmt: skip
    assert "decline" in capsys.readouterr().out
    assert cli.main(["payout", "info", "much"]) == 1


def test_an_unknown_outcome_ends_with_3_and_says_what_to_do(
    gateway: MockGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.fault("create_p2p_payout", "drop_request")
    assert cli.main([*PAYOUT, "--payment-id", "it's out", "--set", f"receiver.pan={PAN}"]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    assert "it's out" in told
    assert """`highhelp payout info 'it'"'"'s out' --product p2p`""" in told
    assert "never create it under another payment_id" in told
    assert not gateway.payments
    gateway.fault("create_p2p_payout", "drop_request")
    assert cli.main([*PAYOUT, "--payment-id", "o", "--set", f"receiver.pan={PAN}", "--json"]) == 3
    document = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (document["exit_code"], document["payment_id"], document["found"]) == (3, "o", False)
    assert "payout info o" in document["next"]


def test_a_lost_answer_is_settled(gateway: MockGateway) -> None:
    gateway.fault("create_p2p_payin", "drop_response_after_commit")
    assert cli.main([*CREATE, "--payment-id", "lost"]) == 0
    assert len(gateway.payments) == 1


def test_a_taken_payment_id(gateway: MockGateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*CREATE, "--payment-id", "twice"]) == 0
    assert cli.main(["payin", "create", "--amount", "7 RUB", "--method", "card-p2p", "--payment-id", "twice"]) == 1
    assert "`highhelp payin info twice --product p2p` shows" in capsys.readouterr().err


def test_an_interrupted_create_is_an_unknown_outcome(
    gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr("highhelp.client.HighHelp.call", interrupt)
    assert cli.main([*CREATE, "--payment-id", "i"]) == 3
    assert "payin info i --product p2p" in capsys.readouterr().err


# --- wait ----------------------------------------------------------------------------------------------------------


def test_wait_tells_each_change_on_standard_error(
    gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: gateway.travel(30) and None)
    assert cli.main([*CREATE, *SLOW, "--payment-id", "w"]) == 0
    capsys.readouterr()
    assert cli.main(["payin", "wait", "w"]) == 0
    told = capsys.readouterr()
    seen = [line.split()[2] for line in told.err.splitlines()]
    assert seen[0] == "processing:new"
    assert seen[-1] == "success"
    assert "9000.06 RUB" in told.out
    assert cli.main(["payin", "wait", "w", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["status"] == "success"
    assert [json.loads(line)["status"] for line in told.err.splitlines()] == ["success"]


def test_wait_ends_with_1_where_the_payment_is_declined(gateway: MockGateway) -> None:
    assert cli.main([*CREATE, "--payment-id", "d"]) == 0
    gateway.advance("d", "decline")
    assert cli.main(["payin", "wait", "d"]) == 1


@pytest.mark.parametrize(("words", "seconds"), [([], 600.0), (["--timeout", "5"], 5.0)])
def test_wait_takes_ten_minutes_unless_told_otherwise(
    pattern: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], seconds: float
) -> None:
    given: list[float] = []

    def wait(*_: object, timeout: float, **__: object) -> PaymentState:
        given.append(timeout)
        return PaymentState.from_dict({"status": "success"})

    monkeypatch.setenv("HIGHHELP_HOME", str(pattern))
    monkeypatch.setattr("highhelp.client.HighHelp.wait", wait)
    assert cli.main(["payin", "wait", "w", *words]) == 0
    assert given == [seconds]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_each_change_is_masked(
    pattern: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: list[str]
) -> None:
    state = PaymentState.from_dict({"status": "processing", "status_description": f"{PAN} is checked"})

    def wait(*_: object, on_change: Any, **__: object) -> PaymentState:
        on_change(state)
        return state

    monkeypatch.setenv("HIGHHELP_HOME", str(pattern))
    monkeypatch.setattr("highhelp.client.HighHelp.wait", wait)
    assert cli.main(["payin", "wait", "w", *form]) == 0
    told = capsys.readouterr()
    for text in (told.out, told.err):
        assert "*** is checked" in text
        assert PAN not in text


@pytest.mark.slow
def test_wait_gives_up_with_3_and_the_last_state(
    gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*CREATE, "--payment-id", "s"]) == 0
    gateway.advance("s", "processing", "requisites")
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", SLEEP)
    assert cli.main(["payin", "wait", "s", "--timeout", "5"]) == 3  # the first answer has to come meanwhile
    told = capsys.readouterr().err.splitlines()[-1]
    assert "processing:requisites" in told
    assert "`highhelp payin wait s --product p2p`" in told


def test_an_interrupted_wait_says_how_to_go_on(
    gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*CREATE, *SLOW, "--payment-id", "s"]) == 0

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("highhelp.transport.driver.time.sleep", interrupt)
    assert cli.main(["payin", "wait", "s"]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    assert "last seen processing:new" in told
    assert "`highhelp payin wait s --product p2p`" in told


def test_ctrl_c_ends_a_real_program_with_3(gateway: MockGateway) -> None:
    assert cli.main(["payin", "create", "--product", "widget", *SLOW, "--payment-id", "c"]) == 0
    command = [sys.executable, "-m", "highhelp.cli", "payin", "wait", "c", "--product", "widget"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert "processing" in first
    assert process.returncode == 3
    assert told.splitlines()[-1].startswith("highhelp: get_widget_payin c: interrupted; last seen processing:")
    assert "Traceback" not in told


def test_what_is_sensitive_is_masked_unless_asked_for(gateway: MockGateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*CREATE, *SLOW, "--payment-id", "r"]) == 0
    gateway.travel(130)
    shown: list[str] = []
    for more in ([], ["--json"], ["--unmasked"], ["--unmasked", "--json"]):
        assert cli.main(["payin", "info", "r", *more]) == 0
        shown.append(capsys.readouterr().out)
    cards = [re.findall(r"\b\d{16}\b", text) for text in shown]
    assert not cards[0]
    assert not cards[1]
    assert cards[2]
    assert cards[2] == cards[3]


# --- questions -----------------------------------------------------------------------------------------------------


def test_tables_and_json_of_the_questions(gateway: MockGateway, capsys: pytest.CaptureFixture[str]) -> None:
    for words, key in ((["banks"], "banks"), (["methods"], "methods"), (["balance"], "balance")):
        assert cli.main(words) == 0
        assert "RUB" in capsys.readouterr().out
        assert cli.main([*words, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)[key]
    assert cli.main(["methods", "--flow", "payout", "--currency", "rub"]) == 0
    assert "payin" not in capsys.readouterr().out
    assert cli.main(["banks", "--country", "ke"]) == 0


def test_a_table_on_a_terminal_fits_into_it(
    gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli.main(["methods"]) == 0
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, shown.splitlines())) <= 70
    assert "300000.00" in shown


# --- the program ---------------------------------------------------------------------------------------------------


def program(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "highhelp.cli", *words],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_help_and_completion_load_nothing_heavy() -> None:
    code = (
        "import sys\nfrom highhelp.cli import main\n"
        "main({words!r})\n"
        "heavy = {{'httpx', 'pydantic', 'highhelp_mock', 'attr', 'jsonschema_rs', 'asyncio'}}\n"
        "print('loaded', sorted(heavy & set(sys.modules)))"
    )
    for words in (["--help"], ["payin", "create", "--help"], ["--version"], ["bogus"]):
        done = subprocess.run(
            [sys.executable, "-c", code.format(words=words)], capture_output=True, text=True, check=False
        )
        assert "loaded []" in done.stdout, done.stdout[-300:] + done.stderr


@pytest.mark.slow
def test_a_dead_port_is_one_line_of_a_real_program(pattern: Path) -> None:
    # in a separate process: pytest's log handler hides what Python would print
    environ = {"HIGHHELP_HOME": str(pattern), "HIGHHELP_BASE_URL": "http://127.0.0.1:9"}
    done = program("payin", "info", "x", **environ)
    assert done.returncode == 5
    assert len(done.stderr.splitlines()) == 1
    told = program("--verbose", "payin", "info", "x", **environ).stderr.splitlines()
    assert sum("attempt=" in line for line in told) == 4


def test_a_person_at_a_terminal_is_told_of_repetitions(
    gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    gateway.fault("get_balance", "http_500", times=2)
    assert cli.main(["balance"]) == 0
    assert capsys.readouterr().err.count("next attempt in") == 2


def test_version_names_the_contract() -> None:
    done = program("--version")
    assert re.fullmatch(r"highhelp \S+ \(contract \S+, Python \S+\)\n", done.stdout)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("highhelp pay", {"payin", "payout", "payouts"}),
        ("highhelp payin create --method card-", {"card-p2p", "card-ecom", "card-international-p2p"}),
        ("highhelp payout create --product ", {"p2p", "ecom"}),
        ("highhelp banks --country K", {"KZ", "KG", "KE"}),
        ("highhelp call get_ba", {"get_balance"}),
    ],
)
def test_the_shell_completes(typed: str, offered: set[str]) -> None:
    words = typed.split(" ")
    environ = {"_HIGHHELP_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    done = program(**environ)
    assert set(done.stdout.split()) == offered, done.stderr


def test_a_reader_that_stops_early_is_no_fault(pattern: Path) -> None:
    if shutil.which("bash") is None:
        pytest.fail("bash is needed")
    command = f"{sys.executable} -m highhelp.cli contract provenance | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
