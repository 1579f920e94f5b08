"""`standardize: per_group`: each series by its own mean and deviation, with metrics and predictions in the unit of the data."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from modelc.compiler.api import check
from modelc.compiler.binding.task import GROUP
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.learnt_task import as_learnt
from modelc.runtime.evaluate import evaluate, predict
from tests.runtime.data.test_windows import BY_STORE, FIRST, series_of, spec, without, written
from tests.runtime.small import ready

PER_GROUP: dict[str, Any] = {
    "past": {"numbers": {"columns": ["sales", "promo"], "standardize": "per_group"}},
    "ahead": {"number": "promo", "span": "horizon"},
    "size": {"number": "area", "span": "static"},
}
TARGET = {"sales": {"number": {"column": "sales", "standardize": "per_group"}}}


def scaled(columns: dict[str, Array], name: str, held_out: int) -> Array:
    """The column standardized by scikit-learn, each store by its rows but for the last."""
    found = np.zeros(len(columns["store"]))
    for store in np.unique(columns["store"]):
        rows = np.flatnonzero(columns["store"] == store)
        rows = rows[np.argsort(columns["date"][rows])]
        scaler = StandardScaler().fit(columns[name][rows[: len(rows) - held_out], None])
        found[rows] = scaler.transform(columns[name][rows, None])[:, 0]
    return found


def test_each_series_is_read_by_its_own_training_rows(tmp_path: Path) -> None:
    columns = series_of({"north": 30, "south": 25, "west": 20}, seed=3)
    columns["sales"] += 1000 * (columns["store"] == "south")
    raw = spec(BY_STORE, validation={"last": 4}, inputs=PER_GROUP, targets=TARGET)
    _, dataset = ready(raw, written(tmp_path, **columns))
    by_hand = {**columns, **{name: scaled(columns, name, 4) for name in ("sales", "promo")}}
    plain = spec(BY_STORE, validation={"last": 4})
    (tmp_path / "other").mkdir()
    _, expected = ready(plain, written(tmp_path / "other", **by_hand))
    for part, other in ((dataset.train, expected.train), (dataset.validation, expected.validation)):
        assert part is not None and other is not None
        np.testing.assert_allclose(part.inputs["past"], other.inputs["past"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(part.targets["sales"], other.targets["sales"], rtol=1e-5, atol=1e-6)


def test_metrics_and_predictions_are_in_the_unit_of_the_data(tmp_path: Path) -> None:
    columns = series_of({"north": 30, "south": 25}, seed=4)
    columns["sales"] += 1000 * (columns["store"] == "south")
    raw = spec(BY_STORE, validation={"last": 4}, targets=TARGET)
    raw["train"]["metrics"] = ["mean_absolute_error"]
    raw["model"]["nodes"]["sales"]["layers"][1] = {"dense": {"units": 3, "kernel_initializer": "zeros"}}
    task, dataset = ready(raw, written(tmp_path, **columns))
    task = as_learnt(task, dataset.train.learnt)
    part = dataset.validation
    assert part is not None and set(part.targets) == {"sales", GROUP}
    params: dict[str, Any] = {"sales/dense": {"kernel": np.zeros((14, 3)), "bias": np.array([0.0, 1.0, -1.0])}}
    prepared = prepare(task)
    found = predict(prepared, params, {}, part.inputs, part.rows, groups=part.targets[GROUP])["sales"]
    assert part.labels is not None
    labels = part.labels.all()
    stores = labels["store"]
    seen = {
        store: columns["sales"][rows[np.argsort(columns["date"][rows])][:-4]]
        for store in ("north", "south")
        for rows in [np.flatnonzero(columns["store"] == store)]
    }
    means, deviations = (np.array([function(seen[str(one)]) for one in stores]) for function in (np.mean, np.std))
    by_hand = means[:, None] + deviations[:, None] * np.array([0.0, 1.0, -1.0])
    np.testing.assert_allclose(found, by_hand, rtol=1e-5)
    truth = np.array(
        [
            [columns["sales"][(columns["store"] == one) & (columns["date"] == day)][0] for day in days]
            for one, days in zip(stores, labels["date"], strict=True)
        ]
    )
    scores = evaluate(prepared, params, {}, part)
    assert scores["mean_absolute_error"] == pytest.approx(np.abs(by_hand - truth).mean(), rel=1e-5)
    np.testing.assert_allclose(
        predict(prepared, params, {}, part.inputs, part.rows, raw=True)["sales"], [[0.0, 1.0, -1.0]] * part.rows
    )


def test_a_series_without_training_rows_is_named(tmp_path: Path) -> None:
    columns = series_of({"north": 30, "south": 20})
    late = columns["date"] < str(FIRST.replace(day=20))
    columns = without(columns, "south", *range(19)) if late.any() else columns
    raw = spec(BY_STORE, validation={"after": {"column": "date", "value": "2026-01-20"}}, targets=TARGET)
    with pytest.raises(RunError) as caught:
        ready(raw, written(tmp_path, **columns))
    assert caught.value.code == "E403" and "`south` is in no training row" in caught.value.message
    assert caught.value.row is not None and columns["store"][caught.value.row] == "south"


def test_without_groups_it_is_refused_at_its_line() -> None:
    raw = spec({name: value for name, value in BY_STORE.items() if name != "group_by"}, targets=TARGET)
    from json import dumps

    [error] = check(dumps(raw, indent=1), "spec.json").errors
    assert error.code == "E108" and "`group_by: COLUMN`" in error.helps[0]
    assert error.path == ("data", "targets", "sales", "number", "standardize")
