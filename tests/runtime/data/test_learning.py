"""What readers learn: of the training rows alone, once, for all other rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.dataset import read_dataset
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.new_inputs import read_inputs
from tests.runtime.small import ready, spec, write_rows

ROWS = 40


def numbers(**data: Any) -> dict[str, Any]:
    """A regression of two columns of numbers, standardized, with a quarter of the rows held out."""
    raw = spec([{"dense": 1, "name": "y"}], loss="mean_squared_error")
    raw["model"]["inputs"] = {"x": {"shape": [2]}}
    raw["data"] |= {
        "inputs": {"x": {"numbers": {"columns": ["a", "b_*"], "standardize": True}}},
        "targets": {"y": {"array": "y"}},
        "validation": 0.25,
    } | data
    return raw


def columns() -> dict[str, Any]:
    draw = np.random.default_rng(0)
    return {"a": draw.normal(size=ROWS) * 9 + 4, "b_1": draw.integers(0, 1000, ROWS), "y": draw.normal(size=ROWS)}


def test_rows_that_are_held_out_teach_nothing(tmp_path: Path) -> None:
    given = columns()
    _, dataset = ready(numbers(), write_rows(tmp_path, ROWS, **given))
    assert dataset.validation is not None and dataset.validation.rows == 10
    np.testing.assert_allclose(dataset.train.inputs["x"].mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(dataset.train.inputs["x"].std(0), 1, rtol=1e-6)
    assert abs(dataset.validation.inputs["x"].mean(0)).min() > 1e-3
    kept, held_out = dataset.train.numbers, dataset.validation.numbers
    assert kept is not None and held_out is not None
    learnt = dataset.train.learnt.of_key("inputs/x")
    assert learnt["mean"] == pytest.approx([given["a"][kept].mean(), given["b_1"][kept].mean()])
    # What is held out may be anything, and the rest stays what it was.
    given["a"][held_out] += 1000
    _, again = ready(numbers(), write_rows(tmp_path, ROWS, **given))
    assert again.train.learnt == dataset.train.learnt
    np.testing.assert_array_equal(again.train.inputs["x"], dataset.train.inputs["x"])


def test_new_rows_are_read_by_what_was_learnt_and_from_the_same_columns(tmp_path: Path) -> None:
    given = columns()
    task, dataset = ready(numbers(), write_rows(tmp_path, ROWS, **given))
    assert dataset.train.learnt.columns["inputs/x"] == ("a", "b_1")
    new = {name: given[name][:3] for name in ("a", "b_1")} | {"b_2": np.zeros(3)}
    inputs, rows = read_inputs(task, new, dataset.train.learnt)
    learnt = dataset.train.learnt.of_key("inputs/x")
    expected = (np.stack([new["a"], new["b_1"]], 1) - learnt["mean"]) / learnt["scale"]
    np.testing.assert_allclose(inputs["x"], expected, rtol=1e-5)
    assert rows == 3
    with pytest.raises(RunError, match="the data has no column `b_1`"):
        read_inputs(task, {"a": new["a"], "b_2": new["b_2"]}, dataset.train.learnt)


def test_what_was_learnt_before_is_used_and_not_learnt_again(tmp_path: Path) -> None:
    root = write_rows(tmp_path, ROWS, **columns())
    task, _ = ready(numbers(), root)
    value = {"fill": [], "mean": [0.0, 0.0], "scale": [1.0, 2.0], "measured": "00"}
    before = Learnt({"inputs/x": ("a", "b_1")}, {"inputs/x": value})
    again = read_dataset(task, root, learnt=before)
    assert again.train.learnt is before
    difference = again.train.inputs["x"][:, 0] - columns()["a"][again.train.numbers]
    np.testing.assert_allclose(difference, 0, atol=1e-5)


def test_a_target_learns_of_what_counts(tmp_path: Path) -> None:
    known = np.arange(ROWS) % 3 > 0
    raw = numbers(
        validation=None, targets={"y": {"number": {"column": "y", "standardize": True}}, "known": {"array": "known"}}
    )
    del raw["data"]["validation"]
    raw["train"] |= {"losses": {"y": {"mean_squared_error": None, "mask": "known"}}}
    raw["train"].pop("loss", None)
    given = columns()
    given["y"] = np.where(known, given["y"] * 3 + 100, np.nan)
    _, dataset = ready(raw, write_rows(tmp_path, ROWS, known=known, **given))
    learnt = dataset.train.learnt.of_key("targets/y")
    assert learnt["mean"] == pytest.approx([given["y"][known].mean()])
    assert learnt["scale"] == pytest.approx([given["y"][known].std()])


def test_the_patterns_of_a_spec_are_looked_up_in_its_headers(tmp_path: Path) -> None:
    raw = numbers(inputs={"x": {"numbers": ["a", "room_*"]}})
    with pytest.raises(Exception, match=r"the data has no column like `room_\*`"):
        ready(raw, write_rows(tmp_path, ROWS, **columns()))


WORDS = np.asarray(["oak", "elm", "ash", "fir", "yew"])
NAMED: tuple[dict[str, Any], ...] = (
    {"category": {"column": "a", "vocabulary": 3}},
    {"one_hot": {"column": "a", "vocabulary": 3}},
    {"category_columns": {"columns": {"a": 3, "b": 4}}},
    {"text": {"column": "a", "length": 2, "vocabulary": 4}},
    {"text": {"column": "a", "length": 2, "vocabulary": 4, "tokenizer": "characters"}},
)


@pytest.mark.parametrize("reader", NAMED, ids=lambda reader: next(iter(reader)))
def test_names_of_rows_that_are_held_out_are_not_learnt(tmp_path: Path, reader: dict[str, Any]) -> None:
    shape = {"category": [], "one_hot": [3], "category_columns": [2], "text": [2]}[next(iter(reader))]
    dtype = "float32" if "one_hot" in reader else "int32"
    raw = numbers(inputs={"x": reader})
    raw["model"] = {
        "inputs": {"x": {"shape": shape, "dtype": dtype}},
        "layers": [{"cast": "float32"}, *([{"reshape": [1]}] if not shape else []), {"dense": 1, "name": "y"}],
    }
    draw = np.random.default_rng(0)
    given = {
        "a": WORDS[draw.choice(5, ROWS, p=[0.4, 0.3, 0.15, 0.1, 0.05])],
        "b": WORDS[draw.choice(5, ROWS)],
        "y": draw.normal(size=ROWS),
    }
    task, dataset = ready(raw, write_rows(tmp_path, ROWS, **given))
    assert dataset.validation is not None and dataset.validation.numbers is not None
    kept, held_out = dataset.train.numbers, dataset.validation.numbers
    for name in "ab":
        given[name] = np.where(np.isin(np.arange(ROWS), held_out), "never seen", given[name])
    _, again = ready(raw, write_rows(tmp_path, ROWS, **given))
    assert again.train.learnt == dataset.train.learnt
    np.testing.assert_array_equal(again.train.inputs["x"], dataset.train.inputs["x"])
    # Rows by themselves are read as they were among others.
    assert kept is not None
    one = {name: given[name][kept[:1]] for name in "ab"}
    inputs, _ = read_inputs(task, one, dataset.train.learnt)
    np.testing.assert_array_equal(inputs["x"], dataset.train.inputs["x"][:1])
