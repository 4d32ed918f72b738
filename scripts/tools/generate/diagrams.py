"""State machines as SVG: a row for each state, arrows between the rows, and a column for each end.

Nearly every state may be followed by every end, so lines to them would hide what matters: they are dots in columns.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Machine = Mapping[str, Sequence[str]]

ENDS = ("success", "decline", "error")
"""Columns. `error` is a row too, since it may be followed by the others."""
COLOURS = {"processing": "#e3edfb", "dispute": "#fdf0d5", "error": "#fbe1e1"}
ROW, BOX, HEIGHT, LANE, COLUMN, TOP, EDGE = 56, 190, 38, 13, 58, 44, 12
DASHED = ' stroke-dasharray="4 3"'
"""The border of a state that goes on in another machine."""
STYLE = (
    "text{font:14px system-ui,sans-serif;fill:#1b1f24}.small{font-size:11px;fill:#57606a}"
    ".line{fill:none;stroke:#57606a;stroke-width:1.4}.box{stroke:#8c959f}.rule{stroke:#d0d7de}.dot{fill:#1b1f24}"
)
TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>'
)


def diagram(title: str, machine: Machine) -> str:
    """One machine as an SVG document."""
    machine = _with_others(machine)
    rows = {state: number for number, state in enumerate(machine)}
    arcs = [
        (rows[before], rows[after])
        for before, follows in machine.items()
        for after in follows
        if after in rows and after not in ENDS and rows[after] != rows[before] + 1
    ]
    lanes = _lanes(arcs)
    left = EDGE + (max(lanes.values(), default=-1) + 2) * LANE
    columns = [end for end in ENDS if any(end in follows for follows in machine.values())]
    width = left + BOX + EDGE + len(columns) * COLUMN
    height = TOP + len(rows) * ROW
    name, size = escape(title), f'width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size} role="img">',
        f"<title>{name}</title><style>{STYLE}</style>{TIP}",
        f'<rect {size} rx="6" fill="#fff"/>',
    ]
    for number, end in enumerate(columns):
        x = left + BOX + EDGE + number * COLUMN + COLUMN // 2
        parts.append(f'<text class="small" x="{x}" y="24" text-anchor="middle">{end}</text>')
    for state, number in rows.items():
        parts += _row(state, number, left, columns, machine[state], straight=number + 1 in _next(machine, rows, state))
    parts += [_arc(before, after, lanes[before, after], left) for before, after in arcs]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _with_others(machine: Machine) -> Machine:
    """Also the states of other machines that this one leads to, before `error`."""
    reached = {after: () for follows in machine.values() for after in follows if after not in {*machine, *ENDS}}
    return {
        **{state: follows for state, follows in machine.items() if state not in ENDS},
        **reached,
        **{state: follows for state, follows in machine.items() if state in ENDS},
    }


def _next(machine: Machine, rows: Mapping[str, int], state: str) -> set[int]:
    return {rows[after] for after in machine[state] if after in rows and after not in ENDS}


def _lanes(arcs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Which lane beside the boxes each arc runs in, so that none lies on another: short ones are the inner ones."""
    lanes: dict[tuple[int, int], int] = {}
    for arc in sorted(arcs, key=lambda one: (abs(one[1] - one[0]), one)):
        low, high = sorted(arc)
        taken = {lane for other, lane in lanes.items() if low <= max(other) and min(other) <= high}
        lanes[arc] = next(lane for lane in range(len(arcs) + 1) if lane not in taken)
    return lanes


def _y(number: int) -> int:
    return TOP + number * ROW + HEIGHT // 2


def _row(
    state: str, number: int, left: int, columns: Sequence[str], follows: Sequence[str], *, straight: bool
) -> list[str]:
    status, _, sub_status = state.partition(":")
    y = _y(number)
    parts = []
    if set(columns) & set(follows):
        end = left + BOX + EDGE + len(columns) * COLUMN - EDGE
        parts.append(f'<line class="rule" x1="{left + BOX}" x2="{end}" y1="{y}" y2="{y}"/>')
    parts.append(
        f'<rect class="box" x="{left}" y="{y - HEIGHT // 2}" width="{BOX}" height="{HEIGHT}" rx="5"'
        f' fill="{COLOURS[status]}"{"" if follows else DASHED}/>'
    )
    name, above = (sub_status, status) if sub_status else (status, "")
    parts.append(f'<text x="{left + 10}" y="{y + (11 if above else 5)}">{escape(name)}</text>')
    if above:
        parts.append(f'<text class="small" x="{left + 10}" y="{y - 5}">{escape(above)}</text>')
    parts += [
        f'<circle class="dot" cx="{left + BOX + EDGE + place * COLUMN + COLUMN // 2}" cy="{y}" r="5"/>'
        for place, name in enumerate(columns)
        if name in follows
    ]
    if straight:
        x, bottom = left + BOX // 2, y + HEIGHT // 2
        parts.append(f'<path class="line" d="M{x} {bottom}V{bottom + ROW - HEIGHT}" marker-end="url(#tip)"/>')
    return parts


def _arc(before: int, after: int, lane: int, left: int) -> str:
    # leaving and arriving have halves of the box of their own, so that no arrow begins where another one ends
    down = 1 if after > before else -1
    start, end = _y(before) + 7 * down, _y(after) - 7 * down
    x = left - (lane + 1) * LANE
    return (
        f'<path class="line" d="M{left} {start}H{x + 6}Q{x} {start} {x} {start + 6 * down}V{end - 6 * down}'
        f'Q{x} {end} {x + 6} {end}H{left}" marker-end="url(#tip)"/>'
    )
