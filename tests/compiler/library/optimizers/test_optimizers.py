"""Updates over several steps: against Keras 3 where the formulas agree, against numpy in float64 where they do not."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest
from pydantic import ValidationError

from modelc.compiler.library.optimizers import OPTIMIZERS

# Keras has no types.
reference: Any = keras.optimizers
variable: Any = keras.Variable

STEPS = 8
RANDOM = np.random.default_rng(5)
START = {
    "digit": {"kernel": RANDOM.normal(size=(3, 4)).astype(np.float32), "bias": RANDOM.normal(size=4).astype(np.float32)}
}
GRADIENTS = [jax.tree.map(lambda w: RANDOM.normal(size=w.shape).astype(np.float32), START) for _ in range(STEPS)]


def train(notation: Any) -> Any:
    transform = OPTIMIZERS.build(notation).transform(STEPS)
    params = jax.tree.map(jnp.asarray, START)
    state = transform.init(params)
    step = jax.jit(transform.update)
    for gradients in GRADIENTS:
        updates, state = step(gradients, state, params)
        params = optax.apply_updates(params, updates)
    return params


def train_keras(optimizer: Any) -> Any:
    variables = [variable(START["digit"][name]) for name in ("kernel", "bias")]
    for gradients in GRADIENTS:
        optimizer.apply([jnp.asarray(gradients["digit"][name]) for name in ("kernel", "bias")], variables)
    return {"digit": {"kernel": np.asarray(variables[0]), "bias": np.asarray(variables[1])}}


def assert_close(found: Any, wanted: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6), found, wanted)


@pytest.mark.parametrize(
    ("notation", "build"),
    [
        ("sgd", reference.SGD),
        ({"sgd": 0.3}, lambda: reference.SGD(0.3)),
        ({"sgd": {"momentum": 0.9}}, lambda: reference.SGD(momentum=0.9)),
        (
            {"sgd": {"momentum": 0.9, "nesterov": True}},
            lambda: reference.SGD(momentum=0.9, nesterov=True),
        ),
        ("rmsprop", reference.RMSprop),
        (
            {"rmsprop": {"rho": 0.8, "momentum": 0.5, "epsilon": 1e-3}},
            lambda: reference.RMSprop(rho=0.8, momentum=0.5, epsilon=1e-3),
        ),
        ({"rmsprop": {"centered": True}}, lambda: reference.RMSprop(centered=True)),
        ("adam", reference.Adam),
    ],
)
def test_steps_are_those_of_keras(notation: Any, build: Any) -> None:
    assert_close(train(notation), train_keras(build()))


def adam_by_hand(decay: float, epsilon: float, beta_1: float, beta_2: float, rate: float) -> Any:
    """Kingma and Ba, 2015, algorithm 1, with the decoupled decay of Loshchilov and Hutter, 2019, on kernels only."""
    result: dict[str, Any] = {}
    for name, start in START["digit"].items():
        weight = start.astype(np.float64)
        first = second = np.zeros_like(weight)
        for step, gradients in enumerate(GRADIENTS, start=1):
            gradient = gradients["digit"][name].astype(np.float64)
            first = beta_1 * first + (1 - beta_1) * gradient
            second = beta_2 * second + (1 - beta_2) * gradient**2
            change = (first / (1 - beta_1**step)) / (np.sqrt(second / (1 - beta_2**step)) + epsilon)
            if name == "kernel":
                change = change + decay * weight
            weight = weight - rate * change
        result[name] = weight
    return {"digit": result}


def test_adam_is_the_algorithm_of_the_paper() -> None:
    notation = {"adam": {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 0.1}}
    assert_close(train(notation), adam_by_hand(0.0, 0.1, 0.8, 0.95, 0.05))


def test_nesterov_without_momentum_is_plain_and_a_warning() -> None:
    alone = OPTIMIZERS.build({"sgd": {"nesterov": True}})
    caution = alone.caution()
    assert caution is not None and caution.code == "W912"
    assert OPTIMIZERS.build({"sgd": {"nesterov": True, "momentum": 0.9}}).caution() is None
    assert_close(train({"sgd": {"nesterov": True}}), train("sgd"))


def test_the_first_step_of_adam_is_that_of_keras_with_32_times_the_epsilon() -> None:
    gradients = {"w": jnp.asarray([1e-4, 1e-6, 1e-7])}
    weights: Any = {"w": jnp.zeros(3)}

    def first_step(epsilon: float) -> Any:
        transform = OPTIMIZERS.build({"adam": {"epsilon": epsilon}}).transform(1)
        updates: Any = transform.update(gradients, transform.init(weights), weights)[0]
        return np.asarray(updates["w"])

    keras_adam = reference.Adam()
    variable = keras.Variable(np.zeros(3, np.float32))
    keras_adam.apply([gradients["w"]], [variable])
    np.testing.assert_allclose(first_step(1e-7 / np.sqrt(1 - 0.999)), np.asarray(variable), rtol=1e-4)
    assert np.asarray(variable)[2] > 0.5 * first_step(1e-7)[2]


def test_weight_decay_of_adamw_shrinks_kernels_and_spares_biases() -> None:
    notation = {"adamw": {"learning_rate": 0.05, "weight_decay": 0.3}}
    assert_close(train(notation), adam_by_hand(0.3, 1e-7, 0.9, 0.999, 0.05))


def test_defaults_are_those_of_keras() -> None:
    for name, optimizer in (
        ("sgd", reference.SGD()),
        ("adam", reference.Adam()),
        ("adamw", reference.AdamW()),
        ("rmsprop", reference.RMSprop()),
    ):
        config = optimizer.get_config()
        for argument, value in OPTIMIZERS.build(name).model_dump().items():
            assert config[argument] == pytest.approx(value), (name, argument)


def test_a_schedule_sets_the_size_of_each_step() -> None:
    scheduled = OPTIMIZERS.build({"sgd": {"learning_rate": {"cosine": 0.1}}}).transform(4)
    params: Any = {"w": jnp.zeros(1)}
    state = scheduled.init(params)
    sizes = []
    for _ in range(5):
        updates: Any
        updates, state = scheduled.update({"w": jnp.ones(1)}, state, params)
        sizes.append(-float(updates["w"][0]))
    wanted = [0.1 * (1 + np.cos(np.pi * step / 4)) / 2 for step in range(5)]
    np.testing.assert_allclose(sizes, wanted, atol=1e-8)


@pytest.mark.parametrize(
    ("raw", "at", "kind"),
    [
        ({"sgd": {"momentum": 1.0}}, ("sgd", "momentum"), "less_than"),
        ({"adam": {"epsilon": 0}}, ("adam", "epsilon"), "greater_than"),
        ({"adam": {"amsgrad": True}}, ("adam", "amsgrad"), "extra_forbidden"),
        ({"sgd": {"learning_rate": -1}}, ("sgd", "learning_rate"), "greater_than"),
        ({"sgd": {"learning_rate": True}}, ("sgd", "learning_rate"), "float_type"),
        ({"sgd": {"learning_rate": None}}, ("sgd", "learning_rate"), "float_type"),
        ({"sgd": {"learning_rate": "-0.1"}}, ("sgd", "learning_rate"), "float_type"),
        ({"sgd": {"learning_rate": "1/0"}}, ("sgd", "learning_rate"), "ratio_by_zero"),
        ({"sgd": {"learning_rate": "cosine"}}, ("sgd", "learning_rate", "learning_rate"), "missing"),
        ({"sgd": {"learning_rate": "cosin"}}, ("sgd", "learning_rate"), "unknown_name"),
        ({"sgd": {"learning_rate": {"cosin": 1}}}, ("sgd", "learning_rate", "cosin"), "unknown_name"),
        (
            {"sgd": {"learning_rate": {"cosine": {"learning_rate": 1, "alfa": 1}}}},
            ("sgd", "learning_rate", "cosine", "alfa"),
            "extra_forbidden",
        ),
    ],
)
def test_wrong_arguments_are_refused_at_their_place(raw: Any, at: tuple[str, ...], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OPTIMIZERS.build(raw)
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == (at, kind)


@pytest.mark.parametrize(
    "raw", ["sgd", {"sgd": "1/10"}, {"adam": {"learning_rate": {"cosine": {"learning_rate": 0.1, "warmup_steps": 3}}}}]
)
def test_a_dump_builds_the_same_optimizer(raw: Any) -> None:
    built = OPTIMIZERS.build(raw)
    assert OPTIMIZERS.build(OPTIMIZERS.dump(built)) == built
