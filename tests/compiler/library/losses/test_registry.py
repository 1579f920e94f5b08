"""Every loss of the table, over drawn shapes and arguments: what the contract of a loss promises of each of them.

`USES` says what a loss is tried on. What a loss computes is compared with Keras here too, with drawn arguments, where
Keras has it; the formulas of the others are in the files beside this one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import test_util

from modelc.compiler.binding.task import Term
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.loss import Loss
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.lowering.lower import Values
from modelc.compiler.syntax.document import read
from modelc.runtime.training.objective import elements_of
from tests.compiler.library.layers.running import QUICK

# Keras has no types.
reference: Any = keras.losses
# Nor has this function.
differences: Any = test_util.check_grads
Numbers = np.ndarray[Any, Any]
Generator = np.random.Generator
Maker = Callable[[Generator, tuple[int, ...]], Any]
FRACTIONS = st.floats(0, 0.9)
SIZES = st.floats(0.1, 3)


def numbers(random: Generator, shape: tuple[int, ...]) -> Numbers:
    return (2 * random.normal(size=shape)).astype(np.float32)


def rates(random: Generator, shape: tuple[int, ...]) -> Numbers:
    return random.uniform(0.1, 5.0, size=shape).astype(np.float32)


def chances(random: Generator, shape: tuple[int, ...]) -> Numbers:
    return random.uniform(size=shape).astype(np.float32)


def signs(random: Generator, shape: tuple[int, ...]) -> Numbers:
    found: Numbers = np.where(random.uniform(size=shape) > 0.5, 1, -1).astype(np.int32)
    return found


def labels(random: Generator, shape: tuple[int, ...]) -> Numbers:
    return random.integers(0, shape[-1], size=shape[:-1]).astype(np.int32)


def one_hot(random: Generator, shape: tuple[int, ...]) -> Numbers:
    found: Numbers = np.eye(shape[-1], dtype=np.float32)[labels(random, shape)]
    return found


def distributions(random: Generator, shape: tuple[int, ...]) -> Numbers:
    return random.dirichlet(np.ones(shape[-1]), size=shape[:-1]).astype(np.float32)


def pairs(random: Generator, shape: tuple[int, ...]) -> Numbers:
    found: Numbers = (np.arange(np.prod(shape[:-1])) % 2).reshape(shape[:-1]).astype(np.float32)
    return found


def alternating(random: Generator, shape: tuple[int, ...]) -> Numbers:
    return (np.arange(shape[0]) % 2).astype(np.int32)


def spelt(random: Generator, shape: tuple[int, ...]) -> Numbers:
    """Labels that fit into the steps in any case: half as many, the last of them blanks."""
    found = random.integers(1, shape[-1], size=(shape[0], max(shape[1] // 2, 1))).astype(np.int32)
    found[:, shape[1] // 3 :] = 0
    return found


def softmaxed(loss: Any) -> Any:
    return lambda truth, output: loss(truth, jax.nn.softmax(output))


@dataclass
class Use:
    """What a loss is tried on. `others` has a value of each argument that is not its default; `drawn` says what values
    are drawn where the loss is compared with `keras`, which makes Keras's loss from the arguments."""

    target: Maker | None
    values: Maker = numbers
    shapes: tuple[tuple[int, ...], ...] = ((4, 3), (1, 5), (3, 2, 4))
    others: dict[str, Any] = field(default_factory=dict)
    drawn: dict[str, Any] = field(default_factory=dict)
    keras: Any = None


