"""Every metric of the table, over drawn data and arguments: what the contract of a metric promises of each of them."""

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, Metric
from modelc.compiler.library.metrics import METRICS
from modelc.compiler.syntax.document import read
from tests.compiler.library.layers.running import QUICK
from tests.compiler.library.metrics.batching import measure, together

Numbers = np.ndarray[Any, Any]
ROWS, WIDTH = 23, 4
RANDOM = np.random.default_rng(8)
CHANCES = RANDOM.dirichlet(np.ones(WIDTH), size=ROWS).astype(np.float32)
LABELS = RANDOM.integers(0, WIDTH, size=ROWS).astype(np.int32)
YES = (RANDOM.uniform(size=(ROWS, WIDTH)) > 0.5).astype(np.float32)
GUESSES = (0.3 * YES + 0.7 * RANDOM.uniform(size=(ROWS, WIDTH))).astype(np.float32)
NUMBERS = RANDOM.normal(size=(ROWS, WIDTH)).astype(np.float32)
RATES = RANDOM.uniform(0.1, 5, size=(ROWS, WIDTH)).astype(np.float32)


@dataclass
class Use:
    """What a metric is tried on. `others` has a value of each argument that is not its default."""

    prediction: Numbers
    target: Numbers
    link: Link = None
    needed: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)

    def metric(self, name: str, **arguments: Any) -> Metric:
        return METRICS.build({name: {**self.needed, **arguments}})


COUNTED = {"threshold": 0.3, "class_id": 2}
AVERAGED = {**COUNTED, "average": "micro"}
THRESHOLDS = {"num_thresholds": 3, "class_id": 2}
USES: dict[str, Use] = {
    "accuracy": Use(CHANCES, YES, "sigmoid", others={"threshold": 0.3}),
    "auc": Use(CHANCES, YES, "sigmoid", others={"curve": "PR", "num_thresholds": 3, "class_id": 2, "average": "micro"}),
    "binary_cross_entropy": Use(CHANCES, YES, "sigmoid"),
    "categorical_hinge": Use(NUMBERS, LABELS),
    "cohen_kappa": Use(CHANCES, LABELS, "softmax", others={"weights": "linear"}),
    "concordance_correlation": Use(NUMBERS, RATES),
    "cosine_similarity": Use(NUMBERS, RATES),
    "cross_entropy": Use(CHANCES, LABELS, "softmax"),
    "expected_calibration_error": Use(CHANCES, YES, "sigmoid", others={"bins": 4}),
    "f_beta": Use(CHANCES, YES, "sigmoid", others={"beta": 3.0, **AVERAGED}),
    **{
        f"{sign}_{what}": Use(CHANCES, YES, "sigmoid", others=COUNTED)
        for sign in ("true", "false")
        for what in ("positives", "negatives")
    },
    "hinge": Use(NUMBERS, YES),
    "iou": Use(CHANCES, YES, "sigmoid", {"target_class_ids": [1]}, {"target_class_ids": [0], "threshold": 0.3}),
    "kl_divergence": Use(CHANCES, CHANCES[::-1], "softmax"),
    "log_cosh": Use(NUMBERS, RATES),
    "mean": Use(NUMBERS, RATES),
    "mean_absolute_error": Use(NUMBERS, RATES),
    "mean_absolute_percentage_error": Use(NUMBERS, RATES),
    "mean_iou": Use(CHANCES, YES, "sigmoid", others={"threshold": 0.3}),
    "mean_squared_error": Use(NUMBERS, RATES),
    "mean_squared_logarithmic_error": Use(RATES, RATES[::-1]),
    "peak_signal_to_noise_ratio": Use(NUMBERS, RATES, None, {"max_value": 1.0}, {"max_value": 255.0}),
    "pearson_correlation": Use(NUMBERS, RATES),
    "poisson": Use(RATES, RATES[::-1]),
    "precision": Use(CHANCES, YES, "sigmoid", others=AVERAGED),
    "precision_at_recall": Use(GUESSES, YES, "sigmoid", {"recall": 0.8}, {"recall": 0.3, **THRESHOLDS}),
    "quantile": Use(NUMBERS, RATES, others={"quantiles": 0.9}),
    "r2": Use(NUMBERS * [1, 5, 2, 3], RATES, others={"class_aggregation": "variance_weighted_average"}),
    "recall": Use(CHANCES, YES, "sigmoid", others=AVERAGED),
    "recall_at_precision": Use(GUESSES, YES, "sigmoid", {"precision": 0.7}, {"precision": 0.9, **THRESHOLDS}),
    "root_mean_squared_error": Use(NUMBERS, RATES),
    "sensitivity_at_specificity": Use(
        GUESSES, YES, "sigmoid", {"specificity": 0.5}, {"specificity": 0.9, **THRESHOLDS}
    ),
    "specificity_at_sensitivity": Use(
        GUESSES, YES, "sigmoid", {"sensitivity": 0.8}, {"sensitivity": 0.9, **THRESHOLDS}
    ),
    "squared_hinge": Use(NUMBERS, YES),
    "sum": Use(NUMBERS, RATES),
    "symmetric_mean_absolute_percentage_error": Use(NUMBERS, RATES),
    "top_k_accuracy": Use(CHANCES, LABELS, "softmax", {"k": 2}, {"k": 3}),
    "weighted_absolute_percentage_error": Use(NUMBERS, RATES),
}

ELSE: dict[tuple[str, str], Use] = {
    ("cohen_kappa", "threshold"): Use(CHANCES, YES, "sigmoid", others={"threshold": 0.3}),
}
"""What a metric is tried on for arguments that change nothing in its other use, by name and argument."""


