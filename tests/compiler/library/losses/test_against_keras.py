"""Every loss against Keras 3: values to 1e-5 and gradients to 1e-4 of the largest, for several shapes and arguments."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from scipy import stats

from modelc.compiler.library.losses import LOSSES
from tests.compiler.library.layers.running import QUICK
from tests.compiler.library.losses.test_in_batch import IN_BATCH
from tests.compiler.library.losses.test_quantities import QUANTITIES
from tests.compiler.library.losses.test_several_values import FORMULAS

# Keras has no types.
reference: Any = keras.losses
Numbers = np.ndarray[Any, Any]

RANDOM = np.random.default_rng(11)
SHAPES = {"steps": (3, 5, 4), "one row": (1, 3)}


def numbers(shape: tuple[int, ...], size: float = 2.0) -> Numbers:
    return (size * RANDOM.normal(size=shape)).astype(np.float32)


def chances(shape: tuple[int, ...]) -> Numbers:
    return RANDOM.uniform(size=shape).astype(np.float32)


def rates(shape: tuple[int, ...]) -> Numbers:
    return RANDOM.uniform(0.1, 5.0, size=shape).astype(np.float32)


def counts(shape: tuple[int, ...]) -> Numbers:
    return RANDOM.integers(0, 6, size=shape).astype(np.int32)


def signs(shape: tuple[int, ...]) -> Numbers:
    return np.where(RANDOM.uniform(size=shape) > 0.5, 1, -1).astype(np.int32)


def bits(shape: tuple[int, ...]) -> Numbers:
    # Both are there: Keras tells 0 and 1 from -1 and 1 by a whole batch.
    found = (RANDOM.uniform(size=shape) > 0.5).astype(np.int32)
    found.ravel()[:2] = 0, 1
    return found


def labels(shape: tuple[int, ...]) -> Numbers:
    return RANDOM.integers(0, shape[-1], size=shape[:-1]).astype(np.int32)


def one_hot(shape: tuple[int, ...]) -> Numbers:
    found: Numbers = np.eye(shape[-1], dtype=np.uint8)[labels(shape)]
    return found


def distributions(shape: tuple[int, ...]) -> Numbers:
    return RANDOM.dirichlet(np.ones(shape[-1]), size=shape[:-1]).astype(np.float32)


def softmaxed(loss: Any) -> Any:
    """A loss of Keras that takes probabilities, from logits."""
    return lambda truth, output: loss(truth, jax.nn.softmax(output))


def sigmoided(loss: Any) -> Any:
    return lambda truth, output: loss(truth, jax.nn.sigmoid(output))


def of_labels(loss: Any) -> Any:
    """A loss of Keras that takes one-hot rows, of labels."""
    return lambda truth, output: loss(np.eye(output.shape[-1], dtype=np.float32)[truth], output)


CASES: dict[str, tuple[Any, Any, Any, Any]] = {
    "squared": ("mean_squared_error", numbers, numbers, reference.MeanSquaredError()),
    "absolute": ("mean_absolute_error", numbers, numbers, reference.MeanAbsoluteError()),
    "percentage": (
        "mean_absolute_percentage_error",
        numbers,
        numbers,
        reference.MeanAbsolutePercentageError(),
    ),
    "logarithmic": ("mean_squared_logarithmic_error", numbers, counts, reference.MeanSquaredLogarithmicError()),
    "huber": ("huber", numbers, numbers, reference.Huber()),
    "huber wide": ({"huber": 2.5}, numbers, numbers, reference.Huber(delta=2.5)),
    "log_cosh": ("log_cosh", numbers, numbers, reference.LogCosh()),
    "poisson": ("poisson", rates, counts, reference.Poisson()),
    "hinge": ("hinge", numbers, signs, reference.Hinge()),
    "hinge of bits": ("hinge", numbers, bits, reference.Hinge()),
    "squared_hinge": ("squared_hinge", numbers, signs, reference.SquaredHinge()),
    "categorical_hinge": ("categorical_hinge", numbers, one_hot, reference.CategoricalHinge()),
    "categorical_hinge of labels": (
        "categorical_hinge",
        numbers,
        labels,
        of_labels(reference.CategoricalHinge()),
    ),
    "cosine": ("cosine_similarity", numbers, numbers, reference.CosineSimilarity()),
    "divergence": ("kl_divergence", numbers, distributions, softmaxed(reference.KLDivergence())),
    "labels": ("cross_entropy", numbers, labels, reference.SparseCategoricalCrossentropy(from_logits=True)),
    "smoothed": (
        {"cross_entropy": {"label_smoothing": 0.2}},
        numbers,
        distributions,
        reference.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
    ),
    "binary": (
        {"binary_cross_entropy": {"label_smoothing": 0.3}},
        numbers,
        chances,
        reference.BinaryCrossentropy(from_logits=True, label_smoothing=0.3),
    ),
    "focal": (
        "focal_cross_entropy",
        numbers,
        distributions,
        reference.CategoricalFocalCrossentropy(from_logits=True),
    ),
    "focal of labels": (
        {"focal_cross_entropy": {"gamma": 0.5, "alpha": 2.0, "label_smoothing": 0.1}},
        numbers,
        labels,
        of_labels(reference.CategoricalFocalCrossentropy(from_logits=True, gamma=0.5, alpha=2.0, label_smoothing=0.1)),
    ),
    "generalized": (
        {"generalized_cross_entropy": 0.3},
        numbers,
        labels,
        softmaxed(reference.CategoricalGeneralizedCrossEntropy(q=0.3)),
    ),
    "binary focal": (
        "binary_focal_cross_entropy",
        numbers,
        bits,
        reference.BinaryFocalCrossentropy(from_logits=True),
    ),
    "binary focal balanced": (
        {"binary_focal_cross_entropy": {"gamma": 1.5, "alpha": 0.3, "label_smoothing": 0.1}},
        numbers,
        bits,
        reference.BinaryFocalCrossentropy(
            from_logits=True, gamma=1.5, alpha=0.3, apply_class_balancing=True, label_smoothing=0.1
        ),
    ),
}


def check(loss: Any, wanted_loss: Any, output: Numbers, target: Numbers) -> None:
    def found(x: jax.Array) -> jax.Array:
        return jnp.mean(loss.elements(x, jnp.asarray(target)))

    both = jax.jit(
        lambda x: (jax.value_and_grad(found)(x), jax.value_and_grad(lambda x: wanted_loss(target, x))(x)),
        compiler_options=QUICK,
    )
    (value, gradient), (wanted, wanted_gradient) = both(jnp.asarray(output))
    np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)
    scale = np.abs(wanted_gradient).max()
    assert scale > 0
    np.testing.assert_allclose(gradient, wanted_gradient, rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient_are_those_of_keras(case: str, shape: str) -> None:
    notation, make_output, make_target, wanted = CASES[case]
    check(LOSSES.build(notation), wanted, make_output(SHAPES[shape]), make_target(SHAPES[shape]))


@pytest.mark.parametrize("of_rows", [one_hot, labels])
def test_dice_is_that_of_keras_taken_row_by_row_and_class_by_class(of_rows: Any) -> None:
    shape = (2, 3, 5, 3)
    wanted = reference.Dice(axis=(1, 2), reduction="none")
    wanted = softmaxed(wanted if of_rows is one_hot else of_labels(wanted))
    check(LOSSES.build("dice"), lambda y, x: jnp.mean(wanted(y, x)), numbers(shape), of_rows(shape))


@pytest.mark.parametrize("shape", [(2, 3, 5, 1), (3, 4)])
def test_binary_dice_is_that_of_keras_taken_row_by_row(shape: tuple[int, ...]) -> None:
    wanted = sigmoided(reference.Dice(axis=tuple(range(1, len(shape))), reduction="none"))
    check(LOSSES.build("binary_dice"), lambda y, x: jnp.mean(wanted(y, x)), numbers(shape), bits(shape))


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.2, 0.9)])
@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (1, 2, 3, 2)])
def test_tversky_is_that_of_keras_taken_row_by_row_with_its_weights_exchanged(
    shape: tuple[int, ...], weights: tuple[float, float]
) -> None:
    wrong, missed = weights
    wanted = reference.Tversky(alpha=missed, beta=wrong, axis=(1, 2), reduction="none")
    loss = LOSSES.build({"tversky": {"alpha": wrong, "beta": missed}})
    check(loss, lambda y, x: jnp.mean(softmaxed(wanted)(y, x)), numbers(shape), one_hot(shape))
    loss = LOSSES.build({"binary_tversky": {"alpha": wrong, "beta": missed}})
    whole = reference.Tversky(alpha=missed, beta=wrong, axis=(1, 2, 3), reduction="none")
    check(loss, lambda y, x: jnp.mean(sigmoided(whole)(y, x)), numbers(shape), bits(shape))


def test_every_loss_with_a_formula_is_compared() -> None:
    compared = {next(iter(case[0])) if isinstance(case[0], dict) else case[0] for case in CASES.values()}
    elsewhere = (
        {"dice", "binary_dice", "tversky", "binary_tversky", "minimize", "none", "ctc"}
        | set(FORMULAS)
        | set(QUANTITIES)
        | IN_BATCH
    )
    assert compared | elsewhere == set(LOSSES)


def test_divergence_is_that_of_scipy_where_the_target_has_zeros() -> None:
    logits, truth = numbers((6, 5)), distributions((6, 5))
    truth[:, 1] = 0
    found = LOSSES.build("kl_divergence").elements(jnp.asarray(logits), jnp.asarray(truth))
    wanted = stats.entropy(truth, np.asarray(jax.nn.softmax(logits)), axis=-1)
    scale = truth.sum(axis=-1)
    # SciPy makes the target sum to 1 first: sum(t log(t / p)) = sum(t) * (entropy + log(sum(t))).
    np.testing.assert_allclose(found, scale * (wanted + np.log(scale)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("error", [0.0, 1e-4, 0.3, 1.0, 5.0, 300.0, -1e-4, -300.0])
def test_log_cosh_keeps_its_digits_for_small_and_large_errors(error: float) -> None:
    exact = np.logaddexp(np.float64(error), -np.float64(error)) - np.log(2)
    if abs(error) < 1e-3:
        exact = error**2 / 2
    loss = LOSSES.build("log_cosh")
    found, slope = jax.value_and_grad(lambda x: loss.elements(x, jnp.zeros(1))[0])(jnp.full(1, error))
    np.testing.assert_allclose(found, exact, rtol=2e-5)
    np.testing.assert_allclose(slope[0], np.tanh(error), rtol=2e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("name", ["focal_cross_entropy", "binary_focal_cross_entropy"])
def test_focal_gradients_are_finite_where_the_model_is_sure(name: str, gamma: float) -> None:
    loss = LOSSES.build({name: gamma})
    logits = jnp.asarray([[200.0, -200.0], [-200.0, 200.0], [0.0, 0.0]])
    target = jnp.asarray([[1.0, 0.0]] * 3)
    assert np.isfinite(jax.grad(lambda x: jnp.sum(loss.elements(x, target)))(logits)).all()


def test_without_focus_the_focal_losses_are_cross_entropies() -> None:
    logits, target = jnp.asarray(numbers((6, 4))), jnp.asarray(one_hot((6, 4)))
    plain = LOSSES.build({"focal_cross_entropy": {"gamma": 0.0, "alpha": 1.0}}).elements(logits, target)
    np.testing.assert_allclose(plain, LOSSES.build("cross_entropy").elements(logits, target), rtol=1e-6)
    plain = LOSSES.build({"binary_focal_cross_entropy": 0.0}).elements(logits, target)
    np.testing.assert_allclose(plain, LOSSES.build("binary_cross_entropy").elements(logits, target), rtol=1e-6)


@pytest.mark.parametrize("zero", ["output", "target"])
def test_the_cosine_of_a_vector_of_zeros_is_zero_with_a_finite_gradient(zero: str) -> None:
    given = {"output": jnp.ones((2, 3)), "target": jnp.ones((2, 3)), zero: jnp.zeros((2, 3))}
    loss = LOSSES.build("cosine_similarity")
    value, gradient = jax.value_and_grad(lambda x: jnp.sum(loss.elements(x, given["target"])))(given["output"])
    assert value == 0
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", ["focal_cross_entropy", "categorical_hinge", "dice"])
def test_a_label_that_is_no_class_shows_as_nan(name: str) -> None:
    shape, target = ((3, 2, 4), [[4, 0], [-1, 1], [3, 3]])
    elements = LOSSES.build(name).elements(jnp.zeros(shape), jnp.asarray(target))
    shown = np.isnan(elements).any(axis=-1)
    assert shown.tolist() == [True, True, False]
