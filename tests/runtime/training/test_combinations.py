"""Groups, decay, clipping, accumulation, constraints, penalties, sample weights, frozen weights and averages together make the weights that a
loop by hand makes, over epochs whose last batch is short.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from safetensors.numpy import load_file

import modelc
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.training.step import make
from tests.runtime.small import ready, write_rows

ROWS, BATCH, EPOCHS = 50, 16, 4
STEPS = EPOCHS * -(-ROWS // BATCH)
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(ROWS, 4)).astype(np.float32)
Y = RANDOM.normal(size=(ROWS, 2)).astype(np.float32)
WEIGHT = np.where(np.arange(ROWS) < 5, 0, RANDOM.uniform(0, 3, ROWS)).astype(np.float32)
INNER = {"units": 6, "activation": "tanh", "kernel_constraint": {"max_norm": 0.9}, "kernel_regularizer": {"l2": 0.02}}
MODEL = {
    "inputs": {"x": {"shape": [4]}},
    "layers": [
        {"dense": INNER, "name": "a"},
        {"layer_norm": {}, "name": "n"},
        {"dense": {"units": 2, "bias_constraint": "non_negative"}, "name": "y"},
    ],
}
Weights = dict[str, dict[str, Any]]


def spec(train: Any) -> dict[str, Any]:
    settings = {"loss": "mean_squared_error", "batch_size": BATCH, "epochs": EPOCHS, "shuffle": False, **train}
    data = {"source": {"npz": "rows.npz"}, "targets": {"y": {"array": "y"}}, "sample_weight": {"array": "w"}}
    return {"modelc": 1, "name": "small", "model": MODEL, "data": data, "train": settings}


def loss(params: Weights, x: Any, y: Any, weight: Any) -> Any:
    hidden = jnp.tanh(x @ params["a"]["kernel"] + params["a"]["bias"])
    apart = hidden - hidden.mean(-1, keepdims=True)
    hidden = apart / jnp.sqrt((apart**2).mean(-1, keepdims=True) + 1e-3) * params["n"]["gamma"] + params["n"]["beta"]
    rows = ((hidden @ params["y"]["kernel"] + params["y"]["bias"] - y) ** 2).mean(-1) * weight
    return rows.sum() / len(x) + 0.02 * (params["a"]["kernel"] ** 2).sum()


def clipped(clipping: dict[str, float], gradients: Any) -> Any:
    ((of, most),) = clipping.items()
    if of == "value":
        return jax.tree.map(lambda one: jnp.clip(one, -most, most), gradients)
    if of == "norm":
        return jax.tree.map(lambda one: one * jnp.minimum(1, most / jnp.linalg.norm(one.ravel())), gradients)
    norm = jnp.sqrt(sum((one**2).sum() for one in jax.tree.leaves(gradients)))
    return jax.tree.map(lambda one: one * jnp.minimum(1, most / norm), gradients)


def constrained(path: str, weight: Any) -> Any:
    if path == "a/kernel":
        norms = jnp.sqrt((weight**2).sum(0, keepdims=True))
        return weight * jnp.clip(norms, 0, 0.9) / (1e-7 + norms)
    return jnp.maximum(weight, 0) if path == "y/bias" else weight


def by_hand(params: Weights, optimizers: dict[str, Any], clipping: dict[str, float], ema: float) -> Weights:
    """The weights, or their averages, after all steps; those that have an optimizer are trained."""
    trained = {path: params[path.partition("/")[0]][path.partition("/")[2]] for path in optimizers}
    states = {path: optimizers[path].init(weight) for path, weight in trained.items()}
    averages: Any = None

    def whole(own: Any) -> Weights:
        return {
            node: {name: own.get(f"{node}/{name}", weight) for name, weight in named.items()}
            for node, named in params.items()
        }

    gradients_of = jax.jit(jax.grad(lambda own, *batch: loss(whole(own), *batch)))
    for step in range(STEPS):
        begin = step % (STEPS // EPOCHS) * BATCH
        batch = (array[begin : begin + BATCH] for array in (X, Y, WEIGHT))
        gradients = clipped(clipping, gradients_of(trained, *batch))
        for path, gradient in gradients.items():
            change, states[path] = optimizers[path].update(gradient, states[path], trained[path])
            trained[path] = constrained(path, trained[path] + change)
        averages = (
            trained
            if averages is None
            else jax.tree.map(lambda mean, one: ema * mean + (1 - ema) * one, averages, dict(trained))
        )
        averages = dict(averages)
    return whole(averages if ema else trained)


COSINE = optax.join_schedules([optax.linear_schedule(0.01, 0.05, 5), optax.cosine_decay_schedule(0.05, STEPS - 5)], [5])
STAIRS = optax.exponential_decay(0.05, 4, 0.7, staircase=True)
BY_COSINE = {"cosine": {"learning_rate": 0.05, "warmup_steps": 5, "warmup_from": 0.01}}
BY_STAIRS = {"exponential": {"learning_rate": 0.05, "decay_steps": 4, "decay_rate": 0.7, "staircase": True}}
GROUPS = [
    {"paths": ["a"], "learning_rate_factor": 0.3, "weight_decay": 0.5},
    {"paths": ["a/bias", "y"], "learning_rate_factor": 2},
    {"paths": ["y/kernel"], "weight_decay": 0},
]
OF_GROUPS = {"a/kernel": (0.3, 0.5), "a/bias": (2.0, 0.0), "y/kernel": (2.0, 0.0), "y/bias": (2.0, 0.0)}
Make = Callable[[Any, float], Any]


@pytest.mark.parametrize(
    ("optimizer", "rate", "make_one", "more", "frozen"),
    [
        (
            {"adamw": {"learning_rate": BY_COSINE, "weight_decay": 0.1}},
            COSINE,
            lambda rate, decay: optax.adamw(rate, eps=1e-7, weight_decay=decay),
            {"clip_gradients": {"global_norm": 0.3}, "weight_averaging": {"ema": 0.9}, "gradient_accumulation": 16},
            (),
        ),
        (
            {"sgdw": {"learning_rate": BY_STAIRS, "weight_decay": 0.1, "momentum": 0.9, "nesterov": True}},
            STAIRS,
            lambda rate, decay: optax.chain(
                optax.trace(0.9, nesterov=True), optax.add_decayed_weights(decay), optax.sgd(rate)
            ),
            {"clip_gradients": {"value": 0.05}, "gradient_accumulation": 2},
            ("a/bias", "n/gamma"),
        ),
        (
            {"lamb": {"learning_rate": BY_COSINE, "weight_decay": 0.1}},
            COSINE,
            lambda rate, decay: optax.lamb(rate, eps=1e-7, weight_decay=decay),
            {"clip_gradients": {"norm": 0.1}, "weight_averaging": {"ema": 0.8}, "gradient_accumulation": 4},
            ("n/beta",),
        ),
    ],
    ids=["adamw", "sgdw", "lamb"],
)
def test_all_parts_of_an_update_together(
    optimizer: Any, rate: Any, make_one: Make, more: Any, frozen: tuple[str, ...], tmp_path: Path
) -> None:
    raw = spec({"optimizer": optimizer, "param_groups": GROUPS, "freeze": [*frozen], **more})
    root = write_rows(tmp_path, x=X, y=Y, w=WEIGHT)
    first: Any = make(prepare(ready(raw, root)[0]), STEPS).first().params
    params = {node: {name: np.asarray(weight) for name, weight in named.items()} for node, named in first.items()}
    optimizers = {}
    for path in (f"{node}/{name}" for node, named in params.items() for name in named):
        factor, decay = OF_GROUPS.get(path, (1.0, 0.0))
        if path not in frozen:
            optimizers[path] = make_one(lambda step, factor=factor: rate(step) * factor, decay)
    wanted = by_hand(params, optimizers, more["clip_gradients"], more.get("weight_averaging", {}).get("ema", 0.0))
    modelc.train(raw, root=tmp_path, run_dir=tmp_path / "run", progress=False)
    ended = load_file(tmp_path / "run" / "weights" / "last" / "params.safetensors")
    for node, named in wanted.items():
        for name, weight in named.items():
            np.testing.assert_allclose(ended[f"{node}:{name}"], weight, rtol=1e-5, atol=2e-6, err_msg=f"{node}/{name}")
            if f"{node}/{name}" in frozen:
                assert ended[f"{node}:{name}"].tobytes() == params[node][name].tobytes()