CLASSES = {"class_weight": {"0": 3.0}}
UNEVEN = {"alpha": 0.2, "beta": 0.9}
ROWS_OF_PLACES = ((4, 5, 3), (1, 2, 3, 2))
ROWS_OF_VECTORS = ((4, 3), (1, 5), (6, 4))
USES: dict[str, Use] = {
    "binary_cross_entropy": Use(
        chances,
        others={"label_smoothing": 0.3, **CLASSES},
        drawn={"label_smoothing": FRACTIONS},
        keras=lambda **a: reference.BinaryCrossentropy(from_logits=True, **a),
    ),
    "binary_dice": Use(chances, shapes=ROWS_OF_PLACES),
    "binary_focal_cross_entropy": Use(
        chances,
        others={"gamma": 1.0, "alpha": 0.3, "label_smoothing": 0.3, **CLASSES},
        drawn={"gamma": SIZES, "alpha": FRACTIONS, "label_smoothing": FRACTIONS},
        keras=lambda **a: reference.BinaryFocalCrossentropy(from_logits=True, apply_class_balancing=True, **a),
    ),
    "binary_tversky": Use(chances, shapes=ROWS_OF_PLACES, others=UNEVEN),
    "categorical_hinge": Use(one_hot, others=CLASSES, keras=reference.CategoricalHinge),
    "contrastive": Use(pairs, others={"margin": 9.0, "distance": "manhattan"}),
    "cosine_embedding": Use(pairs, others={"margin": -0.9}),
    "cosine_similarity": Use(numbers, keras=reference.CosineSimilarity),
    "cross_entropy": Use(
        distributions,
        others={"label_smoothing": 0.3, **CLASSES},
        drawn={"label_smoothing": FRACTIONS},
        keras=lambda **a: reference.CategoricalCrossentropy(from_logits=True, **a),
    ),
    "ctc": Use(spelt, shapes=((4, 6, 3), (1, 3, 4)), others={"blank": 1}),
    "dice": Use(labels, shapes=ROWS_OF_PLACES, others=CLASSES),
    "focal_cross_entropy": Use(
        distributions,
        others={"gamma": 1.0, "alpha": 0.5, "label_smoothing": 0.3, **CLASSES},
        drawn={"gamma": SIZES, "alpha": SIZES, "label_smoothing": FRACTIONS},
        keras=lambda **a: reference.CategoricalFocalCrossentropy(from_logits=True, **a),
    ),
    "generalized_cross_entropy": Use(
        labels,
        others={"q": 1.0, **CLASSES},
        drawn={"q": st.floats(0.05, 1, exclude_max=True)},
        keras=lambda **a: softmaxed(reference.CategoricalGeneralizedCrossEntropy(**a)),
    ),
    "hinge": Use(signs, keras=reference.Hinge),
    "huber": Use(numbers, others={"delta": 0.1}, drawn={"delta": SIZES}, keras=reference.Huber),
    "info_nce": Use(
        None, shapes=ROWS_OF_VECTORS, others={"temperature": 0.5, "similarity": "product", "symmetric": True}
    ),
    "kl_divergence": Use(distributions, keras=lambda: softmaxed(reference.KLDivergence())),
    "log_cosh": Use(numbers, keras=reference.LogCosh),
    "mean_absolute_error": Use(numbers, keras=reference.MeanAbsoluteError),
    "mean_absolute_percentage_error": Use(rates, keras=reference.MeanAbsolutePercentageError),
    "mean_squared_error": Use(numbers, keras=reference.MeanSquaredError),
    "mean_squared_logarithmic_error": Use(rates, rates, keras=reference.MeanSquaredLogarithmicError),
    "minimize": Use(None),
    "none": Use(None),
    "poisson": Use(rates, rates, keras=reference.Poisson),
    "quantile": Use(numbers, others={"quantiles": 0.9}),
    "squared_hinge": Use(signs, keras=reference.SquaredHinge),
    "supervised_contrastive": Use(
        alternating, shapes=ROWS_OF_VECTORS, others={"temperature": 0.5, "similarity": "product"}
    ),
    "symmetric_mean_absolute_percentage_error": Use(rates, rates),
    "triplet": Use(None, others={"margin": 3.0, "distance": "cosine"}),
    "tversky": Use(labels, shapes=ROWS_OF_PLACES, others={**UNEVEN, **CLASSES}),
}
CASES = [(name, shape) for name, use in USES.items() for shape in (use.shapes[0], use.shapes[-1])]
TRAINED = [(name, use.shapes[-1]) for name, use in USES.items() if name != "none"]


