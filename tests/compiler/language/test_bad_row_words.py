"""What others write for rows that are left out is answered with what to write here."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [8]}}
  layers: [{dense: 1, name: y}]
data:
  source: {SOURCE}
  LINE
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
"""
SKIP = "on_bad_row: skip"


def helps(line: str, source: str = "{csv: a.csv}") -> str:
    problems = check(SPEC.replace("{SOURCE}", source).replace("LINE", line), "spec.yaml").problems
    errors = [problem for problem in problems if problem.is_error]
    assert len(errors) == 1, [problem.message for problem in errors]
    return " ".join(errors[0].helps)


@pytest.mark.parametrize(
    "line",
    [
        "on_bad_lines: skip",
        "on_bad_lines: warn",
        "error_bad_lines: false",
        "warn_bad_lines: false",
        "skip_bad_rows: true",
        "ignore_errors: true",
        "missing_value_strategy: drop_row",
        "dropna: true",
        "on_bad_rows: skip",
    ],
)
def test_words_of_others_are_answered(line: str) -> None:
    assert SKIP in helps(line)


@pytest.mark.parametrize("line", ["on_bad_lines: error", "error_bad_lines: true", "ignore_errors: false"])
def test_words_that_ask_for_errors_are_what_is_done_anyway(line: str) -> None:
    assert helps(line) == "remove it: a row that cannot be read is an error"


def test_a_missing_value_strategy_that_fills_in_is_one_of_the_reader() -> None:
    assert "missing: median" in helps("missing_value_strategy: fill_with_mean")


@pytest.mark.parametrize("source", ["csv", "jsonl"])
@pytest.mark.parametrize("word", ["on_bad_lines: skip", "skip_bad_rows: true", "truncate_ragged_lines: true"])
def test_words_inside_of_a_source_are_answered(source: str, word: str) -> None:
    assert SKIP in helps("seed: 1", f"{{{source}: {{train: a.{source}, {word}}}}}")


def test_whole_batches_are_not_asked_for() -> None:
    assert "the last batch" in helps("drop_remainder: true")


def test_a_value_that_is_none_is_refused() -> None:
    problems = check(SPEC.replace("{SOURCE}", "{csv: a.csv}").replace("LINE", "on_bad_row: drop"), "spec.yaml").problems
    assert [problem.code for problem in problems if problem.is_error] == ["E106"]


@pytest.mark.parametrize("value", ["error", "skip"])
def test_both_values_are_valid(value: str) -> None:
    assert (
        check(SPEC.replace("{SOURCE}", "{csv: a.csv}").replace("LINE", f"on_bad_row: {value}"), "spec.yaml").task
        is not None
    )


@pytest.mark.parametrize("reader", ["number", "array", "category", "text", "date", "image"])
@pytest.mark.parametrize("word", ["missing_value_strategy: drop_row", "dropna: true", "skip_bad_rows: true"])
def test_words_inside_of_a_reader_are_answered(reader: str, word: str) -> None:
    more = {"text": ", length: 3, vocabulary: 9", "date": ", parts: [month]"}.get(reader, "")
    assert SKIP in helps(f"targets: {{y: {{{reader}: {{column: y{more}, {word}}}}}}}")
