"""The program by which `scripts/matrix` judges a bare installation runs here too, so that it keeps up with the code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from highhelp_mock import MockGateway

PROGRAM = Path(__file__).with_name("bare_program.py")
VECTORS = Path(__file__).resolve().parents[2] / "spec" / "signing-vectors.json"


def test_a_bare_installation_signs_and_pays(tmp_path: Path) -> None:
    with MockGateway(tmp_path / "home").serve():
        done = subprocess.run(
            [sys.executable, PROGRAM, tmp_path / "home", VECTORS], capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("vectors, 2 payments and a refusal\n")
