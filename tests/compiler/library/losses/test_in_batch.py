"""Losses that compare the rows of a batch: against optax and formulas, with rows that do not count, in a training, on several devices."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.evaluate import evaluate
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.runtime.small import ready, write_rows
from tests.runtime.watching import Watcher

# optax does not declare all of its losses.
reference: Any = optax.losses
Numbers = np.ndarray[Any, Any]
IN_BATCH = {name for name in LOSSES if LOSSES.find(name).mixes_rows}
RANDOM = np.random.default_rng(29)
FIRST, SECOND = RANDOM.normal(size=(2, 8, 5)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 1, 7, 0], np.int32)
COUNTS = np.array([1, 1, 0, 1, 1, 1, 1, 0], bool)


def unit(vectors: Numbers) -> Numbers:
    wide = vectors.astype(np.float64)
    found: Numbers = wide / np.linalg.norm(wide, axis=-1, keepdims=True)
    return found


def info_nce(first: Numbers, second: Numbers, temperature: float = 0.07) -> Numbers:
    """The cross-entropy of optax of the similarities as logits, the right answer of row `i` being `i`."""
    logits = jnp.asarray(first @ second.T / temperature)
    return np.asarray(optax.softmax_cross_entropy_with_integer_labels(logits, jnp.arange(len(first))))


def khosla(vectors: Numbers, labels: Numbers, temperature: float = 0.07) -> Numbers:
    """Equation 2 of Khosla et al. 2020, an anchor at a time; 0 for one without another of its label."""
    found = []
    for i, anchor in enumerate(vectors):
        others = [a for a in range(len(vectors)) if a != i]
        among = sum(np.exp(anchor @ vectors[a] / temperature) for a in others)
        terms = [np.log(np.exp(anchor @ vectors[p] / temperature) / among) for p in others if labels[p] == labels[i]]
        found.append(-np.mean(terms) if terms else 0.0)
    return np.asarray(found)


def elements(notation: Any, *values: Any, counts: Numbers | None = None) -> Numbers:
    loss = LOSSES.build(notation)
    kept = np.ones(len(values[0]), bool) if counts is None else counts
    return np.asarray(loss.elements(*(None if v is None else jnp.asarray(v) for v in values), jnp.asarray(kept)))


def test_info_nce_is_a_cross_entropy_over_the_rows() -> None:
    one, other = unit(FIRST), unit(SECOND)
    np.testing.assert_allclose(elements("info_nce", FIRST, SECOND, None), info_nce(one, other), rtol=1e-5)
    both = (info_nce(one, other, 0.5) + info_nce(other, one, 0.5)) / 2
    found = elements({"info_nce": {"temperature": 0.5, "symmetric": True}}, FIRST, SECOND, None)
    np.testing.assert_allclose(found, both, rtol=1e-5)
    found = elements({"info_nce": {"temperature": 2.0, "similarity": "product"}}, FIRST, SECOND, None)
    np.testing.assert_allclose(found, info_nce(FIRST, SECOND, 2.0), rtol=1e-5)


def test_supervised_contrastive_is_that_of_its_authors() -> None:
    found = elements({"supervised_contrastive": 0.3}, FIRST, LABELS)
    np.testing.assert_allclose(found, khosla(unit(FIRST), LABELS, 0.3), rtol=1e-5, atol=1e-6)
    assert found[6] == 0 and found[0] > 0


def test_pairs_of_one_label_are_the_ntxent_of_optax() -> None:
    views = np.stack([FIRST, SECOND], axis=1)
    found = elements({"supervised_contrastive": 0.2}, views, np.arange(8))
    assert found.shape == (8, 2)
    wanted = reference.ntxent(jnp.asarray(views.reshape(16, 5)), jnp.repeat(jnp.arange(8), 2), 0.2)
    assert found.mean() == pytest.approx(float(wanted), rel=1e-5)


@pytest.mark.parametrize("symmetric", [False, True])
def test_rows_that_do_not_count_are_not_compared_with(symmetric: bool) -> None:
    notation = {"info_nce": {"symmetric": symmetric}}
    few = elements(notation, FIRST[COUNTS], SECOND[COUNTS], None)
    np.testing.assert_allclose(elements(notation, FIRST, SECOND, None, counts=COUNTS)[COUNTS], few, rtol=1e-5)
    few = elements("supervised_contrastive", FIRST[COUNTS], LABELS[COUNTS])
    found = elements("supervised_contrastive", FIRST, LABELS, counts=COUNTS)[COUNTS]
    np.testing.assert_allclose(found, few, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("counts", [np.ones(8, bool), np.zeros(8, bool), np.arange(8) == 3])
def test_gradients_are_finite_whatever_counts(counts: Numbers) -> None:
    for name, values in (("info_nce", [FIRST, SECOND]), ("supervised_contrastive", [FIRST])):
        loss, target = LOSSES.build(name), jnp.asarray(LABELS) if name != "info_nce" else None
        for given in (values, [np.zeros_like(v) for v in values], [1e20 * v for v in values]):

            def total(slots: Any, loss: Any = loss, target: Any = target) -> Any:
                return jnp.sum(jnp.where(counts, loss.elements(*slots, target, jnp.asarray(counts)), 0.0))

            slopes = jax.grad(total)([jnp.asarray(v) for v in given])
            assert all(np.isfinite(slope).all() for slope in slopes)


@pytest.mark.parametrize(
    ("name", "types", "message"),
    [
        ("info_nce", [TensorType((5,)), TensorType((4,)), None], "cannot be compared with vectors of shape [4]"),
        (
            "info_nce",
            [TensorType((2, 5)), TensorType((2, 5)), None],
            "by vectors of shape [size], the value has shape [2, 5]",
        ),
        ("info_nce", [TensorType((5,), mask=True), TensorType((5,)), None], "has a mask of steps"),
        (
            "supervised_contrastive",
            [TensorType((2, 3, 5)), None],
            "[size] or [views, size], the value has shape [2, 3, 5]",
        ),
        ("supervised_contrastive", [TensorType((5,)), TensorType(())], "one integer label for each row"),
        ("supervised_contrastive", [TensorType((5,)), TensorType((5,), "int32")], "one integer label for each row"),
    ],
)
def test_values_that_cannot_be_compared_are_refused(name: str, types: Any, message: str) -> None:
    with pytest.raises(PlanError) as caught:
        LOSSES.build(name).plan(*types)
    assert caught.value.code == "E304" and caught.value.help
    assert message in caught.value.message


def raw(losses: Any, **train: Any) -> dict[str, Any]:
    return {
        "modelc": 1,
        "model": {
            "inputs": {"x": {"shape": [4]}},
            "nodes": {"a": {"from": "x", "dense": 3}, "b": {"from": "x", "dense": 3}},
            "outputs": ["a", "b"],
        },
        "data": {"source": {"npz": "rows.npz"}, "targets": {"a": {"category": "y"}}},
        "train": {
            "losses": losses,
            "optimizer": {"sgd": 0.05},
            "batch_size": 8,
            "epochs": 2,
            "shuffle": False,
            **train,
        },
    }


def test_evaluation_compares_the_rows_of_a_batch_of_training(tmp_path: Path) -> None:
    spec = raw({"both": {"info_nce": {"symmetric": True}, "of": ["a", "b"]}, "a": "supervised_contrastive"})
    task, dataset = ready(spec, write_rows(tmp_path, 29))
    watcher, prepared = Watcher(), prepare(task)
    fit(prepared, dataset, Execution("scan", 256, "test"), watcher, lambda: False)
    assert watcher.records[1].values["train/both/loss"] < watcher.records[0].values["train/both/loss"]
    last = watcher.snapshots[-1]
    said = evaluate(prepared, last.params, last.state, dataset.train)
    x, labels = dataset.train.inputs["x"], dataset.train.targets["a"]
    a, b = (unit(x @ last.params[name]["kernel"] + last.params[name]["bias"]) for name in "ab")
    batches = [slice(start, start + 8) for start in range(0, 29, 8)]
    pairs = [(info_nce(a[rows], b[rows]) + info_nce(b[rows], a[rows])) / 2 for rows in batches]
    assert said["both/loss"] == pytest.approx(np.concatenate(pairs).mean(), rel=1e-4)
    alike = [khosla(a[rows], labels[rows]) for rows in batches]
    assert said["a/loss"] == pytest.approx(np.concatenate(alike).mean(), rel=1e-4)


@pytest.mark.parametrize("batch", [1, 2])
def test_a_batch_of_one_row_has_nothing_to_compare(batch: int) -> None:
    problems = check(
        json.dumps(raw({"a": "supervised_contrastive", "b": "none"}, batch_size=batch)), "spec.json"
    ).problems
    messages = [problem.message for problem in problems]
    wanted = "`supervised_contrastive` compares the rows of a batch with each other, and `batch_size` is 1"
    assert messages == ([wanted] if batch == 1 else [])
