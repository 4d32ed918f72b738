"""The benchmark's rules: regressions and reports. Nothing is timed here."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tools.bench import budgets, report
from tools.bench.budgets import Budget
from tools.bench.measure import Bench, Row, ratios

if TYPE_CHECKING:
    from pathlib import Path

AIMS = budgets.load()


def budget(**fields: Any) -> Budget:
    return Budget(name="x", what="w", against="a", **fields)


def test_a_value_within_the_margin_is_no_regression() -> None:
    most = budget(at_most=2.0, margin=0.1)
    assert most.met(2.0)
    assert not most.met(2.1)
    assert not most.regressed(2.19)
    assert most.regressed(2.21)
    least = budget(at_least=3, margin=0.5)
    assert least.met(3)
    assert not least.regressed(2.01)
    assert least.regressed(1.99)


def test_known_miss_of_a_budget_is_no_regression() -> None:
    assert not budget(at_most=2.0, margin=0.1, known=4.0).regressed(4.3)
    assert budget(at_most=2.0, margin=0.1, known=4.0).regressed(4.5)
    assert not budget(at_most=2.0, margin=0.1, known=1.0).regressed(2.1)
    assert not budget(at_least=3, margin=0.5, known=2.0).regressed(1.4)
    assert budget(at_least=3, margin=0.5, known=2.0).regressed(1.3)


@pytest.mark.parametrize("fields", [{}, {"at_most": 1.0, "at_least": 1.0}])
def test_a_budget_has_one_direction(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="either at_most or at_least"):
        budget(margin=0.1, **fields)


def test_the_median_of_a_run_decides() -> None:
    aims = {"x": budget(at_most=2.0, margin=0.1)}
    assert budgets.verdicts({"x": [1.0, 1.5, 90.0]}, aims) == []
    (told,) = budgets.verdicts({"x": [1.0, 5.0, 90.0]}, aims)
    assert told.startswith("x: 5, at most 2, margin 10%")


def test_a_claim_without_a_budget_is_told() -> None:
    with pytest.raises(ValueError, match="no budget is named y"):
        budgets.verdicts({"y": [1.0]}, AIMS)


def test_ratios_are_taken_within_a_round() -> None:
    assert ratios({"a": [2.0, 9.0], "b": [1.0, 3.0]}, "a", "b") == [2.0, 3.0]


def test_each_side_takes_its_turn_in_each_round(tmp_path: Path) -> None:
    order: list[str] = []

    def turn(name: str) -> float:
        order.append(name)
        return 1.0

    series = Bench(1.0, tmp_path).interleave({name: partial(turn, name) for name in "abc"}, 50)
    assert series == {"a": [1.0] * 50, "b": [1.0] * 50, "c": [1.0] * 50}
    rounds = ["".join(order[start : start + 3]) for start in range(0, 150, 3)]
    assert {"".join(sorted(one)) for one in rounds} == {"abc"}
    assert len(set(rounds)) == 6, "in every order, so that none always runs after the same one"


@pytest.fixture
def results() -> dict[str, Any]:
    row = Row(
        series={"one <side>": [1.0, 2.0, 3.0]},
        claims={name: [aim.at_most or aim.at_least or 0] for name, aim in AIMS.items() if name != "model"},
    )
    told: dict[str, Any] = json.loads(json.dumps(report.as_json(row)))
    about = {
        "when": "now", "seconds": 1, "quick": False, "python": "3", "processor": "p", "cores": 2, "load": 0.1,
        "libraries": {"httpx": "1"},
    }  # fmt: skip
    return {"about": about, "rows": {"row": told}, "missing": ["Prism was not measured"]}


def test_the_table_names_every_budget(results: dict[str, Any]) -> None:
    text = report.rendered("budgets", results, AIMS)
    assert all(f"| {aim.what} | {aim.against} |" in text for aim in AIMS.values())
    assert text.count("not measured") == 1
    assert "missed" not in text
    results["rows"]["row"]["claims"]["callback"] = [99.0]
    assert "| 99.0 | 99.0 to 99.0 | missed |" in report.rendered("budgets", results, AIMS)


def test_the_page_follows_from_the_results(results: dict[str, Any]) -> None:
    text = report.rendered("page", results, AIMS)
    assert report.rendered("budgets", results, AIMS) in text
    assert "| row | one <side> | 1.00 | 2.00 | 3.00 | µs |" in text
    assert "Prism was not measured" in text
