"""The shipped specs: all valid, and those with data trained for a few steps on made data, some of them made smaller."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.api import check_file
from modelc.compiler.source import Root
from modelc.runtime.dataset import complete, read_dataset
from modelc.runtime.execution import choose
from modelc.runtime.train import fit
from tests.made_data import make_mnist, make_products, make_rentals, make_reviews
from tests.runtime.watching import Watcher

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.yaml"))
TRAINED = [spec for spec in SPECS if "\ntrain:" in spec.read_text(encoding="utf-8")]
SMALL: dict[str, list[str]] = {}
"""Settings that make a model small enough to be trained here."""


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    folder = tmp_path_factory.mktemp("data")
    make_mnist(folder)
    make_products(folder)
    make_rentals(folder)
    make_reviews(folder)
    return Root(folder, folder)


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_shipped_spec_is_valid(spec: Path) -> None:
    assert check_file(spec).problems == ()


@pytest.mark.parametrize("spec", TRAINED, ids=lambda path: path.stem)
def test_a_shipped_spec_trains(spec: Path, root: Root) -> None:
    task = check_file(spec, settings=["train.epochs=1", "train.batch_size=32", *SMALL.get(spec.stem, ())]).task
    assert task is not None
    task = complete(task, root)
    dataset = read_dataset(task, root)
    rows = np.arange(6 * 32 + 5)
    few = replace(dataset, train=dataset.train.take(rows[rows < dataset.train.rows]))
    watcher = Watcher()
    outcome = fit(task, few, choose(task), watcher, lambda: False)
    assert outcome.step == -(-few.train.rows // 32)
    assert outcome.last is not None
    assert set(outcome.last.values) == {f"{part}/{key}" for part in ("train", "validation") for key in task.log_keys()}
    assert all(np.isfinite(value) for value in outcome.last.values.values())
