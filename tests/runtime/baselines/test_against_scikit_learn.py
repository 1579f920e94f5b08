"""Baselines have the figures of scikit-learn: the same models of the same rows, scored by its own metrics."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets, metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from modelc.compiler.api import load
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.baselines.baseline import baselines, fit
from modelc.runtime.data.class_balance import balanced
from modelc.runtime.data.dataset import Dataset, complete, read_dataset
from modelc.runtime.data.learnt_task import as_learnt

CLOSE = 1e-6
Scores = Mapping[str, Mapping[str, float]]


def scored(
    folder: Path, columns: Mapping[str, Any], model: Any, targets: Any, train: Any, data: Any = None
) -> tuple[Scores, Dataset]:
    """The values of each baseline on the validation rows, a fifth of those in `columns`, and the data."""
    np.savez(folder / "rows.npz", **columns)
    raw = {
        "modelc": 1,
        "model": model,
        "data": {"source": {"npz": "rows.npz"}, "targets": targets, "validation": 0.2, **(data or {})},
        "train": {"optimizer": "adam", "epochs": 1, **train},
    }
    task, _ = complete(load(raw), Root(folder, folder))
    dataset = read_dataset(task, Root(folder, folder))
    task = balanced(as_learnt(task, dataset.train.learnt), dataset.train)
    assert dataset.validation is not None
    found = baselines(prepare(task), fit(task, dataset.train), dataset.validation)
    return {one.name: one.values for one in found}, dataset


def rows_of(columns: Mapping[str, Any], dataset: Dataset, name: str) -> tuple[Any, Any]:
    """The training and the validation rows of a column."""
    assert dataset.validation is not None
    assert dataset.train.numbers is not None and dataset.validation.numbers is not None
    return columns[name][dataset.train.numbers], columns[name][dataset.validation.numbers]


def linear(**more: Any) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, max_iter=100_000, **more))


def close(found: Mapping[str, float], wanted: Mapping[str, float]) -> None:
    assert found == pytest.approx(wanted, rel=CLOSE, abs=CLOSE)


@pytest.mark.parametrize("name", ["iris", "wine", "digits", "breast_cancer"])
def test_classes(name: str, tmp_path: Path) -> None:
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    columns = {"x": x.astype("float32"), "y": y}
    classes = int(y.max()) + 1
    found, dataset = scored(
        tmp_path,
        columns,
        {
            "inputs": {"x": {"shape": [x.shape[1]]}},
            "layers": [{"dense": {"units": classes, "activation": "softmax"}, "name": "y"}],
        },
        {"y": {"category": {"column": "y", "classes": classes}}},
        {"loss": "cross_entropy", "metrics": ["accuracy", {"top_k_accuracy": 2}]},
    )
    (xs, held), (ys, truth) = (rows_of(columns, dataset, key) for key in "xy")
    assert list(found) == ["majority", "logistic regression"]
    majority = DummyClassifier(strategy="prior").fit(xs, ys)
    regression = linear().fit(xs.astype(float), ys)
    for key, model in (("majority", majority), ("logistic regression", regression)):
        probabilities = model.predict_proba(held)
        assert found[key]["accuracy"] == pytest.approx(metrics.accuracy_score(truth, model.predict(held)), abs=CLOSE)
        loss = metrics.log_loss(truth, probabilities, labels=range(classes))
        assert found[key]["loss"] == pytest.approx(loss, rel=CLOSE, abs=CLOSE)
    if classes > 2:
        wanted = metrics.top_k_accuracy_score(truth, regression.predict_proba(held), k=2, labels=range(classes))
        assert found["logistic regression"]["top_k_accuracy"] == pytest.approx(wanted, abs=CLOSE)


@pytest.mark.parametrize("standardize", [True, False])
def test_numbers_in_the_unit_of_their_column(standardize: bool, tmp_path: Path) -> None:
    x, y = datasets.load_diabetes(return_X_y=True)
    columns = {"x": x.astype("float32"), "price": y * 2000.0}
    found, dataset = scored(
        tmp_path,
        columns,
        {"inputs": {"x": {"shape": [10]}}, "layers": [{"dense": 1, "name": "price"}]},
        {"price": {"number": {"column": "price", "standardize": standardize}}},
        {"loss": "mean_squared_error", "metrics": ["mean_absolute_error", "root_mean_squared_error", "r2"]},
    )
    (xs, held), (ys, truth) = (rows_of(columns, dataset, key) for key in ("x", "price"))
    assert list(found) == ["mean", "median", "ridge regression"]
    wanted = make_pipeline(StandardScaler(), Ridge()).fit(xs.astype(float), ys).predict(held)
    mean, median = (DummyRegressor(strategy=name).fit(xs, ys).predict(held) for name in ("mean", "median"))
    assert found["median"] == {
        "mean_absolute_error": pytest.approx(metrics.mean_absolute_error(truth, median), rel=CLOSE)
    }
    close(
        {key: value for key, value in found["mean"].items() if key != "loss"},
        {
            "root_mean_squared_error": metrics.root_mean_squared_error(truth, mean),
            "r2": metrics.r2_score(truth, mean),
        },
    )
    close(
        {key: value for key, value in found["ridge regression"].items() if key != "loss"},
        {
            "mean_absolute_error": metrics.mean_absolute_error(truth, wanted),
            "root_mean_squared_error": metrics.root_mean_squared_error(truth, wanted),
            "r2": metrics.r2_score(truth, wanted),
        },
    )


def test_fewer_rows_than_features(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    x = generator.normal(size=(40, 90)).astype("float32")
    columns = {"x": x, "y": (x[:, :3].sum(1) + generator.normal(size=40)).astype("float32")}
    found, dataset = scored(
        tmp_path,
        columns,
        {"inputs": {"x": {"shape": [90]}}, "layers": [{"dense": 1, "name": "y"}]},
        {"y": {"array": "y"}},
        {"loss": "mean_squared_error"},
    )
    (xs, held), (ys, truth) = (rows_of(columns, dataset, key) for key in "xy")
    predicted = make_pipeline(StandardScaler(), Ridge()).fit(xs.astype(float), ys.astype(float)).predict(held)
    assert found["ridge regression"]["loss"] == pytest.approx(metrics.mean_squared_error(truth, predicted), rel=CLOSE)


def test_ids_are_counted(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    rows = 300
    place, text = generator.integers(0, 6, rows), generator.integers(0, 30, (rows, 12))
    number = generator.normal(size=(rows, 2)).astype("float32")
    yes = (place % 2 + (text == 3).sum(1) + number[:, 0] + generator.normal(size=rows) > 1).astype("float32")
    columns = {"place": place.astype("int32"), "text": text.astype("int32"), "number": number, "yes": yes}
    found, dataset = scored(
        tmp_path,
        columns,
        {
            "inputs": {
                "number": {"shape": [2]},
                "place": {"shape": [], "dtype": "int32"},
                "text": {"shape": [12], "dtype": "int32"},
            },
            "nodes": {
                "a": {"from": "place", "embedding": {"input_dim": 6, "output_dim": 2}},
                "b": {"from": "text", "layers": [{"embedding": {"input_dim": 30, "output_dim": 2}}, "flatten"]},
                "yes": {
                    "from": ["number", "a", "b"],
                    "layers": ["concatenate", {"dense": {"units": 1, "activation": "sigmoid"}}],
                },
            },
            "outputs": ["yes"],
        },
        {"yes": {"array": {"column": "yes", "shape": [1]}}},
        {"loss": "binary_cross_entropy", "metrics": ["accuracy", "auc"]},
    )
    split = {name: rows_of(columns, dataset, name) for name in columns}
    encoder = OneHotEncoder(sparse_output=False).fit(split["place"][0][:, None])

    def table(part: int) -> Any:
        counts = np.stack([(split["text"][part] == id).sum(1) for id in range(30)], axis=1)
        return np.concatenate([split["number"][part], encoder.transform(split["place"][part][:, None]), counts], axis=1)

    model = linear().fit(table(0), split["yes"][0])
    truth, chance = split["yes"][1], model.predict_proba(table(1))[:, 1]
    close(
        found["logistic regression"],
        {
            "loss": metrics.log_loss(truth, chance),
            "accuracy": metrics.accuracy_score(truth, chance > 0.5),
            "auc": metrics.roc_auc_score(truth, chance),
        },
    )
    assert found["majority"]["auc"] == 0.5


def test_weights_of_rows_and_classes_are_sample_weights(tmp_path: Path) -> None:
    x, y = datasets.load_iris(return_X_y=True)
    kept = (y != 2) | (np.arange(150) % 4 == 0)
    x, y = x[kept, 1:3], y[kept]
    weight = np.random.default_rng(1).uniform(0, 2, len(y)).astype("float32")
    columns = {"x": x.astype("float32"), "y": y, "w": weight}
    found, dataset = scored(
        tmp_path,
        columns,
        {
            "inputs": {"x": {"shape": [2]}},
            "layers": [{"dense": {"units": 3, "activation": "softmax"}, "name": "y"}],
        },
        {"y": {"category": {"column": "y", "classes": 3}}},
        {"loss": {"cross_entropy": {"class_weight": "balanced"}}, "metrics": ["accuracy", "cross_entropy"]},
        {"sample_weight": {"array": "w"}},
    )
    (xs, held), (ys, truth), (ws, _) = (rows_of(columns, dataset, key) for key in "xyw")
    # Its own `balanced` counts weights of rows, that of a spec rows.
    factor = (len(ys) / (3 * np.bincount(ys)))[ys]
    model = linear().fit(xs.astype(float), ys, logisticregression__sample_weight=ws * factor)
    close(
        {key: found["logistic regression"][key] for key in ("accuracy", "cross_entropy")},
        {
            "accuracy": metrics.accuracy_score(truth, model.predict(held)),
            "cross_entropy": metrics.log_loss(truth, model.predict_proba(held), labels=range(3)),
        },
    )
    prior = DummyClassifier(strategy="prior").fit(xs, ys, sample_weight=ws)
    assert found["majority"]["cross_entropy"] == pytest.approx(
        metrics.log_loss(truth, prior.predict_proba(held), labels=range(3)), rel=CLOSE
    )


def test_several_answers_and_numbers_that_a_mask_leaves_out(tmp_path: Path) -> None:
    generator = np.random.default_rng(8)
    x = generator.normal(size=(200, 5)).astype("float32")
    tags = (x[:, :3] + generator.normal(size=(200, 3)) > 0.5).astype("float32")
    known = generator.random(200) < 0.7
    cost = np.where(known[:, None], x[:, :2] @ [[1.0, 2.0], [3.0, -1.0]] + generator.normal(size=(200, 2)), 1e9)
    columns = {"x": x, "tags": tags, "cost": cost.astype("float32"), "known": known}
    found, dataset = scored(
        tmp_path,
        columns,
        {
            "inputs": {"x": {"shape": [5]}},
            "nodes": {
                "tags": {"from": "x", "dense": {"units": 3, "activation": "sigmoid"}},
                "cost": {"from": "x", "dense": 2},
            },
            "outputs": ["tags", "cost"],
        },
        {"tags": {"array": "tags"}, "cost": {"array": "cost"}, "known": {"array": "known"}},
        {
            "losses": {"tags": "binary_cross_entropy", "cost": {"mean_squared_error": {}, "mask": "known"}},
            "metrics": {"tags": ["accuracy"], "cost": ["mean_absolute_error", "mean_squared_error"]},
        },
    )
    (xs, held), (ts, tags_held), (cs, costs), (ks, known_held) = (rows_of(columns, dataset, key) for key in columns)
    predicted = np.stack([linear().fit(xs.astype(float), ts[:, tag]).predict(held) for tag in range(3)], axis=1)
    scale = StandardScaler().fit(xs.astype(float))
    model = Ridge().fit(scale.transform(xs.astype(float))[ks], cs[ks].astype(float))
    close(found["logistic regression"], {"tags/accuracy": float((predicted == tags_held).mean())})
    shown = model.predict(scale.transform(held.astype(float)))[known_held]
    close(
        found["ridge regression"],
        {
            "cost/mean_absolute_error": metrics.mean_absolute_error(costs[known_held], shown),
            "cost/mean_squared_error": metrics.mean_squared_error(costs[known_held], shown),
        },
    )
    assert set(found["median"]) == {"cost/mean_absolute_error"}


@pytest.mark.parametrize("weighted", [False, True])
def test_quantiles(weighted: bool, tmp_path: Path) -> None:
    x, y = datasets.load_diabetes(return_X_y=True)
    weight = np.random.default_rng(0).integers(0, 4, len(y)).astype("float32")
    columns = {"x": x.astype("float32"), "price": y.astype("float32"), "weight": weight}
    found, dataset = scored(
        tmp_path,
        columns,
        {"inputs": {"x": {"shape": [10]}}, "layers": [{"dense": 1, "name": "price"}]},
        {"price": {"number": "price"}},
        {"loss": {"quantile": 0.9}, "metrics": ["mean_absolute_error", {"quantile": 0.2}]},
        {"sample_weight": {"array": "weight"}} if weighted else None,
    )
    (ys, truth), (ws, counts) = (rows_of(columns, dataset, key) for key in ("price", "weight"))
    assert list(found) == ["median", "quantile 0.2", "quantile 0.9", "ridge regression"]
    options = {"sample_weight": ws} if weighted else {}
    low, high = (
        DummyRegressor(strategy="quantile", quantile=share).fit(ys, ys.astype(float), **options).predict(truth)
        for share in (0.2, 0.9)
    )
    assert found["quantile 0.2"] == {
        "quantile": pytest.approx(metrics.mean_pinball_loss(truth, low, alpha=0.2), rel=CLOSE)
    }
    elements = metrics.mean_pinball_loss(truth, high, alpha=0.9, sample_weight=counts if weighted else None)
    loss = elements * counts.mean() if weighted else elements
    assert found["quantile 0.9"] == {"loss": pytest.approx(loss, rel=CLOSE)}
    assert found["median"].keys() == {"mean_absolute_error"}
    assert found["ridge regression"].keys() == {"loss", "mean_absolute_error", "quantile"}


def test_several_quantiles_of_each_number(tmp_path: Path) -> None:
    x, y = datasets.load_diabetes(return_X_y=True)
    columns = {"x": x.astype("float32"), "ahead": np.stack([y, -y], axis=-1).astype("float32")}
    found, dataset = scored(
        tmp_path,
        columns,
        {"inputs": {"x": {"shape": [10]}}, "layers": [{"dense": 6}, {"reshape": [2, 3], "name": "ahead"}]},
        {"ahead": {"array": "ahead"}},
        {"loss": {"quantile": [0.1, 0.5, 0.9]}, "metrics": [{"quantile": [0.1, 0.5, 0.9]}]},
    )
    ys, truth = rows_of(columns, dataset, "ahead")
    shares = (0.1, 0.5, 0.9)
    wanted = np.mean(
        [
            metrics.mean_pinball_loss(
                truth, DummyRegressor(strategy="quantile", quantile=share).fit(ys, ys).predict(truth), alpha=share
            )
            for share in shares
        ]
    )
    assert found == {
        "quantiles 0.1, 0.5, 0.9": {
            "loss": pytest.approx(wanted, rel=CLOSE),
            "quantile": pytest.approx(wanted, rel=CLOSE),
        }
    }
