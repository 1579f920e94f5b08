"""`modelc train --folds`: each fold as `--fold` trains it, their scores together, and a prediction of each row by a run that has not
seen it.
"""

import csv
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import modelc
from tests.cli.test_evaluate_files import SPEC, houses
from tests.cli.test_tables import keep

FOLDS = SPEC.replace("{where: {column: part, equals: held}}", "{folds: {count: 3}}").replace(
    "  test: {csv: later.csv}\n", ""
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folds")
    (folder / "houses.yaml").write_text(FOLDS)
    keep(folder, houses(31, 0))
    keep(folder, houses(7, 1), "later")
    trained = modelc("train", "houses.yaml", "--folds", "--run-dir", "group", cwd=folder)
    assert trained.code == 0, trained.err
    (folder / "said.txt").write_text(trained.out)
    return folder


def best_scores(run: Path) -> dict[str, Any]:
    record = json.loads((run / "run.json").read_text())
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return next(line for line in lines if line["epoch"] == record["best"]["epoch"])


def test_each_fold_is_trained_as_by_itself(folder: Path) -> None:
    assert modelc("train", "houses.yaml", "--fold", "2", "--run-dir", "second", cwd=folder).code == 0
    weights = [folder / run / "weights/last/params.safetensors" for run in ("group/fold-2", "second")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    settings = [json.loads((folder / f"group/fold-{fold}/run.json").read_text())["settings"] for fold in (1, 2, 3)]
    assert settings == [[f"data.validation.folds.fold={fold}"] for fold in (1, 2, 3)]
    assert modelc("verify", "group/fold-3", cwd=folder).code == 0


def test_the_mean_and_spread_of_the_scores_are_said(folder: Path) -> None:
    said = (folder / "said.txt").read_text()
    assert all(f"fold {fold} of 3" in said for fold in (1, 2, 3))
    each = [best_scores(folder / f"group/fold-{fold}")["validation/kind/accuracy"] for fold in (1, 2, 3)]
    line = next(line for line in said.splitlines() if line.startswith("  kind/accuracy") and "+-" in line)
    assert f"{statistics.mean(each):.6g} +- {statistics.stdev(each):.3g}" in line
    assert ", ".join(f"{value:.6g}" for value in each) in line
    assert "3 folds, validation scores at the best epoch of each" in said
    assert "out-of-fold predictions: group/out_of_fold.csv" in said


def test_each_row_is_predicted_by_the_run_that_has_not_seen_it(folder: Path) -> None:
    with (folder / "group/out_of_fold.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["row", "price", "kind", *(f"kind/probability/{name}" for name in ("farm", "flat", "house"))]
    assert [int(row[0]) for row in rows] == list(range(31))
    seen: list[list[str]] = []
    for fold in (1, 2, 3):
        run = f"group/fold-{fold}"
        assert modelc("predict", run, "--split", "validation", "-o", "part.csv", cwd=folder).code == 0
        with (folder / "part.csv").open(newline="") as file:
            seen += list(csv.reader(file))[1:]
    assert sorted(seen) == sorted(row[1:] for row in rows)
    kinds = [row["kind"] for row in houses(31, 0)]
    each = [best_scores(folder / f"group/fold-{fold}")["validation/kind/accuracy"] for fold in (1, 2, 3)]
    right = np.mean([row[2] == kind for row, kind in zip(rows, kinds, strict=True)])
    assert right == pytest.approx(np.average(each, weights=[11, 10, 10]), abs=0.04)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--folds", "--fold", "2"], "`--folds` trains all folds, and `--fold 2` one of them"),
        (["--folds", "--tag", "a"], "`--tag a` names one run, and `--folds` makes several"),
        (
            ["--folds", "--set", "data.validation=0.2"],
            "`--folds` trains every fold of a spec, and `houses.yaml` has none",
        ),
    ],
)
def test_what_does_not_go_with_folds_is_refused(folder: Path, arguments: list[str], said: str) -> None:
    ended = modelc("train", "houses.yaml", *arguments, cwd=folder)
    assert ended.code == 2 and said in ended.err and not (folder / "runs").exists()


def test_a_folder_that_is_in_use_is_refused(folder: Path) -> None:
    ended = modelc("train", "houses.yaml", "--folds", "--run-dir", "group", cwd=folder)
    assert ended.code == 4 and "error[E601]" in ended.err and "`group` is not empty" in ended.err
    ended = modelc("train", "--resume", "group/fold-1", "--folds", cwd=folder)
    assert ended.code == 2 and "`--resume` takes no `--folds`" in ended.err


def test_whole_arrays_are_kept_as_such(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "modelc: 1\nname: maps\nmodel: {inputs: {x: {shape: [2, 3]}}, layers: [{dense: 2, name: y}]}\n"
        "data: {source: {npz: rows.npz}, test: {last: 2}, validation: {folds: {count: 2}}}\n"
        "train: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
    )
    x = np.random.default_rng(0).normal(size=(12, 2, 3)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=x[..., :2])
    ended = modelc("train", "s.yaml", "--folds", cwd=tmp_path)
    assert ended.code == 0, ended.err
    (group,) = (tmp_path / "runs" / "maps").iterdir()
    assert group.name.startswith("folds-") and f"next:\n  modelc evaluate runs/maps/{group.name}/fold-1" in ended.out
    with np.load(group / "out_of_fold.npz") as arrays:
        assert arrays["row"].tolist() == list(range(10)) and arrays["y"].shape == (10, 2, 2)


def table(path: Path) -> tuple[list[str], np.ndarray, list[str]]:
    """The header, the numbers and the kinds of a file of predictions."""
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return header, np.array([[row[0], *row[2:]] for row in rows], np.float64), [row[1] for row in rows]


def test_predictions_of_several_runs_are_averaged(folder: Path) -> None:
    parts = []
    for fold in (1, 2, 3):
        assert modelc("predict", f"group/fold-{fold}", "later.csv", "-o", "part.csv", cwd=folder).code == 0
        parts.append(table(folder / "part.csv"))
    mean = np.mean([numbers for _, numbers, _ in parts], axis=0)
    ended = modelc("predict", "group/fold-1", "later.csv", "--with", "group", "-o", "mean.csv", cwd=folder)
    assert ended.code == 0, ended.err
    assert "averaged with those of 2 other runs: group/fold-2, group/fold-3" in ended.out
    header, numbers, kinds = table(folder / "mean.csv")
    assert header == parts[0][0]
    np.testing.assert_allclose(numbers, mean, rtol=1e-5)
    assert kinds == [("farm", "flat", "house")[place] for place in mean[:, 1:].argmax(axis=1)]
    options = ("--with", "group/fold-2", "--with", "group/fold-3", "--with", "group/fold-1")
    assert modelc("predict", "group/fold-1", "later.csv", *options, "-o", "same.csv", cwd=folder).code == 0
    assert (folder / "same.csv").read_text() == (folder / "mean.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--with", "group"], "`--with` predicts the same rows by each run"),
        (["-", "--with", "group"], "`--with` predicts the same rows by each run"),
        (["later.csv", "--with", "group", "--raw"], "`--raw` writes the values of one model"),
        (["later.csv", "--with", "nowhere"], "there is no run `nowhere`"),
        (["later.csv", "--with", "other"], "`kind` has other classes, or in another order"),
    ],
)
def test_runs_without_a_mean_are_refused(folder: Path, arguments: list[str], said: str) -> None:
    if not (folder / "other").exists():
        (folder / "other.yaml").write_text(FOLDS.replace("[farm, flat, house]", "[flat, farm, house]"))
        assert modelc("train", "other.yaml", "--run-dir", "other", cwd=folder).code == 0
    ended = modelc("predict", "group/fold-1", *arguments, "-o", "no.csv", cwd=folder)
    assert ended.code in (2, 4) and said in ended.err and not (folder / "no.csv").exists()
