"""Ids that are read from files of arrays are checked as those in data columns are, and named by their file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modelc
from modelc.compiler.binding.array_files import with_arrays
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arriving_integers import check_integers
from modelc.runtime.data.data_check import check_data
from modelc.runtime.data.ids import check_ids

ROWS = np.zeros((6, 4, 3), "float32")
IDS = np.array([0, 3, 1, 2], "int32")


def task_of(folder: Path, ids: Any, nodes: dict[str, Any], file: Any = "ids.npy", **inputs: Any) -> Task:
    """A task whose node `e` is the constant of these `ids`, which begins at what weights have made."""
    np.save(folder / "ids.npy", np.asarray(ids))
    np.savez(folder / "ids.npz", ids=np.asarray(ids), other=np.zeros(2))
    constant = {"shape": list(np.shape(ids)), "dtype": "int32", "value_initializer": {"from_file": file}}
    types = {name: {"shape": list(x.shape[1:]), "dtype": str(x.dtype)} for name, x in {"x": ROWS, **inputs}.items()}
    nodes = {"hidden": {"from": "x", "dense": 3}, "e": {"from": "hidden", "constant": constant}, **nodes}
    raw = {"modelc": 1, "model": {"inputs": types, "nodes": nodes, "outputs": ["y"]}}
    path = folder / "spec.json"
    path.write_text(json.dumps(raw))
    return with_arrays(modelc.load(path), Root(folder, folder))[0]


def refused(task: Task, **inputs: Any) -> RunError:
    with pytest.raises(RunError) as caught:
        check_ids(task, {"x": ROWS, **inputs}, training=True)
    assert caught.value.code == "E403"
    return caught.value


FILE = ("model", "nodes", "e", "constant", "value_initializer", "from_file")


@pytest.mark.parametrize(
    "node",
    [
        {"from": "e", "embedding": {"input_dim": 4, "output_dim": 2}},
        {"from": "e", "one_hot": 4},
        {"from": ["hidden", "e"], "gather": -2},
        {"from": ["x", "e"], "segment_mean": 4},
        {"from": "e", "layers": [{"reshape": [2, 2]}, "flatten", {"one_hot": 4}]},
    ],
    ids=lambda node: str(list(node)[-1]),
)
@pytest.mark.parametrize(("wrong", "bounds"), [(4, "4"), (-1, "-1")])
def test_ids_in_a_file_are_refused_at_the_file(tmp_path: Path, node: Any, wrong: int, bounds: str) -> None:
    check_ids(task_of(tmp_path, IDS, {"y": node}), {"x": ROWS}, training=True)
    ids = np.array([0, 3, wrong, wrong])
    error = refused(task_of(tmp_path, ids, {"y": node}))
    assert error.message == f"the array in 'ids.npy' has 2 ids outside 0 to 3, the first is {bounds} at [2]"
    assert error.at == FILE
    assert ("increase" in str(error.helps)) == (wrong > 0 and node["from"] == "e")
    error = refused(task_of(tmp_path, ids, {"y": node}, {"file": "ids.npz", "array": "ids"}))
    assert error.message.startswith("the array `ids` in 'ids.npz' has 2 ids") and error.at == (*FILE, "file")


def test_ids_are_named_by_their_place_in_an_array_of_several_axes(tmp_path: Path) -> None:
    end = {"from": "e", "layers": [{"select": {"axis": -2, "index": 1}}, {"one_hot": 4}]}
    task = task_of(tmp_path, [[9, 9], [1, 5], [9, 9]], {"y": end})
    assert refused(task).message == "the array in 'ids.npy' has 1 id outside 0 to 3, the first is 5 at [1, 1]"


def test_ids_that_layers_make_of_those_in_a_file_are_named_after_what_makes_them(tmp_path: Path) -> None:
    nodes = {"next": {"from": "e", "layers": [{"floor_divide": 2}]}, "y": {"from": "next", "one_hot": 4}}
    check_ids(task_of(tmp_path, [7, 0], nodes), {"x": ROWS})
    error = refused(task_of(tmp_path, [7, 8], nodes))
    assert "outside 0 to 3, the first is 4 at [1]" in error.message
    assert error.notes[1].endswith("is what `floor_divide` makes of `e`")


def test_ids_of_a_file_are_checked_beside_those_of_the_data(tmp_path: Path) -> None:
    nodes = {
        "all": {"from": ["e", "words"], "concatenate": -1},
        "y": {"from": "all", "embedding": {"input_dim": 4, "output_dim": 2}},
    }
    words = np.tile(IDS, (6, 1))
    task = task_of(tmp_path, IDS, nodes, words=words)
    check_ids(task, {"x": ROWS, "words": words})
    words[4, 1] = 7
    error = refused(task, words=words)
    assert error.message == "`words` has 1 id outside 0 to 3, the first is 7 in row 4"
    assert error.at == ("data", "inputs", "words")
    task = task_of(tmp_path, [0, 3, 7], nodes, words=words)
    assert refused(task, words=words).at == FILE


def test_the_last_entry_is_named_where_more_room_is_no_help(tmp_path: Path) -> None:
    task = task_of(tmp_path, IDS + 1, {"y": {"from": ["x", "e"], "gather": -2}})
    assert refused(task).helps == (
        "ids count from 0, so that the last of 4 is 3: subtract 1 from ids that count from 1",
    )


def test_integers_of_a_file_that_a_layer_would_round_are_refused(tmp_path: Path) -> None:
    node = {"from": "e", "rescaling": 0.5}
    check_integers(task_of(tmp_path, [2**24], {"y": node}), {"x": ROWS})
    with pytest.raises(RunError, match="16777217") as caught:
        check_integers(task_of(tmp_path, [2**24 + 1], {"y": node}), {"x": ROWS})
    assert caught.value.code == "E402"


def drawn_task(nodes: dict[str, Any], initializer: Any, shape: list[int], train: Any = None, **inputs: Any) -> Task:
    """A task with a constant that no file holds, as integers on the node `e`."""
    constant = {"shape": shape, "value_initializer": initializer}
    types = {name: {"shape": list(x.shape[1:]), "dtype": str(x.dtype)} for name, x in {"x": ROWS, **inputs}.items()}
    first = {"c": {"from": "x", "constant": constant}, "e": {"from": "c", "cast": "int32"}}
    raw = {"modelc": 1, "model": {"inputs": types, "nodes": {**first, **nodes}, "outputs": ["y"]}}
    if train is not None:
        raw |= {"train": {"loss": "mean_squared_error", "optimizer": {"sgd": 0.1}, "epochs": 1, **train}}
    return modelc.load(raw)


DRAWN = ("model", "nodes", "c", "constant", "value_initializer")


@pytest.mark.parametrize(
    "node",
    [
        {"from": "e", "embedding": {"input_dim": 4, "output_dim": 2}},
        {"from": "e", "layers": [{"reshape": [2, 2]}, "flatten", {"one_hot": 4}]},
        {"from": ["x", "e"], "gather": -2},
        {"from": ["x", "e"], "segment_sum": 4},
    ],
)
def test_ids_that_an_initializer_fills_are_refused_at_it(node: Any) -> None:
    check_ids(drawn_task({"y": node}, {"constant": 3}, [4]), {"x": ROWS}, training=True)
    for value, first in ((4, "4"), (-1.5, "-1")):
        error = refused(drawn_task({"y": node}, {"constant": value}, [4]))
        assert error.message == f"`c` has 4 ids outside 0 to 3, the first is {first} at [0]" and error.at == DRAWN
        assert error.notes == ("`y` has room for 4 ids",) or node["from"] == "e"


def test_ids_that_are_drawn_are_those_that_training_begins_with() -> None:
    node = {"from": "e", "one_hot": 8}
    refusals = set()
    for seed in range(6):
        task = drawn_task({"y": node}, {"random_uniform": {"minval": 0, "maxval": 8.5}}, [2, 3], {"seed": seed})
        key = derive(root_key(seed), "initialize")
        _, state = modelc.compile(task).init(key)
        ids = np.asarray(state["c"]["value"]).astype("int32")
        if (ids < 8).all():
            check_ids(task, {"x": ROWS}, training=True)
            refusals.add(False)
            continue
        place = ", ".join(map(str, np.argwhere(ids >= 8)[0]))
        assert refused(task).message.endswith(f"8 at [{place}]")
        refusals.add(True)
    assert refusals == {True, False}


def test_ids_that_no_seed_tells_are_not_refused() -> None:
    check_ids(drawn_task({"y": {"from": "e", "one_hot": 4}}, {"random_uniform": {"maxval": 99}}, [3]), {"x": ROWS})


def test_ids_that_an_initializer_fills_are_checked_beside_those_of_the_data() -> None:
    nodes = {"all": {"from": ["e", "words"], "concatenate": -1}, "y": {"from": "all", "one_hot": 4}}
    words = np.tile(IDS, (6, 1))
    check_ids(drawn_task(nodes, "ones", [2], words=words), {"x": ROWS, "words": words})
    error = refused(drawn_task(nodes, {"constant": 9}, [2], words=words), words=words)
    assert error.at == DRAWN and error.message == "`c` has 2 ids outside 0 to 3, the first is 9 at [0]"
    words[4, 1] = 7
    assert refused(drawn_task(nodes, "ones", [2], words=words), words=words).at == ("data", "inputs", "words")


def test_a_check_of_the_data_finds_them(tmp_path: Path) -> None:
    nodes = {"y": {"from": ["x", "e"], "gather": -2}}
    task_of(tmp_path, IDS + 1, nodes)
    np.savez(tmp_path / "rows.npz", x=ROWS, y=ROWS)
    raw = json.loads((tmp_path / "spec.json").read_text())
    raw["data"] = {"source": {"npz": "rows.npz"}, "targets": {"y": {"array": "y"}}}
    raw["train"] = {"loss": "mean_squared_error", "optimizer": {"sgd": 0.1}, "epochs": 1}
    (tmp_path / "spec.json").write_text(json.dumps(raw))
    (problem,) = check_data(modelc.load(tmp_path / "spec.json"), Root(tmp_path, tmp_path))
    assert (problem.code, problem.path) == ("E403", FILE)
