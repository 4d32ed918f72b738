"""`highhelp doctor`: each fault of the set-up is named, and what is in order is said to be so."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from highhelp import HighHelpError, Rejected, Unavailable, cli
from highhelp.storage.inspection import Inspection
from highhelp_mock import MockGateway
from highhelp_signing import SignatureScheme, generate_home
from tests.client.tls import authority, secure_server
from tests.inbox.conftest import SERVER
from tests.inbox.conftest import postgres as postgres
from tests.inbox.conftest import postgres_server as postgres_server

Plant: TypeAlias = Callable[[Path, pytest.MonkeyPatch], object]


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pattern") / "h"
    generate_home(directory, base_url="http://127.0.0.1:9")
    return directory


@pytest.fixture
def home(pattern: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(pattern, tmp_path / "h")
    monkeypatch.setenv("HIGHHELP_HOME", str(tmp_path / "h"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "h"


@pytest.fixture
def gateway(home: Path) -> Iterator[MockGateway]:
    with MockGateway(home).serve() as served:
        yield served


def examined(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, Any]]]:
    capsys.readouterr()
    code = cli.main(["doctor", "--json"])
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert "PRIVATE KEY" not in told.out + told.err
    assert document["ok"] is (code == 0)
    return code, {check["name"]: check for check in document["checks"]}


def test_all_is_well(gateway: MockGateway, capsys: pytest.CaptureFixture[str]) -> None:
    code, checks = examined(capsys)
    assert code == 0
    assert {check["state"] for name, check in checks.items() if name != "TLS"} == {"ok"}
    assert {"base URL", "project", "key", "scheme", "key pair", "callback keys", "proxy", "reachable", "clock"} < set(
        checks
    )
    assert "project.json" in checks["base URL"]["detail"]
    assert cli.main(["doctor"]) == 0
    assert "ok           signed call" in capsys.readouterr().out


def variable(name: str, value: str) -> Plant:
    return lambda _, monkeypatch: monkeypatch.setenv(name, value)


def write(name: str, text: str) -> Plant:
    return lambda home, _: (home / name).write_text(text)


def another_public_key(home: Path, _: object) -> None:
    shutil.copy(home / "callback_public_key.pem", home / "public_key.pem")


def own_key_for_callbacks(home: Path, _: object) -> None:
    shutil.copy(home / "public_key.pem", home / "callback_public_key.pem")
    (home / "hmac_callback_key.txt").unlink()


def without_callback_keys(home: Path, _: object) -> None:
    (home / "callback_public_key.pem").unlink()
    (home / "hmac_callback_key.txt").unlink()


def public_for_private(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIGHHELP_PRIVATE_KEY", str(home / "public_key.pem"))


def https_where_there_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = json.loads((home / "project.json").read_text())["base_url"]
    monkeypatch.setenv("HIGHHELP_BASE_URL", url.replace("http:", "https:"))


def https_through(proxy: str) -> Plant:
    def plant(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HIGHHELP_BASE_URL", "https://gateway.invalid")
        monkeypatch.setenv("https_proxy", proxy)

    return plant


def short_hmac_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIGHHELP_HMAC_KEY", "k" * 31)


def other_tables(home: Path, _: object) -> None:
    with closing(sqlite3.connect(home / "highhelp.db")) as database, database:
        database.execute("CREATE TABLE highhelp_schema_version (version_num TEXT)")
        database.execute("INSERT INTO highhelp_schema_version VALUES ('0000')")


FAULTS: list[tuple[str, Plant, str, str, str, int]] = [
    ("home is a file", variable("HIGHHELP_HOME", __file__), "home", "wrong", "not a directory", 2),
    ("base URL", variable("HIGHHELP_BASE_URL", "example"), "base URL", "wrong", "HIGHHELP_BASE_URL", 2),
    ("no key", variable("HIGHHELP_PRIVATE_KEY", "/no/such.pem"), "key", "wrong", "/no/such.pem", 2),
    ("public for private", public_for_private, "key", "wrong", "a public key was given", 2),
    ("readable data", lambda home, _: (home / "highhelp.db").touch(0o644), "database file", "warning", "chmod 600", 0),
    ("readable key", lambda home, _: (home / "private_key.pem").chmod(0o644), "key", "warning", "chmod 600", 0),
    ("scheme", variable("HIGHHELP_SIGNATURE_SCHEME", '{"digets": 1}'), "scheme", "wrong", "digets", 2),
    ("pair", another_public_key, "key pair", "wrong", "different pairs", 2),
    ("own key", own_key_for_callbacks, "callback keys", "wrong", "project's own key", 2),
    ("no callback keys", without_callback_keys, "callback keys", "warning", "HIGHHELP_CALLBACK_PUBLIC_KEY", 0),
    ("short callback key", variable("HIGHHELP_CALLBACK_HMAC_KEY", "k" * 31), "callback keys", "warning", "fewer than",
     0),
    ("name for a key", variable("HIGHHELP_CALLBACK_HMAC_KEY", "/run/secrets/key.txt"), "callback keys", "wrong",
     "HIGHHELP_CALLBACK_HMAC_KEY_FILE", 2),
    ("PEM for an HMAC key", lambda home, patch: patch.setenv(
        "HIGHHELP_CALLBACK_HMAC_KEY_FILE", str(home / "callback_public_key.pem")
    ), "callback keys", "wrong", "this is a PEM", 2),
    ("both kinds", lambda *_: None, "callback keys", "ok", "keys of both kinds", 0),
    ("short key", short_hmac_key, "key", "warning", "fewer than 32", 1),
    ("typing error", variable("HIGHHELP_PROJECTID", "x"), "environment", "warning", "HIGHHELP_PROJECT_ID", 0),
    ("other scheme", variable("HIGHHELP_SIGNATURE_SCHEME", '{"digest": "single"}'), "signed call", "wrong",
     "--calibrate", 1),
    ("no project there", variable("HIGHHELP_PROJECT_ID", "nobody"), "signed call", "wrong", "401", 1),
    ("new database", variable("HIGHHELP_DATABASE_URL", "/tmp/no-such-highhelp.db"), "database", "ok", "first use", 0),
    ("no database server", variable("HIGHHELP_DATABASE_URL", "postgresql://me:s3cret@127.0.0.1:9/x"), "database",
     "wrong", "onnection refused", 2),
    ("not a database", write("highhelp.db", "s3cret" * 99), "database", "wrong", "not a database", 2),
    ("other tables", other_tables, "database", "wrong", "which this code does not know", 2),
    ("dead port", variable("HIGHHELP_BASE_URL", "http://127.0.0.1:9"), "reachable", "wrong", "127.0.0.1:9", 4),
    ("no TLS there", https_where_there_is_none, "TLS", "wrong", "no TLS connection", 4),
    ("no such host", variable("HIGHHELP_BASE_URL", "https://gateway.invalid"), "reachable", "wrong",
     "gateway.invalid", 4),
    ("plain http and a proxy", variable("http_proxy", "http://me:s3cret@127.0.0.1:9"), "proxy", "ok", "none", 0),
    ("proxy's password", https_through("http://me:s3cret@127.0.0.1:9"), "proxy", "ok", "http://127.0.0.1:9;", 5),
    ("proxy without a scheme of one", https_through("ftp://me:s3cret@127.0.0.1:9"), "proxy", "wrong", "HTTPS_PROXY", 2),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("gateway")
@pytest.mark.parametrize(
    ("plant", "told", "code"), [(row[1], row[2:5], row[5]) for row in FAULTS], ids=[r[0] for r in FAULTS]
)
def test_each_fault_is_named(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    plant: Plant,
    told: tuple[str, str, str],
    code: int,
) -> None:
    name, state, words = told
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    plant(home, monkeypatch)
    ended, checks = examined(capsys)
    assert (checks[name]["state"], ended) == (state, code), checks
    assert words in checks[name]["detail"]
    assert "s3cret" not in json.dumps(checks)


@pytest.mark.parametrize(("mode", "state"), [(0o600, "ok"), (0o640, "warning"), (0o604, "warning")])
def test_a_key_is_for_its_owner_alone(home: Path, capsys: pytest.CaptureFixture[str], mode: int, state: str) -> None:
    (home / "private_key.pem").chmod(mode)
    _, checks = examined(capsys)
    assert checks["key"]["state"] == state
    assert ("chmod 600" in checks["key"]["detail"]) is (state == "warning")


@pytest.mark.parametrize(
    ("plant", "name", "words"),
    [
        (own_key_for_callbacks, "callback keys", "project's own key"),
        (another_public_key, "key pair", "different pairs"),
    ],
)
def test_keys_that_were_mixed_up_are_wrong(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    plant: Plant,
    name: str,
    words: str,
) -> None:
    plant(home, monkeypatch)
    code, checks = examined(capsys)
    assert (checks[name]["state"], code) == ("wrong", 2)
    assert words in checks[name]["detail"]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("url", "port"), [("http://127.0.0.1", 80), ("https://127.0.0.1", 443), ("https://127.0.0.1:8443", 8443)]
)
def test_the_port_follows_the_scheme(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, port: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setenv("HIGHHELP_BASE_URL", url)
    code, checks = examined(capsys)
    assert code == 4
    assert checks["reachable"]["detail"].startswith(f"127.0.0.1:{port} does not accept connections")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("standbys", [0, 1])
def test_a_standby_for_which_no_commit_waits_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], standbys: int
) -> None:
    monkeypatch.setenv("HIGHHELP_DATABASE_URL", "payouts.db")
    monkeypatch.setattr(
        "highhelp.storage.inspection.inspect_database",
        lambda _: Inspection("postgresql; tables of version 1", standbys),
    )
    _, checks = examined(capsys)
    assert checks["database"]["state"] == "ok"
    assert ("standby" in checks) is (standbys > 0)
    if standbys:
        assert checks["standby"]["state"] == "warning"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Rejected("no such payout", status=404, cause="not_found", operation="get_p2p_payout"), "ok"),
        (Rejected("not for you", status=403, cause="forbidden", operation="get_p2p_payout"), "warning"),
        (Unavailable("HTTP 404", status=404, operation="get_p2p_payout"), "warning"),
        (None, "warning"),
    ],
)
def test_only_a_proper_not_found_is_recognised(
    gateway: MockGateway,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: HighHelpError | None,
    state: str,
) -> None:
    def get_payout(*_: object, **__: object) -> None:
        if error is not None:
            raise error

    monkeypatch.setattr("highhelp_api.client.api.p2p.P2p.get_payout", get_payout)
    code, checks = examined(capsys)
    assert (checks["not found"]["state"], code) == (state, 0)
    assert ("`highhelp payouts release`" in checks["not found"]["detail"]) is (state == "warning")


@pytest.mark.usefixtures("gateway")
def test_a_missing_database_is_named_by_the_server(
    postgres: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HIGHHELP_DATABASE_URL", postgres)
    code, checks = examined(capsys)
    assert (code, checks["database"]["state"]) == (0, "ok")
    assert "postgresql; no tables yet, the first use creates them" in checks["database"]["detail"]
    monkeypatch.setenv("HIGHHELP_DATABASE_URL", f"{SERVER.replace('@', ':s3cret@')}/nodatabase")
    code, checks = examined(capsys)
    assert (code, checks["database"]["state"]) == (2, "wrong")
    assert "does not exist" in checks["database"]["detail"]
    assert "s3cret" not in json.dumps(checks)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("days", "trusted", "state", "words"),
    [
        (90, True, "ok", "the certificate is good for 90 days"),
        (15, True, "ok", "the certificate is good for 15 days"),
        (13, True, "warning", "the certificate ends in 13 days"),
        (90, False, "wrong", "the certificate is not accepted: "),
    ],
)
def test_the_certificate(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    days: int,
    trusted: bool,
    state: str,
    words: str,
) -> None:
    made = authority(tmp_path, days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.ca))
    monkeypatch.setattr("highhelp.transport.driver.time.sleep", lambda _: None)
    with secure_server(made, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as url:
        monkeypatch.setenv("HIGHHELP_BASE_URL", url)
        _, checks = examined(capsys)
    assert checks["TLS"]["state"] == state
    assert words in checks["TLS"]["detail"]


@pytest.mark.parametrize(
    ("seconds", "state", "words", "code"),
    [
        (30, "ok", "within 30 s of", 0),
        (31, "warning", "31 s ahead of", 0),
        (-299, "warning", "299 s behind", 0),
        (300, "wrong", "300 s ahead of", 1),
        (-300, "wrong", "300 s behind", 1),
    ],
)
def test_the_clock(
    gateway: MockGateway,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seconds: int,
    state: str,
    words: str,
    code: int,
) -> None:
    monkeypatch.setattr("highhelp.cli.setup_checks.clock_skew", lambda _: float(seconds))
    ended, checks = examined(capsys)
    assert (checks["clock"]["state"], ended) == (state, code)
    assert words in checks["clock"]["detail"]


def test_nothing_set_at_all(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("HIGHHELP_HOME", "HIGHHELP_BASE_URL", "HIGHHELP_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    code, checks = examined(capsys)
    assert code == 2
    assert {name for name, check in checks.items() if check["state"] == "wrong"} == {"base URL", "project", "key"}


def test_the_scheme_in_use_is_told(
    gateway: MockGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HIGHHELP_SIGNATURE_SCHEME", SignatureScheme(joiner="&", token="tok-secret").to_json())
    _, checks = examined(capsys)
    assert "joiner='&'" in checks["scheme"]["detail"]
    assert "tok-secret" not in json.dumps(checks)
