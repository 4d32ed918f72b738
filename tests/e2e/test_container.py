"""The steps of the Containerfile in an empty environment, and its program on a read-only file system."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest

from highhelp import HighHelp, models
from tests.e2e.conftest import CLEAN, ROOT
from tests.requirements import require
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from pathlib import Path

CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
STEPS = [
    tuple(line.split(maxsplit=1))
    for line in CONTAINERFILE.replace("\\\n", " ").splitlines()
    if line.strip() and not line.startswith("#")
]
"""Instruction and its text."""


def texts(instruction: str) -> list[str]:
    return [text for name, text in STEPS if name == instruction]


def test_containerfile_is_unprivileged_and_healthy() -> None:
    user, group = texts("USER")[-1].split(":")
    assert int(user) > 0
    assert int(group) > 0
    names = [name for name, _ in STEPS]
    assert names.index("USER") > max(index for index, name in enumerate(names) if name == "RUN")
    assert len(texts("HEALTHCHECK")) == 1
    assert texts("STOPSIGNAL") == ["SIGINT"]
    assert re.findall(r"--host\W+([\d.]+)", texts("ENTRYPOINT")[0]) == ["0.0.0.0"]


def test_containerignore_lets_in_what_the_wheel_needs() -> None:
    wanted = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert all((ROOT / name).exists() for name in wanted)
    assert {"pyproject.toml", "README.md", "LICENSE", "highhelp", "signing", "generated", "gateway"} == wanted


def read_only(data: Path, command: list[str]) -> list[str]:
    """A command that sees the whole file system read-only, but for one folder."""
    unshare = require("unshare", shutil.which("unshare"))
    namespace = [unshare, "--mount", "--map-root-user"]
    where = shlex.quote(str(data))
    prepare = f"mount --bind {where} {where} && mount -o remount,ro,bind / && [ ! -w / ]"
    probe = subprocess.run([*namespace, "sh", "-c", prepare], capture_output=True, check=False)
    require("unshare with mounts", "" if probe.returncode == 0 else None)
    return [*namespace, "sh", "-c", f'{prepare} && exec "$@"', "sh", *command]


@pytest.mark.slow
def test_steps_build_a_gateway_that_writes_to_data_only(tmp_path: Path) -> None:
    environment, data = tmp_path / "environment", tmp_path / "data"
    venv.create(environment, with_pip=True)
    (data / "tmp").mkdir(parents=True)
    environ = {**CLEAN, "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(data / "tmp")}
    environ |= dict(part.split("=", 1) for text in texts("ENV") for part in shlex.split(text))

    def here(text: str) -> str:
        """The text of a step with the folders of this test in place of those of the image."""
        places = {"/source": ROOT, "/wheels": tmp_path / "wheels", "/data": data}
        return re.sub(r"(?<![\w/])/(?:source|wheels|data)\b", lambda match: str(places[match[0]]), text)

    for step in texts("RUN"):
        if not step.startswith("install -d"):  # makes /data for another user
            subprocess.run(["sh", "-c", here(step)], env=environ, check=True, stdout=subprocess.DEVNULL)

    program: list[str] = json.loads(here(texts("ENTRYPOINT")[0]))
    program[0] = str(environment / "bin" / program[0])
    command = read_only(data, [*program, "--port", "0"])
    with subprocess.Popen(command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            assert url.startswith("http://127.0.0.1:")  # not the address of all interfaces
            health = texts("HEALTHCHECK")[0].partition("CMD ")[2]
            check = [part.replace("http://127.0.0.1:8080", url) for part in json.loads(health)]
            check[0] = sys.executable
            eventually(lambda: subprocess.run(check, check=False).returncode == 0)
            with HighHelp(home=data / "home", environ={}) as client:
                assert client.settings.base_url == url
                created = client.p2p.create_payin(
                    models.P2PPayinRequest(
                        general=models.General(payment_id="order-1"),
                        payment=models.P2PPayinPayment(
                            method=models.Method.CARD_P2P, amount=10000, currency=models.Currency.RUB
                        ),
                    )
                )
            assert created.status == "processing"
            assert (data / "state.sqlite3").stat().st_size > 0
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
    assert process.returncode == 0
    assert subprocess.run(check, check=False, stderr=subprocess.DEVNULL).returncode != 0
