"""Updates over 50 steps: against optax, against Keras 3 where it has the optimizer, and against numpy in float64."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest
from pydantic import ValidationError

from modelc.compiler.library.optimizers import OPTIMIZERS

# Keras has no types, and optax none of what it exports by another module.
reference: Any = keras.optimizers
variable: Any = keras.Variable
wanted: Any = optax

STEPS = 50
RANDOM = np.random.default_rng(5)
SHAPES: dict[str, dict[str, tuple[int, ...]]] = {
    "digit": {"kernel": (3, 4), "bias": (4,)},
    "other": {"kernel": (3, 4), "bias": (4,)},
    "words": {"embeddings": (5, 3)},
}
BIASES: dict[str, dict[str, tuple[int, ...]]] = {"heads": {"query/bias": (2, 3)}}
"""Of two axes, as attention has them."""


def drawn(shapes: Mapping[str, Mapping[str, tuple[int, ...]]]) -> dict[str, dict[str, Any]]:
    return {
        path: {name: RANDOM.normal(size=shape).astype(np.float32) for name, shape in named.items()}
        for path, named in shapes.items()
    }


START = drawn(SHAPES)
GRADIENTS = [drawn(SHAPES) for _ in range(STEPS)]
START |= drawn(BIASES)
GRADIENTS = [{**tree, **drawn(BIASES)} for tree in GRADIENTS]
SHAPES |= BIASES
STACKED = "body/*/digit"
"""Holds what `digit` and `other` have as two copies of a repeat."""


def with_stack(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {**tree, STACKED: jax.tree.map(lambda *copies: np.stack(copies), tree["digit"], tree["other"])}


def run(transform: optax.GradientTransformation, start: Any, gradients: list[Any]) -> tuple[Any, Any]:
    def step(carry: Any, gradient: Any) -> Any:
        params, state = carry
        updates, state = transform.update(gradient, state, params)
        return (optax.apply_updates(params, updates), state), None

    params = jax.tree.map(jnp.asarray, start)
    stacked = jax.tree.map(lambda *steps: np.stack(steps), *gradients)
    ended: tuple[Any, Any] = jax.jit(lambda first: jax.lax.scan(step, first, stacked)[0])(
        (params, transform.init(params))
    )
    return ended


def train(notation: Any, steps: int = STEPS) -> Any:
    """The weights after the steps, of which the stacked ones are those of the copies by themselves."""
    transform = OPTIMIZERS.build(notation).transform(steps)
    params: Any = run(transform, with_stack(START), [with_stack(tree) for tree in GRADIENTS[:steps]])[0]
    stacked = params.pop(STACKED)
    for place, path in enumerate(("digit", "other")):
        assert_close(jax.tree.map(lambda copies, one=place: copies[one], stacked), params[path])
    return params


def train_keras(optimizer: Any, steps: int = STEPS) -> Any:
    names = [(path, name) for path, named in START.items() for name in named]
    variables = [variable(START[path][name], name=name.replace("/", "_")) for path, name in names]
    for gradients in GRADIENTS[:steps]:
        optimizer.apply([jnp.asarray(gradients[path][name]) for path, name in names], variables)
    found: dict[str, dict[str, Any]] = {path: {} for path in START}
    for (path, name), one in zip(names, variables, strict=True):
        found[path][name] = np.asarray(one)
    return found


def assert_close(found: Any, wanted: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6), found, wanted)


def difference(one: Any, other: Any) -> float:
    """The greatest difference of two sets of weights, in parts of the longest way that one weight has gone."""
    apart = jax.tree.map(lambda a, b: float(np.abs(np.asarray(a) - np.asarray(b)).max()), one, other)
    gone = jax.tree.map(lambda a, b: float(np.abs(np.asarray(a) - b).max()), other, START)
    found: float = max(jax.tree.leaves(apart)) / max(jax.tree.leaves(gone))
    return found


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
        ("adagrad", reference.Adagrad),
        ({"adagrad": {"learning_rate": 0.1, "initial_accumulator_value": 0}}, lambda: reference.Adagrad(0.1, 0.0)),
        ("adadelta", reference.Adadelta),
        ({"adadelta": {"learning_rate": 1, "rho": 0.9, "epsilon": 1e-4}}, lambda: reference.Adadelta(1.0, 0.9, 1e-4)),
        ("adamax", reference.Adamax),
        ({"adamax": {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9}}, lambda: reference.Adamax(0.05, 0.8, 0.9)),
        ("lion", reference.Lion),
        ({"lion": {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.9}}, lambda: reference.Lion(0.01, 0.8, 0.9)),
        ("lamb", reference.Lamb),
        ({"lamb": {"learning_rate": 0.05, "epsilon": 1e-3}}, lambda: reference.Lamb(0.05, epsilon=1e-3)),
        ("adafactor", reference.Adafactor),
        (
            {"adafactor": {"learning_rate": 0.5, "beta_2_decay": -0.5, "clip_threshold": 0.5, "epsilon_2": 0.1}},
            lambda: reference.Adafactor(0.5, beta_2_decay=-0.5, clip_threshold=0.5, epsilon_2=0.1),
        ),
        ("ftrl", reference.Ftrl),
        (
            {
                "ftrl": {
                    "learning_rate": 0.5,
                    "learning_rate_power": -0.7,
                    "l1_regularization_strength": 0.3,
                    "l2_regularization_strength": 0.2,
                    "l2_shrinkage_regularization_strength": 0.1,
                    "beta": 0.4,
                }
            },
            lambda: reference.Ftrl(0.5, -0.7, 0.1, 0.3, 0.2, 0.1, 0.4),
        ),
        ("schedule_free", reference.ScheduleFreeAdamW),
    ],
)
def test_steps_are_those_of_keras(notation: Any, build: Any) -> None:
    assert_close(train(notation), train_keras(build()))


@pytest.mark.parametrize(
    ("notation", "build", "bound"),
    [
        ("amsgrad", lambda: reference.Adam(amsgrad=True), 0.3),
        ("nadam", reference.Nadam, 0.3),
        (
            "muon",
            lambda: reference.Muon(weight_decay=None, adam_weight_decay=None, exclude_layers=["bias"]),
            0.03,
        ),
        # Averages are computed anew in each step, and rounded.
        (
            {"schedule_free": {"learning_rate": 0.05, "beta_1": 0.8}},
            lambda: reference.ScheduleFreeAdamW(0.05, 0.8),
            1e-5,
        ),
    ],
)
def test_steps_differ_from_those_of_keras_by_as_much_as_the_formulas_do(
    notation: Any, build: Any, bound: float
) -> None:
    found = difference(train(notation), train_keras(build()))
    assert bound / 100 < found < bound, found


MASK = {path: {name: name in ("kernel", "embeddings") for name in named} for path, named in SHAPES.items()}


@cache
def by_optax(name: str) -> Any:
    """What optax makes of it, put together by hand: biases do not decay, whatever axes they have."""
    rate, decay = 0.02, {"weight_decay": 0.3, "mask": MASK}
    matrices = {path: {name: name == "kernel" for name in named} for path, named in SHAPES.items()}
    adam = {"b1": 0.8, "b2": 0.9, "eps": 1e-5}
    decayed = wanted.add_decayed_weights(0.3, MASK)
    free = wanted.chain(
        wanted.scale_by_rms(0.9, 1e-5, eps_in_sqrt=False, bias_correction=True), decayed, wanted.sgd(rate)
    )
    found: dict[str, Any] = {
        "adabelief": wanted.chain(wanted.scale_by_belief(0.8, 0.9, 1e-5, 1e-5), decayed, wanted.sgd(rate)),
        "adadelta": wanted.adadelta(rate, 0.9, 1e-5),
        "adafactor": wanted.chain(
            wanted.adafactor(rate, min_dim_size_to_factor=1),
            wanted.scale(-1),
            wanted.add_decayed_weights(0.3 * rate, MASK),
            wanted.scale(-1),
        ),
        "adagrad": wanted.adagrad(rate, 0.2, 1e-5),
        "adam": wanted.adam(rate, **adam),
        "adamax": wanted.adamaxw(rate, **adam, **decay),
        "adamw": wanted.adamw(rate, **adam, **decay),
        "amsgrad": wanted.chain(wanted.scale_by_amsgrad(**adam), decayed, wanted.sgd(rate)),
        "lamb": wanted.lamb(rate, **adam, **decay),
        "lars": wanted.lars(rate, 0.3, MASK, 0.01, 1e-5, MASK, 0.8, True),
        "lion": wanted.lion(rate, 0.8, 0.9, **decay),
        "muon": wanted.partition(
            {
                "muon": wanted.contrib.muon(rate, weight_decay=0.3, beta=0.8, eps=1e-5, ns_steps=4, consistent_rms=0.1),
                "adam": wanted.adamw(0.5 * rate, **adam, weight_decay=0.2, mask=MASK),
            },
            jax.tree.map(lambda is_matrix: "muon" if is_matrix else "adam", matrices),
        ),
        "nadam": wanted.nadamw(rate, **adam, **decay),
        "novograd": wanted.partition(
            {True: wanted.novograd(rate, **adam, weight_decay=0.3), False: wanted.novograd(rate, **adam)}, MASK
        ),
        "radam": wanted.chain(wanted.scale_by_radam(**adam, threshold=4.0), decayed, wanted.sgd(rate)),
        "rmsprop": wanted.rmsprop(rate, 0.9, 1e-5, centered=True, momentum=0.8),
        "rprop": wanted.rprop(rate, 0.4, 1.3, 1e-3, 0.1),
        "schedule_free": wanted.contrib.schedule_free(free, rate, 0.8),
        "schedule_free_sgd": wanted.contrib.schedule_free(wanted.chain(decayed, wanted.sgd(rate)), rate, 0.8),
        "sgd": wanted.sgd(rate, 0.8, True),
        "sgdw": wanted.chain(wanted.trace(0.8, True), decayed, wanted.sgd(rate)),
        "yogi": wanted.chain(wanted.scale_by_yogi(0.8, 0.9, 1e-5), decayed, wanted.sgd(rate)),
    }
    return found[name]


ADAM = {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-5}
DECAY = {"weight_decay": 0.3}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "adabelief": {**ADAM, **DECAY},
    "adadelta": {"rho": 0.9, "epsilon": 1e-5},
    "adafactor": DECAY,
    "adagrad": {"initial_accumulator_value": 0.2, "epsilon": 1e-5},
    "adam": ADAM,
    "adamax": {**ADAM, **DECAY},
    "adamw": {**ADAM, **DECAY},
    "amsgrad": {**ADAM, **DECAY},
    "lamb": {**ADAM, **DECAY},
    "lars": {**DECAY, "trust_coefficient": 0.01, "epsilon": 1e-5, "momentum": 0.8, "nesterov": True},
    "lion": {"beta_1": 0.8, "beta_2": 0.9, **DECAY},
    "muon": {
        **DECAY,
        "momentum": 0.8,
        "epsilon": 1e-5,
        "ns_steps": 4,
        "rms_rate": 0.1,
        "adam_lr_ratio": 0.5,
        "adam_beta_1": 0.8,
        "adam_beta_2": 0.9,
        "adam_weight_decay": 0.2,
    },
    "nadam": {**ADAM, **DECAY},
    "novograd": {**ADAM, **DECAY},
    "radam": {**ADAM, **DECAY, "threshold": 4},
    "rmsprop": {"rho": 0.9, "epsilon": 1e-5, "centered": True, "momentum": 0.8},
    "rprop": {"eta_minus": 0.4, "eta_plus": 1.3, "min_step_size": 1e-3, "max_step_size": 0.1},
    "schedule_free": {**ADAM, **DECAY},
    "schedule_free_sgd": {"beta_1": 0.8, **DECAY},
    "sgd": {"momentum": 0.8, "nesterov": True},
    "sgdw": {"momentum": 0.8, "nesterov": True, **DECAY},
    "yogi": {**ADAM, **DECAY},
}
WITHOUT_OPTAX = {"ftrl"}


def test_every_optimizer_is_compared_with_optax_or_has_none_there() -> None:
    assert {*ARGUMENTS, *WITHOUT_OPTAX} == set(OPTIMIZERS)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_steps_are_those_of_optax(name: str) -> None:
    expected, state = run(by_optax(name), START, GRADIENTS)
    assert_close(train({name: {"learning_rate": 0.02, **ARGUMENTS[name]}}), expected)
    optimizer = OPTIMIZERS.build({name: {"learning_rate": 0.02, **ARGUMENTS[name]}})
    assert optimizer.is_averaging == name.startswith("schedule_free")
    if optimizer.is_averaging:
        assert_close(optimizer.averages(expected, state), wanted.contrib.schedule_free_eval_params(state, expected))


def test_a_rate_of_adafactor_above_that_of_the_step_is_none_of_its_own() -> None:
    whole, half = ({"adafactor": {"learning_rate": rate, "relative_step": True}} for rate in (1.0, 0.5))
    found = [OPTIMIZERS.build(one).transform(STEPS) for one in (whole, half)]
    steps = []
    for transform in found:
        params: Any = {"digit": {"kernel": jnp.ones((2, 2))}}
        state = transform.init(params)
        sizes = []
        for _ in range(6):
            changes: Any
            changes, state = transform.update({"digit": {"kernel": jnp.ones((2, 2))}}, state, params)
            sizes.append(float(changes["digit"]["kernel"][0, 0]))
        steps.append(sizes)
    assert steps[0][4:] == steps[1][4:] and steps[0][0] == 2 * steps[1][0]


def test_averages_are_those_of_each_group() -> None:
    optimizer: Any = OPTIMIZERS.build({"schedule_free": 0.1})
    of_path = {path: dict.fromkeys(named, path) for path, named in SHAPES.items()}
    groups = optax.partition({path: optimizer.transform(STEPS) for path in SHAPES}, of_path)
    params, state = run(groups, START, GRADIENTS)
    alone = run(optimizer.transform(STEPS), START, GRADIENTS)
    assert_close(optimizer.averages(params, state), optimizer.averages(*alone))


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
    assert_close({"digit": train(notation)["digit"]}, adam_by_hand(0.0, 0.1, 0.8, 0.95, 0.05))


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
    assert_close({"digit": train(notation)["digit"]}, adam_by_hand(0.3, 1e-7, 0.9, 0.999, 0.05))


@pytest.mark.parametrize("momentum", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}])
def test_the_decay_of_sgdw_is_that_of_keras_but_for_biases(momentum: dict[str, Any]) -> None:
    found = train({"sgdw": {"learning_rate": 0.05, "weight_decay": 0.3, **momentum}})
    optimizer = reference.SGD(0.05, weight_decay=0.3, **momentum)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    assert_close(found, train_keras(optimizer))
    assert difference(found, train({"sgd": {"learning_rate": 0.05, **momentum}})) > 0.01


def test_defaults_are_those_of_keras() -> None:
    for name in OPTIMIZERS:
        if not (words := OPTIMIZERS.find(name).keras):
            continue
        config = getattr(reference, words.rpartition(".")[2])().get_config()
        for argument, value in OPTIMIZERS.build(name).model_dump().items():
            # Keras has none for no decay.
            found = config[argument] or 0.0 if argument == "weight_decay" else config[argument]
            assert found == pytest.approx(value), (name, argument)


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
