"""`class_weight: balanced`: numbers from the training rows alone, those of scikit-learn, kept in the run."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from modelc.compiler.api import load
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.losses import LOSSES
from modelc.runtime.data.class_balance import balanced, balanced_spec
from modelc.runtime.data.data_check import check_data
from tests.runtime.small import ready, spec, write_rows

Numbers = np.ndarray[Any, Any]
LABELS = np.asarray([0, 1, 1, 2, 2, 2, 2, 1, 0, 2, 1, 2] + [0] * 8, np.int32)
TRAINED = 12


def weighing(loss: str = "cross_entropy", reader: Any = None, units: int = 3, **siblings: Any) -> dict[str, Any]:
    layers = [{"dense": units, "name": "y"}]
    data = {"targets": {"y": reader or {"category": "y"}}, "validation": {"last": 8}}
    raw = spec(layers, loss=None, losses={"y": {loss: {"class_weight": "balanced"}, **siblings}}, data=data)
    if siblings:
        raw["data"]["targets"]["keep"] = {"array": "keep"}
    return raw


def weights(task: Task) -> dict[str, float]:
    found: dict[str, float] = task.terms[0].loss.model_dump()["class_weight"]
    return found


WANTED = compute_class_weight("balanced", classes=np.arange(3), y=LABELS[:TRAINED])


@pytest.mark.parametrize("loss", ["cross_entropy", "focal_cross_entropy", "categorical_hinge"])
@pytest.mark.parametrize("target", ["labels", "one-hot", "names"])
def test_weights_are_those_of_scikit_learn_for_the_training_rows(tmp_path: Path, loss: str, target: str) -> None:
    reader = {
        "labels": {"category": "y"},
        "one-hot": {"array": "y"},
        "names": {"category": {"column": "y", "classes": ["cat", "dog", "1"]}},
    }[target]
    y = np.eye(3, dtype=np.float32)[LABELS] if target == "one-hot" else LABELS
    task, dataset = ready(weighing(loss, reader), write_rows(tmp_path, 20, y=y))
    found = balanced(task, dataset.train)
    assert list(weights(found).values()) == pytest.approx(list(WANTED))
    # What the run keeps is read again to the same bits, by the names of the classes.
    kept = balanced_spec(task.spec.document.data, found)
    again = load(json.loads(json.dumps(kept)))
    assert weights(again) == weights(found)
    assert list(kept["train"]["losses"]["y"][loss]["class_weight"]) == (
        ["cat", "dog", "1"] if target == "names" else ["0", "1", "2"]
    )


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "binary_focal_cross_entropy"])
def test_yes_and_no_are_balanced(tmp_path: Path, loss: str) -> None:
    task, dataset = ready(weighing(loss, {"array": "y"}, 1), write_rows(tmp_path, 20, y=(LABELS > 1).astype(np.int32)))
    wanted = compute_class_weight("balanced", classes=np.arange(2), y=LABELS[:TRAINED] > 1)
    assert list(weights(balanced(task, dataset.train)).values()) == pytest.approx(list(wanted))


def test_what_a_mask_leaves_out_is_not_counted(tmp_path: Path) -> None:
    keep = np.arange(20) % 3 != 0
    root = write_rows(tmp_path, 20, y=np.where(keep, LABELS, -1), keep=keep)
    task, dataset = ready(weighing(reader={"array": "y"}, mask="keep"), root)
    wanted = compute_class_weight("balanced", classes=np.arange(3), y=LABELS[:TRAINED][keep[:TRAINED]])
    assert list(weights(balanced(task, dataset.train)).values()) == pytest.approx(list(wanted))


@pytest.mark.parametrize("target", ["labels", "one-hot"])
def test_steps_that_a_mask_leaves_out_are_not_counted(tmp_path: Path, target: str) -> None:
    raw = weighing(reader={"array": "y"}, mask="keep")
    raw["model"] = {"inputs": {"x": {"shape": [3, 4]}}, "layers": [{"dense": 3, "name": "y"}]}
    labels = np.stack([LABELS, np.roll(LABELS, 1), 2 - LABELS], axis=1)
    keep = np.arange(60).reshape(20, 3) % 4 != 1
    y = np.where(keep, labels, -1) if target == "labels" else np.where(keep[..., None], np.eye(3)[labels], np.nan)
    task, dataset = ready(raw, write_rows(tmp_path, 20, x=np.ones((20, 3, 4), np.float32), y=y, keep=keep))
    wanted = compute_class_weight("balanced", classes=np.arange(3), y=labels[:TRAINED][keep[:TRAINED]])
    assert list(weights(balanced(task, dataset.train)).values()) == pytest.approx(list(wanted))


def test_a_class_without_training_rows_is_an_error(tmp_path: Path) -> None:
    root = write_rows(tmp_path, 20, y=np.where(np.arange(20) < 12, LABELS % 2, 2).astype(np.int32))
    task, dataset = ready(weighing(reader={"category": {"column": "y", "classes": ["a", "b", "c"]}}), root)
    with pytest.raises(RunError, match="no training row of `y` has the class `c`") as caught:
        balanced(task, dataset.train)
    assert caught.value.code == "E404"
    assert [problem.code for problem in check_data(task, root)] == ["E404"]


def test_the_word_is_never_taken_for_numbers() -> None:
    loss = LOSSES.build({"cross_entropy": {"class_weight": "balanced"}})
    with pytest.raises(TypeError, match="balance"):
        loss.elements(jnp.zeros((2, 3)), jnp.zeros(2, jnp.int32))


@pytest.mark.parametrize("name", ["focal_cross_entropy", "categorical_hinge", "dice", "binary_focal_cross_entropy"])
def test_weights_are_factors_of_the_elements_of_their_class(name: str) -> None:
    random = np.random.default_rng(0)
    output = jnp.asarray(random.normal(size=(4, 5, 2)), jnp.float32)
    labels = jnp.asarray(random.integers(0, 2, size=(4, 5)))
    target = jax.nn.one_hot(labels, 2) if name.startswith("binary") else labels
    plain = LOSSES.build(name).elements(output, target)
    found = LOSSES.build({name: {"class_weight": {"0": 3.0, "1": 0.5}}}).elements(output, target)
    factors = {"dice": jnp.asarray([3.0, 0.5])}.get(name, jnp.where(target == 0, 3.0, 0.5))
    np.testing.assert_allclose(found, plain * factors, rtol=1e-6)


def test_learnt_classes_without_training_rows_do_not_count(tmp_path: Path) -> None:
    reader = {"category": {"column": "y", "vocabulary": 5}}
    names = np.asarray(["cat", "dog", "bat"])[LABELS]
    task, dataset = ready(weighing(reader=reader, units=5), write_rows(tmp_path, len(LABELS), y=names))
    learnt = dataset.train.learnt.of_key("targets/y")["names"]
    wanted = dict(zip(["cat", "dog", "bat"], WANTED, strict=True))
    found = weights(balanced(task, dataset.train))
    assert found == pytest.approx(
        {str(place): wanted[name] for place, name in enumerate(learnt)} | {"3": 1.0, "4": 1.0}
    )
