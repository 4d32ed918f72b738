"""Wrong use of the commands: one helpful line, the right exit code, no traceback, no secret."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from highhelp import cli
from highhelp_mock import MockGateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAN = "4000000000000002"
CREATE = ["payin", "create", "--amount", "5 RUB", "--method", "card-p2p", "--payment-id", "q"]


@dataclass
class Case:
    """A command line with its environment, and the expected outcome.

    Attributes:
        words: the command.
        says: texts that the line has to contain.
        code: the exit code.
        environ: variables; `{home}` stands for a home directory, `{dir}` for the one with the files.
        files: files in the working directory.
    """

    words: list[str]
    says: list[str]
    code: int = 2
    environ: dict[str, str] = field(default_factory=dict)
    files: dict[str, str | bytes] = field(default_factory=dict)


def case(command: str | list[str], *says: str, code: int = 2, **more: Any) -> Case:
    words = command.split() if isinstance(command, str) else command
    return Case(words, list(says), code, more.get("environ", {}), more.get("files", {}))


def without(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "")


DEAD = {"HIGHHELP_BASE_URL": "http://127.0.0.1:9"}
BARE = {"HIGHHELP_HOME": ""}
GIVEN = {**BARE, "HIGHHELP_BASE_URL": "https://gateway.invalid", "HIGHHELP_PROJECT_ID": "p"}

CASES = [
    # the command itself
    case("bogus", "No such command 'bogus'", "--help"),
    case("--bogus", "--bogus"),
    case("balance --bogus", "highhelp balance", "--bogus"),
    case("payin bogus", "bogus"),
    case("payin info", "PAYMENT_ID"),
    case("payin info a b", "(b)"),
    case("call create_p2p_payin", "--body", "needs one"),
    case("call nope", "no such operation 'nope'", "known are"),
    case("call get_balanc", "no such operation 'get_balanc'", "did you mean get_balance?"),
    case("call /api/v1/balance/info", "--body", "needs one"),
    case("keys generate", "--out"),
    case("record", "--out"),
    case("drift", "FILE"),
    # settings
    case("balance", "HIGHHELP_BASE_URL", "is not set", environ=BARE),
    case("balance", "HIGHHELP_PROJECT_ID", environ={**BARE, "HIGHHELP_BASE_URL": "https://x.example"}),
    case("balance", "HIGHHELP_PRIVATE_KEY", "is not set", environ=GIVEN),
    case("balance", "HIGHHELP_HOME", "/no/such/home", environ={"HIGHHELP_HOME": "/no/such/home"}),
    case("balance", "HIGHHELP_BASE_URL", "https://api.example.com", environ={"HIGHHELP_BASE_URL": "api.example"}),
    case("balance", "HIGHHELP_BASE_URL", "user", environ={"HIGHHELP_BASE_URL": "https://me:s3cret@x.example"}),
    case("balance", "HIGHHELP_BASE_URL", "http", environ={"HIGHHELP_BASE_URL": "http://gateway.example"}),
    case("balance", "public_key.pem", "a public key was given",
         environ={"HIGHHELP_PRIVATE_KEY": "{home}/public_key.pem"}),
    case("balance", "/no/key.pem", "No such file", environ={"HIGHHELP_PRIVATE_KEY": "/no/key.pem"}),
    case("balance", "HIGHHELP_PRIVATE_KEY", "PEM", environ={"HIGHHELP_PRIVATE_KEY": "s3cret-that-is-no-key"}),
    case("balance", "ec.pem", "cannot be read", environ={"HIGHHELP_PRIVATE_KEY": "ec.pem"},
         files={"ec.pem": "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n"}),
    case("balance", "/no/key.txt", environ={"HIGHHELP_HMAC_KEY_FILE": "/no/key.txt"}),
    case("balance", "HIGHHELP_SIGNATURE_SCHEME", "digets", environ={"HIGHHELP_SIGNATURE_SCHEME": '{"digets": 1}'}),
    case("balance", "HIGHHELP_SIGNATURE_SCHEME", "not valid JSON", environ={"HIGHHELP_SIGNATURE_SCHEME": "{"}),
    case("balance", "HIGHHELP_ACCESS_TOKEN", environ={"HIGHHELP_ACCESS_TOKEN": "s3cret with spaces"}),
    case("balance", "project.json", "JSON", environ={"HIGHHELP_HOME": "{dir}"}, files={"project.json": "{"}),
    # amounts
    case("payin create", "--amount", "--method", "is missing"),
    case("payin create --amount -5", "--amount"),
    case(["payin", "create", "--amount", "1,50 RUB"], "1,50", "100.00 RUB"),
    case(["payin", "create", "--amount", "1e3 RUB"], "1e3"),
    case(["payin", "create", "--amount", "1_000 RUB"], "1_000"),
    case(["payin", "create", "--amount", "5"], "5 of what", "5 RUB"),
    case(["payin", "create", "--amount", "5 XXX"], "XXX", "ISO 4217"),
    case(["payin", "create", "--amount", "5.001 RUB"], "RUB has 2 decimals"),
    case(["payin", "create", "--amount", "0 RUB"], "above 0"),
    case(["payin", "create", "--amount", "-5 RUB"], "--amount: must be above 0"),
    case(["payin", "create", "--amount=-5", "--currency", "RUB"], "--amount: must be above 0"),
    case(["payin", "create", "--amount", "5 RUB", "--currency", "USD"], "RUB", "USD"),
    case("payin create --currency RUB", "--currency", "--amount"),
    case(["payin", "create", "--amount", "999999999999999 RUB", "--method", "card-p2p"], "--amount", "at most"),
    # other options of a payment
    case(["payin", "create", "--amount", "5 RUB", "--method", "card-p2pp"], "--method", "did you mean card-p2p?"),
    case(["payin", "create", "--amount", "5 RUB", "--method", "?"], "--method", "known are card-p2p"),
    case("payin create --product card", "--product", "p2p, ecom, widget"),
    case("payout create --product widget", "--product", "p2p, ecom"),
    case("payin create --product widget --payment-system X", "--payment-system", "widget payin has no such field"),
    case([*CREATE, "--lifetime", "soon"], "--lifetime", "'soon' is not a valid int"),
    case([*CREATE, "--lifetime", "0"], "--lifetime", "at least 1"),
    case([*CREATE, "--callback-url", "ftp://x"], "--callback-url"),
    case([*CREATE, "--set", "customer"], "--set", "customer.phone="),
    case([*CREATE, "--set", "customer.phon=1"], "customer.phon", "did you mean customer.phone?"),
    case([*CREATE, "--set", "customer.browser.color_depth=x"], "color_depth", "integer"),
    case([*CREATE, "--set", "customer.browser.java_enabled=x"], "java_enabled", "true or false"),
    case([*CREATE, "--set", "customer=x"], "customer", "JSON"),
    case([*CREATE, "--set", "sender.pan=-"], "sender.pan", "standard input"),
    case([*CREATE, "--set", "general.project_id=other"], "project_id", "not the project"),
    case([*CREATE[:-1], ""], "--payment-id"),
    case([*CREATE, "--description", "x;status:status:success"], "--description", "ambiguous"),
    case(["payout", "create", "--amount", "5 RUB", "--method", "card-p2p"], "receiver", "pan"),
    case(["payin", "create", "--product", "ecom", "--amount", "5 RUB", "--method", "card-ecom"],
         "--set card.pan=-", "--set card.month=..."),
    case([*CREATE, "--set", f"sender.pan={PAN}x"], "sender:pan", "warning"),
    # files
    case("payin create --body nowhere.json", "--body", "nowhere.json", "No such file"),
    case("payin create --body .", "--body", "directory"),
    case("call get_balance --body list.json", "list.json", "JSON object", files={"list.json": "[]"}),
    case("call get_balance --body bad.json", "bad.json", "line 2", files={"bad.json": '{"s3cret":\n'}),
    case("call get_balance --body bin", "bin", "UTF-8", files={"bin": b"\xff\xfe\x00"}),
    case("call get_balance --body twice.json", "'a' appears twice", files={"twice.json": '{"a": 1, "a": 2}'}),
    case("call get_balance --body deep.json", "deep.json", files={"deep.json": "[" * 100000}),
    case("payin create --body g.json --payment-id x", "general", "not an object", files={"g.json": '{"general": 5}'}),
    case("call get_balanc --body b.json", "did you mean get_balance?", files={"b.json": "{}"}),
    case("call //x --body b.json", "one slash", files={"b.json": "{}"}),
    case("sign --body list.json", "list.json", "JSON object", files={"list.json": "[]"}),
    case("sign --body f.json", "f.json", "floating point", "a:b", files={"f.json": '{"a": {"b": 1.5}}'}),
    case("sign --body b.json --timestamp -1", "--timestamp", files={"b.json": "{}"}),
    case("verify --body b.json --headers b.json", "x-access-signature is missing", code=1, files={"b.json": "{}"}),
    case("verify --body b.json --headers b.json", "HIGHHELP_PROJECT_ID", environ=BARE, files={"b.json": "{}"}),
    case("explain --body b.json --headers h", "--headers", "name: value", files={"b.json": "{}", "h": "{"}),
    case("explain --body b.json --headers b.json", "no key", environ=BARE, files={"b.json": "{}"}),
    case("drift nowhere", "nowhere"),
    case("drift t", "line 1", "highhelp record", files={"t": "{}"}),
    case("record --out t", "no command"),
    case("record --out /no/such/t -- balance", "--out", "/no/such/t"),
    case("keys generate --out {home}", "refusing to overwrite"),
    case("keys generate --out /dev/null/x", "--out"),
    case("keys generate --out h --base-url nonsense", "--base-url"),
    case("mock --port 99999", "--port"),
    case("mock --port x", "--port", "'x' is not a valid int"),
    case("mock --scheme nowhere", "--scheme", "nowhere"),
    case("mock --duplicates thrice", "--duplicates", "conflict"),
    case("contract provenance --known x", "--known", "documented"),
    # questions
    case("banks --country Russia", "--country"),
    case("methods --flow sideways", "--flow", "payin, payout"),
    case("payin wait x --timeout soon", "--timeout", "'soon' is not a valid float"),
    case("payin wait x --timeout 0", "--timeout", "above 0"),
    case("payin wait x --timeout nan", "--timeout"),
    case("doctor --interval -1", "--interval"),
    case("doctor --calibrate", "--yes"),
    # the gateway
    case("payin info nobody", "nobody", "No such payment", code=1),
    case("payin wait nobody", "nobody", "No such payment", code=1),
    case("balance", "401", "highhelp doctor", code=1, environ={"HIGHHELP_PROJECT_ID": "nobody"}),
    case("balance", "401", "doctor", code=1, environ={"HIGHHELP_SIGNATURE_SCHEME": '{"digest": "single"}'}),
    case(CREATE, "q", "nothing was sent", "--payment-id q", code=4, environ=DEAD),
    case("balance", "safe to repeat", code=5, environ=DEAD),
    case("payin info q", "safe to repeat", code=5, environ=DEAD),
    case("call /api/v1/x --body b.json", "nothing was sent", code=4, environ=DEAD, files={"b.json": "{}"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def gateway(pattern: Path) -> Iterator[MockGateway]:
    with MockGateway(pattern).serve() as served:
        yield served


@pytest.fixture
def place(pattern: Path, gateway: MockGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """A directory to work in; fills in the names of directories."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIGHHELP_HOME", str(pattern))
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    return lambda text: text.replace("{home}", str(pattern)).replace("{dir}", str(tmp_path))


