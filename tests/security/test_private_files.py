"""Files with personal data are readable by their owner only, from the start."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from highhelp import AsyncCallbackInbox, CallbackInbox, SettingsError
from highhelp.drift import Recorder
from highhelp.settings import checked_url
from highhelp_mock import MockGateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no such modes")


@pytest.fixture(autouse=True, params=[0o022, 0o000], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def gateway() -> MockGateway:
    return MockGateway()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_database_is_made_for_its_owner_alone(tmp_path: Path, gateway: MockGateway) -> None:
    async def by_async() -> None:
        inbox = AsyncCallbackInbox(str(tmp_path / "b.db"), verifier=gateway.verifier(), environ={})
        await inbox.create_schema()
        await inbox.close()

    with CallbackInbox(str(tmp_path / "a.db"), verifier=gateway.verifier(), environ={}) as inbox:
        inbox.create_schema()
        assert {path.name for path in tmp_path.iterdir()} >= {"a.db", "a.db-wal"}
        assert {mode(path) for path in tmp_path.iterdir()} == {0o600}
    asyncio.run(by_async())
    assert mode(tmp_path / "b.db") == 0o600


def test_a_database_that_exists_is_used_as_it_is(tmp_path: Path, gateway: MockGateway) -> None:
    sqlite3.connect(tmp_path / "a.db").close()
    (tmp_path / "a.db").chmod(0o660)
    (tmp_path / "link.db").symlink_to(tmp_path / "a.db")
    with CallbackInbox(str(tmp_path / "link.db"), verifier=gateway.verifier(), environ={}) as inbox:
        inbox.create_schema()
    assert mode(tmp_path / "a.db") == 0o660


def test_no_database_is_made_through_a_symbolic_link(tmp_path: Path, gateway: MockGateway) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere.db")
    with (
        CallbackInbox(str(tmp_path / "link.db"), verifier=gateway.verifier(), environ={}) as inbox,
        pytest.raises(SettingsError, match="symbolic link"),
    ):
        inbox.create_schema()
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_recording_is_its_owner_s_alone(tmp_path: Path) -> None:
    new, old, link = tmp_path / "new", tmp_path / "old", tmp_path / "link"
    old.touch(0o644)
    link.symlink_to(old)
    for path in (new, old):
        Recorder(path).close()
        assert mode(path) == 0o600
    with pytest.raises(OSError, match="symbolic"):
        Recorder(link)


@pytest.mark.parametrize("end", ["#", "?", "/?", "/#", "?a=1", "#a"])
def test_a_base_url_with_an_open_end_is_refused(end: str) -> None:
    with pytest.raises(SettingsError, match="query or fragment"):
        checked_url(f"https://api.example.com{end}", "x")
    with pytest.raises(SettingsError):
        checked_url("https://api%2eexample.com", "x")
