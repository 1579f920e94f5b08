"""The commands on a spec whose layers learn from the training rows: what was learnt goes with the run."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.cli.commands import modelc
from tests.made_data import make_rentals

SPEC = Path(__file__).parent.parent.parent / "specs" / "bike_rentals.yaml"
FEW = ("--set", "train.epochs=4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped spec with made data, trained into `first`."""
    folder = tmp_path_factory.mktemp("rentals")
    shutil.copy(SPEC, folder / "spec.yaml")
    make_rentals(folder)
    trained = modelc("train", "spec.yaml", "--run-dir", "first", *FEW, cwd=folder)
    assert trained.code == 0, trained.err
    lines = [line for line in trained.out.splitlines() if " fitted to 300 training rows in " in line]
    assert [line.partition(" fitted")[0] for line in lines] == [
        "air (normalization)",
        "place/integer_lookup (integer_lookup)",
        "way (discretization)",
    ]
    return folder


def learnt(run: Path) -> dict[str, np.ndarray]:
    return dict(load_file(run / "weights" / "best" / "state.safetensors"))


def values(text: str) -> dict[str, float]:
    found: dict[str, Any] = json.loads(text)
    return dict(found["values"])


def test_the_record_says_what_was_learnt_and_the_weights_hold_it(folder: Path) -> None:
    record = json.loads((folder / "first" / "run.json").read_text())
    assert [(entry["path"], entry["layer"], entry["rows"]) for entry in record["fitted"]] == [
        ("air", "normalization", 300),
        ("place/integer_lookup", "integer_lookup", 300),
        ("way", "discretization", 300),
    ]
    assert all(entry["seconds"] >= 0 for entry in record["fitted"])
    state = learnt(folder / "first")
    assert {name: (array.shape, str(array.dtype)) for name, array in state.items()} == {
        "air:mean": ((4,), "float32"),
        "air:variance": ((4,), "float32"),
        "place/integer_lookup:places": ((39,), "int32"),
        "place/integer_lookup:tokens": ((39,), "int32"),
        "way:bin_boundaries": ((7,), "float32"),
    }
    assert all(np.isfinite(array).all() for array in state.values())


def test_the_summary_counts_it_as_not_trainable(folder: Path) -> None:
    shown = modelc("summary", "spec.yaml", cwd=folder).out
    (line,) = (line for line in shown.splitlines() if "not trainable" in line)
    assert line.split()[2] == str(4 + 4 + 39 + 39 + 7)


def test_a_moved_run_gives_the_same_numbers(folder: Path, tmp_path: Path) -> None:
    best = max(
        (json.loads(line) for line in (folder / "first" / "metrics.jsonl").read_text().splitlines()),
        key=lambda line: -line["validation/loss"],
    )
    shutil.copytree(folder / "first", tmp_path / "moved")
    shutil.copy(folder / "rentals.npz", tmp_path / "rentals.npz")
    here = modelc("evaluate", "first", "--format", "json", cwd=folder)
    there = modelc("evaluate", "moved", "--root", ".", "--format", "json", cwd=tmp_path)
    assert (here.code, there.code) == (0, 0), here.err + there.err
    assert values(here.out) == values(there.out)
    assert values(here.out)["loss"] == pytest.approx(best["validation/loss"], rel=1e-5)
    for run, place in (("first", folder), ("moved", tmp_path)):
        done = modelc("predict", run, "--root", ".", "--output", "found.csv", cwd=place)
        assert done.code == 0, done.err
    assert (folder / "found.csv").read_bytes() == (tmp_path / "found.csv").read_bytes()
    with (folder / "found.csv").open() as file:
        found = np.array([float(row["rentals"]) for row in csv.DictReader(file)])
    assert np.isfinite(found).all()
    assert found.std() > 0.1


def test_the_same_seed_gives_the_same_bytes(folder: Path) -> None:
    done = modelc("train", "spec.yaml", "--run-dir", "second", *FEW, cwd=folder)
    assert done.code == 0, done.err
    for kind in ("best", "last"):
        for name in ("params.safetensors", "state.safetensors"):
            parts = [(folder / run / "weights" / kind / name).read_bytes() for run in ("first", "second")]
            assert parts[0] == parts[1]


def test_only_training_rows_are_learnt_from(folder: Path) -> None:
    done = modelc("train", "spec.yaml", "--run-dir", "other", *FEW, "--set", "data.seed=1", cwd=folder)
    assert done.code == 0, done.err
    first, other = learnt(folder / "first"), learnt(folder / "other")
    assert not np.allclose(first["air:mean"], other["air:mean"], rtol=1e-6)
    assert not np.allclose(first["way:bin_boundaries"], other["way:bin_boundaries"], rtol=1e-6)
    whole = np.load(folder / "rentals.npz")["weather"].mean(0, dtype="float64")
    assert not np.allclose(first["air:mean"], whole, rtol=1e-6)
