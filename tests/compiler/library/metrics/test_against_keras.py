"""Metrics against Keras 3, over padded batches, with weights of rows."""

from typing import Any

import keras
import numpy as np
import pytest

from modelc.compiler.library.contracts.metric import Link
from modelc.compiler.library.metrics import METRICS
from tests.compiler.library.metrics.batching import Numbers, measure

# Keras has no types.
reference: Any = keras.metrics
operations: Any = keras.ops

RANDOM = np.random.default_rng(23)
ROWS = 53
CHANCES = RANDOM.dirichlet(np.ones(4), size=ROWS).astype(np.float32)
STEPS = RANDOM.dirichlet(np.ones(4), size=(ROWS, 3)).astype(np.float32)
LABELS = RANDOM.integers(0, 4, size=ROWS).astype(np.int32)
ONE_HOT = np.eye(4, dtype=np.float32)[LABELS]
DISTRIBUTIONS = RANDOM.dirichlet(np.ones(4), size=ROWS).astype(np.float32)
YES = (CHANCES + RANDOM.normal(0, 0.3, CHANCES.shape) > 0.4).astype(np.float32)
NUMBERS = RANDOM.normal(size=(ROWS, 4)).astype(np.float32)
TRUTH = (NUMBERS + RANDOM.normal(size=NUMBERS.shape)).astype(np.float32)
WEIGHTS = RANDOM.uniform(0.1, 2.0, size=ROWS).astype(np.float32)
GRID = {"num_thresholds": 200}
"""What Keras takes where nothing is written."""