@cache
def compiled(metric: Metric, link: Link) -> Any:
    """The sums of a metric in one program: to compile each operation would take longer."""
    return jax.jit(lambda p, t, w: metric.sums(p, t, w, link), compiler_options=QUICK)


def sums(metric: Metric, use: Use, kept: Any, weight: Numbers | None = None) -> Any:
    prediction, target = jnp.asarray(use.prediction[kept], "float32"), jnp.asarray(use.target[kept])
    counted = jnp.ones(len(target)) if weight is None else jnp.asarray(weight)
    found = compiled(metric, use.link)(prediction, target if metric.takes_target else None, counted)
    return {name: np.asarray(value) for name, value in found.items()}


def test_every_metric_is_here() -> None:
    assert set(USES) == set(METRICS)


@pytest.mark.parametrize("name", USES)
def test_the_example_is_a_metric(name: str) -> None:
    document, problems = read(f"example: [{METRICS.find(name).example}]\n", "example")
    assert document is not None and not problems
    metric, use = METRICS.build(document.data["example"][0]), USES[name]
    prediction, target = TensorType(use.prediction.shape[1:]), TensorType(use.target.shape[1:], str(use.target.dtype))
    shape = metric.plan(prediction, target if metric.takes_target else None, use.link)
    # A weight of everything that is counted one by one is taken.
    assert np.isfinite(metric.result(sums(metric, use, slice(None), np.ones((ROWS, *shape), np.float32))))


@pytest.mark.parametrize("name", USES)
def test_sums_are_the_same_jitted_and_of_narrow_values_computed_in_float32(name: str) -> None:
    use = USES[name]
    metric = use.metric(name)
    narrow = jnp.asarray(use.prediction).astype("bfloat16")
    target = jnp.asarray(use.target) if metric.takes_target else None
    weight = jnp.ones(ROWS)
    found = metric.sums(narrow, target, weight, use.link)
    jitted = compiled(metric, use.link)(narrow.astype("float32"), target, weight)
    assert found.keys() == jitted.keys()
    for key, value in found.items():
        assert value.dtype == "float32"
        np.testing.assert_allclose(value, jitted[key], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", USES)
@settings(max_examples=4)
@given(cuts=st.sets(st.integers(1, ROWS - 1), max_size=4))
def test_an_epoch_may_be_cut_into_any_batches(name: str, cuts: set[int]) -> None:
    use = USES[name]
    metric, places = use.metric(name), [0, *sorted(cuts), ROWS]
    # Batches of one size, most of whose rows are padding: every length of its own would be compiled anew.
    batches = [((np.arange(ROWS) >= a) & (np.arange(ROWS) < b)).astype(np.float32) for a, b in pairwise(places)]
    parts = [sums(metric, use, slice(None), weight) for weight in batches]
    assert metric.result(together(metric, parts)) == pytest.approx(
        metric.result(sums(metric, use, slice(None))), rel=1e-5, abs=1e-6
    )


@pytest.mark.parametrize("name", USES)
def test_what_does_not_count_changes_nothing_whatever_it_holds(name: str) -> None:
    use = USES[name]
    metric, kept = use.metric(name), np.arange(ROWS) % 3 > 0
    wanted = metric.result(sums(metric, use, kept))
    dirty = Use(
        np.where(kept[:, None], use.prediction, np.nan),
        np.where(kept.reshape(-1, *[1] * (use.target.ndim - 1)), use.target, -7).astype(use.target.dtype),
        use.link,
    )
    assert metric.result(sums(metric, dirty, slice(None), kept.astype(np.float32))) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("name", USES)
def test_one_row_has_a_value_and_no_row_has_none(name: str) -> None:
    use = USES[name]
    metric = use.metric(name)
    metric.result(sums(metric, use, slice(1)))
    nothing = metric.result(sums(metric, use, slice(None), np.zeros(ROWS, np.float32)))
    assert nothing == 0 if name == "sum" else np.isnan(nothing)


@pytest.mark.parametrize(
    ("name", "argument"),
    [(name, key) for name in USES for key in METRICS.find(name).model_fields if key != "per_class"],
)
def test_every_argument_changes_the_metric(name: str, argument: str) -> None:
    use = ELSE.get((name, argument), USES[name])
    plain, other = use.metric(name), use.metric(name, **{argument: use.others[argument]})
    assert plain.result(sums(plain, use, slice(None))) != other.result(sums(other, use, slice(None)))


@settings(max_examples=6)
@given(data=st.data())
def test_drawn_arguments_give_what_scikit_learn_gives(data: st.DataObject) -> None:
    threshold = data.draw(st.floats(0.05, 0.95))
    average = data.draw(st.sampled_from(["macro", "micro"]))
    beta = data.draw(st.floats(0.2, 4))
    k = data.draw(st.integers(1, 3))
    chances, truth, labels = CHANCES, YES, LABELS
    answers, options = chances > threshold, {"average": average, "zero_division": 0}
    cases = {
        "precision": ({}, sklearn.precision_score(truth, answers, **options)),
        "recall": ({}, sklearn.recall_score(truth, answers, **options)),
        "f_beta": ({"beta": beta}, sklearn.fbeta_score(truth, answers, beta=beta, **options)),
    }
    for name, (arguments, wanted) in cases.items():
        metric = METRICS.build({name: {"threshold": threshold, "average": average, **arguments}})
        assert measure(metric, chances, truth, None, "sigmoid") == pytest.approx(wanted, rel=1e-5)
    found = measure(METRICS.build({"top_k_accuracy": k}), chances, labels, None, "softmax")
    assert found == pytest.approx(sklearn.top_k_accuracy_score(labels, chances, k=k, labels=range(WIDTH)))
