"""Groups of weights are updated as if each weight had an optimizer of its own, with the learning rate and the decay of its group."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from modelc.compiler.lowering.prepared_task import PreparedTask, prepare
from modelc.runtime.training.step import make
from modelc.runtime.training.update import transformation
from tests.runtime.small import ready, spec, write_rows

STEPS = 12
COPIES = 8
GROUPS = [
    {"paths": ["body"], "learning_rate_factor": 0.1, "weight_decay": 0.5},
    {"paths": ["**/dense/bias", "y"], "learning_rate_factor": 3},
    {"paths": ["body/1"], "weight_decay": 0},
]
BODY: list[Any] = [{"layers": [{"dense": 4}, "batch_norm"], "name": "body", "repeat": COPIES}]
HEAD = {"dense": {"units": 3, "activation": "softmax"}, "name": "y"}
FACTORS = {"dense/kernel": 0.1, "dense/bias": 3, "batch_norm/gamma": 0.1, "batch_norm/beta": 0.1}


def task_of(folder: Path, optimizer: Any, groups: Any) -> PreparedTask:
    raw = spec([*BODY, HEAD], optimizer=optimizer, param_groups=groups)
    return prepare(ready(raw, write_rows(folder))[0])


def drawn(like: Any, seed: int) -> Any:
    generator = np.random.default_rng(seed)
    return jax.tree.map(lambda one: jnp.asarray(generator.normal(size=one.shape), jnp.float32), like)


def expected(params: Any, gradients: list[Any], rate: Any) -> dict[str, dict[str, Any]]:
    """Each weight by an optimizer of its own."""
    found: dict[str, dict[str, Any]] = {}
    for path, named in params.items():
        for name, weight in named.items():
            inner = f"{path.partition('/')[2].partition('/')[2]}/{name}"
            factor = 3 if path == "y" else FACTORS[inner]
            decay = (0.3 if path == "y" else 0.0 if path.startswith("body/1/") else 0.5) if weight.ndim > 1 else 0.0
            rates = (lambda step, factor=factor: rate(step) * factor) if callable(rate) else rate * factor
            own = optax.adamw(rates, eps=1e-7, weight_decay=decay)
            state = own.init(weight)
            for gradient in gradients:
                change, state = own.update(gradient[path][name], state, weight)
                weight = weight + change
            found.setdefault(path, {})[name] = weight
    return found


@pytest.mark.parametrize("rate", [0.05, {"cosine": 0.05}])
def test_each_weight_is_updated_by_the_rate_and_the_decay_of_its_group(rate: Any, tmp_path: Path) -> None:
    task = task_of(tmp_path, {"adamw": {"learning_rate": rate, "weight_decay": 0.3}}, GROUPS)
    # One copy is in another group than the others, so that they are no loop.
    assert not task.rolls
    like = jax.eval_shape(make(task, STEPS).first).params
    params, gradients = drawn(like, 0), [drawn(like, seed) for seed in range(1, STEPS)]
    rates = rate if isinstance(rate, float) else optax.cosine_decay_schedule(0.05, STEPS)
    wanted = expected(params, gradients, rates)
    transform = transformation(task, STEPS)
    state = transform.init(params)
    for one in gradients:
        changes, state = jax.jit(transform.update)(one, state, params)
        params = optax.apply_updates(params, changes)
    ended: Any = params
    for path, named in wanted.items():
        for name, weight in named.items():
            np.testing.assert_allclose(ended[path][name], weight, rtol=2e-5, atol=1e-6, err_msg=f"{path}/{name}")


def test_copies_in_the_same_group_stay_a_loop(tmp_path: Path) -> None:
    task = task_of(
        tmp_path, {"sgd": {"learning_rate": 0.1, "momentum": 0.9}}, [{"paths": ["body"], "learning_rate_factor": 0.5}]
    )
    (roll,) = task.rolls
    like = jax.eval_shape(make(task, STEPS).first)
    params, gradients = drawn(like.params, 0), drawn(like.params, 1)
    transform = transformation(task, STEPS)
    changes: Any = transform.update(gradients, transform.init(params), params)[0]
    for path, named in changes.items():
        rate = 0.05 if path.startswith(f"{roll.path}/") else 0.1
        for name, change in named.items():
            np.testing.assert_allclose(change, -rate * gradients[path][name], rtol=1e-6)


@pytest.mark.parametrize("rate", [0.05, {"cosine": 0.05}])
def test_what_muon_excludes_goes_by_adamw(rate: Any, tmp_path: Path) -> None:
    arguments = {"learning_rate": rate, "adam_lr_ratio": 0.5, "adam_weight_decay": 0.3, "weight_decay": 0.1}
    groups = [{"paths": ["y"], "learning_rate_factor": 3}]
    task = task_of(tmp_path, {"muon": {**arguments, "exclude_layers": ["y", "body/1"]}}, groups)
    like = jax.eval_shape(make(task, STEPS).first).params
    params, gradients = drawn(like, 0), [drawn(like, seed) for seed in range(1, STEPS)]
    rates = rate if isinstance(rate, float) else optax.cosine_decay_schedule(0.05, STEPS)
    contrib: Any = optax.contrib
    transform, own = transformation(task, STEPS), dict[tuple[str, str], Any]()
    for path, named in params.items():
        by_muon = path.startswith("body/") and not path.startswith("body/1/")
        factor = 3 if path == "y" else 1
        for name, weight in named.items():
            decay = 0.3 if name == "kernel" else 0.0
            adam = optax.adamw(scaled(rates, 0.5 * factor), eps=1e-7, weight_decay=decay)
            muon = contrib.muon(rates, weight_decay=0.1, eps=1e-7, consistent_rms=0.2)
            one: Any = muon if by_muon and name == "kernel" else adam
            state = one.init(weight)
            for gradient in gradients:
                change, state = one.update(gradient[path][name], state, weight)
                weight = weight + change
            own[path, name] = weight
    state = transform.init(params)
    for gradient in gradients:
        changes, state = jax.jit(transform.update)(gradient, state, params)
        params = optax.apply_updates(params, changes)
    ended: Any = params
    for (path, name), weight in own.items():
        np.testing.assert_allclose(ended[path][name], weight, rtol=2e-5, atol=2e-6, err_msg=f"{path}/{name}")


def scaled(rate: Any, factor: float) -> Any:
    return (lambda step: rate(step) * factor) if callable(rate) else rate * factor
