"""Gradients of a batch that is cut into parts: they, the loss and the metrics are those of the whole batch."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.training.fitting_batch import need_of_step
from tests.runtime.kinds import raw_of, rows_in
from tests.runtime.small import ready, spec
from tests.runtime.training.test_loop import SCAN, train

BEFORE = "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [dense: 4, LAYER, {dense: 3, name: y}]}\n"
AFTER = "data: {source: {npz: rows.npz}, targets: {y: {READ: y}}}\ntrain: {loss: LOSS, optimizer: adam, epochs: 1, batch_size: 6, gradient_accumulation: 3}\n"


def problems(layer: str = "relu", loss: str = "mean_squared_error", size: int = 6) -> list[tuple[str, str]]:
    text = BEFORE.replace("LAYER", layer) + AFTER.replace("LOSS", loss).replace(
        "READ", "array" if loss == "mean_squared_error" else "category"
    ).replace("size: 6", f"size: {size}")
    return [(problem.code, problem.message) for problem in check(text, "spec.yaml").problems]


def several_terms() -> dict[str, Any]:
    """Two terms whose elements count by masks of the model and of the data and by sample weights, with penalties of weights and values,
    metrics that add up and one that does not.
    """
    raw = raw_of("weighted")
    layers = raw["model"]["layers"]
    layers[3] = {"dense": {"units": 8, "kernel_regularizer": {"l2": 0.1}}}
    layers.insert(4, {"activity_regularization": {"l2": 0.1}, "name": "steps"})
    raw["train"]["losses"]["size"] = {"minimize": None, "of": "steps", "weight": 0.1}
    return raw


@pytest.mark.parametrize("kind", ["terms", "series", "dense"])
def test_parts_of_a_batch_make_the_update_of_the_whole(kind: str, tmp_path: Path) -> None:
    root = rows_in(tmp_path)
    raw = several_terms() if kind == "terms" else raw_of(kind)
    raw["train"] |= {"batch_size": 8, "epochs": 2, "optimizer": {"sgd": 0.1}, "gradient_accumulation": 1}
    parts = {**raw, "train": {**raw["train"], "gradient_accumulation": 4}}
    whole, cut = train(raw, root), train(parts, root)
    for one, other in zip(whole.records, cut.records, strict=True):
        assert other.values == pytest.approx(one.values, rel=1e-5)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6),
        whole.snapshots[-1].params,
        cut.snapshots[-1].params,
    )


def test_dropout_draws_for_each_part_by_itself(tmp_path: Path) -> None:
    root = rows_in(tmp_path)
    layers = [{"dropout": 0.5}, {"dense": 3, "name": "y"}]
    raw = spec(
        layers, optimizer={"sgd": 1.0}, batch_size=2, steps=1, epochs=None, gradient_accumulation=2, shuffle=False
    )
    raw["model"]["inputs"]["x"]["shape"] = [16]
    x = np.load(root.folder / "rows.npz")["x"]
    np.savez(root.folder / "rows.npz", x=np.stack([x[0], x[0]]), y=np.array([0, 0]))
    # Two equal rows with the same elements dropped would give twice one gradient, which is 0 where these are.
    before, after = train({**raw, "train": {**raw["train"], "optimizer": {"sgd": 1e-30}}}, root), train(raw, root)
    change = after.snapshots[-1].params["y"]["kernel"] - before.snapshots[-1].params["y"]["kernel"]
    ratios = np.abs(change[:, 0] / x[0])
    assert len(np.unique(ratios.round(5))) > 2


def test_what_a_step_needs_is_told_of_sizes_that_cannot_be_cut_so(tmp_path: Path) -> None:
    raw = raw_of("weighted")
    raw["train"] |= {"batch_size": 16, "gradient_accumulation": 8}
    task, dataset = ready(raw, rows_in(tmp_path))
    # Five rows at once need more than sixteen in eight parts.
    five, sixteen = (need_of_step(prepare(task), dataset, SCAN, size) for size in (5, 16))
    assert five is not None and sixteen is not None and five > sixteen


def test_what_mixes_rows_is_refused_or_warned_of() -> None:
    assert problems() == []
    refused, unequal = problems(loss="supervised_contrastive"), problems(size=8)
    assert (
        "E108",
        "`supervised_contrastive` compares the rows of a batch with each other, and `gradient_accumulation` cuts them",
    ) in refused
    assert unequal == [("E108", "a batch of 8 rows cannot be cut into 3 equal parts")]
    own = "`batch_norm` normalizes each part of 2 rows by its own statistics, not the batch of 6"
    assert problems("batch_norm") == [("W923", own)]
    assert problems("{batch_norm: {}, trainable: false}") == []
