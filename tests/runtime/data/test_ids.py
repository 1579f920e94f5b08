"""Ids where they arrive: refused exactly where a layer would look up one that it has no room for, and named by origin."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import modelc
from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Layer
from modelc.compiler.library.layers import LAYERS
from modelc.runtime.data.ids import check_ids
from tests.compiler.library.layers.families import collected
from tests.runtime.small import ready, spec, write_rows

ROOM = 40
LOOK_UP = {"embedding": {"input_dim": ROOM, "output_dim": 2}}
MOVES = {"time_distributed": {"layer": "flatten"}, "resizing": {"height": 3, "width": 7, "interpolation": "nearest"}}


def compiled(nodes: dict[str, Any], inputs: dict[str, Any], outputs: list[str], **rest: Any) -> Any:
    types = {name: {"shape": list(x.shape[1:]), "dtype": str(x.dtype)} for name, x in inputs.items()}
    model = {"inputs": types, "nodes": nodes, "outputs": outputs}
    plugins = rest.pop("plugins", ())
    return modelc.load({"modelc": 1, **rest, "model": model}, plugins=plugins)


def refusal(task: Any, inputs: dict[str, Any]) -> RunError:
    with pytest.raises(RunError) as caught:
        check_ids(task, inputs)
    assert caught.value.code == "E403"
    return caught.value


def drawn(shape: tuple[int, ...], bad: int = 0, seed: int = 0, rows: int = 6) -> Any:
    """Ids that there is room for, and as many of 40 to 49 at random places."""
    random = np.random.default_rng(seed)
    x = random.integers(0, ROOM, (rows, *shape), dtype="int32")
    places = random.permutation(x.size)[:bad]
    x.reshape(-1)[places] = random.integers(ROOM, ROOM + 10, bad)
    return x


def movers() -> list[tuple[str, Any, tuple[tuple[int, ...], ...]]]:
    """Each layer that moves integers, from the registry: a use of it, and the shapes of its inputs."""
    found = []
    for name in LAYERS:
        if LAYERS.find(name).keeps == "values" or LAYERS.find(name).moves is not Layer.moves:
            arguments, inputs = collected("USES")[name]
            arrays = inputs if isinstance(inputs, tuple) else (inputs["x"] if isinstance(inputs, dict) else inputs,)
            layer = LAYERS.build({name: MOVES.get(name, arguments)})
            types = tuple(TensorType(x.shape[1:], "int32") for x in arrays)
            try:
                layer.plan(types) if layer.slots[0].many else layer.plan(*types)
            except (PlanError, TypeError):
                continue
            found.append((name, MOVES.get(name, arguments), tuple(x.shape for x in types)))
    return found


@pytest.mark.parametrize(
    ("name", "arguments", "shapes"), movers(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_ids_are_refused_where_a_layer_would_look_them_up_and_only_there(
    name: str, arguments: Any, shapes: tuple[tuple[int, ...], ...]
) -> None:
    names = [f"x{place}" for place in range(len(shapes))]
    ends = ["moved.part_0", "moved.part_1"] if name == "split" else ["moved"]
    nodes: dict[str, Any] = {"moved": {"from": names, name: arguments}}
    nodes |= {f"y{place}": {"from": end, "layers": ["flatten", LOOK_UP]} for place, end in enumerate(ends)}
    outputs = [path for path in nodes if path != "moved"]
    task = compiled(nodes, {path: drawn(shape) for path, shape in zip(names, shapes, strict=True)}, outputs)
    model = modelc.compile(task)
    params, state = model.init(jax.random.key(0))
    apply = jax.jit(lambda x: model.apply(params, state, x)[0])
    refused = 0
    for seed in (0, 2):
        x = {
            path: drawn(shape, int(np.prod(shape)) * seed, seed + place)
            for place, (path, shape) in enumerate(zip(names, shapes, strict=True))
        }
        # An embedding gives NaN for an id that it has no row for: what is computed is asked, not how.
        strange = np.concatenate([np.isnan(y).any(-1) for y in apply(x).values()], axis=1).any(1)
        if not strange.any():
            check_ids(task, x)
            continue
        refused += 1
        row = int(np.argmax(strange))
        error = refusal(task, x)
        path = error.message.split("`")[1]
        assert error.message.endswith(f"in row {row}")
        assert (x[path][row] >= ROOM).any() and error.at == ("data", "inputs", path)
    assert refused


def table(**columns: int) -> Any:
    """Six rows of a code for each column, as many as are given."""
    return np.stack([np.arange(6) % count for count in columns.values()], axis=1).astype("int32")


@pytest.mark.parametrize(
    "ways",
    [
        lambda index: ("x", [{"select": {"axis": -1, "index": index}}]),
        lambda index: ("x", [{"slice": {"axis": -1, "start": index, "stop": index + 1}}]),
        lambda index: (f"parts.part_{index}", ["flatten"]),
        lambda index: ("x", [{"reshape": [3, 1]}, {"cropping1d": [index, 2 - index]}, "flatten"]),
        lambda index: ("x", [{"permute": [-1]}, {"reshape": [3, 1]}, {"select": {"axis": -2, "index": index}}]),
    ],
)
def test_a_table_of_several_columns_of_ids_is_checked_by_column(ways: Any) -> None:
    x = table(work=3, country=6, sex=2)
    nodes: dict[str, Any] = {"parts": {"from": "x", "split": 3}}
    for index, count in enumerate((3, 6, 2)):
        start, layers = ways(index)
        nodes[f"y{index}"] = {"from": start, "layers": [*layers, {"embedding": {"input_dim": count, "output_dim": 2}}]}
    outputs = ["y0", "y1", "y2"]
    if "parts" not in str(nodes["y0"]["from"]):
        del nodes["parts"]
    task = compiled(nodes, {"x": x}, outputs)
    check_ids(task, {"x": x})
    x[4, 2] = 5
    error = refusal(task, {"x": x})
    assert error.message == "`x` has 1 id outside 0 to 1, the first is 5 in row 4"
    assert error.notes == (
        f"`{next(node.path for node in task.planned.graph.nodes if node.path.startswith('y2') and 'emb' in node.path)}` has room for 2 ids",
    )


@pytest.mark.parametrize("join", ["concatenate", "stack"])
def test_ids_of_every_input_of_a_join_are_checked_and_named_by_theirs(join: str) -> None:
    given = {"title": drawn((6,), rows=12), "body": drawn((6,), rows=12, seed=1), "note": drawn((6,), rows=12, seed=2)}
    nodes = {
        "both": {"from": list(given), join: -1},
        "y": {"from": "both", "layers": ["flatten", {"repeat_vector": 3}, LOOK_UP]},
    }
    task = compiled(nodes, given, ["y"])
    check_ids(task, given)
    given["body"][7, 2] = 60
    assert refusal(task, given).message == f"`body` has 1 id outside 0 to {ROOM - 1}, the first is 60 in row 7"
    given["note"][9, 1:3] = 99, -1
    error = refusal(task, given)
    assert error.message == f"`body` has 1 id outside 0 to {ROOM - 1}, the first is 60 in row 7"
    assert "`note` has 2 ids outside too, the first is 99 in row 9" in error.notes


@pytest.mark.parametrize(
    ("layers", "dtype", "message"),
    [
        ([{"cast": "int32"}], "float32", "`x` has 1 id outside 0 to 39, the first is 40 in row 3"),
        ([{"cast": "uint8"}, {"cast": "int32"}], "int32", "`x` has 1 id outside 0 to 39, the first is 40 in row 3"),
        (
            [{"rescaling": {"scale": 1, "offset": 1}, "name": "next"}, {"cast": "int32"}],
            "int32",
            "`next` has 2 ids outside 0 to 39, the first is 40 in row 1",
        ),
    ],
    ids=["cast", "two casts", "shifted"],
)
def test_ids_that_are_cast_or_computed_from_the_data_are_checked(layers: list[Any], dtype: str, message: str) -> None:
    x = np.arange(30).reshape(5, 6).astype(dtype)
    model = {"inputs": {"x": {"shape": [6], "dtype": dtype}}, "layers": [*layers, LOOK_UP]}
    task = modelc.load({"modelc": 1, "model": {**model, "precision": "mixed_bfloat16"}})
    check_ids(task, {"x": x})
    x[1, 1], x[3, 2] = 39, 40
    error = refusal(task, {"x": x})
    assert error.message == message
    if "next" in message:
        assert error.notes[1] == "`next` is what `rescaling` makes of `x`"
        assert error.at == ("model", "layers", 0, "rescaling")


def test_ids_beside_those_that_weights_have_a_part_in_are_checked() -> None:
    given = {"x": drawn((4,)), "z": np.zeros((6, 5), "float32")}
    nodes = {
        "chosen": {"from": "z", "layers": [{"dense": 9}, "argmax", {"reshape": [1]}]},
        "all": {"from": ["chosen", "x"], "concatenate": -1},
        "y": {"from": "all", "layers": [LOOK_UP]},
    }
    task = compiled(nodes, given, ["y"])
    check_ids(task, given)
    given["x"][5, 3] = -2
    error = refusal(task, given)
    assert error.message == "`x` has 1 id outside 0 to 39, the first is -2 in row 5"
    assert error.helps[0] == "ids count from 0"


@pytest.mark.parametrize("join", ["concatenate", "stack"])
def test_ids_that_are_joined_with_computed_values_and_cast_are_checked(join: str) -> None:
    x = drawn((4,)).astype("float32")
    nodes = {
        "hidden": {"from": "x", "dense": 4},
        "both": {"from": ["hidden", "x"], join: -1},
        "chosen": {"from": "both", "layers": ["flatten", {"select": {"axis": -1, "index": -1}}, {"cast": "int32"}]},
        "y": {"from": "chosen", "layers": [LOOK_UP]},
    }
    task = compiled(nodes, {"x": x}, ["y"])
    check_ids(task, {"x": x})
    x[2, 3] = ROOM
    assert refusal(task, {"x": x}).message == f"`x` has 1 id outside 0 to {ROOM - 1}, the first is {ROOM} in row 2"


def test_ids_of_every_copy_of_a_repeat_and_of_shared_layers_are_checked() -> None:
    x = drawn((2, 2))
    turn = [{"permute": [-1, -2]}, "stop_gradient"]
    nodes = {
        "turned": {"from": "x", "layers": [{"Turn": None, "repeat": 9}]},
        "first": {"from": "turned", "select": {"axis": -1, "index": 0}},
        "second": {"from": "x", "select": {"axis": -1, "index": 1}},
        "y": {"from": "first", **LOOK_UP},
        "z": {"from": "second", "share": "y"},
    }
    task = compiled(nodes, {"x": x}, ["y", "z"], blocks={"Turn": {"layers": turn}})
    check_ids(task, {"x": x})
    x[2, 0, 0] = 41
    assert refusal(task, {"x": x}).message.endswith("the first is 41 in row 2")
    x[2, 0, 0], x[4, 1, 1] = 0, 42
    error = refusal(task, {"x": x})
    assert error.message.endswith("the first is 42 in row 4")
    assert error.notes == ("`z` has room for 40 ids",)


SORTED = '''\
from modelc.plugin import Layer, Plan


class Sorted(Layer):
    """The values of the last axis in order: `[..., n]`, without weights."""

    keeps = "values"
    example = "sorted"

    def plan(self, x):
        return Plan.of(x)

    def apply(self, call, x):
        return x.sort(-1)


class Next(Layer):
    """`x + 1`, of any shape, without weights."""

    example = "next"

    def plan(self, x):
        return Plan.of(x)

    def apply(self, call, x):
        return x + 1


PLUGIN = {"layer.sorted": Sorted, "layer.next": Next}
'''


def test_layers_of_plugins_are_followed_by_what_they_compute(tmp_path: Path) -> None:
    (tmp_path / "more.py").write_text(SORTED)
    x = drawn((4,))
    least = ["sorted", {"select": {"axis": -1, "index": 0}}, "next", LOOK_UP]
    task = compiled({"y": {"from": "x", "layers": least}}, {"x": x}, ["y"], plugins=[tmp_path / "more.py"])
    x[3] = 50, 60, 39, 41
    error = refusal(task, {"x": x})
    assert error.message == "`y/next` has 1 id outside 0 to 39, the first is 40 in row 3"
    x[3, 1] = 7
    check_ids(task, {"x": x})


def test_rows_are_checked_in_batches_and_counted_over_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelc.runtime.data.row_batches.VALUES", 70)
    x = drawn((4,), rows=100)
    task = compiled({"y": {"from": "x", "layers": [{"reshape": [2, 2]}, LOOK_UP]}}, {"x": x}, ["y"])
    check_ids(task, {"x": x})
    x[[30, 71, 99], [0, 1, 3]] = 45, 46, 47
    error = refusal(task, {"x": x})
    assert error.message == "`x` has 3 ids outside 0 to 39, the first is 45 in row 30"


CROP = {"random_crop": {"height": 4, "width": 5}}


def board(*places: tuple[int, ...], value: int = ROOM) -> Any:
    """Three images `[9, 12, 2]` of ids, some of which there is no room for."""
    x = drawn((9, 12, 2), rows=3)
    for place in places:
        x[place] = value
    return x


@pytest.mark.parametrize(
    ("place", "layers"),
    [
        ((1, 8, 11, 1), [CROP]),
        ((1, 4, 6, 1), [CROP]),
        ((1, 0, 11, 1), [{"random_flip": "horizontal"}, CROP]),
        ((1, 3, 0, 1), [{"random_crop": {"height": 8, "width": 12}}, CROP]),
        ((1, 8, 0, 1), [{"reshape": [1, 9, 12, 2]}, {"time_distributed": {"layer": CROP}}]),
        ((1, 0, 0, 1), [{"cast": "float32"}, CROP, {"cast": "int32"}]),
    ],
    ids=["corner", "middle", "flip", "crops", "steps", "casts"],
)
def test_ids_are_checked_wherever_training_may_crop(place: tuple[int, ...], layers: list[Any]) -> None:
    x = board(place)
    second = [{"select": {"axis": -1, "index": 1}}, LOOK_UP]
    task = compiled({"y": {"from": "x", "layers": [*layers, *second]}}, {"x": x}, ["y"])
    check_ids(task, {"x": board((1, 0, 0, 0), (2, 8, 11, 0))}, training=True)
    with pytest.raises(RunError) as caught:
        check_ids(task, {"x": x}, training=True)
    assert caught.value.message == "`x` has 1 id outside 0 to 39, the first is 40 in row 1"
    assert caught.value.at == ("data", "inputs", "x")
    assert caught.value.notes[-1].startswith("in training `")
    assert caught.value.notes[-1].endswith(" values from places drawn at random")
    if place[1:3] == (4, 6):
        assert refusal(task, {"x": x}).message == caught.value.message
    else:
        check_ids(task, {"x": x})


def test_each_id_that_crops_bring_more_than_once_is_counted_once() -> None:
    x = board((0, 0, 0, 0), (0, 4, 6, 1), (2, 8, 11, 1), value=-1)
    task = compiled({"y": {"from": "x", "layers": [CROP, LOOK_UP]}}, {"x": x}, ["y"])
    with pytest.raises(RunError) as caught:
        check_ids(task, {"x": x}, training=True)
    assert caught.value.message == "`x` has 3 ids outside 0 to 39, the first is -1 in row 0"
    assert refusal(task, {"x": x}).message == "`x` has 1 id outside 0 to 39, the first is -1 in row 0"


def test_rows_of_training_are_checked_as_training_crops_them_and_test_rows_as_prediction_does(tmp_path: Path) -> None:
    images = {"shape": [9, 12, 2], "dtype": "int32"}
    data = {"targets": {"y": {"array": "y"}}, "test": {"npz": "test.npz"}}
    raw = spec([CROP, LOOK_UP, "flatten", {"dense": 1, "name": "y"}], data=data, loss="mean_squared_error")
    raw["model"] |= {"inputs": {"x": images}}
    root = write_rows(tmp_path, x=board(), y=np.arange(3.0))
    np.savez(tmp_path / "test.npz", x=board((1, 0, 0, 0)), y=np.arange(3.0))
    _, dataset = ready(raw, root)
    assert dataset.test is not None and (dataset.test.inputs["x"] == ROOM).any()
    write_rows(tmp_path, x=board((1, 0, 0, 0)), y=np.arange(3.0))
    with pytest.raises(RunError, match="`x` has 1 id outside 0 to 39, the first is 40 in row 1"):
        ready(raw, root)
