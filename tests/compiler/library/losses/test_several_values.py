"""Losses of several values of the model: against their formulas in NumPy, in a training, and their errors."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
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

Numbers = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(3)


def apart(first: Numbers, second: Numbers, distance: str) -> Numbers:
    first, second = first.astype(np.float64), second.astype(np.float64)
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    found: dict[str, Callable[[], Any]] = {
        "euclidean": lambda: np.linalg.norm(first - second, axis=-1),
        "squared_euclidean": lambda: np.linalg.norm(first - second, axis=-1) ** 2,
        "manhattan": lambda: np.abs(first - second).sum(axis=-1),
        "cosine": lambda: 1 - (first * second).sum(axis=-1) / lengths,
    }
    gap: Numbers = found[distance]()
    return gap


def hadsell(a: Numbers, b: Numbers, y: Numbers, margin: float = 1.0, distance: str = "euclidean") -> Numbers:
    """Equation 4 of Hadsell, Chopra and LeCun 2006, whose Y is 0 for similar pairs."""
    gap, different = apart(a, b, distance), 1 - y
    found: Numbers = (1 - different) / 2 * gap**2 + different / 2 * np.maximum(0, margin - gap) ** 2
    return found


def schroff(a: Numbers, p: Numbers, n: Numbers, margin: float = 0.2, distance: str = "squared_euclidean") -> Numbers:
    """Equation 3 of Schroff, Kalenichenko and Philbin 2015, before the sum over triplets."""
    found: Numbers = np.maximum(apart(a, p, distance) - apart(a, n, distance) + margin, 0)
    return found


def cosine_embedding(a: Numbers, b: Numbers, y: Numbers, margin: float = 0.0) -> Numbers:
    """The formula in the documentation of PyTorch's `CosineEmbeddingLoss`."""
    cosine = 1 - apart(a, b, "cosine")
    return np.where(y == 1, 1 - cosine, np.maximum(0, cosine - margin))


FORMULAS: dict[str, Callable[..., Numbers]] = {
    "contrastive": hadsell,
    "cosine_embedding": cosine_embedding,
    "triplet": schroff,
}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("contrastive", {}),
    *(("contrastive", {"margin": 2.5, "distance": d}) for d in ("squared_euclidean", "manhattan", "cosine")),
    ("triplet", {}),
    *(("triplet", {"margin": 1.0, "distance": d}) for d in ("euclidean", "manhattan", "cosine")),
    ("cosine_embedding", {}),
    ("cosine_embedding", {"margin": 0.3}),
]


def given(name: str, shape: tuple[int, ...]) -> list[Numbers]:
    slots = LOSSES.find(name).slots
    values = [RANDOM.normal(size=shape).astype(np.float32) for _ in slots]
    # Alike and different pairs: the third value of a triplet is no target.
    return values if name == "triplet" else [*values, (np.arange(np.prod(shape[:-1])) % 2).reshape(shape[:-1])]


