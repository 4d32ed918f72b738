"""The size of the wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tools.bench.measure import Bench, Row

ROOT = Path(__file__).resolve().parents[3]
PAGES = "highhelp_mock/pages/"


def wheel(bench: Bench) -> Row:
    """The built wheel: bytes of its compressed files, with and without the gateway's pages."""
    target = bench.scratch / "wheel"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    built = next(target.glob("*.whl"))
    whole = built.stat().st_size / 1000
    files = zipfile.ZipFile(built).infolist()
    pages = sum(file.compress_size for file in files if file.filename.startswith(PAGES)) / 1000
    series = {"wheel": [whole], "wheel without the gateway's pages": [whole - pages], "files": [float(len(files))]}
    units = {"wheel": "KB", "wheel without the gateway's pages": "KB", "files": "files"}
    return Row(series, units=units, claims={"wheel": [whole - pages]})