def given_values(name: str, shape: tuple[int, ...], seed: int = 0) -> tuple[list[Any], Any]:
    """The values of a loss's slots, and its target."""
    random, use = np.random.default_rng(seed), USES[name]
    values = [jnp.asarray(use.values(random, shape)) for _ in LOSSES.find(name).slots]
    return values, None if use.target is None else jnp.asarray(use.target(random, shape))


def elements(loss: Loss, values: Any, target: Any) -> Any:
    """The elements as the step asks for them, all rows being real."""
    more = (jnp.ones(len(values[0]), bool),) if loss.masking == "use" else ()
    return loss.elements(*values, target, *more)


def compiled(loss: Loss) -> Any:
    """The elements of a loss in one program: to compile each operation would take longer."""
    key = str(LOSSES.dump(loss))
    if key not in COMPILED:
        COMPILED[key] = jax.jit(lambda values, target: elements(loss, values, target), compiler_options=QUICK)
    return COMPILED[key]


COMPILED: dict[str, Any] = {}


def type_of(values: Any) -> TensorType | None:
    return None if values is None else TensorType(values.shape[1:], str(values.dtype))


def test_every_loss_is_here() -> None:
    assert set(USES) == set(LOSSES)


@pytest.mark.parametrize("name", USES)
def test_the_example_is_a_loss(name: str) -> None:
    document, problems = read(f"example: {{{LOSSES.find(name).example}}}\n", "example")
    assert document is not None and not problems
    raw = document.data["example"]
    loss = LOSSES.build(raw if next(iter(raw.values())) is not None else next(iter(raw)))
    values, target = given_values(name, USES[name].shapes[0])
    assert np.isfinite(compiled(loss)(values, target)).all()


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_elements_have_the_planned_shape_row_by_row_jitted_or_not(name: str, shape: tuple[int, ...]) -> None:
    loss, (values, target) = LOSSES.build(name), given_values(name, shape)
    planned = loss.plan(*map(type_of, values), type_of(target))
    eager = elements(loss, values, target)
    jitted = compiled(loss)(values, target)
    assert eager.shape == (shape[0], *planned)
    assert eager.dtype == "float32"
    np.testing.assert_allclose(jitted, eager, rtol=2e-5, atol=1e-6)
    if loss.mixes_rows:
        return
    alone = compiled(loss)([value[-1:] for value in values], None if target is None else target[-1:])
    np.testing.assert_allclose(alone[0], eager[-1], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", USES)
def test_narrow_values_are_computed_in_float32(name: str) -> None:
    loss, (values, target) = LOSSES.build(name), given_values(name, USES[name].shapes[0])
    narrow = [value.astype("bfloat16") for value in values]
    found = compiled(loss)(narrow, target)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, compiled(loss)([value.astype("float32") for value in narrow], target), rtol=1e-6)


@pytest.mark.parametrize("name", [name for name, use in USES.items() if use.values is numbers])
def test_gradients_are_finite_for_extreme_values(name: str) -> None:
    shape = USES[name].shapes[0]
    loss, (values, target) = LOSSES.build(name), given_values(name, shape)
    gradient = jax.jit(jax.grad(lambda values: jnp.sum(elements(loss, values, target))), compiler_options=QUICK)
    for size in (80.0, -80.0):
        extreme = size * np.sign(values[0])
        for tried in ([extreme] * len(values), [jnp.full(shape, size)] * len(values), [jnp.zeros(shape)] * len(values)):
            assert all(np.isfinite(slope).all() for slope in gradient(tried))


