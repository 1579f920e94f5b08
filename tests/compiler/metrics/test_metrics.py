"""Metrics against scikit-learn, with weights, NaN in rows that do not count, and joined batches."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import metrics as sklearn

from modelc.compiler.errors import PlanError
from modelc.compiler.metric import Link, Metric, mean_sums
from modelc.compiler.metrics import METRICS
from modelc.compiler.tensor import TensorType

RANDOM = np.random.default_rng(3)
CHANCES = RANDOM.dirichlet(np.ones(4), size=50).astype(np.float32)
LABELS = RANDOM.integers(0, 4, size=50).astype(np.int32)
WEIGHTS = RANDOM.uniform(0.1, 2.0, size=50).astype(np.float32)


def measure(metric: Metric, prediction: np.ndarray, target: np.ndarray, weight: np.ndarray, link: Link) -> float:
    """The metric over batches of 16 whose last one is padded with NaN rows of weight 0."""
    total: dict[str, float] = {}
    for start in range(0, len(weight), 16):
        parts = [np.asarray(array[start : start + 16], np.float32) for array in (prediction, target, weight)]
        missing = 16 - len(parts[2])
        for place, filling in enumerate((np.nan, np.nan, 0.0)):
            padding = np.full((missing, *parts[place].shape[1:]), filling, np.float32)
            parts[place] = np.concatenate([parts[place], padding])
        truth = parts[1].astype(target.dtype) if target.dtype == np.float32 else np.nan_to_num(parts[1]).astype("int32")
        found = metric.sums(jnp.asarray(parts[0]), jnp.asarray(truth), jnp.asarray(parts[2]), link)
        total = {name: total.get(name, 0.0) + float(value) for name, value in found.items()}
    return metric.result(total)


@pytest.mark.parametrize("weight", [np.ones(50, np.float32), WEIGHTS], ids=["plain", "weighted"])
def test_accuracy_of_classes_is_that_of_scikit_learn(weight: np.ndarray) -> None:
    metric = METRICS.build("accuracy")
    wanted = sklearn.accuracy_score(LABELS, CHANCES.argmax(-1), sample_weight=weight)
    assert measure(metric, CHANCES, LABELS, weight, "softmax") == pytest.approx(wanted, abs=1e-6)
    assert measure(metric, CHANCES, np.eye(4, dtype="int32")[LABELS], weight, "softmax") == pytest.approx(
        wanted, abs=1e-6
    )


@pytest.mark.parametrize("threshold", [0.5, 0.2])
def test_accuracy_of_yes_or_no_is_that_of_scikit_learn(threshold: float) -> None:
    chance, truth = CHANCES[:, :1], (LABELS[:, None] == 0).astype("int32")
    metric = METRICS.build({"accuracy": {"threshold": threshold}})
    wanted = sklearn.accuracy_score(truth, chance > threshold, sample_weight=WEIGHTS)
    assert measure(metric, chance, truth, WEIGHTS, "sigmoid") == pytest.approx(wanted, abs=1e-6)


def test_accuracy_of_several_yes_or_no_counts_each_value() -> None:
    truth = (CHANCES + RANDOM.normal(0, 0.3, CHANCES.shape) > 0.5).astype("int32")
    wanted = np.mean(truth == (CHANCES > 0.5))
    assert measure(METRICS.build("accuracy"), CHANCES, truth, np.ones(50), "sigmoid") == pytest.approx(wanted, abs=1e-6)


def test_a_probability_at_the_threshold_is_a_no() -> None:
    sums = METRICS.build("accuracy").sums(jnp.full((1, 1), 0.5), jnp.zeros((1, 1)), jnp.ones(1), "sigmoid")
    assert float(sums["total"]) == 1.0


@pytest.mark.parametrize(
    ("name", "reference"),
    [("mean_squared_error", sklearn.mean_squared_error), ("mean_absolute_error", sklearn.mean_absolute_error)],
)
def test_errors_are_those_of_scikit_learn(name: str, reference: object) -> None:
    truth = RANDOM.normal(size=CHANCES.shape).astype(np.float32)
    assert callable(reference)
    wanted = reference(truth, CHANCES, sample_weight=WEIGHTS)
    assert measure(METRICS.build(name), CHANCES, truth, WEIGHTS, None) == pytest.approx(wanted, rel=1e-5)


def test_weights_per_step_of_a_sequence_are_spread_over_the_axes_they_lack() -> None:
    values = RANDOM.normal(size=(3, 5, 2)).astype(np.float32)
    weight = (RANDOM.uniform(size=(3, 5)) > 0.5).astype(np.float32)
    hidden = np.where(weight[..., None] > 0, values, np.nan)
    sums = mean_sums(jnp.asarray(hidden), jnp.asarray(weight))
    wanted = np.average(values, weights=np.broadcast_to(weight[..., None], values.shape))
    assert float(sums["total"] / sums["count"]) == pytest.approx(wanted, rel=1e-5)


def test_nothing_counted_is_nan() -> None:
    for name in METRICS:
        metric = METRICS.build(name)
        assert np.isnan(metric.result({"total": 0.0, "count": 0.0}))


def test_each_metric_says_which_way_is_better() -> None:
    assert {name: METRICS.find(name).better for name in METRICS} == {
        "accuracy": "higher",
        "mean_absolute_error": "lower",
        "mean_squared_error": "lower",
    }


@pytest.mark.parametrize(
    ("notation", "output", "target", "link", "message"),
    [
        ("accuracy", TensorType((10,)), TensorType((7,), "int32"), "softmax", "[10], target has shape [7]"),
        ("accuracy", TensorType((10,)), TensorType(()), "softmax", "labels must be integers"),
        ("accuracy", TensorType((1,)), TensorType((1,)), None, "no classes to choose from"),
        ("accuracy", TensorType((3,)), TensorType((), "int32"), "sigmoid", "[3], target has shape []"),
        ({"accuracy": {"threshold": 0.3}}, TensorType((3,)), TensorType((3,)), "softmax", "`threshold`"),
        ("mean_squared_error", TensorType((3,)), TensorType((), "int32"), "softmax", "[3], target has shape []"),
        ("mean_absolute_error", TensorType((3,), "int32"), TensorType((3,)), None, "int32"),
    ],
)
def test_types_that_do_not_fit_are_refused(
    notation: object, output: TensorType, target: TensorType, link: Link, message: str
) -> None:
    with pytest.raises(PlanError) as caught:
        METRICS.build(notation).plan(output, target, link)
    assert caught.value.code == "E306"
    assert message in caught.value.message
    assert caught.value.help


@pytest.mark.parametrize(
    ("output", "target", "link"),
    [
        (TensorType((10,)), TensorType((), "uint8"), "softmax"),
        (TensorType((10,)), TensorType((10,)), "softmax"),
        (TensorType((5, 10)), TensorType((5,), "int32"), "softmax"),
        (TensorType((1,)), TensorType((1,), "bool"), "sigmoid"),
    ],
)
def test_types_that_fit_are_accepted(output: TensorType, target: TensorType, link: Link) -> None:
    METRICS.build("accuracy").plan(output, target, link)
