"""Repeats of many copies as one loop: the same numbers, names, bits of randomness and files as the copies in a row."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import modelc
from modelc.compiler.lowering.lower import lower
from modelc.compiler.lowering.prepared_task import PreparedTask, prepare
from modelc.compiler.lowering.rolled_repeats import from_named, to_named
from tests.runtime.small import spec

COPIES = 8
BLOCK: list[Any] = [
    {
        "residual": [
            "batch_norm",
            {
                "dense": {
                    "units": 5,
                    "activation": "relu",
                    "kernel_regularizer": {"l2": 0.01},
                    "kernel_constraint": "max_norm",
                }
            },
            {"dropout": 0.2},
            {"activity_regularization": {"l2": 0.01}},
        ]
    }
]
LAYERS: list[Any] = [
    {"dense": 5},
    {"Body": None, "repeat": COPIES},
    {"dense": {"units": 3, "activation": "softmax"}, "name": "y"},
]


def raw(**train: Any) -> dict[str, Any]:
    return {**spec(LAYERS, **train), "blocks": {"Body": {"layers": BLOCK}}}


def unrolled(task: PreparedTask) -> PreparedTask:
    """`task` whose repeats are computed one behind the other."""
    return replace(task, rolls=())


def largest_difference(one: Any, other: Any) -> float:
    differences = jax.tree.map(lambda a, b: float(np.max(np.abs(np.asarray(a) - np.asarray(b)), initial=0)), one, other)
    return float(max(jax.tree.leaves(differences)))


def test_a_repeat_of_many_like_copies_is_one_loop() -> None:
    task = prepare(modelc.load({key: value for key, value in raw().items() if key not in ("data", "train")}))
    (roll,) = task.rolls
    assert (roll.path, roll.times, str(roll.carried), str(roll.last)) == (
        "Body",
        COPIES,
        "dense",
        "Body/7/residual/add",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"repeat": COPIES - 1},
        {"repeat": {"times": COPIES, "tied": True}},
    ],
    ids=["few", "tied"],
)
def test_few_or_tied_copies_stay_in_a_row(change: dict[str, Any]) -> None:
    layers = [LAYERS[0], {"Body": None, **change}, LAYERS[2]]
    model = {"inputs": {"x": {"shape": [4]}}, "layers": layers}
    task = prepare(modelc.load({"modelc": 1, "blocks": {"Body": {"layers": BLOCK}}, "model": model}))
    assert not task.rolls


def test_copies_of_other_shapes_or_with_a_value_that_is_looked_at_stay_in_a_row() -> None:
    growing = {"inputs": {"x": {"shape": [4]}}, "layers": [{"zero_padding1d": 1, "repeat": 8}]}
    growing["inputs"] = {"x": {"shape": [4, 2]}}
    assert not prepare(modelc.load({"modelc": 1, "model": growing})).rolls
    looked_at = {
        "inputs": {"x": {"shape": [4]}},
        "nodes": {"body": {"from": "x", "dense": 4, "repeat": 8}, "two": {"from": "body", "share": "body"}},
        "outputs": ["two"],
    }
    assert not prepare(modelc.load({"modelc": 1, "model": looked_at})).rolls


def test_first_weights_values_gradients_state_and_randomness_are_those_of_the_copies() -> None:
    task = prepare(modelc.load({key: value for key, value in raw().items() if key not in ("data", "train")}))
    rolled, plain = lower(task), lower(unrolled(task))
    key, x = jax.random.key(3), {"x": np.random.default_rng(0).normal(size=(6, 4)).astype("float32")}
    rows = jnp.arange(6) < 5

    def run(model: Any, names: Any) -> Any:
        params, state = model.init(key)

        def total(params: Any) -> Any:
            values = model.run(params, state, x, model.outputs.values(), train=True, key=key, rows=rows)
            (output,) = values.edges.values()
            return jnp.sum(output * jnp.arange(3)) + sum(values.penalties.values()), (output, values.state)

        gradients, (output, new) = jax.grad(total, has_aux=True)(params)
        return names(params), names(gradients), output, names(new)

    def named(tree: Any) -> Any:
        return to_named(task.rolls, tree)

    one, other = jax.jit(lambda: (run(rolled, named), run(plain, dict)))()
    assert [set(part) for part in (one[0], one[1], one[3])] == [set(part) for part in (other[0], other[1], other[3])]
    assert largest_difference(one[0], other[0]) == 0
    assert largest_difference(one, other) < 1e-5


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        # Each copy adds what goes into the first to the value of the one before.
        ({"from": ["x", "x"], "add": None}, 9.0),
        ({"from": {"first": "x", "now": "still"}, "Sum": None}, 9.0),
        ({"from": {"first": "still", "now": "still"}, "Sum": None}, 9.0),
        ({"from": {"first": "twice", "now": "x"}, "Sum": None}, 17.0),
    ],
)
def test_what_is_carried_may_also_be_what_stays_the_same(node: dict[str, Any], expected: float) -> None:
    raw = {
        "modelc": 1,
        "blocks": {
            "Sum": {
                "inputs": ["now", "first"],
                "nodes": {"sum": {"from": ["now", "first"], "add": None}},
                "outputs": ["sum"],
            }
        },
        "model": {
            "inputs": {"x": {"shape": [2]}},
            "nodes": {
                "still": {"from": "x", "relu": None, "repeat": 0},
                "twice": {"from": "x", "rescaling": 2},
                "end": {**node, "repeat": COPIES},
            },
            "outputs": ["end"],
        },
    }
    task = prepare(modelc.load(raw))
    assert task.rolls
    model = lower(task)
    values, _ = model.apply({}, {}, {"x": jnp.ones((1, 2))})
    assert values["end"].tolist() == [[expected, expected]]


def test_names_and_stacks_are_inverse() -> None:
    task = prepare(modelc.load({key: value for key, value in raw().items() if key not in ("data", "train")}))
    params, state = jax.jit(lower(task).init)(jax.random.key(0))
    for tree in (params, state):
        back = from_named(task.rolls, to_named(task.rolls, tree))
        assert {path: set(part) for path, part in back.items()} == {path: set(part) for path, part in tree.items()}
        assert largest_difference(back, dict(tree)) == 0


def test_python_sees_names_only() -> None:
    model = modelc.compile({key: value for key, value in raw().items() if key not in ("data", "train")})
    params, state = model.init(jax.random.key(0))
    assert params["Body/7/residual/dense"]["kernel"].shape == (5, 5)
    outputs, new = model.apply(params, state, {"x": jnp.zeros((2, 4))})
    assert outputs["y"].shape == (2, 3) and set(new) == set(state)
