"""The results of a run: its JSON file, and the tables on a terminal and on the page of the documentation."""

from __future__ import annotations

import math
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.bench import payouts
from tools.bench.measure import Row, summary
from tools.markdown import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.bench.budgets import Budget

LIBRARIES = ("highhelp", "httpx", "httpcore", "cryptography", "attrs", "pyreqwest", "sqlalchemy", "orjson")


def as_json(row: Row) -> dict[str, Any]:
    """The form in the results' file: all claims' values, of the sides least, median and greatest."""
    return {
        "sides": {name: {**summary(values), "unit": row.units.get(name, "µs")} for name, values in row.series.items()},
        "claims": row.claims,
    }


def machine(*, quick: bool, seconds: float) -> dict[str, Any]:
    """Where and with what was measured."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return {
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "seconds": round(seconds),
        "quick": quick,
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(load, 1),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def claims(results: Mapping[str, Any]) -> dict[str, list[float]]:
    """All claims of a run."""
    return {name: values for row in results["rows"].values() for name, values in row["claims"].items()}


def _number(value: float) -> str:
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 3)}f}"


def rendered(template: str, results: Mapping[str, Any], aims: Mapping[str, Budget]) -> str:
    """A table for a terminal (`budgets`, `sides`), or `docs/performance.md` with both (`page`)."""
    found = {name: summary(values) for name, values in claims(results).items()}
    path = Path(__file__).with_name(f"{template}.md.jinja")
    return render(path, {"number": _number}, **{**results, "claims": found, "aims": aims, "batch": payouts.ROWS})
