"""The results of a run: its JSON file, and the tables on a terminal and on the page of the documentation."""

from __future__ import annotations

import math
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.bench.measure import Row, summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.bench.budgets import Budget

LIBRARIES = ("highhelp", "httpx", "httpcore", "cryptography", "attrs", "pyreqwest", "sqlalchemy", "orjson")
TEXT = Path(__file__).with_name("page.md")


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


def page(results: Mapping[str, Any], aims: Mapping[str, Budget]) -> str:
    """`docs/performance.md`. The words stand in `page.md`, the numbers come from the results."""
    text = TEXT.read_text(encoding="utf-8")
    notes = [f"- `{name}`: {aim.note}" for name, aim in aims.items() if aim.note]
    parts = {
        "budgets": budget_table(results, aims),
        "notes": "\n".join(notes),
        "sides": side_table(results),
        "about": _about(results),
    }
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    return text


def budget_table(results: Mapping[str, Any], aims: Mapping[str, Budget]) -> str:
    """Every budget with the median of its claim."""
    found = claims(results)
    lines = ["| what | against | budget | median | min to max | |", "| --- | --- | --: | --: | --: | --- |"]
    for name, aim in aims.items():
        unit = f" {aim.unit}" if aim.unit else ""
        if name not in found:
            lines.append(f"| {aim.what} | {aim.against} | {aim.aim}{unit} | | | not measured |")
            continue
        told = summary(found[name])
        word = "" if aim.met(told["median"]) else "missed"
        lines.append(
            f"| {aim.what} | {aim.against} | {aim.aim}{unit} | {_number(told['median'])} "
            f"| {_number(told['min'])} to {_number(told['max'])} | {word} |"
        )
    return "\n".join(lines)


def side_table(results: Mapping[str, Any]) -> str:
    """Every side of every row."""
    lines = ["| row | side | min | median | max | unit |", "| --- | --- | --: | --: | --: | --- |"]
    for name, row in results["rows"].items():
        for side, told in row["sides"].items():
            numbers = " | ".join(_number(told[key]) for key in ("min", "median", "max"))
            lines.append(f"| {name} | {side} | {numbers} | {told['unit']} |")
    return "\n".join(lines)


def _about(results: Mapping[str, Any]) -> str:
    about = results["about"]
    libraries = ", ".join(f"{name} {number}" for name, number in about["libraries"].items())
    where = f"Python {about['python']}, {about['cores']} cores of {about['processor']}"
    run = f"load {about['load']} at the end of a run of {about['seconds']} seconds"
    lines = [f"Measured on {about['when']}, {where}, {run}. {libraries}."]
    if about["quick"]:
        lines.append("A quick run: the numbers are rough.")
    return "\n".join([*lines, *results["missing"]])
