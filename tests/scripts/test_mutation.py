"""The counting of `scripts/mutate`, and whether its lists match the code. Running the mutants would take too long."""

from __future__ import annotations

import ast
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from tools.mutate import equivalent, mutants, report
from tools.mutate.mutants import CAST, TEXT, Identity, Mutant
from tools.mutate.targets import TARGETS, Target
from tools.mutate.tree import ROOT, source_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ('raise E("not a number")', 'raise E("NOT A NUMBER")', TEXT),
        ('raise E("not a number")', "raise E(None)", None),
        ('raise E("not a number")', 'raise F("not a number")', None),
        ('x = "x-access-token"', 'x = "X-ACCESS-TOKEN"', None),
        ('x = a == "b c" and d', 'x = a == "XXb cXX" and d', TEXT),
        ('x = a == "b c" and d', 'x = a != "b c" and d', None),
        ('return cast("T", x)', "return cast(None, x)", CAST),
        ('return cast("T", x)', 'return cast("T", None)', None),
        ('return cast("T", x)', "return cast(x)", None),
        ("x = f(a, b)", "x = f(a)", None),
        ('x = f"{a}; b c"', 'x = f"{a}; B C"', TEXT),
    ],
)
def test_only_letters_of_texts_and_types_do_not_count(before: str, after: str, kind: str | None) -> None:
    assert mutants._not_counted(ast.parse(before), ast.parse(after)) == kind


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_what_a_room_names_is_there(target: Target) -> None:
    for module in target.modules:
        assert source_of(module).is_file()
    for path in (*target.tests, *target.without):
        file, _, name = path.partition("::")
        assert (ROOT / file).exists()
        assert f"def {name}(" in (ROOT / file).read_text("utf-8") if name else True


def functions(tree: ast.Module) -> dict[str, str]:
    """The lines of each function, without what stands before them."""
    found: dict[str, str] = {}
    holders: list[tuple[str, Any]] = [("", tree)]
    holders += [(f"{node.name}.", node) for node in tree.body if isinstance(node, ast.ClassDef)]
    for name, holder in holders:
        for node in holder.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[name + node.name] = ast.unparse(node)
    return found


def test_each_explanation_is_of_code_that_is_there() -> None:
    mine = {module for target in TARGETS.values() for module in target.modules}
    for one in equivalent.read():
        assert one.module in mine
        source = source_of(one.module).read_text("utf-8")
        assert one.function in functions(ast.parse(source)), one
        lines = {line.strip() for line in source.splitlines()}
        assert set(one.old.splitlines()) <= lines, one


def test_an_explanation_needs_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change = '{ old = "a", new = "b" }'
    for reason, changes in (("", change), ("because", f"{change}, {change}")):
        file = tmp_path / "equivalent.toml"
        file.write_text(
            f'[[equivalent]]\nmodule = "m"\nfunction = "f"\nwhy = "{reason}"\nchanges = [{changes}]\n', "utf-8"
        )
        assert tomllib.loads(file.read_text("utf-8"))
        monkeypatch.setattr(equivalent, "_FILE", file)
        with pytest.raises(ValueError, match="twice, or without a reason"):
            equivalent.read()


def test_the_score_counts_what_is_explained_as_not_noticed() -> None:
    target = Target("r", ("m",), (), 50)
    made = [Mutant(f"m.{name}", Identity("m", "f", name, "x"), "", None) for name in "abcd"]
    statuses = ("noticed", "ran out of time", "survived", "no test runs it")
    results = tuple(report.Result(one, status) for one, status in zip(made, statuses, strict=True))
    outcome = report.Outcome(target, results, 7, {made[2].identity: "the same"}, 1.0, partial=False)
    assert (outcome.score, outcome.killed, outcome.good) == (50, 2, True)
    assert [one.mutant for one in outcome.survivors] == [made[3]]
    assert outcome.line == (
        "ok      r: score 50.0 % (2/4, 1 of them by time), 1 explained, 1 survived, target 50 %, 7 not counted, 1 s"
    )
    wrong = {made[0].identity: "it was noticed", Identity("m", "f", "gone", "x"): "it is gone"}
    assert not report.Outcome(target, results, 7, wrong, 1.0, partial=False).good
    assert not report.Outcome(Target("r", ("m",), (), 51), results, 7, {}, 1.0, partial=False).good
