"""Files of validation and test rows as other libraries write them: one error each, whose help is a spec that is right."""

import re

import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.problem import Problem
from tests.compiler.fixes.test_text_edits import fixed

SPEC = """\
modelc: 1
model:
  inputs: {{x: {{shape: [1]}}}}
  layers: [{{dense: 1, name: y}}]
data: {{{}}}
train: {{loss: mean_squared_error, optimizer: adam, epochs: 1{}}}
"""
WORDS = {
    "validation": "val val_data validation_data eval_file valid_file val_csv ValDataset dev devset eval_dataset holdout val_path",
    "test": "test_data test_file testDataset test_csv test_path test_df",
}


def told(problem: Problem) -> str:
    """What a problem says to write."""
    return " ".join((*problem.helps, problem.suggestion.help if problem.suggestion else "")).strip()


EACH = [(key, word) for key, words in WORDS.items() for word in words.split()]


@pytest.mark.parametrize(("key", "word"), EACH)
@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("b.csv", "{csv: b.csv}"),
        ("later/*.parquet", "{parquet: later/*.parquet}"),
        ("[a.jsonl, b.jsonl]", "{jsonl: [a.jsonl, b.jsonl]}"),
        ("{file: b.npz}", "{npz: b.npz}"),
        ("{csv: b.csv}", "{csv: b.csv}"),
    ],
)
def test_a_file_of_rows_is_named_as_a_source_of_its_own(key: str, word: str, value: str, source: str) -> None:
    own = "source: {csv: a.csv}"
    for text in (SPEC.format(f"{own}, {word}: {value}", ""), SPEC.format(own, f", {word}: {value}")):
        (problem,) = check(text, "spec.yaml").errors
        given = told(problem)
        assert f"`{key}: {source}`" in given or f"did you mean `{key}`?" in given
    right = SPEC.format(f"{own}, {key}: {source}", "")
    assert not check(right, "spec.yaml").errors


@pytest.mark.parametrize("word", ["validation", *WORDS["validation"].split()])
@pytest.mark.parametrize(
    "source", ["csv: {train: a.csv, ", "npz: {train: a.npz, test: c.npz, ", "files: {patterns: a/*.png, "]
)
def test_a_source_has_no_files_that_validate(word: str, source: str) -> None:
    kind = source.partition(":")[0]
    text = SPEC.format(f"source: {{{source}{word}: b.{kind}}}}}", "")
    (problem,) = check(text, "spec.yaml").errors
    assert told(problem) == f"write `validation: {{{kind}: b.{kind}}}` in `data`, beside `source`"


def test_what_a_source_is_read_by_is_to_stand_there_again() -> None:
    text = SPEC.format('source: {csv: {train: a.csv, delimiter: ";", val: b.csv}}', "")
    (problem,) = check(text, "spec.yaml").errors
    assert told(problem).endswith("in `data`, beside `source`, with `delimiter` as here")


@pytest.mark.parametrize(
    ("data", "help"),
    [
        ("source: {train: a.csv, val: b.csv}", "write `source: {csv: a.csv}` and `validation: {csv: b.csv}` in `data`"),
        (
            "source: {train: {npz: a.npz}, validation: {npz: b.npz}, test: {csv: c.csv}}",
            "write `source: {npz: a.npz}`, `validation: {npz: b.npz}` and `test: {csv: c.csv}` in `data`",
        ),
        ("source: {csv: a.csv}, validation: b.csv", "write `validation: {csv: b.csv}`"),
        ("source: {csv: a.csv}, validation: [b.csv, c.csv]", "write `validation: {csv: [b.csv, c.csv]}`"),
        ("source: {csv: a.csv}, validation: {source: {csv: b.csv}}", "write `validation: {csv: b.csv}`"),
        ("source: {csv: a.csv}, test: {path: b.parquet}", "write `test: {parquet: b.parquet}`"),
        ("source: {csv: a.csv}, validation: {cvs: b.csv}", "did you mean `csv`?"),
        ("source: {csv: a.csv}, validation: {fractoin: 0.2}", "did you mean `fraction`?"),
        ("source: {csv: a.csv}, validation: {type: csv, train: b.csv}", "write `validation: {csv: {train: b.csv}}`"),
    ],
)
def test_one_error_says_what_is_right(data: str, help: str) -> None:
    (problem,) = check(SPEC.format(data, ""), "spec.yaml").errors
    assert help in told(problem)
    for written in re.findall(r"`((?:source|validation|test): \{.*?\})`", help):
        right = written if written.startswith("source") else f"source: {{csv: a.csv}}, {written}"
        assert not check(SPEC.format(right, ""), "spec.yaml").errors


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("val_data: {csv: b.csv}", "validation: {csv: b.csv}"),
        ("test_dataset: {npz: b.npz}", "test: {npz: b.npz}"),
        ("validation: b.csv", "validation: {csv: b.csv}"),
        ('test: "later/rows.parquet"', "test: {parquet: later/rows.parquet}"),
    ],
)
def test_what_is_certain_is_fixed(wrong: str, right: str) -> None:
    text = SPEC.format(f"source: {{csv: a.csv}}, {wrong}", "")
    assert fixed(text) == text.replace(wrong, right)


@pytest.mark.parametrize("data", ["eval: true", "val: 5", "dev: {a: b}", "validation: held out", "test: b.dat"])
def test_what_names_no_file_of_rows_is_not_fixed(data: str) -> None:
    text = SPEC.format(f"source: {{csv: a.csv}}, {data}", "")
    assert check(text, "spec.yaml").errors and fixed(text) == text
