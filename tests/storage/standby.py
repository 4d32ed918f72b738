"""A PostgreSQL primary with a streaming standby, made for one test and killed in it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg

from tests.requirements import require
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "shop"


class Pair:
    """Two clusters, `a` (primary) and `b` (standby), and their failures.

    Args:
        binaries: The folder of PostgreSQL's programs.
        folder: The folder of the clusters.
        synchronous: Whether a commit waits for the standby.
    """

    def __init__(self, binaries: Path, folder: Path, *, synchronous: bool) -> None:
        self._binaries = binaries
        self._folder = folder
        self._ports = {"a": _free_port(), "b": _free_port()}
        self.synchronous = synchronous
        self._standby_is_primary = False

    @property
    def url(self) -> str:
        """Both hosts in one URL; the one that takes writes is chosen."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports.values())
        return f"postgresql://postgres@{hosts}/{DATABASE}?target_session_attrs=read-write&connect_timeout=2"

    def start(self) -> Self:
        """Make both clusters and wait until the standby follows."""
        self._run("initdb", "-D", self._path("a"), "-U", "postgres", "-A", "trust", "-N", "--no-instructions")
        self._start("a")
        self.sql("a", f"CREATE DATABASE {DATABASE}", database="postgres")
        self._run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", str(self._ports["a"]), "-U", "postgres", "-D", self._path("b"),
            "-c", "fast", "-R", "-C", "-S", "b", "-N",
        )  # fmt: skip
        self._start("b")
        if self.synchronous:
            # after the copy, which would bring the setting to the standby, where no one waits
            self.sql("a", "ALTER SYSTEM SET synchronous_standby_names = 'b'")
            self.sql("a", "SELECT pg_reload_conf()")
        wanted = "sync" if self.synchronous else "async"
        eventually(
            lambda: self.sql("a", "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'") == wanted
        )
        return self

    def sql(self, cluster: str, text: str, database: str = DATABASE) -> object:
        """Run one statement and return its first value."""
        address = f"postgresql://postgres@127.0.0.1:{self._ports[cluster]}/{database}"
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(text)
            row = cursor.fetchone() if cursor.description else None
            return None if row is None else row[0]

    def lag(self) -> None:
        """Stop the process that sends to the standby: from now on it receives nothing."""
        for pid in self._processes():
            if b"walsender" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGSTOP)

    def fail_over(self) -> float:
        """Kill every process of the primary and promote the standby. Returns the moment of the kill."""
        moment = time.monotonic()
        for pid in [self._postmaster(), *self._processes()]:
            os.kill(pid, signal.SIGKILL)
        self._control("b", "promote")
        self._standby_is_primary = True
        return moment

    def stop(self) -> None:
        """Stop what still runs."""
        for cluster in "b" if self._standby_is_primary else "ba":
            self._control(cluster, "-m", "immediate", "stop")

    def _path(self, cluster: str) -> str:
        return str(self._folder / cluster)

    def _start(self, cluster: str) -> None:
        options = (
            f"-p {self._ports[cluster]} -c cluster_name={cluster} -c listen_addresses=127.0.0.1 "
            f"-c unix_socket_directories={self._folder} -c fsync=off -c shared_buffers=16MB -c wal_log_hints=on "
            "-c wal_retrieve_retry_interval=100ms"
        )
        log = str(self._folder / f"{cluster}.log")
        self._control(cluster, "-l", log, "-o", options, "start")

    def _control(self, cluster: str, *arguments: str) -> None:
        self._run("pg_ctl", "-D", self._path(cluster), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")

    def _postmaster(self) -> int:
        return int((self._folder / "a" / "postmaster.pid").read_text().split("\n", 1)[0])

    def _processes(self) -> list[int]:
        found = subprocess.run(["pgrep", "-P", str(self._postmaster())], check=False, capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]


@contextmanager
def pair(*, synchronous: bool) -> Iterator[Pair]:
    """Start a pair, and remove it afterwards."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    binaries = Path(require("postgres-server", str(versions[-1].parent) if versions else None))
    folder = Path(tempfile.mkdtemp(prefix="highhelp-pair-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    made = Pair(binaries, folder, synchronous=synchronous)
    try:
        yield made.start()
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
