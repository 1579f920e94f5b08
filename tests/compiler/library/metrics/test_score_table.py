"""The table of scores beyond its bound: neighbours are counted as one, and areas stay right to 1e-3."""

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sklearn

from modelc.compiler.library.metrics import METRICS, score_table
from modelc.compiler.library.metrics.score_table import NAMES, compress, distinct
from tests.compiler.library.metrics.batching import Numbers

RANDOM = np.random.default_rng(19)
CROWDS: dict[str, Any] = {
    "spread": lambda x: x,
    "close together": lambda x: 0.5 + 1e-6 * x,
    "in order": np.sort,
    "few": np.round,
    "two far apart": lambda x: np.where(np.arange(len(x)) % 3, x, 80 + x / 100),
}


def batches(scores: Any, truth: Any, size: int) -> list[dict[str, Any]]:
    parts = dict(zip(NAMES, (scores.astype(np.float32)[:, None], truth[:, None], 1.0 - truth[:, None]), strict=True))
    return [{name: part[at : at + size] for name, part in parts.items()} for at in range(0, len(scores), size)]


@pytest.mark.parametrize("crowd", CROWDS)
def test_areas_stay_right_where_more_scores_come_than_are_kept(crowd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_table, "MOST", 2**12)
    hidden = RANDOM.normal(size=60_000)
    scores = CROWDS[crowd](hidden)
    truth = (scores - scores.mean() + scores.std() * RANDOM.normal(size=hidden.shape) > scores.std()).astype(np.float64)
    for notation, wanted in (
        ("auc", sklearn.roc_auc_score(truth, scores.astype(np.float32))),
        ({"auc": "PR"}, sklearn.average_precision_score(truth, scores.astype(np.float32))),
    ):
        metric = METRICS.build(notation)
        state: Any = None
        for batch in batches(scores, truth, 500):
            state = metric.join([batch] if state is None else [state, batch])
            assert state["scores"].size <= 2**12
        assert metric.result(state) == pytest.approx(wanted, abs=1e-3)
        assert state["yes"].sum() == pytest.approx(truth.sum())


def test_a_shorter_table_keeps_all_weights_and_distinct_scores_that_fit() -> None:
    scores = np.stack([np.arange(100.0) // 10, np.arange(100.0)], axis=1).astype(np.float32)
    yes: Numbers = np.asarray(RANDOM.uniform(size=scores.shape))
    yes[3] = 0.0
    table = {"scores": scores, "yes": yes, "no": 1 - yes}
    short = compress(table, 20)
    assert len(short["scores"]) <= 20
    for column in range(2):
        found = distinct(short, column)
        assert found[1].sum() == pytest.approx(yes[:, column].sum())
        assert found[2].sum() == pytest.approx(100 - yes[:, column].sum())
        assert np.all(np.diff(found[0]) > 0)
    np.testing.assert_array_equal(distinct(short, 0)[0], np.arange(10))
    np.testing.assert_allclose(distinct(short, 0)[1], yes[:, 0].reshape(10, 10).sum(axis=1))


def test_a_score_that_is_not_a_number_gives_no_area() -> None:
    scores, truth = np.array([0.1, np.nan, 0.3, 0.4]), np.array([0.0, 1.0, 1.0, 0.0])
    for notation in ("auc", {"recall_at_precision": 0.1}):
        metric = METRICS.build(notation)
        joined: Any = metric.join(batches(scores, truth, 2))
        assert np.isnan(metric.result(joined))
