"""The cases of `docs/real_data.md`, from raw files to predictions of new rows, beside scikit-learn on the same rows."""

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from tests.cli.commands import modelc
from tests.real_data import MAKERS
from tests.test_docs import ROOT, blocks

PAGE = ROOT / "docs" / "real_data.md"
SPECS = {block.words[0].removesuffix(".yaml"): block.text for block in blocks(PAGE) if block.language == "yaml"}


class Case(NamedTuple):
    """The score that is compared with the peer's, and by how much it may be worse, or has to be better where that is below 0.

    `output` is what predictions are called.
    """

    score: str
    worse: float
    output: str


CASES = {
    "iris": Case("accuracy", 0.02, "species"),
    "wine": Case("accuracy", 0.02, "kind"),
    "cancer": Case("auc", 0.02, "benign"),
    "diabetes": Case("r2", 0.02, "progression"),
    "digits_table": Case("accuracy", 0.02, "digit"),
    "digits_images": Case("accuracy", 0.02, "digit"),
    "segmentation": Case("mean_iou", -0.03, "labels"),
    "opinions": Case("accuracy", 0.02, "opinion"),
    "mixed": Case("accuracy", -0.02, "bought"),
    "tags": Case("f_beta", 0.02, "tags"),
    "ratings": Case("mean_absolute_error", -0.2, "rating"),
}
LOWER_IS_BETTER = ("mean_absolute_error",)
BY_ARRAYS = ("segmentation", "tags")
"""The cases whose predictions have several values in a row."""


def test_each_case_of_the_page_is_made_and_trained() -> None:
    assert [*SPECS] == [*MAKERS] == [*CASES]
    lines = {name: len(text.splitlines()) for name, text in SPECS.items()}
    assert lines["mixed"] < 30


@pytest.mark.parametrize("name", CASES)
def test_from_files_to_predictions(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    case, made = CASES[name], MAKERS[name](tmp_path)
    (tmp_path / "spec.yaml").write_text(SPECS[name], encoding="utf-8")
    trained = modelc("train", "spec.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path)
    assert trained.code == 0, trained.err
    evaluated = modelc("evaluate", "run", "--format", "json", "--no-baseline", cwd=tmp_path)
    assert evaluated.code == 0, evaluated.err
    score = json.loads(evaluated.out)["values"][case.score]
    if request.config.getoption("capture") == "no":
        print(f"{name}: {case.score} {score:.3f}, scikit-learn {made.peer:.3f}")
    assert (made.peer - score) * (-1 if case.score in LOWER_IS_BETTER else 1) <= case.worse
    ending = "npz" if name in BY_ARRAYS else "csv"
    predicted = modelc("predict", "run", made.new, "--output", f"out.{ending}", cwd=tmp_path)
    assert predicted.code == 0, predicted.err
    check_predictions(name, tmp_path / f"out.{ending}", made.meant, score)


def check_predictions(name: str, path: Path, meant: list[Any], score: float) -> None:
    """Predictions of the held-out rows alone, in a file without targets, are those that the score is of."""
    case = CASES[name]
    if name in BY_ARRAYS:
        with np.load(path) as arrays:
            found = arrays[case.output]
        wanted = np.array(meant)
        if name == "segmentation":
            counts = wanted != ""
            assert jaccard_score(wanted[counts], found[counts], average="macro") == pytest.approx(score, abs=1e-6)
        else:
            right = np.sum(found & wanted)
            assert 2 * right / (np.sum(found) + np.sum(wanted)) == pytest.approx(score, abs=1e-6)
        return
    with path.open(encoding="utf-8", newline="") as file:
        found = [row[case.output] for row in csv.DictReader(file)]
    if case.score == "accuracy":
        assert np.mean([one == other for one, other in zip(found, meant, strict=True)]) == pytest.approx(
            score, abs=1e-6
        )
    elif case.score == "auc":
        assert np.mean([one == other for one, other in zip(found, meant, strict=True)]) > 0.93
    else:
        numbers, wanted = np.array(found, float), np.array(meant, float)
        errors = {
            "mean_absolute_error": np.abs(numbers - wanted).mean(),
            "r2": 1 - np.square(numbers - wanted).sum() / np.square(wanted - wanted.mean()).sum(),
        }
        assert errors[case.score] == pytest.approx(score, rel=1e-4)
