"""The `mask` of a loss term: elements where it is false are left out, whatever they and their targets hold."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.api import check, load
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.explain.summary import summarize
from modelc.compiler.graph.graph import Edge
from modelc.compiler.lowering.lower import Values
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.dataset import complete
from modelc.runtime.evaluate import evaluate
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from modelc.runtime.training.objective import losses
from tests.runtime.small import ready, write_rows
from tests.runtime.watching import Watcher

Numbers = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(5)
ROWS = 11


def spec(loss: Any = "cross_entropy", mask: Any = "valid") -> dict[str, Any]:
    """A tagger of four steps with two numbers each."""
    return {
        "modelc": 1,
        "model": {
            "inputs": {"x": {"shape": [4, 2]}, "keep": {"shape": [4], "dtype": "bool"}},
            "nodes": {"y": {"from": "x", "dense": 3}, "tail": {"from": "x", "dense": 1}},
            "outputs": ["y"],
        },
        "data": {
            "source": {"npz": "rows.npz"},
            "targets": {"y": {"array": "y"}, **({} if mask in ("keep", "tail") else {"valid": {"array": "valid"}})},
        },
        "train": {
            "losses": {"y": {**({loss: {}} if isinstance(loss, str) else loss), "mask": mask}},
            "metrics": ["accuracy"] if loss == "cross_entropy" else [],
            "optimizer": {"sgd": 0.1},
            "batch_size": 4,
            "epochs": 2,
        },
    }


def columns(valid: Numbers | None = None, **others: Numbers) -> dict[str, Numbers]:
    valid = RANDOM.uniform(size=(ROWS, 4)) > 0.4 if valid is None else valid
    y = RANDOM.integers(0, 3, size=(ROWS, 4)).astype(np.int32)
    x = RANDOM.normal(size=(ROWS, 4, 2)).astype(np.float32)
    return {"x": x, "y": y, "valid": valid, "keep": np.ones((ROWS, 4), bool), **others}


def test_training_and_evaluation_leave_out_what_a_column_masks(tmp_path: Path) -> None:
    given = columns()
    # -1 stands for no label, as such data has it: it is left out before it could be refused.
    given["y"] = np.where(given["valid"], given["y"], -1)
    task, dataset = ready(spec(), write_rows(tmp_path, ROWS, **given))
    watcher = Watcher()
    fit(prepare(task), dataset, Execution("scan", 256, "test"), watcher, lambda: False)
    last = watcher.snapshots[-1]
    said = evaluate(prepare(task), last.params, last.state, dataset.train)
    logits: Numbers = given["x"] @ last.params["y"]["kernel"] + last.params["y"]["bias"]
    kept = given["valid"]
    each = jax.nn.logsumexp(logits, axis=-1) - (np.eye(3)[given["y"]] * logits).sum(axis=-1)
    assert said["loss"] == pytest.approx(np.asarray(each)[kept].mean(), rel=1e-5)
    assert said["accuracy"] == pytest.approx((logits.argmax(-1) == given["y"])[kept].mean())


@pytest.mark.parametrize("column", [np.uint8, np.float32, np.int64])
def test_a_mask_column_may_be_numbers_that_are_0_or_1(tmp_path: Path, column: Any) -> None:
    valid = np.arange(ROWS * 4).reshape(ROWS, 4) % 3 == 0
    given = columns(valid.astype(column), y=np.where(valid, 1, 7).astype(np.int32))
    _, dataset = ready(spec(), write_rows(tmp_path, ROWS, **given))
    assert dataset.train.rows == ROWS
    given["valid"] = given["valid"] * 2
    with pytest.raises(
        RunError, match="`valid` has 15 values that are neither 0 nor 1, the first is 2 in row 0"
    ) as caught:
        ready(spec(), write_rows(tmp_path, ROWS, **given))
    assert caught.value.code == "E403"


def test_labels_that_count_are_checked_all_the_same(tmp_path: Path) -> None:
    given = columns(np.ones((ROWS, 4), bool))
    given["y"][2, 1] = 5
    with pytest.raises(RunError, match="outside 0 to 2, the first is 5 in row 2"):
        ready(spec(), write_rows(tmp_path, ROWS, **given))


def of_parts(raw: dict[str, Any], output: Any, target: Numbers, mask: Numbers, rows: Numbers) -> Any:
    """The loss and its gradient by the output, from values as a model would compute them."""
    checked = check(json.dumps(raw), "spec.json")
    assert checked.task is not None and not checked.errors
    task = prepare(checked.task)

    def loss(output: Any) -> Any:
        edges = {task.terms[0].of[0]: output}
        if isinstance(task.terms[0].mask, Edge):
            edges[task.terms[0].mask] = jnp.asarray(mask)
        values = Values(edges, dict.fromkeys(edges), {}, {})
        targets = {"y": jnp.asarray(target), "valid": jnp.asarray(mask)}
        return losses(task, {}, values, targets, jnp.asarray(rows))[0]

    return jax.value_and_grad(loss)(jnp.asarray(output))


@pytest.mark.parametrize("mask", ["valid", "keep"])
@pytest.mark.parametrize("loss", ["mean_squared_error", "cross_entropy", "poisson", "cosine_similarity", "huber"])
def test_what_is_left_out_may_be_nan_for_values_and_gradients(loss: str, mask: str) -> None:
    shape = (5, 4) if loss in ("cross_entropy", "cosine_similarity") else (5, 4, 3)
    kept, rows = RANDOM.uniform(size=shape) > 0.5, np.arange(5) < 4
    if mask == "keep":
        kept = RANDOM.uniform(size=(5, 4)) > 0.5
    output = RANDOM.uniform(0.5, 2.0, size=(5, 4, 3)).astype(np.float32)
    target: Numbers = RANDOM.uniform(size=(5, 4, 3)).astype(np.float32)
    counts = kept & rows.reshape(-1, *[1] * (kept.ndim - 1))
    spread = np.broadcast_to(counts.reshape(counts.shape + (1,) * (3 - counts.ndim)), output.shape)
    clean = of_parts(spec(loss, mask), output, target, kept, rows)
    dirty = of_parts(spec(loss, mask), np.where(spread, output, np.nan), np.where(spread, target, np.nan), kept, rows)
    np.testing.assert_array_equal(clean[0], dirty[0])
    np.testing.assert_array_equal(clean[1], dirty[1])
    assert clean[0] != 0
    assert not np.asarray(clean[1])[~spread].any()
    # The mean is over what is left in: the loss of a batch that has nothing else.
    alone = of_parts(spec(loss, mask), output[:4], target[:4], kept[:4], rows[:4])
    np.testing.assert_allclose(clean[0], alone[0], rtol=1e-6)


def test_where_nothing_counts_the_loss_is_zero() -> None:
    output = np.ones((2, 4, 3), np.float32)
    value, gradient = of_parts(spec(), output, np.zeros((2, 4), np.int32), np.zeros((2, 4), bool), np.ones(2, bool))
    assert value == 0
    assert not gradient.any()


def test_a_mask_that_the_model_computes_counts_where_it_is_not_0() -> None:
    output, target = RANDOM.normal(size=(3, 4, 3)).astype(np.float32), np.zeros((3, 4), np.int32)
    mask = np.asarray([[1, 0, 2, 0]] * 3, np.int32)
    kept = [spec(mask="keep") for _ in range(2)]
    kept[1]["model"]["inputs"]["keep"]["dtype"] = "int32"
    of_bools = of_parts(kept[0], output, target, mask > 0, np.ones(3, bool))
    of_numbers = of_parts(kept[1], output, target, mask, np.ones(3, bool))
    np.testing.assert_array_equal(of_bools[0], of_numbers[0])


@pytest.mark.parametrize(
    ("loss", "mask", "shape", "code", "message", "cure"),
    [
        ("cross_entropy", "vaild", None, "E205", "is `vaild`, which is not a target, input or node", "`valid`"),
        (
            "cross_entropy",
            "q",
            None,
            "E205",
            "is `q`, which is not a target, input or node",
            "`targets: {q: {array: q}}`",
        ),
        ("cross_entropy", 3, None, "E105", "`mask` must be the name of a target, an input or a node", ""),
        ("cross_entropy", "tail", None, "E304", "has values of float32, but a mask must be boolean", "`bool`"),
        ("cross_entropy", "y", None, "E205", "is both a target and an input or node", "another name"),
        (
            "cross_entropy",
            "valid",
            [3],
            "E304",
            "has shape [3], but the elements of `cross_entropy` have [4]",
            "leading axes",
        ),
        ("mean_squared_error", "valid", [4, 3, 1], "E304", "has shape [4, 3, 1], but the elements of", "leading axes"),
        ("dice", "valid", [4], "E304", "has shape [4], but `dice` has one value per row", "[]"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(
    tmp_path: Path, loss: str, mask: Any, shape: Any, code: str, message: str, cure: str
) -> None:
    raw = spec(loss, mask)
    problems = check(json.dumps(raw), "spec.json").errors
    if shape is not None:
        given = columns(y=np.zeros((ROWS, 4, 3) if loss == "mean_squared_error" else (ROWS, 4), np.int32))
        given["valid"] = np.ones((ROWS, *shape), bool)
        assert not problems
        with pytest.raises(SpecError) as caught:
            complete(load(raw), write_rows(tmp_path, ROWS, **given))
        problems = tuple(problem for problem in caught.value.problems if problem.is_error)
    assert [problem.code for problem in problems] == [code]
    assert message in problems[0].message
    assert any(cure in text for text in problems[0].helps) or not cure


def test_a_metric_over_an_axis_that_the_mask_is_about_is_refused(tmp_path: Path) -> None:
    raw = spec("mean_squared_error")
    raw["train"]["metrics"] = ["mean_squared_error", "cosine_similarity"]
    given = columns(y=np.zeros((ROWS, 4, 3), np.float32), valid=np.ones((ROWS, 4, 3), bool))

    with pytest.raises(SpecError) as caught:
        ready(raw, write_rows(tmp_path, ROWS, **given))
    problems = [problem for problem in caught.value.problems if problem.is_error]
    assert [problem.code for problem in problems] == ["E306"], problems
    assert "the mask `valid` of the loss" in problems[0].message


def test_a_summary_tells_of_masks() -> None:
    task = check(json.dumps(spec()), "spec.json").task
    assert task is not None
    assert summarize(task).terms[0].mask == "valid (column valid)"
    task = check(json.dumps(spec(mask="keep")), "spec.json").task
    assert task is not None
    assert summarize(task).terms[0].mask == "keep"
