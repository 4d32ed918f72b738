"""What a run is told as: a table, charts, the page of the documentation. All from one JSON file."""

from __future__ import annotations

import math
import os
import platform
import statistics
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from tools.bench.measure import Row, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tools.bench.budgets import Budget

LIBRARIES = ("highhelp", "httpx", "httpcore", "cryptography", "attrs", "pyreqwest", "sqlalchemy", "orjson")
TEXT = Path(__file__).with_name("page.md")
COLOURS = ("#4269d0", "#efb118", "#ff725c", "#3ca951")


def as_json(row: Row) -> dict[str, Any]:
    """The form in the results' file: all claims' values, of the sides least, median and greatest."""
    return {
        "sides": {name: {**summary(values), "unit": row.units.get(name, "µs")} for name, values in row.series.items()},
        "claims": row.claims,
        "curves": row.curves,
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


def table(results: Mapping[str, Any], aims: Mapping[str, Budget]) -> str:
    """For a terminal."""
    lines = []
    for name, row in results["rows"].items():
        lines.append(f"{name}  {'':<58}{'min':>11}{'median':>11}{'max':>11}")
        for side, told in row["sides"].items():
            numbers = "".join(f"{_number(told[key]):>11}" for key in ("min", "median", "max"))
            lines.append(f"  {side:<60}{numbers} {told['unit']}")
    found = claims(results)
    lines += ["", f"{'':<26}{'min':>8}{'median':>8}{'max':>8}  budget"]
    for name, aim in aims.items():
        if name in found:
            told = summary(found[name])
            word = "met" if aim.met(told["median"]) else "MISSED"
            values = "".join(f"{_number(told[key]):>8}" for key in ("min", "median", "max"))
            lines.append(f"{name:<26}{values}  {aim.aim:<14} {word:<7} {aim.what}; against: {aim.against}")
    missing = [name for name in aims if name not in found]
    if missing:
        lines.append(f"not measured: {', '.join(missing)}")
    lines += results["missing"]
    return "\n".join(lines)


def _number(value: float) -> str:
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 3)}f}"


# --- charts --------------------------------------------------------------------------------------------------------


def write_charts(results: Mapping[str, Any], aims: Mapping[str, Budget], folder: Path) -> list[Path]:
    """One chart of all budgets, and one of each growth."""
    charts = {"bench-budgets.svg": budgets_chart(claims(results), aims)}
    curves = [curve for row in results["rows"].values() for curve in row["curves"].items()]
    charts |= {f"bench-growth-{number}.svg": growth_chart(*curve) for number, curve in enumerate(curves, 1)}
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("bench-*.svg"):
        old.unlink()
    for name, text in charts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in charts]


def budgets_chart(found: Mapping[str, Sequence[float]], aims: Mapping[str, Budget]) -> str:
    """How much of each budget is used: a bar up to the line is within it."""
    rows = [(name, aim, statistics.median(found[name])) for name, aim in aims.items() if name in found]
    left, width, step = 190, 380, 22
    height = 50 + step * len(rows)
    parts = [_text(left, 18, "part of the budget that is used; the line is the budget", size=12)]
    for number, (name, aim, value) in enumerate(rows):
        top = 34 + step * number
        used = value / aim.at_most if aim.at_most is not None else (aim.at_least or 0) / value
        colour = COLOURS[0] if aim.met(value) else COLOURS[2]
        length = min(used, 2.0) / 2.0 * width
        parts += [
            _text(left - 8, top + 12, name, anchor="end"),
            f'<rect x="{left}" y="{top}" width="{length:.1f}" height="14" fill="{colour}"/>',
            _text(left + length + 6, top + 12, f"{_number(value)} ({aim.aim})"),
        ]
    parts.append(f'<line x1="{left + width / 2}" y1="28" x2="{left + width / 2}" y2="{height - 12}" stroke="#333"/>')
    return _svg(left + width + 150, height, parts)


def growth_chart(title: str, curves: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Both axes logarithmic."""
    left, top, width, height = 70, 40, 420, 220
    points = [(x, y) for curve in curves.values() for x, y in curve]
    low_x, high_x = (f(math.log10(x) for x, _ in points) for f in (min, max))
    low_y = math.floor(min(math.log10(y) for _, y in points))
    high_y = max(math.ceil(max(math.log10(y) for _, y in points)), low_y + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low_x) / ((high_x - low_x) or 1)
        up = (math.log10(y) - low_y) / (high_y - low_y)
        return left + across * width, top + height - up * height

    parts = [_text(left, 20, title, size=12)]
    for power in range(low_y, high_y + 1):
        y = place(points[0][0], 10.0**power)[1]
        parts += [
            f'<line x1="{left}" y1="{y:.1f}" x2="{left + width}" y2="{y:.1f}" stroke="#ddd"/>',
            _text(left - 8, y + 4, f"{10.0**power:,g}", anchor="end"),
        ]
    for x in sorted({x for x, _ in points}):
        parts.append(_text(place(x, points[0][1])[0], top + height + 18, f"{x:,.0f}", anchor="middle"))
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        where = [place(x, y) for x, y in curve]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in where)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in where]
        parts.append(_text(left + width + 10, top + 14 + 18 * number, name, colour=colour))
    return _svg(left + width + 170, top + height + 34, parts)


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 11, colour: str = "#222") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )


def _svg(width: float, height: float, parts: Iterable[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


# --- the page ------------------------------------------------------------------------------------------------------


def write_page(results: Mapping[str, Any], aims: Mapping[str, Budget], docs: Path) -> list[Path]:
    """`performance.md` and its charts. The words stand in `page.md`, the numbers come from the results."""
    charts = write_charts(results, aims, docs / "performance")
    page = docs / "performance.md"
    parts = {
        "table": _budget_table(results, aims),
        "sides": _side_tables(results),
        "charts": "\n\n".join(f"![{_alt(path)}](performance/{path.name})" for path in charts),
        "about": _about(results),
    }
    text = TEXT.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    page.write_text(text, encoding="utf-8")
    return [page, *charts]


def _alt(path: Path) -> str:
    return "How much of each budget is used" if "budgets" in path.name else "How a cost grows"


def _budget_table(results: Mapping[str, Any], aims: Mapping[str, Budget]) -> str:
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
    notes = [f"- `{name}`: {aim.note}" for name, aim in aims.items() if aim.note]
    return "\n".join([*lines, *(["", "Why a row misses its budget:", "", *notes] if notes else [])])


def _side_tables(results: Mapping[str, Any]) -> str:
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
