"""`time_distributed` of a list of layers against Keras' `TimeDistributed` of a `Sequential`, and its masks, names and types."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import modelc
from modelc.compiler.api import check
from modelc.compiler.lowering.prepared_task import prepare

FRAMES = (4, 7, 6, 3)
LAYERS: list[Any] = [
    {"conv2d": {"filters": 4, "kernel_size": 3, "activation": "relu"}},
    {"conv2d": {"filters": 5, "kernel_size": [2, 3]}},
    "tanh",
    "flatten",
    {"dense": {"units": 6, "activation": "softmax"}},
]


def spec(layer: Any, shape: tuple[int, ...] = FRAMES, *more: Any, dtype: str = "float32") -> dict[str, Any]:
    inputs = {"x": {"shape": [*shape], "dtype": dtype}}
    return {"modelc": 1, "model": {"inputs": inputs, "layers": [{"time_distributed": layer}, *more]}}


def test_values_gradients_and_counts_are_those_of_keras() -> None:
    layers = keras.layers
    inner = keras.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu"),
            layers.Conv2D(5, (2, 3)),
            layers.Activation("tanh"),
            layers.Flatten(),
            layers.Dense(6, activation="softmax"),
        ]
    )
    oracle = keras.Sequential([keras.Input(FRAMES), layers.TimeDistributed(inner)])
    compiled = modelc.compile(modelc.load(spec(LAYERS)))
    params, state = compiled.init(jax.random.key(0))
    own = params["time_distributed"]
    assert sorted(own) == [f"{name}/{part}" for name in ("conv2d", "conv2d_2", "dense") for part in ("bias", "kernel")]
    names = [f"{name}/{part}" for name in ("conv2d", "conv2d_2", "dense") for part in ("kernel", "bias")]
    generator = np.random.default_rng(0)
    drawn = {name: generator.normal(size=own[name].shape).astype("float32") for name in names}
    assert sum(value.size for value in drawn.values()) == oracle.count_params()
    oracle.set_weights([drawn[name] for name in names])
    x = generator.normal(size=(3, *FRAMES)).astype("float32")
    weights = generator.normal(size=(3, FRAMES[0], 6)).astype("float32")

    def mine(given: Any) -> Any:
        outputs, _ = compiled.apply({"time_distributed": given}, state, {"x": jnp.asarray(x)})
        return jnp.sum(outputs["output"] * weights), outputs["output"]

    def theirs(given: Any) -> Any:
        said, _ = oracle.stateless_call([given[name] for name in names], [], x)
        return jnp.sum(said * weights), said

    (_, output), slopes = jax.value_and_grad(mine, has_aux=True)(drawn)
    (_, expected), wanted = jax.value_and_grad(theirs, has_aux=True)(drawn)
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)
    for name in names:
        np.testing.assert_allclose(slopes[name], wanted[name], rtol=1e-4, atol=1e-5, err_msg=name)


def planned(raw: Any) -> Any:
    found = check(json.dumps(raw), "spec.json")
    assert found.task is not None and not found.problems, found.problems
    return found.task.planned


def test_a_list_of_one_and_a_layer_alone_differ_in_the_names_of_weights_only() -> None:
    one, listed = (planned(spec(layer, (5, 4))).plans["time_distributed"] for layer in ({"dense": 3}, [{"dense": 3}]))
    assert one.outputs == listed.outputs
    assert {f"dense/{name}": weight for name, weight in one.params.items()} == listed.params


def test_the_mask_of_the_sequence_is_passed_on_and_no_step_sees_it() -> None:
    raw = spec([{"dense": 4}, "relu"], (5, 3))
    raw["model"]["layers"].insert(0, {"masking": 0.0})
    found = planned(raw)
    assert found.plans["time_distributed"].output.mask
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    x[0, 3:] = 0
    raw["model"]["layers"] += [{"global_avg_pool1d": None}]
    compiled = modelc.compile(modelc.load(raw))
    params, state = compiled.init(jax.random.key(0))
    outputs, _ = compiled.apply(params, state, {"x": jnp.asarray(x)})
    own = params["time_distributed"]
    steps = np.maximum(x[0, :3] @ np.asarray(own["dense/kernel"]) + np.asarray(own["dense/bias"]), 0)
    np.testing.assert_allclose(outputs["output"][0], steps.mean(axis=0), rtol=1e-5)


def test_a_mask_that_a_layer_of_the_list_makes_goes_on_to_the_next() -> None:
    words = {"embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": True}}
    raw = spec([words, "tanh", {"gru": 3}], (2, 5), dtype="int32")
    compiled = modelc.compile(modelc.load(raw))
    params, state = compiled.init(jax.random.key(0))
    x = np.array([[[3, 1, 0, 0, 0], [4, 5, 6, 7, 8]]], np.int32)
    (short,) = (compiled.apply(params, state, {"x": jnp.asarray(x)})[0]["output"][0, 0],)
    alone = {"inputs": {"x": {"shape": [5], "dtype": "int32"}}, "layers": [words, "tanh", {"gru": 3}]}
    other = modelc.compile(modelc.load({"modelc": 1, "model": alone}))
    own = params["time_distributed"]
    same = {
        name: {key.partition("/")[2]: value for key, value in own.items() if key.startswith(f"{name}/")}
        for name in ("embedding", "gru")
    }
    expected = other.apply(same, {}, {"x": jnp.asarray(x[:, 0])})[0]["output"][0]
    np.testing.assert_allclose(short, expected, rtol=1e-6)


def test_state_and_dropout_of_a_list_are_those_of_its_layers() -> None:
    compiled = modelc.compile(modelc.load(spec([{"dense": 4}, "batch_norm", {"dropout": 0.5}], (6, 3))))
    params, state = compiled.init(jax.random.key(0))
    assert sorted(state["time_distributed"]) == ["batch_norm/moving_mean", "batch_norm/moving_variance"]
    x = np.random.default_rng(0).normal(size=(8, 6, 3)).astype("float32")
    outputs, new = compiled.apply(params, state, {"x": jnp.asarray(x)}, train=True, key=jax.random.key(1))
    dropped = np.asarray(outputs["output"]) == 0
    assert 0.3 < dropped.mean() < 0.7 and not (dropped == dropped[:, :1]).all()
    own = params["time_distributed"]
    values = x @ np.asarray(own["dense/kernel"]) + np.asarray(own["dense/bias"])
    moved = 0.01 * values.mean(axis=(0, 1))
    np.testing.assert_allclose(new["time_distributed"]["batch_norm/moving_mean"], moved, rtol=1e-4, atol=1e-6)


def test_a_loss_reaches_the_logits_before_the_activation_that_ends_a_list() -> None:
    raw = spec([{"dense": 4}, {"dense": {"units": 3, "activation": "softmax"}}], (5, 2))
    raw["data"] = {"source": {"npz": "rows.npz"}, "targets": {"output": {"category": "y"}}}
    raw["train"] = {"loss": "cross_entropy", "optimizer": "adam", "epochs": 1}
    task = prepare(modelc.load(raw))
    (term,) = task.terms
    assert str(term.of[0]) == "time_distributed"
    assert str(task.outputs["output"].edge) == "time_distributed/activation"
    assert "dense/bias" in dict(task.planned.owned())["time_distributed"].params
    raw["model"]["layers"] = [{"time_distributed": [{"dense": 3}, "softmax", {"reshape": [3]}]}]
    (problem,) = check(json.dumps(raw), "spec.json").errors
    assert problem.code == "E305"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ([], "expected at least one layer, got none"),
        (["concatenate"], "expected layers with one input, got `concatenate`"),
        ([{"dense": 4}, "normalization"], "`normalization` is fitted to the training rows"),
        ([{"reshape": [2, 2]}, {"lstm": {"units": 3, "stateful": "epoch"}}], "the list of layers is stateful"),
        ([{"reshape": [9]}], "`reshape`: cannot reshape [4]"),
        (["relu", {"attach_mask": None}], "expected layers with one input"),
    ],
)
def test_a_list_that_cannot_run_on_a_step_is_refused(layer: list[Any], message: str) -> None:
    (problem,) = check(json.dumps(spec(layer, (5, 4))), "spec.json").errors
    assert problem.code == "E301" and problem.message.startswith("`time_distributed`: ") and message in problem.message


def test_a_mask_inside_a_list_is_never_dropped_in_silence() -> None:
    words = {"embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": True}}
    for layers, message in (
        ([words, "flatten"], "`flatten` drops the mask of the layer before it"),
        ([words, "tanh"], "the list of layers masks parts of each step"),
    ):
        (problem,) = check(json.dumps(spec(layers, (2, 5), dtype="int32")), "spec.json").errors
        assert message in problem.message


def test_ids_are_looked_up_through_layers_that_move_them() -> None:
    layers: list[Any] = ["flatten", {"embedding": {"input_dim": 9, "output_dim": 4}}]
    raw = spec(layers, (2, 5), dtype="int32")
    (node,) = planned(raw).graph.nodes
    assert node.layer.vocabulary_size() == 9
    assert planned(spec(["flatten", {"reshape": [3]}], (2, 3))).graph.nodes[0].layer.moves()