def test_the_list_is_long_enough() -> None:
    assert len(CASES) >= 40


TAKE_JSON = ("payin", "payout", "balance", "banks", "methods", "doctor", "drift")
FORMS = [
    *((case, False) for case in CASES),
    *((case, True) for case in CASES if case.words[0] in TAKE_JSON and "bogus" not in case.words),
]


@pytest.mark.parametrize(
    ("case", "as_json"), FORMS, ids=[f"{' '.join(case.words)[:70]}{' --json' * as_json}" for case, as_json in FORMS]
)
def test_each_is_one_helpful_line(
    case: Case,
    as_json: bool,
    place: Callable[[str], str],
    pattern: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, content in case.files.items():
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    for name, value in case.environ.items():
        monkeypatch.setenv(name, place(value))
    words = [place(word) for word in case.words]
    assert cli.main([*words, *(["--json"] if as_json else [])]) == case.code
    told = capsys.readouterr()
    text = told.err + told.out
    assert "Traceback" not in text
    for secret in ("s3cret", *pattern.joinpath("private_key.pem").read_text().splitlines()[1:3]):
        assert secret not in text
    lines = [line for line in told.err.splitlines() if not line.startswith(("payment_id ", "warning: "))]
    assert len(lines) == 1, lines
    if as_json and lines[0].startswith("{"):
        assert json.loads(lines[0])["exit_code"] == case.code
        text = text.replace("\\u", "").replace('\\"', '"')
    for words_said in case.says:
        assert words_said in text


def test_the_payment_id_comes_before_anything_is_sent(
    place: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def die(*_: object, **__: object) -> object:
        seen.append(capsys.readouterr().err)
        raise SystemExit(137)  # as if the process were killed here

    monkeypatch.setattr("httpx.Client.send", die)
    assert cli.main(CREATE[:-2]) == 137
    assert seen[0].startswith("payment_id ")


@pytest.mark.parametrize(
    "words",
    [
        ["payin", "create", "--amount", "5 RUB"],
        [*CREATE[:-2], "--callback-url", "ftp://x"],
        ["payout", "create", "--amount", "5 RUB", "--method", "card-p2p"],
    ],
)
def test_no_id_is_printed_for_a_refused_create(
    place: Callable[[str], str], capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert cli.main(words) == 2
    assert "payment_id " not in capsys.readouterr().err


@pytest.mark.parametrize("group", [[], ["keys"], ["payin"], ["payouts"], ["inbox"], ["db"], ["contract"]])
def test_help_texts_of_commands_are_not_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, group: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    cli.main([*group, "--help"])
    commands = capsys.readouterr().out.partition("Commands:")[2].splitlines()
    assert len(commands) > 1
    assert [line for line in commands if line.endswith("...")] == []


@pytest.mark.parametrize("missing", ["highhelp_mock", "uvicorn"])
def test_a_missing_extra_is_named(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("highhelp.cli.demonstration", "highhelp_mock.adapters.server"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn" if missing == "uvicorn" else "jsonschema_rs", None)
    for name in [name for name in sys.modules if name.startswith("highhelp_mock")]:
        monkeypatch.delitem(sys.modules, name)
    assert cli.main(["demo"]) == 2
    assert "pip install 'highhelp[mock]'" in capsys.readouterr().err