CASES: dict[str, tuple[Any, Numbers, Numbers, Link, Any]] = {
    "mean_absolute_error": ("mean_absolute_error", NUMBERS, TRUTH, None, reference.MeanAbsoluteError),
    "mean_squared_error": ("mean_squared_error", NUMBERS, TRUTH, None, reference.MeanSquaredError),
    "root_mean_squared_error": ("root_mean_squared_error", NUMBERS, TRUTH, None, reference.RootMeanSquaredError),
    "percentage": ("mean_absolute_percentage_error", NUMBERS, TRUTH, None, reference.MeanAbsolutePercentageError),
    "logarithmic": (
        "mean_squared_logarithmic_error",
        np.abs(NUMBERS),
        np.abs(TRUTH),
        None,
        reference.MeanSquaredLogarithmicError,
    ),
    "log_cosh": ("log_cosh", NUMBERS, TRUTH, None, reference.LogCoshError),
    "poisson": ("poisson", np.abs(NUMBERS), np.round(np.abs(TRUTH)), None, reference.Poisson),
    "cosine": ("cosine_similarity", NUMBERS, TRUTH, None, reference.CosineSimilarity),
    "hinge": ("hinge", NUMBERS, 2 * YES - 1, None, reference.Hinge),
    "squared_hinge": ("squared_hinge", NUMBERS, 2 * YES - 1, None, reference.SquaredHinge),
    "categorical_hinge": ("categorical_hinge", NUMBERS, ONE_HOT, None, reference.CategoricalHinge),
    "cross_entropy": ("cross_entropy", CHANCES, LABELS, "softmax", reference.SparseCategoricalCrossentropy),
    "of distributions": ("cross_entropy", CHANCES, DISTRIBUTIONS, "softmax", reference.CategoricalCrossentropy),
    "binary_cross_entropy": ("binary_cross_entropy", CHANCES, YES, "sigmoid", reference.BinaryCrossentropy),
    "kl_divergence": ("kl_divergence", CHANCES, DISTRIBUTIONS, "softmax", reference.KLDivergence),
    "accuracy": ("accuracy", CHANCES, LABELS, "softmax", reference.SparseCategoricalAccuracy),
    "accuracy of yes or no": ("accuracy", CHANCES, YES, "sigmoid", reference.BinaryAccuracy),
    "top 2": (
        {"top_k_accuracy": 2},
        CHANCES,
        LABELS,
        "softmax",
        lambda: reference.SparseTopKCategoricalAccuracy(k=2),
    ),
    "top 3 of one-hot": (
        {"top_k_accuracy": 3},
        CHANCES,
        ONE_HOT,
        "softmax",
        lambda: reference.TopKCategoricalAccuracy(k=3),
    ),
    "precision": ({"precision": {"average": "micro"}}, CHANCES, YES, "sigmoid", reference.Precision),
    "recall": ({"recall": {"average": "micro"}}, CHANCES, YES, "sigmoid", reference.Recall),
    "precision of one": (
        {"precision": {"class_id": 2, "threshold": 0.3}},
        CHANCES,
        YES,
        "sigmoid",
        lambda: reference.Precision(class_id=2, thresholds=0.3),
    ),
    "recall of one": ({"recall": {"class_id": 1}}, CHANCES, YES, "sigmoid", lambda: reference.Recall(class_id=1)),
    "f1": ("f_beta", CHANCES, ONE_HOT, "softmax", lambda: reference.F1Score(average="macro")),
    "f2 of yes or no": (
        {"f_beta": {"beta": 2.0, "average": "micro", "threshold": 0.4}},
        CHANCES,
        YES,
        "sigmoid",
        lambda: reference.FBetaScore(beta=2.0, average="micro", threshold=0.4),
    ),
    "true_positives": ("true_positives", CHANCES, YES, "sigmoid", reference.TruePositives),
    "false_positives": ("false_positives", CHANCES, YES, "sigmoid", reference.FalsePositives),
    "false_negatives": (
        {"false_negatives": {"threshold": 0.25}},
        CHANCES,
        YES,
        "sigmoid",
        lambda: reference.FalseNegatives(thresholds=0.25),
    ),
    "true_negatives": ("true_negatives", CHANCES, YES, "sigmoid", reference.TrueNegatives),
    "roc": ({"auc": {"average": "micro", **GRID}}, CHANCES, YES, "sigmoid", reference.AUC),
    "pr": (
        {"auc": {"curve": "PR", "average": "micro", **GRID}},
        CHANCES,
        YES,
        "sigmoid",
        lambda: reference.AUC(curve="PR"),
    ),
    "roc of each": ({"auc": GRID}, CHANCES, YES, "sigmoid", lambda: reference.AUC(multi_label=True)),
    "pr of each": (
        {"auc": {"curve": "PR", **GRID}},
        CHANCES,
        YES,
        "sigmoid",
        lambda: reference.AUC(curve="PR", multi_label=True),
    ),
    "roc of classes": ({"auc": GRID}, CHANCES, ONE_HOT, "softmax", lambda: reference.AUC(multi_label=True)),
    "coarse roc": (
        {"auc": {"num_thresholds": 7, "average": "micro"}},
        CHANCES,
        YES,
        "sigmoid",
        lambda: reference.AUC(num_thresholds=7),
    ),
    "coarse pr": (
        {"auc": {"num_thresholds": 3, "curve": "PR"}},
        CHANCES,
        YES,
        "sigmoid",
        lambda: reference.AUC(num_thresholds=3, curve="PR", multi_label=True),
    ),
    "r2": ("r2", NUMBERS, TRUTH, None, reference.R2Score),
    "r2 by variance": (
        {"r2": {"class_aggregation": "variance_weighted_average"}},
        NUMBERS * [1, 5, 2, 3],
        TRUTH * [1, 5, 2, 3],
        None,
        lambda: reference.R2Score(class_aggregation="variance_weighted_average"),
    ),
}
CASES |= {
    "correlation": ("pearson_correlation", NUMBERS, TRUTH, None, reference.PearsonCorrelation),
    "concordance": ("concordance_correlation", NUMBERS, TRUTH, None, reference.ConcordanceCorrelation),
    **{
        f"{name} {value} {options}": (
            {name: {name.rpartition("_at_")[2]: value, **options}},
            CHANCES,
            YES,
            "sigmoid",
            lambda wanted=wanted, value=value, options=options: wanted(value, **options),
        )
        for name, wanted in (
            ("precision_at_recall", reference.PrecisionAtRecall),
            ("recall_at_precision", reference.RecallAtPrecision),
            ("sensitivity_at_specificity", reference.SensitivityAtSpecificity),
            ("specificity_at_sensitivity", reference.SpecificityAtSensitivity),
        )
        for value, options in ((0.6, GRID), (1.0, {"num_thresholds": 7}), (0.5, {"class_id": 2, **GRID}))
    },
}
OVERLAPS: dict[str, tuple[Any, Numbers, Numbers, Link, Any]] = {
    "classes": (
        {"iou": [0, 3]},
        CHANCES,
        LABELS,
        "softmax",
        lambda: reference.IoU(num_classes=4, target_class_ids=[0, 3], sparse_y_pred=False),
    ),
    "yes": (
        {"iou": {"target_class_ids": [1], "threshold": 0.3}},
        CHANCES,
        YES,
        "sigmoid",
        lambda: reference.BinaryIoU(target_class_ids=[1], threshold=0.3),
    ),
}
UNWEIGHTED: dict[str, tuple[Numbers, Numbers, Link, Any]] = {
    "mean_iou": (CHANCES, LABELS, "softmax", lambda: reference.MeanIoU(num_classes=4, sparse_y_pred=False)),
    "mean_iou of yes or no": (CHANCES, YES, "sigmoid", lambda: reference.BinaryIoU(threshold=0.5)),
    "mean_iou of an absent class": (
        CHANCES * [1, 1, 1, 0],
        LABELS % 3,
        "softmax",
        lambda: reference.MeanIoU(num_classes=4, sparse_y_pred=False),
    ),
}