@pytest.mark.parametrize("shape", [(7, 3), (1, 5), (3, 2, 4)])
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_values_and_gradients_are_those_of_the_formula(
    name: str, arguments: dict[str, Any], shape: tuple[int, ...]
) -> None:
    loss, values = LOSSES.build({name: arguments}), given(name, shape)
    floats = len(loss.slots)
    target = [] if floats < len(values) else [None]

    def elements(*slots: Any) -> Any:
        return loss.elements(*slots, *values[floats:], *target)

    np.testing.assert_allclose(elements(*values[:floats]), FORMULAS[name](*values, **arguments), rtol=1e-5, atol=1e-6)
    gradients = jax.grad(lambda slots: jnp.sum(elements(*slots)))([jnp.asarray(v) for v in values[:floats]])
    for place in range(floats):
        step = RANDOM.normal(size=shape)
        moved = [
            [v.astype(np.float64) + (sign * 1e-5 * step if i == place else 0) for i, v in enumerate(values[:floats])]
            for sign in (1, -1)
        ]
        ahead, behind = (FORMULAS[name](*slots, *values[floats:], **arguments).sum() for slots in moved)
        slope = (ahead - behind) / 2e-5
        np.testing.assert_allclose((gradients[place] * step).sum(), slope, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("distance", ["euclidean", "squared_euclidean", "manhattan", "cosine"])
@pytest.mark.parametrize("name", ["contrastive", "triplet"])
def test_gradients_are_finite_where_vectors_are_equal(name: str, distance: str) -> None:
    loss = LOSSES.build({name: {"distance": distance}})
    values = [jnp.asarray([[0.0], [1e-20], [1.0], [1e4]] * 2) * jnp.ones(3)] * len(loss.slots)
    target = jnp.asarray([0] * 4 + [1] * 4) if loss.takes_target else None
    gradients = jax.grad(lambda slots: jnp.sum(loss.elements(*slots, target)))(values)
    assert np.isfinite(gradients).all()


def siamese(term: Any, **targets: Any) -> dict[str, Any]:
    return {
        "modelc": 1,
        "model": {
            "inputs": {"x": {"shape": [4]}},
            "nodes": {
                "a": {"from": "x", "dense": 2},
                "b": {"from": "x", "dense": {"units": 2, "activation": "tanh"}},
                "c": {"from": "x", "dense": 3},
            },
            "outputs": ["a", "b", "c"],
        },
        "data": {"source": {"npz": "rows.npz"}, "targets": {"c": {"category": "y"}, **targets}},
        "train": {
            "losses": {"match": term, "c": "cross_entropy"},
            "optimizer": {"sgd": 0.1},
            "batch_size": 8,
            "epochs": 2,
        },
    }


def test_a_term_of_two_values_is_trained_and_evaluated(tmp_path: Path) -> None:
    raw = siamese({"contrastive": {"margin": 2.0}, "of": ["a", "b"], "weight": 0.5}, match={"array": "same"})
    same = (np.arange(29) % 2).astype(np.float32)
    task, dataset = ready(raw, write_rows(tmp_path, 29, same=same))
    watcher = Watcher()
    fit(prepare(task), dataset, Execution("scan", 256, "test"), watcher, lambda: False)
    assert watcher.records[-1].values["train/match/loss"] < watcher.records[0].values["train/match/loss"]
    last = watcher.snapshots[-1]
    said = evaluate(prepare(task), last.params, last.state, dataset.train)
    x = dataset.train.inputs["x"]
    a = x @ last.params["a"]["kernel"] + last.params["a"]["bias"]
    # The loss is of the node's value, its activation included.
    b = np.tanh(x @ last.params["b"]["kernel"] + last.params["b"]["bias"])
    assert said["match/loss"] == pytest.approx(hadsell(a, b, same, 2.0).mean(), rel=1e-5)
    assert said["loss"] == pytest.approx(0.5 * said["match/loss"] + said["c/loss"], rel=1e-5)


def test_values_are_told_apart_by_name(tmp_path: Path) -> None:
    raw = siamese({"triplet": {}, "of": {"negative": "x_c", "anchor": "a", "positive": "b"}})
    raw["model"]["nodes"]["x_c"] = {"from": "c", "dense": 2}
    task, _ = ready(raw, write_rows(tmp_path))
    assert [str(edge) for edge in task.terms[0].of] == ["a", "b", "x_c"]
    assert task.terms[0].target is None


@pytest.mark.parametrize(
    ("term", "code", "message", "cure"),
    [
        ("contrastive", "E204", "takes 2 values, `first`, `second`, but the term has no `of`", "`of: [first, second]`"),
        (
            {"contrastive": {}, "of": "a"},
            "E204",
            "takes 2 values, `first`, `second`, but `of` names 1",
            "[first, second]",
        ),
        ({"triplet": {}, "of": {"ancor": "a"}}, "E204", "`triplet` has no input `ancor`", "`anchor`"),
        ({"mean_squared_error": {}, "of": ["a", "b"]}, "E204", "this loss takes one value, but `of` names 2", ""),
        ({"contrastive": {}, "of": ["a", "q"]}, "E205", "uses `q`, which is neither an output nor a node", ""),
        ({"contrastive": {}, "of": ["a", "b.state"]}, "E203", "`b` has no port `state`", ""),
        ({"contrastive": {}, "of": ["a", "c"]}, "E304", "vectors of shape [2] cannot be compared", "one shape"),
        ({"triplet": {}, "of": ["a", "b", "a"], "target": "c"}, "E205", "`triplet` does not take a target", "remove"),
    ],
)
def test_what_a_term_is_of_is_checked(term: Any, code: str, message: str, cure: str) -> None:
    found = check(json.dumps(siamese(term)), "spec.json").problems
    problem = next(problem for problem in found if problem.code == code)
    assert message in problem.message
    assert any(cure in text for text in problem.helps) or not cure


def test_the_target_of_a_pair_says_one_thing_of_each_pair() -> None:
    with pytest.raises(PlanError, match=r"need a target of shape \[5\], got \[\]"):
        LOSSES.build("contrastive").plan(TensorType((5, 2)), TensorType((5, 2)), TensorType(()))
    assert LOSSES.build("contrastive").plan(TensorType((5, 2)), TensorType((5, 2)), TensorType((5,), "bool")) == (5,)


@pytest.mark.parametrize("distance", ["squared_euclidean", "manhattan", "euclidean"])
def test_different_pairs_beyond_the_margin_are_no_loss_however_far(distance: str) -> None:
    loss = LOSSES.build({"contrastive": {"distance": distance}})
    far, near = jnp.full((1, 2), 2e19), jnp.zeros((1, 2))
    value, slope = jax.value_and_grad(lambda far: jnp.sum(loss.elements(far, near, jnp.zeros(1))))(far)
    assert value == 0 and not slope.any()
