"""A standardized target: its loss is of other numbers, all that people read is in the unit of the data."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [2]}}
  layers: [{dense: {units: 16, activation: relu}}, {dense: 1, name: price}]
data:
  source: {npz: {train: houses.npz, test: later.npz}}
  inputs: {x: {numbers: {columns: [rooms, age], standardize: true}}}
  targets: {price: {number: {column: price, standardize: true}}}
  validation: 0.2
train:
  loss: mean_squared_error
  metrics: [mean_absolute_error, r2]
  optimizer: {adam: 0.01}
  epochs: 60
"""


def houses(rows: int, seed: int) -> dict[str, Any]:
    """Prices around 300,000 of houses with rooms and an age."""
    draw = np.random.default_rng(seed)
    rooms, age = draw.integers(1, 9, rows), draw.random(rows) * 100
    return {"rooms": rooms, "age": age, "price": 200_000 + 30_000 * rooms - 500 * age + draw.normal(size=rows) * 2_000}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("houses")
    (folder / "houses.yaml").write_text(SPEC)
    np.savez(folder / "houses.npz", **houses(400, 0))
    np.savez(folder / "later.npz", **houses(100, 1))
    trained = modelc("train", "houses.yaml", "--run-dir", "run", cwd=folder)
    assert trained.code == 0, trained.err
    assert "standardized  price: mean " in trained.out
    return folder


def test_metrics_and_predictions_are_in_the_unit_of_the_data(folder: Path) -> None:
    scores = json.loads(modelc("evaluate", "run", "--format", "json", cwd=folder).out)["values"]
    predicted = modelc("predict", "run", "later.npz", "--output", "out.csv", cwd=folder)
    assert predicted.code == 0, predicted.err
    with (folder / "out.csv").open() as file:
        found = np.asarray([float(row["price"]) for row in csv.DictReader(file)])
    price = houses(100, 1)["price"]
    error = np.abs(found - price)
    assert scores["mean_absolute_error"] == pytest.approx(error.mean(), rel=1e-4)
    assert scores["r2"] == pytest.approx(
        1 - ((found - price) ** 2).sum() / ((price - price.mean()) ** 2).sum(), rel=1e-4
    )
    assert scores["r2"] > 0.95 and error.mean() < 10_000
    # The loss is that of the standardized numbers.
    deviation = json.loads((folder / "run" / "readers.json").read_text())["readers"]["targets/price"]["learnt"][
        "scale"
    ][0]
    assert scores["loss"] == pytest.approx((error**2).mean() / deviation**2, rel=1e-3)


def test_the_log_and_the_same_rows_by_their_split_say_the_same(folder: Path) -> None:
    lines = [json.loads(line) for line in (folder / "run" / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["validation/mean_absolute_error"] > 100 > lines[-1]["validation/loss"]
    for words in (("run", "--split", "test"), ("run", "later.npz")):
        assert modelc("predict", *words, "--output", f"{len(words)}.npz", cwd=folder).code == 0
    with np.load(folder / "3.npz") as one, np.load(folder / "2.npz") as other:
        np.testing.assert_array_equal(one["price"], other["price"])
    raw = modelc("predict", "run", "later.npz", "--raw", "--output", "raw.npz", cwd=folder)
    with np.load(folder / "raw.npz") as values:
        assert raw.code == 0 and np.abs(values["price"]).max() < 10


def test_scores_do_not_depend_on_the_test_rows_that_are_read_with_them(folder: Path) -> None:
    """Test rows teach nothing: half of them give half the predictions."""
    half: dict[str, Any] = {name: column[:50] for name, column in houses(100, 1).items()}
    np.savez(folder / "half.npz", **half)
    assert modelc("predict", "run", "half.npz", "--output", "half_out.npz", cwd=folder).code == 0
    assert modelc("predict", "run", "later.npz", "--output", "all_out.npz", cwd=folder).code == 0
    with np.load(folder / "half_out.npz") as one, np.load(folder / "all_out.npz") as other:
        np.testing.assert_allclose(one["price"], other["price"][:50], rtol=1e-6)
