"""Metrics against scikit-learn, with weights, NaN in rows that do not count, and joined batches."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import metrics as sklearn
from sklearn.calibration import calibration_curve

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, mean_sums
from modelc.compiler.library.metrics import METRICS
from modelc.compiler.library.metrics.counting import exact_total
from modelc.compiler.syntax.document import read
from tests.compiler.library.metrics.batching import measure

RANDOM = np.random.default_rng(3)
CHANCES = RANDOM.dirichlet(np.ones(4), size=50).astype(np.float32)
LABELS = RANDOM.integers(0, 4, size=50).astype(np.int32)
WEIGHTS = RANDOM.uniform(0.1, 2.0, size=50).astype(np.float32)


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


@pytest.mark.parametrize("name", list(METRICS))
def test_nothing_counted_is_nan(name: str) -> None:
    document, _ = read(f"example: {{{METRICS.find(name).example}}}\n", "example.yaml")
    assert document is not None
    (example,) = document.data["example"].items()
    metric = METRICS.build(dict([example]))
    links: tuple[Link, ...] = ("softmax", "sigmoid", None)
    for link in links:
        try:
            metric.plan(TensorType((4,)), TensorType((4,)), link)
        except PlanError:
            continue
        nothing = np.full((3, 4), np.nan, np.float32)
        found = measure(metric, nothing, nothing, np.zeros(3, np.float32), link)
        # A sum of nothing is 0.
        assert found == 0 if name == "sum" else np.isnan(found)


def test_each_metric_says_which_way_is_better() -> None:
    higher = {name for name in METRICS if METRICS.find(name).better == "higher"}
    assert higher == {
        "accuracy",
        "auc",
        "cohen_kappa",
        "concordance_correlation",
        "cosine_similarity",
        "f_beta",
        "iou",
        "mean_iou",
        "peak_signal_to_noise_ratio",
        "pearson_correlation",
        "precision",
        "precision_at_recall",
        "r2",
        "recall",
        "recall_at_precision",
        "sensitivity_at_specificity",
        "specificity_at_sensitivity",
        "top_k_accuracy",
        "true_negatives",
        "true_positives",
    }


@pytest.mark.parametrize("average", ["macro", "micro"])
@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_scores_of_classes_are_those_of_scikit_learn(average: str, beta: float) -> None:
    options: Any = {
        "labels": range(4),
        "average": average,
        "sample_weight": WEIGHTS,
        "zero_division": 0,
    }
    # No row is of the last class, no answer is the one before.
    chances, labels = CHANCES * np.array([1, 1, 0, 1], np.float32), LABELS % 3
    answers = chances.argmax(-1)
    for notation, wanted in (
        ({"precision": {"average": average}}, sklearn.precision_score(labels, answers, **options)),
        ({"recall": {"average": average}}, sklearn.recall_score(labels, answers, **options)),
        (
            {"f_beta": {"beta": beta, "average": average}},
            sklearn.fbeta_score(labels, answers, beta=beta, **options),
        ),
    ):
        found = measure(METRICS.build(notation), chances, labels, WEIGHTS, "softmax")
        assert found == pytest.approx(wanted, abs=1e-6)


def test_scores_of_one_class_are_those_of_scikit_learn() -> None:
    options: Any = {"labels": [2], "average": "macro"}
    found = measure(METRICS.build({"precision": {"class_id": 2}}), CHANCES, LABELS, None, "softmax")
    assert found == pytest.approx(sklearn.precision_score(LABELS, CHANCES.argmax(-1), **options), abs=1e-6)


@pytest.mark.parametrize("yes", [np.ones(50, bool), LABELS == 0], ids=["one kind", "both kinds"])
def test_an_area_is_that_of_scikit_learn_for_probabilities_on_the_grid(yes: np.ndarray) -> None:
    chance = (np.round(CHANCES[:, 0] * 199) / 199).astype(np.float32)
    # Between the points of the grid, so that each is surely above the one below.
    found = measure(
        METRICS.build({"auc": {"num_thresholds": 200}}),
        chance[:, None] - np.float32(1e-3),
        yes[:, None],
        None,
        "sigmoid",
    )
    if yes.all():
        assert np.isnan(found)
    else:
        assert found == pytest.approx(sklearn.roc_auc_score(yes, chance), abs=1e-6)


def test_areas_of_classes_leave_out_those_without_a_curve() -> None:
    labels = LABELS % 3
    wanted = [sklearn.roc_auc_score(labels == place, CHANCES[:, place]) for place in range(3)]
    found = measure(METRICS.build({"auc": {"num_thresholds": 20_000}}), CHANCES, labels, None, "softmax")
    assert found == pytest.approx(np.mean(wanted), abs=1e-3)
    one = measure(METRICS.build({"auc": {"num_thresholds": 20_000, "class_id": 1}}), CHANCES, labels, None, "softmax")
    assert one == pytest.approx(wanted[1], abs=1e-3)


def test_counts_stay_exact_where_float32_no_longer_counts() -> None:
    metric = METRICS.build("true_positives")
    sums = jax.jit(lambda yes: metric.sums(yes, yes, jnp.ones(len(yes)), "sigmoid"))(jnp.ones((1_000_001, 1)))
    total = jax.tree.map(jnp.zeros_like, sums)
    for _ in range(50):
        # As on the device: in float32.
        total = jax.tree.map(jnp.add, total, sums)
    assert metric.result(total) == 50_000_050


@pytest.mark.parametrize(
    ("name", "link"), [("true_positives", "softmax"), ("true_positives", "sigmoid"), ("auc", "sigmoid")]
)
def test_counts_of_one_batch_are_exact_where_float32_no_longer_counts(
    name: str, link: Link, pytestconfig: pytest.Config
) -> None:
    if (name, link) != ("true_positives", "softmax") and pytestconfig.getoption("metric_draws") < 1000:
        pytest.skip("takes long: one of three, except with --metric-draws 1000")
    rows = 2**25 + 3 if pytestconfig.getoption("metric_draws") >= 1000 else 2**24 + 3
    metric = METRICS.build({"auc": {"num_thresholds": 2}} if name == "auc" else name)
    width = 2 if link == "softmax" else 1
    prediction = jnp.concatenate([jnp.zeros((rows, width - 1)), jnp.ones((rows, 1))], axis=1)
    target = jnp.ones(rows if link == "softmax" else (rows, 1), jnp.int8)
    sums = jax.jit(lambda p, t: metric.sums(p, t, jnp.ones(rows), link))(prediction, target)
    if name == "auc":
        assert exact_total(jax.device_get(sums), "yes").sum() == rows
    else:
        assert metric.result(jax.device_get(sums)) == rows


@pytest.mark.parametrize("bins", [5, 15])
def test_bins_of_calibration_are_those_of_scikit_learn(bins: int) -> None:
    bounds = np.linspace(0, 1, bins + 1)
    # Those on a bound, and the float32 on both sides of it, belong where scikit-learn puts them.
    near = [np.nextafter(bounds.astype(np.float32), np.float32(side)) for side in (0, 1)]
    chances = np.concatenate([CHANCES.ravel(), bounds.astype(np.float32), *near])
    yes = RANDOM.uniform(size=chances.shape) < chances
    share, mean = calibration_curve(yes, chances, n_bins=bins)
    counts = np.bincount(np.searchsorted(bounds[1:-1], chances), minlength=bins)
    wanted = (np.abs(share - mean) * counts[counts > 0]).sum() / counts.sum()
    metric = METRICS.build({"expected_calibration_error": bins})
    assert measure(metric, chances, yes.astype(np.float32), None, "sigmoid") == pytest.approx(wanted, rel=1e-5)


def test_quantiles_of_several_are_those_of_scikit_learn() -> None:
    truth, shares = RANDOM.normal(size=50).astype(np.float32), (0.05, 0.3, 0.5, 0.95)
    each = [
        sklearn.mean_pinball_loss(truth, CHANCES[:, place], alpha=share, sample_weight=WEIGHTS)
        for place, share in enumerate(shares)
    ]
    found = measure(METRICS.build({"quantile": [*shares]}), CHANCES, truth, WEIGHTS, None)
    assert found == pytest.approx(np.mean(each), rel=1e-5)


@pytest.mark.parametrize("weight", [np.ones(50, np.float32), WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("average", ["uniform_average", "variance_weighted_average"])
def test_r2_is_that_of_scikit_learn(weight: np.ndarray, average: str) -> None:
    truth = 3 + (CHANCES + RANDOM.normal(size=CHANCES.shape) * np.array([1, 2, 3, 4])).astype(np.float32)
    multioutput: Any = average.removesuffix("_average") if average.startswith("variance") else average
    wanted = sklearn.r2_score(truth, CHANCES, sample_weight=weight, multioutput=multioutput)
    metric = METRICS.build({"r2": {"class_aggregation": average}})
    assert measure(metric, CHANCES, truth, weight, None) == pytest.approx(wanted, abs=1e-5)
    # One more value, whose targets are all equal: it has no score.
    more = np.concatenate([truth, np.full_like(truth[:, :1], 0.3)], axis=1)
    predictions = np.concatenate([CHANCES, CHANCES[:, :1]], axis=1)
    assert measure(metric, predictions, more, weight, None) == pytest.approx(wanted, abs=1e-5)
    assert np.isnan(measure(metric, predictions[:, 4:], more[:, 4:], weight, None))


@pytest.mark.parametrize(("k", "idle"), [(2, False), (3, True)])
def test_as_many_classes_as_k_are_all_right_and_a_warning(k: int, idle: bool) -> None:
    metric = METRICS.build({"top_k_accuracy": k})
    types = TensorType((3,)), TensorType((), "int32")
    assert metric.plan(*types, "softmax") == ()
    caution = metric.caution(types[0], "softmax")
    assert (caution is not None) == idle
    assert (measure(metric, CHANCES[:, :3], LABELS % 3, None, "softmax") == 1.0) == idle


def test_a_prediction_that_is_not_a_number_is_not_among_the_greatest() -> None:
    prediction = np.full((4, 3), np.nan, np.float32)
    assert measure(METRICS.build({"top_k_accuracy": 2}), prediction, np.zeros(4, np.int32), None, "softmax") == 0.0


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
        ("root_mean_squared_error", TensorType((3, 1)), TensorType((3,)), None, "[3, 1], target has shape [3]"),
        ("r2", TensorType((3,)), TensorType(()), None, "[3], target has shape []"),
        ("cosine_similarity", TensorType((3, 1)), TensorType((3, 1)), None, "vectors"),
        ("top_k_accuracy", TensorType((4,)), TensorType((), "int32"), "softmax", "`k` is 5, but the output has 4"),
        ("top_k_accuracy", TensorType((9,)), TensorType((9,)), "sigmoid", "independent"),
        ("cross_entropy", TensorType((9,)), TensorType((), "int32"), None, "needs class probabilities"),
        ("cross_entropy", TensorType((9,)), TensorType((8,)), "softmax", "[9], target has shape [8]"),
        ("binary_cross_entropy", TensorType((9,)), TensorType((9,)), "softmax", "needs probabilities"),
        ("kl_divergence", TensorType((9,)), TensorType((), "int32"), "softmax", "[9], target has shape []"),
        ("auc", TensorType((9,)), TensorType((9,)), None, "needs probabilities"),
        ("expected_calibration_error", TensorType((9,)), TensorType((), "int32"), None, "needs probabilities"),
        ("expected_calibration_error", TensorType((9,)), TensorType((8,)), "softmax", "[9], target has shape [8]"),
        ("cohen_kappa", TensorType((1,)), TensorType((1,)), None, "no classes to choose from"),
        ({"quantile": [0.1, 0.9]}, TensorType((3,)), TensorType(()), None, "there are 2 quantiles"),
        ("quantile", TensorType((3,)), TensorType(()), None, "[3], target has shape []"),
        ("weighted_absolute_percentage_error", TensorType((3,)), TensorType(()), None, "[3], target has shape []"),
        ("auc", TensorType((9,)), TensorType((), "int32"), "sigmoid", "[9], target has shape []"),
        ({"auc": {"class_id": 9}}, TensorType((9,)), TensorType((), "int32"), "softmax", "`class_id` is 9"),
        ({"recall": {"class_id": 1}}, TensorType(()), TensorType(()), "sigmoid", "has 1 value"),
        (
            {"precision": {"class_id": 1, "average": "micro"}},
            TensorType((9,)),
            TensorType((9,)),
            "sigmoid",
            "`average` has no effect",
        ),
        ({"precision": {"threshold": 0.3}}, TensorType((3,)), TensorType((3,)), "softmax", "`threshold`"),
        ({"mean_iou": {"threshold": 0.3}}, TensorType((3,)), TensorType((3,)), None, "`threshold`"),
        (
            {"iou": [0, 3]},
            TensorType((3,)),
            TensorType((), "int32"),
            "softmax",
            "has the class 3, and there are 3 classes",
        ),
        ({"iou": [0, 2, 0]}, TensorType((3,)), TensorType((), "int32"), "softmax", "has the class 0 more than once"),
        ("f_beta", TensorType((1,)), TensorType((1,)), None, "no classes to choose from"),
        ("accuracy", TensorType((4,), mask=True), TensorType((), "int32"), "softmax", "the mask of the output"),
        ("cosine_similarity", TensorType((4,), mask=True), TensorType((4,)), None, "the mask of the output"),
        ("kl_divergence", TensorType((4,), mask=True), TensorType((4,)), "softmax", "the mask of the output"),
        ("categorical_hinge", TensorType((3,)), TensorType(()), None, "labels must be integers"),
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
