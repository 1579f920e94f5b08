"""Whatever a text within the budgets of size says, it is checked in bounded time, and what is printed is bounded too."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from modelc.compiler.api import Checked, check, check_file
from modelc.compiler.diagnostics.limit import MAX_SHOWN
from modelc.compiler.diagnostics.render import FORMATS, Report, summary
from modelc.compiler.fixes.fix_session import CheckResult, fix_spec
from tests.hostile_specs import KINDS, files_of
from tests.hostile_texts import HEAD, chain, cut, doubling

LONGEST = 6.0
"""Seconds of CPU for one check: the promise is one, on a machine that does nothing else and without coverage."""
SHOWN = 1_000_000
"""Characters of the longest output."""


def checked(text: str) -> Checked:
    return check(text, "spec.yaml")


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_spec_ends_in_bounded_time_with_bounded_output(
    kind: str, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    files = files_of(kind, pytestconfig.getoption("hostile_size"))
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    begun = time.process_time()
    found = check_file(tmp_path / next(iter(files)), "spec.yaml")
    rendered = {name: render(Report(found.problems, found.sources)) for name, render in FORMATS.items()}
    assert time.process_time() - begun < LONGEST
    assert found.task is not None or found.errors
    assert all(len(text) < SHOWN for text in rendered.values()), {name: len(text) for name, text in rendered.items()}
    assert len(found.problems) <= (MAX_SHOWN + 1) * len(files)


def test_a_doubling_text_is_refused_by_its_number_of_layers() -> None:
    begun = time.process_time()
    (problem,) = checked(doubling(30, "{dense: 4}")).problems
    assert time.process_time() - begun < 1
    assert problem.code == "E005"
    assert "3,221,225,472 layers and blocks, the limit is 5,000" in problem.message
    assert problem.label.place.line == 36


def test_copies_that_are_counted_are_those_that_are_built() -> None:
    """The number is that of the builder: a repeat whose number is a parameter is not counted before."""
    text = "blocks: {B: {params: {times: int}, layers: [{B2: 1, repeat: $times}]}, B2: {params: {n: int}, layers: [tanh]}}\n"
    (problem,) = checked(chain("[{B: 1000, repeat: 1000}]", text)).problems
    assert problem.code == "E005" and "more than 5,000 layers and blocks" in problem.message


@pytest.mark.parametrize(
    ("items", "head"),
    [
        ("[{B: null, repeat: 1000}]", "blocks: {B: {layers: [tanh, tanh, tanh]}}\n"),
        ("[{repeat: 700, residual: [tanh, {parallel: {join: add, branches: {a: [], b: [tanh]}}}]}]", ""),
        ("[{residual: [tanh], name: a}, {share: a, repeat: 1000}]", ""),
    ],
)
def test_a_large_model_within_the_limit_is_valid(items: str, head: str) -> None:
    assert checked(chain(items, head)).task is not None


def test_what_is_wrong_in_a_block_is_one_problem_with_the_number_of_its_uses() -> None:
    found = checked(doubling(9, "{desne: 4}"))
    (problem,) = found.problems
    assert problem.code == "E101" and problem.label.place.line == 12
    assert problem.notes[-1] == "also in 511 other uses of it"
    assert problem.fix is not None


def test_what_does_not_fit_in_a_block_is_one_problem_too() -> None:
    branches = "[{{parallel: {{join: add, branches: {{a: [{0}], b: [{0}]}}}}}}]"
    (problem,) = checked(doubling(8, "{conv2d: {filters: 2, kernel_size: 3}}", branches)).problems
    assert problem.code == "E301" and problem.notes[-1] == "also in 255 other uses of it"


def test_of_thousands_of_errors_a_hundred_are_shown_and_the_others_counted() -> None:
    found = checked(cut("    - {{desne: {0}}}\n", chain(""), 0.3))
    number = found.sources["spec.yaml"].count("desne")
    assert 3000 < number < 5000
    *shown, last = found.problems
    assert len(shown) == MAX_SHOWN and [problem.label.place.line for problem in shown] == list(range(5, 105))
    assert last.code == "E011" and last.omitted is not None
    assert last.omitted.counts == (("E101", number - MAX_SHOWN),) and not last.omitted.at_least
    assert summary(found.problems, 1) == f"{number:,} errors in 1 file"


def test_every_format_says_what_is_not_shown() -> None:
    found = checked(cut("    - {{desne: {0}}}\n", chain(""), 0.1) + "train: {optimizer: admm, epochs: 0}\n")
    number = found.sources["spec.yaml"].count("desne")
    whole = json.loads(FORMATS["json"](Report(found.problems, found.sources)))
    assert whole["errors"] == number + 3 and whole["omitted"] == whole["errors"] - MAX_SHOWN
    assert whole["diagnostics"][-1]["omitted"] == {"counts": {"E101": whole["omitted"]}, "at_least": False}
    results = json.loads(FORMATS["sarif"](Report(found.problems, found.sources)))["runs"][0]["results"]
    assert results[-1]["properties"] == {"omitted": {"E101": whole["omitted"]}, "atLeast": False}
    for name in ("text", "concise", "github"):
        assert f"{whole['omitted']:,} more problems in this file than are shown" in FORMATS[name](
            Report(found.problems, {})
        )


def test_every_code_is_among_what_is_shown() -> None:
    """The section `train` stands below thousands of wrong layers, and a warning below errors."""
    text = cut("    - {{desne: {0}}}\n", chain("", "vars: {unused: 1}\n"), 0.1)
    codes = {problem.code for problem in checked(f"{text}train: {{epochs: 0}}\n").problems}
    assert {"E101", "E104", "E106", "E011"} <= codes


def test_a_snippet_of_a_long_line_is_short() -> None:
    found = checked(cut("{{desne: -1{0}}}, ", chain("["), 0.3, tail="]\n"))
    text = FORMATS["text"](Report(found.problems, found.sources))
    assert max(map(len, text.split("\n"))) < 200 and len(text) < 60_000
    assert "...{desne: -1" in text


@pytest.mark.parametrize(
    "expression", ["9" * 400, "-" + "9" * 400, "10 ** 64 * 10 ** 64", "9223372036854775807 ** 64", "1 - " + "9" * 490]
)
def test_an_integer_of_hundreds_of_digits_is_an_error(expression: str) -> None:
    (problem,) = checked(chain(f"[{{dense: '${{{expression}}}'}}]")).problems
    assert problem.code == "E207" and "2**63" in problem.message


@pytest.mark.parametrize("digits", ["9" * 5000, "0" * 5000 + "1"])
def test_an_index_of_thousands_of_digits_is_an_error(digits: str) -> None:
    (problem,) = checked(chain(f"[{{dense: $a.{digits}}}]", "vars: {a: [1]}\n")).problems
    assert problem.code == "E207"
    (problem,) = checked(chain(f"[{{dense: $a.{digits}}}]", 'vars: {a: "${shape(x)}"}\n')).problems
    assert problem.code == "E207"
    found = check(chain("[{dense: 4}]"), "spec.yaml", [f"model.layers.{digits}.dense=3"])
    assert [problem.code for problem in found.problems] == ["E102"]


def test_a_key_path_of_thousands_of_parts_is_an_error() -> None:
    found = check(chain("[{dense: 4}]"), "spec.yaml", ["a." * 50_000 + "b=1"])
    assert [problem.code for problem in found.problems] == ["E005"]


def test_files_of_a_spec_are_bounded_together(tmp_path: Path) -> None:
    files = files_of("files that include each other", 0.3)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = check_file(tmp_path / "spec.yaml")
    assert "E005" in {problem.code for problem in found.problems}
    assert sum(map(len, found.sources.values())) < 256 * 1024


def test_comments_that_suppress_what_is_not_shown_are_no_mistake() -> None:
    text = cut("  v{0}: {0} # modelc: ignore W909\n", HEAD + "vars:\n", 0.1, tail=chain("[{dense: 1}]")[len(HEAD) :])
    assert "W910" not in {problem.code for problem in checked(text).problems}


def test_fixing_thousands_of_mistakes_ends_and_fixes_those_that_are_shown(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(cut("    - {{desne: {0}}}\n", chain(""), 0.3), encoding="utf-8")

    def check_again(texts: Mapping[str, str]) -> CheckResult:
        found = check(texts.get("spec.yaml", spec.read_text(encoding="utf-8")), "spec.yaml")
        return CheckResult(found.problems, found.sources, found.values)

    begun = time.process_time()
    result = fix_spec(check_again, lambda name: True)
    assert time.process_time() - begun < 2 * LONGEST
    # The first, of 0 units, is another mistake then.
    assert result.counts == {"spec.yaml": MAX_SHOWN - 1}
    assert result.texts["spec.yaml"].count("dense") == MAX_SHOWN - 1
