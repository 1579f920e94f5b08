"""What the backward pass computes again: the step needs less memory, and makes the same weights."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.training.step import make
from tests.runtime.kinds import IMAGE, raw_of, rows_in
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.training.test_loop import train

BATCH = 1024
CHAIN = [{"dense": 32}, *([{"dense": 32}, "gelu"] * 12), {"dense": 3, "name": "y"}]
BLOCK = {"residual": ["layer_norm", {"dense": 128}, "gelu", {"dense": 32}]}


def repeated(times: int) -> list[Any]:
    return [{"dense": 32}, {**BLOCK, "repeat": times, "name": "b"}, {"dense": 3, "name": "y"}]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    return write_rows(tmp_path_factory.mktemp("rows"), BATCH)


def peak(root: Root, layers: list[Any], again: Any) -> int:
    """What XLA needs for a step beside what is given to it."""
    task, dataset = ready(spec(layers, batch_size=BATCH, gradient_checkpointing=again), root)
    steps = make(prepare(task), 10)
    data: Any = {"inputs": dict(dataset.train.inputs), "targets": dict(dataset.train.targets)}
    rows = jnp.zeros((1, BATCH), jnp.int32), jnp.full((1,), BATCH, jnp.int32), jnp.int32(0)
    state: Any = jax.eval_shape(steps.first)
    lowered: Any = steps.single
    return int(
        lowered.lower(state, steps.zero(data, BATCH), data, *rows).compile().memory_analysis().temp_size_in_bytes
    )


@pytest.mark.parametrize(
    ("layers", "again", "part"),
    [(CHAIN, True, 0.4), (repeated(12), True, 0.3), (repeated(4), ["b/*"], 0.5)],
    ids=["chain", "rolled", "copies"],
)
def test_a_step_needs_less_memory(root: Root, layers: list[Any], again: Any, part: float) -> None:
    assert peak(root, layers, again) < part * peak(root, layers, False)


@pytest.mark.parametrize(
    ("kind", "again"),
    [("image", True), ("blocks", True), ("blocks", ["**/self_attention"]), ("series", ["**"])],
    ids=["statistics", "loop", "inside-a-loop", "per-row-state"],
)
def test_the_weights_are_those_without(kind: str, again: Any, tmp_path: Path) -> None:
    root, raw = rows_in(tmp_path), raw_of(kind)
    if kind == "image":
        # The gradient of a bias before `batch_norm` is rounding alone, of which Adam makes steps of full length.
        layers = [{"conv2d": {**one["conv2d"], "use_bias": False}} if "conv2d" in one else one for one in IMAGE]
        raw["model"]["layers"] = layers
    raw["train"]["epochs"] = 1
    kept, computed = (
        train({**raw, "train": {**raw["train"], "gradient_checkpointing": one}}, root) for one in (False, again)
    )
    for one, other in zip(kept.records, computed.records, strict=True):
        assert other.values == pytest.approx(one.values, rel=1e-4)
    for what in ("params", "state"):
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5),
            getattr(kept.snapshots[-1], what),
            getattr(computed.snapshots[-1], what),
        )


TEXT = """\
modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [{dense: 4, name: hidden}, relu, {dense: 3, name: y}]}
data: {source: {npz: rows.npz}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1, gradient_checkpointing: AGAIN}
"""


def test_patterns_that_stand_for_nothing_are_errors_at_their_place() -> None:
    assert not check(TEXT.replace("AGAIN", "[hidden, '**/relu']"), "spec.yaml").problems
    [problem] = check(TEXT.replace("AGAIN", "[relu, hiden]"), "spec.yaml").problems
    assert (problem.code, problem.message) == ("E205", "`hiden` stands for no node of the model")
    assert problem.helps == ("did you mean `hidden`?",) and problem.label.place.line == 4
    [problem] = check(TEXT.replace("AGAIN", "[]"), "spec.yaml").problems
    assert problem.code == "E104"
