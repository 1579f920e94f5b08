"""Integers that layers make floats of, other rows than those of training, and what errors about both advise."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from modelc.compiler.api import load
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.dataset import complete, read_dataset
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.new_inputs import read_inputs
from tests.runtime.small import ready, spec, write_rows

EDGE = 2**24


def numbers(**others: Any) -> dict[str, Any]:
    return spec(
        [{"dense": 1, "name": "y"}], loss="mean_squared_error", data={"targets": {"y": {"array": "y"}}, **others}
    )


def test_weights_are_offered_no_offset_and_copies_a_reader_of_their_own(tmp_path: Path) -> None:
    y = np.arange(29.0)
    for weight in (EDGE + np.arange(29), EDGE + np.arange(29.0)):
        with pytest.raises(RunError) as caught:
            ready(numbers(sample_weight={"array": "w"}), write_rows(tmp_path, y=y, w=weight))
        assert [help.split(":")[0] for help in caught.value.helps] == [
            "ask for rounded numbers by a scale, such as `array",
            "ask for the nearest ones",
        ]


INTEGER_INPUT = {"x": {"shape": [1], "dtype": "int32"}}


def of_integers(layers: list[Any], **data: Any) -> dict[str, Any]:
    raw = numbers(**data)
    raw["model"] = {"inputs": INTEGER_INPUT, "layers": [*layers, "flatten", {"dense": 1, "name": "y"}]}
    return raw


@pytest.mark.parametrize(
    "layers",
    [
        ["normalization"],
        [{"rescaling": 1}],
        [{"cast": "float32"}],
        ["flatten", {"cast": "float32"}],
        [{"discretization": {"num_bins": 4, "output_mode": "one_hot"}}],
        [{"discretization": {"num_bins": 4}}, {"embedding": {"input_dim": 4, "output_dim": 2}}],
        [{"time_distributed": {"layer": {"cast": "float32"}}}],
    ],
)
def test_layers_make_floats_of_integers_exactly_or_not_at_all(tmp_path: Path, layers: list[Any]) -> None:
    raw = of_integers(layers)
    if "time_distributed" in layers[0]:
        raw["model"]["inputs"] = {"x": {"shape": [1, 1], "dtype": "int32"}}
    shape = (29, *raw["model"]["inputs"]["x"]["shape"])
    large = (EDGE + np.arange(29)).reshape(shape)
    with pytest.raises(
        RunError, match="has 14 integers that float32 cannot hold, the first is 16777217 in row 1"
    ) as caught:
        ready(raw, write_rows(tmp_path, x=large, y=np.arange(29.0)))
    assert caught.value.code == "E402"
    task, _ = ready(raw, write_rows(tmp_path, x=large - EDGE, y=np.arange(29.0)))
    with pytest.raises(RunError, match="cannot hold") as caught:
        read_inputs(task, {"x": large})
    assert not any("offset: -" in help for help in caught.value.helps)


@pytest.mark.parametrize(
    "layers",
    [
        [{"integer_lookup": {"max_tokens": 10, "output_mode": "one_hot"}}],
        [{"discretization": {"bin_boundaries": [EDGE + 1, EDGE + 5], "output_mode": "one_hot"}}],
    ],
)
def test_layers_that_keep_integers_take_them_at_any_size(tmp_path: Path, layers: list[Any]) -> None:
    ready(of_integers(layers), write_rows(tmp_path, x=EDGE + np.arange(29)[:, None], y=np.arange(29.0)))


def test_a_copied_target_is_to_be_read_by_itself(tmp_path: Path) -> None:
    raw = of_integers([{"integer_lookup": {"max_tokens": 10, "output_mode": "one_hot"}}])
    raw["data"] |= {"inputs": {"x": {"array": "id"}}, "targets": {"y": {"same_as": "x"}}}
    root = write_rows(tmp_path, id=EDGE + np.arange(29)[:, None])
    with pytest.raises(RunError) as caught:
        ready(raw, root)
    assert caught.value.helps[0].startswith("in place of `same_as`, subtract")
    (written,) = re.findall(r"`(array: .*)`", caught.value.helps[0])
    raw["data"]["targets"] = {"y": yaml.safe_load(written)}
    _, dataset = ready(raw, root)
    assert dataset.train.targets["y"].reshape(-1)[:3].tolist() == [0, 1, 2]


def test_training_rows_decide_for_all_others_what_is_measured(tmp_path: Path) -> None:
    y, x = np.arange(29.0), np.full((29, 4), 0.5)
    x[:, 0] = EDGE + y + 0.5
    whole = np.full((5, 4), [EDGE + 1.0, 0, 0, 0])
    root = write_rows(tmp_path, y=y, x=x)
    np.savez(tmp_path / "test.npz", x=whole, y=y[:5])
    task, dataset = ready(numbers(test={"npz": "test.npz"}), root)
    assert dataset.test is not None and dataset.test.inputs["x"][:, 0].tolist() == [EDGE] * 5
    learnt = dataset.train.learnt
    assert learnt.values["inputs/x"] == "1000" and learnt.columns["inputs/x"] == ("x",)
    inputs, _ = read_inputs(task, {"x": whole}, learnt)
    assert inputs["x"][:, 0].tolist() == [EDGE] * 5
    # What was counted in training is counted in new rows, whatever stands beside it.
    mixed = np.full((2, 4), [[0, EDGE + 1.0, 0, 0], [0, EDGE + 2.5, 0, 0]])
    with pytest.raises(RunError, match=r"`x` has 16777217\.0 in row 0") as caught:
        read_inputs(task, {"x": mixed}, learnt)
    assert [help.split(":")[0] for help in caught.value.helps] == [
        "the model takes what float32 can hold",
        "ask for the nearest ones",
    ]
    # A run that has no record of it judges new rows by themselves.
    read_inputs(task, {"x": mixed}, Learnt())


def test_errors_of_test_rows_say_so_and_where_these_are_chosen(tmp_path: Path) -> None:
    y = np.arange(29.0)
    root = write_rows(tmp_path, y=y)
    np.savez(tmp_path / "test.npz", x=np.full((2, 4), EDGE + 1), y=y[:2])
    separate = numbers(test={"npz": "test.npz"})
    within = numbers(source={"npz": {"train": "rows.npz", "test": "test.npz"}})
    for raw, at in ((separate, ("data", "test")), (within, ("data", "source", "npz", "test"))):
        with pytest.raises(RunError, match="of the test rows: `x` has 8 integers") as caught:
            ready(raw, root)
        assert caught.value.at == at
        task, _ = complete(load(raw), root)
        assert read_dataset(task, root, test=False).test is None
