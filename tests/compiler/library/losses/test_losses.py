"""Losses against float64 references, and their errors."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses import LOSSES

RANDOM = np.random.default_rng(7)
LOGITS = (4 * RANDOM.normal(size=(6, 5, 4))).astype(np.float32)
LABELS = RANDOM.integers(0, 4, size=(6, 5)).astype(np.int32)
DISTRIBUTIONS = RANDOM.dirichlet(np.ones(4), size=(6, 5)).astype(np.float32)
CHANCES = RANDOM.uniform(size=(6, 5, 4)).astype(np.float32)


def test_smoothed_labels_are_smoothed_one_hot_rows() -> None:
    loss = LOSSES.build({"cross_entropy": {"label_smoothing": 0.1}})
    one_hot = np.eye(4, dtype=np.float32)[LABELS]
    logits = jnp.asarray(LOGITS)
    smoothed = loss.elements(logits, jnp.asarray(LABELS))
    np.testing.assert_allclose(smoothed, loss.elements(logits, jnp.asarray(one_hot)), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "target", "shape"),
    [
        ("cross_entropy", LABELS, (6, 5)),
        ("cross_entropy", DISTRIBUTIONS, (6, 5)),
        ("binary_cross_entropy", CHANCES, (6, 5, 4)),
        ("mean_squared_error", CHANCES, (6, 5, 4)),
        ("mean_absolute_error", CHANCES, (6, 5, 4)),
        ("mean_absolute_percentage_error", CHANCES, (6, 5, 4)),
        ("mean_squared_logarithmic_error", CHANCES, (6, 5, 4)),
        ("huber", CHANCES, (6, 5, 4)),
        ("log_cosh", CHANCES, (6, 5, 4)),
        ("poisson", CHANCES, (6, 5, 4)),
        ("hinge", CHANCES, (6, 5, 4)),
        ("quantile", CHANCES, (6, 5, 4)),
        ({"quantile": [0.1, 0.3, 0.5, 0.9]}, CHANCES[..., 0], (6, 5)),
        ("squared_hinge", CHANCES, (6, 5, 4)),
        ("symmetric_mean_absolute_percentage_error", CHANCES, (6, 5, 4)),
        ("categorical_hinge", LABELS, (6, 5)),
        ("cosine_similarity", CHANCES, (6, 5)),
        ("kl_divergence", DISTRIBUTIONS, (6, 5)),
        ("focal_cross_entropy", LABELS, (6, 5)),
        ("binary_focal_cross_entropy", CHANCES, (6, 5, 4)),
        ("dice", LABELS, (6, 4)),
        ("binary_dice", CHANCES, (6,)),
        ("tversky", LABELS, (6, 4)),
        ("binary_tversky", CHANCES, (6,)),
        ("generalized_cross_entropy", LABELS, (6, 5)),
        ({"cross_entropy": {"class_weight": {"1": 2.0}}}, LABELS, (6, 5)),
        ({"binary_cross_entropy": {"class_weight": {"1": 2.0}}}, CHANCES, (6, 5, 4)),
        ("minimize", None, (6, 5, 4)),
        ("none", None, (6,)),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_elements_are_float32_and_one_per_value_or_class_axis(
    name: Any, target: np.ndarray | None, shape: tuple[int, ...], dtype: str
) -> None:
    elements = LOSSES.build(name).elements(jnp.asarray(LOGITS, dtype), None if target is None else jnp.asarray(target))
    assert elements.shape == shape
    assert elements.dtype == "float32"


@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0, 200.0, 3e4])
def test_cross_entropies_keep_their_precision_for_great_logits(size: float) -> None:
    logits = np.array([[size, -size, 0.0]], np.float32)
    wide = logits.astype(np.float64)
    for label in range(3):
        exact = np.log(np.exp(wide - wide.max()).sum()) + wide.max() - wide[0, label]
        found = LOSSES.build("cross_entropy").elements(jnp.asarray(logits), jnp.asarray([label]))
        np.testing.assert_allclose(found[0], exact, rtol=1e-5, atol=1e-7)
    for truth in (0.0, 1.0, 0.25):
        exact = truth * np.logaddexp(0, -wide) + (1 - truth) * np.logaddexp(0, wide)
        found = LOSSES.build("binary_cross_entropy").elements(jnp.asarray(logits), jnp.full((1, 3), truth))
        np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-38)


def test_a_label_outside_the_classes_gives_nan_not_zero() -> None:
    elements = LOSSES.build("cross_entropy").elements(jnp.zeros((3, 4)), jnp.asarray([4, -1, 3]))
    assert np.isnan(elements).tolist() == [True, True, False]


def test_minimize_is_the_value_itself_and_none_is_zero() -> None:
    np.testing.assert_array_equal(LOSSES.build("minimize").elements(jnp.asarray(LOGITS), None), LOGITS)
    np.testing.assert_array_equal(LOSSES.build("none").elements(jnp.full((3, 2), jnp.nan), None), np.zeros(3))
    assert not LOSSES.find("minimize").takes_target
    assert not LOSSES.find("none").takes_target


def test_losses_say_which_activation_they_contain() -> None:
    found = {name: LOSSES.find(name).activation for name in LOSSES}
    assert {name: activation for name, activation in found.items() if activation} == {
        "binary_cross_entropy": "sigmoid",
        "binary_dice": "sigmoid",
        "binary_focal_cross_entropy": "sigmoid",
        "binary_tversky": "sigmoid",
        "cross_entropy": "softmax",
        "ctc": "softmax",
        "dice": "softmax",
        "focal_cross_entropy": "softmax",
        "generalized_cross_entropy": "softmax",
        "kl_divergence": "softmax",
        "tversky": "softmax",
    }


def test_cross_entropy_tells_labels_from_distributions_by_shape() -> None:
    loss, output = LOSSES.build("cross_entropy"), TensorType((5, 4))
    loss.plan(output, None)
    for target, classes, bounds in (
        (TensorType((5,), "int32"), 4, None),
        (TensorType((5,), "uint8"), 4, None),
        (TensorType((5, 4)), None, (0.0, 1.0)),
        (TensorType((5, 4), "int32"), None, (0.0, 1.0)),
    ):
        loss.plan(output, target)
        assert loss.classes(output, target) == classes
        assert loss.bounds(output, target) == bounds


@pytest.mark.parametrize(
    ("name", "output", "target", "message", "cure"),
    [
        ("cross_entropy", TensorType((10,)), TensorType((7,)), "[10], target has shape [7]", "7 units"),
        ("cross_entropy", TensorType((10,)), TensorType((28, 28)), "target has shape [28, 28]", "flatten"),
        ("cross_entropy", TensorType((10,)), TensorType((1,), "int32"), "labels of shape []", "shape: []"),
        ("cross_entropy", TensorType((10,)), TensorType(()), "labels must be integers", "`category`"),
        ("cross_entropy", TensorType((10,)), TensorType((), "bool"), "labels must be integers", "`category`"),
        ("cross_entropy", TensorType((5, 4)), TensorType((), "int32"), "labels of shape [5]", "flatten"),
        (
            "cross_entropy",
            TensorType((1,)),
            TensorType((), "int32"),
            "the loss of a single class is always 0",
            "binary_cross_entropy",
        ),
        ("cross_entropy", TensorType(()), None, "expected an axis of classes", "binary_cross_entropy"),
        ("cross_entropy", TensorType((3,), "int32"), None, "[3] int32", "dense"),
        ("binary_cross_entropy", TensorType((1,)), TensorType((2,)), "[1], target has shape [2]", "same shape"),
        ("binary_cross_entropy", TensorType((1,), "int32"), None, "[1] int32", "dense"),
        ("mean_squared_error", TensorType((8, 1)), TensorType((8,)), "[8, 1], target has shape [8]", "same shape"),
        ("mean_absolute_error", TensorType((8,)), TensorType(()), "[8], target has shape []", "same shape"),
        ("huber", TensorType((8, 1)), TensorType((8,)), "[8, 1], target has shape [8]", "same shape"),
        ("hinge", TensorType((3,), "int32"), None, "[3] int32", "dense"),
        (
            "categorical_hinge",
            TensorType((1,)),
            TensorType((), "int32"),
            "the loss of a single class",
            "binary_cross_entropy",
        ),
        ("focal_cross_entropy", TensorType((10,)), TensorType((7,)), "[10], target has shape [7]", "7 units"),
        ("kl_divergence", TensorType((4,)), TensorType((), "int32"), "[4], target has shape []", "`cross_entropy`"),
        ("kl_divergence", TensorType((1,)), None, "needs classes", "one value per class"),
        ("kl_divergence", TensorType((4,), mask=True), None, "the mask of the output", "its own values"),
        ("cross_entropy", TensorType((4,), mask=True), None, "the mask of the output", "its own values"),
        ("cosine_similarity", TensorType((4,), mask=True), None, "the mask of the output", "its own values"),
        ("cosine_similarity", TensorType((5, 1)), None, "an angle needs vectors", "mean_squared_error"),
        ("cosine_similarity", TensorType((5, 2)), TensorType((5,)), "[5, 2], target has shape [5]", "same shape"),
        ("dice", TensorType((4,)), TensorType((), "int32"), "several positions", "`cross_entropy`"),
        ("dice", TensorType((5, 4), mask=True), None, "has a mask", "elementwise"),
        ("binary_dice", TensorType((1, 1)), None, "several values", "`binary_cross_entropy`"),
        ("binary_dice", TensorType((5, 4), mask=True), None, "has a mask", "elementwise"),
        ("binary_dice", TensorType((5, 1)), TensorType((5,)), "[5, 1], target has shape [5]", "same shape"),
        ("minimize", TensorType((2,), "int32"), None, "[2] int32", "dense"),
    ],
)
def test_types_that_do_not_fit_are_refused_with_both_shapes_and_a_cure(
    name: str, output: TensorType, target: TensorType | None, message: str, cure: str
) -> None:
    with pytest.raises(PlanError) as caught:
        LOSSES.build(name).plan(output, target)
    assert caught.value.code == "E304"
    assert message in caught.value.message
    assert cure in caught.value.help


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("sparse_categorical_crossentropy", "cross_entropy"),
        ("CategoricalCrossentropy", "cross_entropy"),
        ("CrossEntropyLoss", "cross_entropy"),
        ("NLLLoss", "cross_entropy"),
        ("bce", "binary_cross_entropy"),
        ("BCEWithLogitsLoss", "binary_cross_entropy"),
        ("mse", "mean_squared_error"),
        ("L1Loss", "mean_absolute_error"),
        ("crossentropy", "cross_entropy"),
        ("SmoothL1Loss", "huber"),
        ("KLDivergence", "kl_divergence"),
        ("CategoricalFocalCrossentropy", "focal_cross_entropy"),
        ("BinaryFocalCrossentropy", "binary_focal_cross_entropy"),
        ("mape", "mean_absolute_percentage_error"),
        ("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error"),
    ],
)
def test_spellings_of_keras_and_pytorch_are_answered(spelling: str, name: str) -> None:
    assert suggest(spelling, LOSSES).new == name


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("poisson", (0, np.inf)),
        ("mean_squared_logarithmic_error", (0, np.inf)),
        ("hinge", (-1, 1)),
        ("squared_hinge", (-1, 1)),
        ("kl_divergence", (0, 1)),
        ("binary_focal_cross_entropy", (0, 1)),
        ("binary_dice", (0, 1)),
        ("huber", None),
    ],
)
def test_losses_say_where_targets_must_lie(name: str, bounds: tuple[float, float] | None) -> None:
    assert LOSSES.build(name).bounds(TensorType((3, 2)), TensorType((3, 2))) == bounds


@pytest.mark.parametrize(("weight", "code"), [("1/4", None), ("1/0", "E105"), ("-1/4", "E106")])
def test_the_weight_of_a_term_may_be_a_ratio(weight: str, code: str | None) -> None:
    text = "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [{dense: 1, name: y}]}\n"
    text += f"data: {{source: {{npz: a.npz}}}}\ntrain: {{losses: {{y: {{mean_squared_error, weight: {weight}}}}}, optimizer: sgd, epochs: 1}}\n"
    checked = check(text, "spec.yaml")
    assert [problem.code for problem in checked.errors] == ([] if code is None else [code])
    assert code is not None or (checked.task is not None and checked.task.terms[0].weight == 0.25)


def test_labels_of_several_values_are_no_distribution() -> None:
    with pytest.raises(PlanError) as caught:
        LOSSES.build("cross_entropy").plan(TensorType((3,)), TensorType((6,), "int32"))
    assert caught.value.help == (
        "integers are labels, here 6 instead of one: give the output 6 steps, or read one label"
    )


def test_an_output_that_a_term_is_made_of_is_trained() -> None:
    text = (
        "modelc: 1\nmodel:\n  inputs: {x: {shape: [4]}}\n  nodes:\n    code: {from: x, dense: 3}\n"
        "    size: {from: code, layers: [power: 2, sum: -1]}\n    other: {from: x, dense: 2}\n"
        "  outputs: [code, other]\ndata: {source: {npz: rows.npz}}\n"
        "train: {losses: {small: {minimize: , of: size}}, optimizer: adam, epochs: 1}\n"
    )
    assert [(problem.code, problem.message) for problem in check(text, "spec.yaml").problems] == [
        ("W903", "no loss uses the output `other`")
    ]