def agree(notation: Any, prediction: Numbers, target: Numbers, weight: Numbers | None, link: Any, wanted: Any) -> None:
    wanted.update_state(target, prediction, sample_weight=weight)
    found = measure(METRICS.build(notation), prediction.astype(np.float32), target, weight, link)
    assert found == pytest.approx(float(wanted.result()), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_a_metric_is_that_of_keras(case: str) -> None:
    notation, prediction, target, link, wanted = CASES[case]
    agree(notation, prediction, target, WEIGHTS, link, wanted())


@pytest.mark.parametrize("case", UNWEIGHTED)
def test_an_overlap_is_that_of_keras(case: str) -> None:
    prediction, target, link, wanted = UNWEIGHTED[case]
    agree("mean_iou", prediction, target, None, link, wanted())


def test_every_metric_is_compared() -> None:
    compared = {next(iter(case[0])) if isinstance(case[0], dict) else case[0] for case in CASES.values()}
    not_there = {
        "cohen_kappa",
        "expected_calibration_error",
        "peak_signal_to_noise_ratio",
        "quantile",
        "symmetric_mean_absolute_percentage_error",
        "weighted_absolute_percentage_error",
    }
    assert compared | {"mean_iou", "iou", "mean", "sum"} | not_there == set(METRICS)
    assert not any(METRICS.find(name).keras for name in not_there)


@pytest.mark.parametrize("case", OVERLAPS)
def test_an_overlap_of_chosen_classes_is_that_of_keras(case: str) -> None:
    notation, prediction, target, link, wanted = OVERLAPS[case]
    agree(notation, prediction, target, None, link, wanted())


@pytest.mark.parametrize(("name", "wanted"), [("mean", reference.Mean), ("sum", reference.Sum)])
def test_values_without_a_target_are_those_of_keras(name: str, wanted: Any) -> None:
    wanted = wanted()
    wanted.update_state(CHANCES, sample_weight=np.repeat(WEIGHTS[:, None], 4, axis=1))
    found = measure(METRICS.build(name), CHANCES.astype(np.float32), TRUTH, WEIGHTS, None)
    assert found == pytest.approx(float(wanted.result()), rel=1e-5)


def test_a_probability_on_a_threshold_is_not_above_it() -> None:
    on_the_grid = (np.arange(ROWS, dtype=np.float32) % 8 / 7)[:, None]
    for value in (0.0, 0.3, 0.55, 1.0):
        wanted = reference.SpecificityAtSensitivity(value, num_thresholds=8)
        notation = {"specificity_at_sensitivity": {"sensitivity": value, "num_thresholds": 8}}
        agree(notation, on_the_grid, YES[:, :1], None, "sigmoid", wanted)


def test_probabilities_on_a_threshold_are_not_above_it() -> None:
    on_the_grid = (np.arange(ROWS, dtype=np.float32) % 8 / 7)[:, None]
    truth = YES[:, :1]
    for curve in ("ROC", "PR"):
        notation = {"auc": {"num_thresholds": 8, "curve": curve}}
        agree(notation, on_the_grid, truth, None, "sigmoid", reference.AUC(num_thresholds=8, curve=curve))


@pytest.mark.parametrize("name", ["cross_entropy", "categorical_hinge", "accuracy", "mean_iou", "precision"])
def test_labels_and_one_hot_rows_measure_the_same(name: str) -> None:
    link: Link = "softmax"
    of_labels = measure(METRICS.build(name), CHANCES, LABELS, WEIGHTS, link)
    assert measure(METRICS.build(name), CHANCES, ONE_HOT, WEIGHTS, link) == pytest.approx(of_labels, rel=1e-6)


def test_steps_of_sequences_count_as_rows_do() -> None:
    labels = RANDOM.integers(0, 4, size=(ROWS, 3)).astype(np.int32)
    kept = (RANDOM.uniform(size=(ROWS, 3)) > 0.4).astype(np.float32)
    for notation in ("accuracy", "precision", "auc", "cross_entropy", {"top_k_accuracy": 2}, "mean_iou"):
        metric = METRICS.build(notation)
        flat = measure(metric, STEPS[kept > 0], labels[kept > 0], None, "softmax")
        assert measure(metric, STEPS, labels, kept, "softmax") == pytest.approx(flat, rel=1e-5)
    target = RANDOM.normal(size=STEPS.shape).astype(np.float32)
    for notation in ("r2", "root_mean_squared_error", "cosine_similarity"):
        metric = METRICS.build(notation)
        flat = measure(metric, STEPS[kept > 0], target[kept > 0], None, None)
        assert measure(metric, STEPS, target, kept, None) == pytest.approx(flat, rel=1e-5, abs=1e-6)


def test_decibels_are_those_of_keras_for_one_image_and_200_where_all_is_exact() -> None:
    generator = np.random.default_rng(0)
    truth = generator.uniform(0, 255, (1, 6, 6, 3)).astype(np.float32)
    guess = truth + generator.normal(0, 9, truth.shape).astype(np.float32)
    metric = METRICS.build({"peak_signal_to_noise_ratio": 255})

    def value(prediction: Numbers) -> float:
        return measure(metric, prediction, truth, None, None)

    assert value(guess) == pytest.approx(float(operations.psnr(truth, guess, 255)), rel=1e-6)
    assert value(truth) == 200.0
