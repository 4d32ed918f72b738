"""Database URLs as hosting providers write them: one URL for every driver, and no piece of a password in an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from highhelp import AsyncCallbackInbox, CallbackInbox, SettingsError, cli
from highhelp.storage.url import parse
from highhelp_signing import generate_home

if TYPE_CHECKING:
    from pathlib import Path

    from highhelp_mock import MockGateway

FULL = {"user": "app", "password": "pw", "host": "h", "port": "6543", "dbname": "shop"}


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        ("postgresql://app:pw@h:6543/shop", FULL),
        ("postgres://app:pw@h:6543/shop", FULL),
        ("postgresql+asyncpg://app:pw@h:6543/shop", FULL),
        ("postgresql+psycopg2://app:pw@h:6543/shop", FULL),
        ("POSTGRESQL://app:pw@h:6543/shop", FULL),
        ("postgresql://app:p%40w%2F%3A@h/shop", {"user": "app", "password": "p@w/:", "host": "h", "dbname": "shop"}),
        ("postgresql://app:w?rd=#:x@h/shop", {"user": "app", "password": "w?rd=#:x", "host": "h", "dbname": "shop"}),
        ("postgresql://h/shop?sslmode=require&channel_binding=require", {"sslmode": "require"}),
        ("postgresql://h/shop?sslrootcert=%2Fca.pem", {"sslrootcert": "/ca.pem"}),
        ("postgresql://h/shop?options=-c%20geqo%3Doff%20-c%20jit%3Doff", {"options": "-c geqo=off -c jit=off"}),
        ("postgresql://h/shop?application_name=a%20b&connect_timeout=5", {"application_name": "a b"}),
        ("postgresql://h/shop?user=a@b", {"user": "a@b"}),
        ("postgresql:///shop", {"dbname": "shop"}),
        ("postgresql:///shop?host=/run/postgresql", {"host": "/run/postgresql", "dbname": "shop"}),
        ("postgresql://%2Frun%2Fpostgresql/shop", {"host": "/run/postgresql"}),
        ("postgresql://[::1]:6543/shop", {"host": "::1", "port": "6543"}),
        ("postgresql://h1:1,h2:2/shop?target_session_attrs=read-write", {"host": "h1,h2", "port": "1,2"}),
        ("postgresql://h1,h2:2/shop", {"host": "h1,h2", "port": ",2"}),
        ("postgresql://u@/shop?host=h1,h2&port=1,2", {"host": "h1,h2", "port": "1,2", "user": "u"}),
    ],
)
def test_url_gives_libpq_parameters(url: str, parameters: dict[str, str]) -> None:
    _, found = parse(url)
    assert found | parameters == found


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://app:p@ss:w/rd@127.0.0.1:5432/shop", "%40"),
        ("postgresql://app:p@ss@127.0.0.1/shop", "%40"),
        ("postgresql://app@company:ss@127.0.0.1/shop", "%40"),
        ("postgresql://app:p/ss@127.0.0.1/shop", "%2F"),
        ("postgresql://app:12/ss@127.0.0.1/shop", "%2F"),
        ("postgresql://app:p/x?ss=w@127.0.0.1/shop", "%3F"),
        ("postgresql://app:12/x?ss@127.0.0.1/shop", "%3F"),
        ("postgresql://h:ss/shop", "port"),
        ("postgresql://h:99999/ss", "port"),
        ("postgresql://h:65536/ss", "port"),
        ("postgresql://h/shop?ss", "name=value"),
        ("postgresql://h/shop?pgbouncer=true&sslmode=require", "`pgbouncer`"),
        ("postgresql://h/shop?autocommit=true", "`autocommit`"),
        ("postgresql://h/shop?S.s=1", "libpq"),
        ("mysql://app:ss@h/shop", "postgresql://"),
        ("://ss", "neither"),
        ("sqlite://h:ss/x", "neither"),
        ("sqlite://", "in-memory"),
        ("sqlite:///file:ss?mode=memory&uri=true", "in-memory"),
        ("sqlite:///file::memory:?cache=shared&uri=true", "in-memory"),
        ("sqlite:////ss?vfs=memdb&uri=true", "in-memory"),
    ],
)
@pytest.mark.parametrize("kind", [CallbackInbox, AsyncCallbackInbox])
def test_unusable_url_is_named_without_a_piece_of_it(
    url: str, words: str, kind: type[CallbackInbox | AsyncCallbackInbox], gateway: MockGateway
) -> None:
    with pytest.raises(SettingsError, match="HIGHHELP_DATABASE_URL") as caught:
        kind(url, verifier=gateway.verifier(), environ={})
    assert words in str(caught.value)
    assert "ss" not in str(caught.value).replace("password", "").replace("passes", "")
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_command_names_an_unescaped_at_sign(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_home(tmp_path / "home", base_url="http://127.0.0.1:9")
    monkeypatch.setenv("HIGHHELP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HIGHHELP_DATABASE_URL", "postgresql://app:p@ss:w/rd@127.0.0.1:5432/shop")
    assert cli.main(["inbox", "stats"]) == 2
    err = capsys.readouterr().err
    assert "HIGHHELP_DATABASE_URL" in err
    assert "%40" in err
    assert "Traceback" not in err
    assert "ss:w" not in err