@pytest.mark.parametrize("name", [name for name in USES if name != "none"])
def test_gradients_are_those_of_differences_in_float64(name: str) -> None:
    with jax.enable_x64(True):
        loss, (values, target) = LOSSES.build(name), given_values(name, USES[name].shapes[0], seed=1)
        wide = tuple(jnp.asarray(value, "float64") for value in values)
        assert elements(loss, wide, target).dtype == "float64"
        differences(jax.jit(lambda *values: elements(loss, values, target)), wide, order=1, modes=["rev"], eps=1e-6)


@pytest.mark.parametrize(("name", "shape"), TRAINED)
def test_rows_and_steps_that_do_not_count_change_nothing_whatever_they_hold(name: str, shape: tuple[int, ...]) -> None:
    shape = (max(shape[0], 2), *shape[1:])
    loss, (values, target) = LOSSES.build(name), given_values(name, shape)
    planned = loss.plan(*map(type_of, values), type_of(target))
    edges = [Edge(f"value{place}") for place in range(len(values))]
    rows = jnp.arange(shape[0]) < shape[0] - 1
    steps = None
    if len(shape) > 2 and (loss.masking == "use" or (loss.masking == "each" and planned)):
        steps = jnp.asarray(np.random.default_rng(3).uniform(size=shape[:2]) > 0.3).at[:, 0].set(True)
    kept = rows if steps is None else rows[:, None] & steps
    term = Term("t", loss, tuple(edges), None if target is None else "t", 1.0, (), None, planned)

    def total(values: Any, target: Any) -> Any:
        given = dict(zip(edges, values, strict=True))
        found, counts, _ = elements_of(term, Values(given, dict.fromkeys(edges, steps), {}, {}), {"t": target}, rows)
        return jnp.sum(jnp.where(counts, found, 0.0))

    def spoiled(array: Any, counts: Any) -> Any:
        spread = jnp.reshape(counts, counts.shape + (1,) * (array.ndim - counts.ndim))
        return jnp.where(spread, array, jnp.nan if array.dtype.kind == "f" else 99).astype(array.dtype)

    both = jax.jit(jax.value_and_grad(total), compiler_options=QUICK)
    clean = both(values, target)
    bad_target = None if target is None else spoiled(target, rows if loss.masking == "use" else kept)
    dirty = both([spoiled(value, kept) for value in values], bad_target)
    for first, second in zip(jax.tree.leaves(clean), jax.tree.leaves(dirty), strict=True):
        np.testing.assert_array_equal(first, second)
        assert np.isfinite(first).all()


@pytest.mark.parametrize(("name", "argument"), [(name, key) for name in USES for key in LOSSES.find(name).model_fields])
def test_every_argument_changes_the_loss(name: str, argument: str) -> None:
    values, target = given_values(name, USES[name].shapes[0])
    plain = compiled(LOSSES.build(name))(values, target)
    changed = compiled(LOSSES.build({name: {argument: USES[name].others[argument]}}))(values, target)
    assert not np.allclose(plain, changed)


@pytest.mark.parametrize("name", [name for name, use in USES.items() if use.keras is not None])
@settings(max_examples=3)
@given(data=st.data())
def test_values_and_gradients_are_those_of_keras_for_drawn_arguments(name: str, data: st.DataObject) -> None:
    use = USES[name]
    arguments = {key: data.draw(strategy, label=key) for key, strategy in use.drawn.items()}
    shape = data.draw(st.sampled_from(use.shapes[1:]))
    (value,), target = given_values(name, shape, data.draw(st.integers(0, 99)))
    loss, wanted_loss = LOSSES.build({name: arguments}), use.keras(**arguments)
    found, gradient = jax.value_and_grad(lambda x: jnp.mean(elements(loss, [x], target)))(value)
    wanted, slope = jax.value_and_grad(lambda x: wanted_loss(target, x))(value)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=1e-4 * max(np.abs(slope).max(), 1e-3))
