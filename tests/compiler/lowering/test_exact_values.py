"""`precision: mixed_bfloat16` rounds no value on its way to a layer that is exact, whatever moves it, and all others."""

from collections.abc import Mapping
from math import prod
from typing import Any

import jax
import numpy as np
import pytest

import modelc
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Layer, PlanError
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.lowering.precision import precision_of
from modelc.compiler.lowering.prepared_task import prepare
from tests.compiler.library.layers.families import collected

MOVING = sorted(
    name
    for name in LAYERS
    if LAYERS.find(name).keeps == "values" or LAYERS.find(name).idle or LAYERS.find(name).moves is not Layer.moves
)
GROUPS = [MOVING[start : start + 8] for start in range(0, len(MOVING), 8)]
"""So many are compiled together: fewer are more programs, and the time that a program takes grows faster than what is in it."""
MOVES = {
    "activation": "linear",
    "clip": {"min_value": 1950.1, "max_value": 2100.3},
    "masking": 1900.26,
    "resizing": {"height": 3, "width": 7, "interpolation": "nearest"},
    "time_distributed": {"layer": "flatten"},
}
"""Arguments for those that move values with some arguments only, or that would leave nothing of a year."""

EXACT: dict[str, list[Any]] = {
    "argmax": ["argmax"],
    "cast": [{"cast": "int32"}],
    "category_encoding": [{"cast": "int32"}, {"category_encoding": 2500}],
    "center_crop": [{"reshape": [-1, 1, 1]}, {"center_crop": {"height": 1, "width": 1}}],
    "discretization": [{"discretization": {"bin_boundaries": [1901.2, 1903.5, 1904.7, 1909.1]}}],
    "masking": [{"reshape": [-1, 1]}, {"masking": 1900.26}],
    "normalization": [{"normalization": {"axis": None, "mean": 1950.0, "variance": 2.0}}],
    "rescaling": [{"rescaling": {"scale": 10.0, "offset": -19000.0}}],
}
"""Layers for the values of one row, the last of them exact."""


def years(shape: tuple[int, ...], first: float) -> Any:
    """Different values that bfloat16 rounds, the largest of each row at another place."""
    values = first + np.random.default_rng(prod(shape)).permutation(2 * prod(shape)) * np.float32(0.37)
    return values.reshape(2, *shape).astype("float32")


def taken(name: str) -> tuple[Any, dict[str, Any]]:
    """A use of the layer `name`: its arguments, and its inputs by a name for each."""
    arguments, inputs = collected("USES")[name]
    arrays = tuple(inputs.values()) if isinstance(inputs, dict) else inputs if isinstance(inputs, tuple) else (inputs,)
    given = {}
    for place, x in enumerate(arrays):
        shape = x.shape[1:]
        path = "_".join(("x", str(place), *map(str, shape)))
        if x.dtype.kind == "i":
            # Places and segments are what they are, and by the path of the layer lest another one takes others.
            given[f"{name}_{place}"] = x[:2]
        elif x.dtype == bool:
            given[path] = years(shape, 0) > prod(shape) / 3
        else:
            given[path] = years(shape, 1900.25 + 0.11 * place)
    return MOVES.get(name, arguments), given


def outputs(nodes: dict[str, Any], given: dict[str, Any], wanted: list[str], precision: str, **blocks: Any) -> Any:
    """The outputs of a model with its first weights."""
    inputs = {name: {"shape": list(x.shape[1:]), "dtype": str(x.dtype)} for name, x in given.items()}
    model = {"precision": precision, "inputs": inputs, "nodes": nodes, "outputs": wanted}
    used = {"blocks": {name: {"layers": layers} for name, layers in blocks.items()}} if blocks else {}
    compiled = modelc.compile({"modelc": 1, **used, "model": model})
    params, state = compiled.init(jax.random.key(0))
    return jax.jit(compiled.apply)(params, state, given)[0]


def same(nodes: dict[str, Any], given: dict[str, Any], wanted: list[str], **blocks: Any) -> None:
    """The outputs are bit for bit those of full precision."""
    full, half = (outputs(nodes, given, wanted, precision, **blocks) for precision in ("float32", "mixed_bfloat16"))
    for name in wanted:
        assert full[name].dtype == half[name].dtype
        np.testing.assert_array_equal(half[name], full[name], err_msg=name)


def test_each_exact_layer_is_among_those_tried() -> None:
    assert set(EXACT) == {name for name in LAYERS if LAYERS.find(name).exact}
    for name, layers in EXACT.items():
        assert (layers[-1] if isinstance(layers[-1], str) else next(iter(layers[-1]))) == name


