"""Targets with `span: next`: each row behind one of the context, of one part, also where a mask leaves some out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.dataset import Part
from tests.runtime.data.test_windows import written
from tests.runtime.small import ready


def spec(**data: Any) -> dict[str, Any]:
    """A value for each row of the context."""
    return {
        "modelc": 1,
        "model": {
            "inputs": {"x": {"shape": [4, 1]}},
            "layers": [{"conv1d": {"filters": 1, "kernel_size": 1}, "name": "y"}],
        },
        "data": {
            "source": {"npz": "rows.npz"},
            "windows": {"context": 4, "horizon": 1, "stride": 2, "group_by": "store"},
            "inputs": {"x": {"numbers": ["x"]}},
            "targets": {"y": {"numbers": ["x"], "span": "next"}},
            **data,
        },
        "train": {"loss": "mean_squared_error", "optimizer": "adam", "epochs": 1, "batch_size": 4},
    }


STORES = np.array(["a"] * 11 + ["b"] * 9)
X = np.arange(20.0)


def starts_of(part: Part) -> list[int]:
    """The first row of each window, all of whose targets are those of its input one row later."""
    x = part.inputs["x"][..., 0]
    np.testing.assert_array_equal(x, x[:, :1] + np.arange(4))
    np.testing.assert_array_equal(part.targets["y"][..., 0], x + 1)
    return [int(start) for start in x[:, 0]]


def test_a_target_is_the_context_one_row_later_and_lies_in_its_part(tmp_path: Path) -> None:
    root = written(tmp_path, x=X, store=STORES)
    dataset = ready(spec(validation={"last": 5}), root)[1]
    assert starts_of(dataset.train) == [0]
    assert dataset.validation is not None and starts_of(dataset.validation) == [6, 15]
    assert starts_of(ready(spec(), root)[1].train) == [0, 2, 4, 6, 11, 13, 15]


def test_a_part_that_is_shorter_than_a_window_is_refused_with_all_rows_of_one(tmp_path: Path) -> None:
    root = written(tmp_path, x=X, store=STORES)
    copied = {"y": {"same_as": "x"}}
    for targets in ({}, {"targets": copied}):
        with pytest.raises(RunError) as caught:
            ready(spec(validation={"last": 4}, **targets), root)
        assert caught.value.code == "E404" and caught.value.at == ("data", "validation")
        assert "one has 4 + 1 rows that follow one another, all of them in `validation`" in caught.value.message
        assert caught.value.helps == ("hold out at least 5 rows of each series",)
        assert ready(spec(validation={"last": 5}, **targets), root)[1].validation is not None


def test_what_a_mask_of_the_same_rows_leaves_out_may_be_missing(tmp_path: Path) -> None:
    known = STORES == "a"
    y = np.where(known, X + 0.5, np.nan)
    y[0] = np.nan
    targets = {
        "y": {"numbers": ["y"], "span": "next"},
        "known": {"array": {"column": "known", "shape": [1]}, "span": "next"},
    }
    masked = spec(targets=targets)
    masked["train"] |= {"losses": {"y": {"mean_squared_error": None, "mask": "known"}}}
    del masked["train"]["loss"]
    part = ready(masked, written(tmp_path, x=X, y=y, known=known, store=STORES))[1].train
    counts = part.targets["known"].astype(bool)
    assert counts.sum() == 4 * 4
    expected = part.inputs["x"] + 1.5
    np.testing.assert_array_equal(part.targets["y"][counts], expected[counts])


@pytest.mark.parametrize(
    ("where", "span", "said"),
    [("inputs", "next", "it is for targets"), ("targets", "context", "is of the horizon, not `context`")],
)
def test_other_spans_are_one_mistake_that_names_the_way(where: str, span: str, said: str) -> None:
    text = spec()
    (reader,) = text["data"][where].values()
    reader["span"] = span
    (problem,) = check(json.dumps(text), "a.json").errors
    assert problem.code == "E106" and said in problem.message and "span: next" in str(problem.helps)