@pytest.mark.parametrize("moving", GROUPS, ids=lambda names: f"{names[0]} to {names[-1]}")
def test_values_that_only_move_reach_every_exact_layer_unrounded(moving: list[str]) -> None:
    nodes: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    for name in moving:
        arguments, given = taken(name)
        nodes[name] = {"from": list(given), name: arguments}
        inputs |= given
        for part in ("part_0", "part_1") if name == "split" else ("output",):
            for exact, layers in {"nothing": [], **EXACT}.items():
                path = f"{name}.{part}" if name == "split" else name
                nodes[f"{name}_{part}_{exact}"] = {"from": path, "layers": ["flatten", *layers, "flatten"]}
    same(nodes, inputs, [path for path in nodes if path not in moving])


@pytest.mark.parametrize("exact", sorted(EXACT))
def test_exact_layers_hand_on_what_they_make_to_the_next_unrounded(exact: str) -> None:
    nodes = {
        f"{after}_behind": {"from": "x", "layers": [*EXACT[exact], {"cast": "float32"}, "flatten", *EXACT[after]]}
        for after in ("cast", "rescaling", "normalization")
    }
    same(nodes, {"x": years((12,), 1900.25)}, list(nodes))


@pytest.mark.parametrize("name", MOVING)
def test_two_layers_that_move_values_in_sequence_round_nothing(name: str) -> None:
    arguments, given = taken(name)
    nodes: dict[str, Any] = {"first": {"from": list(given), name: arguments}}
    (port, type_), *_ = planned(name, *(TensorType(x.shape[1:], str(x.dtype)) for x in given.values())).items()
    edges, wanted = {Edge("first", port)}, []
    for second in MOVING:
        many = LAYERS.find(second).slots[0].many
        try:
            ports = planned(second, *(type_,) * (2 if many else 1))
        except (PlanError, TypeError):
            continue
        between = Edge(second, next(iter(ports)))
        edges.add(between)
        wanted.append(f"{second}_end")
        nodes[second] = {"from": [str(Edge("first", port))] * (2 if many else 1), second: taken(second)[0]}
        nodes[wanted[-1]] = {"from": str(between), "rescaling": 2}
    inputs = {path: {"shape": list(x.shape[1:]), "dtype": str(x.dtype)} for path, x in given.items()}
    model = {"precision": "mixed_bfloat16", "inputs": inputs, "nodes": nodes, "outputs": wanted}
    precision = precision_of(prepare(modelc.load({"modelc": 1, "model": model})))
    assert len(wanted) > 5
    assert set(nodes) <= precision.exact and edges <= precision.unrounded


def planned(name: str, *types: TensorType) -> Mapping[str, TensorType]:
    """The outputs of a use of the layer `name` for `types` of its inputs."""
    layer = LAYERS.build({name: taken(name)[0]})
    return layer.plan(types).outputs if layer.slots[0].many else layer.plan(*types).outputs


def test_values_that_layers_compute_with_are_narrow_as_ever() -> None:
    layers = ["flatten", {"dense": 5}, {"reshape": [5, 1]}, "flatten", {"dense": 3}]
    nodes = {
        "both": {"from": ["x", "x"], "concatenate": -1},
        "y": {"from": "both", "layers": layers},
        "z": {"from": "both", "rescaling": 2},
    }
    model = {"precision": "mixed_bfloat16", "inputs": {"x": {"shape": [2, 3]}}, "nodes": nodes}
    for wanted, edges in (["y"], set()), (["y", "z"], {Edge("both"), Edge("z")}):
        task = prepare(modelc.load({"modelc": 1, "model": {**model, "outputs": wanted}}))
        assert precision_of(task).unrounded == edges


def test_what_goes_from_copy_to_copy_of_a_repeat_is_rounded_where_its_copies_compute() -> None:
    x = years((4,), 1900.25)
    shift = {"rescaling": {"scale": 1.0, "offset": 0.5}}
    nodes: dict[str, Any] = {"y": {"from": "x", "layers": [{"Body": None, "repeat": 9}]}}
    for body in ([shift], [{"reshape": [2, 2]}, "flatten"], [shift, "stop_gradient"]):
        same(nodes, {"x": x}, ["y"], Body=body)
    mixed = [{"rescaling": {"scale": 0.5}}, {"dense": 4}, "tanh"]
    full, half = (outputs(nodes, {"x": x}, ["y"], name, Body=mixed)["y"] for name in ("float32", "mixed_bfloat16"))
    np.testing.assert_allclose(half, full, atol=0.05)
