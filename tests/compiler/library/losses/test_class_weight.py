"""Class weights of losses: values against Keras, classes by name and by index, and what is said of others."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights

from modelc.compiler.api import check, load
from modelc.compiler.diagnostics.exceptions import PlanError, SpecError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.losses.class_weight import WeighsClasses, by_index
from modelc.runtime.data.dataset import complete
from tests.places import words_at
from tests.runtime.small import spec, write_rows

reference: Any = keras.losses
RANDOM = np.random.default_rng(5)
LOGITS = (3 * RANDOM.normal(size=(9, 4))).astype(np.float32)
LABELS = RANDOM.integers(0, 4, size=9).astype(np.int32)
WEIGHTS = {0: 2.0, 2: 0.25, 3: 0.0}


def weighted(name: str, weights: dict[int, float], target: Any, output: Any = LOGITS, **arguments: float) -> float:
    notation = {name: {"class_weight": {str(index): weight for index, weight in weights.items()}, **arguments}}
    return float(jnp.mean(LOSSES.build(notation).elements(jnp.asarray(output), jnp.asarray(target))))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("target", [LABELS, np.eye(4, dtype=np.float32)[LABELS]], ids=["labels", "one-hot"])
def test_a_weighted_cross_entropy_is_that_of_keras_divided_by_rows(target: Any, smoothing: float) -> None:
    one_hot = np.eye(4, dtype=np.float32)[LABELS]
    wanted = reference.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)(
        one_hot, LOGITS, sample_weight=class_weight_to_sample_weights(LABELS, WEIGHTS)
    )
    found = weighted("cross_entropy", WEIGHTS, target, label_smoothing=smoothing)
    assert found == pytest.approx(float(wanted), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_weighted_binary_cross_entropy_is_that_of_keras_divided_by_rows(smoothing: float) -> None:
    truth, output = (LABELS[:, None] > 1).astype(np.float32), LOGITS[:, :1]
    wanted = reference.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)(
        truth, output, sample_weight=class_weight_to_sample_weights(truth, {0: 0.5, 1: 3.0})
    )
    found = weighted("binary_cross_entropy", {0: 0.5, 1: 3.0}, truth, output, label_smoothing=smoothing)
    assert found == pytest.approx(float(wanted), rel=1e-5)


def test_a_label_that_is_no_class_stays_nan_when_weighted() -> None:
    loss = LOSSES.build({"cross_entropy": {"class_weight": {"0": 0.0}}})
    assert np.isnan(loss.elements(jnp.zeros((1, 4)), jnp.asarray([4]))).all()


@pytest.mark.parametrize(
    ("weights", "names", "indexes"),
    [
        ({"cat": 2.0, "1": 3.0}, ("cat", "dog"), {"0": 2.0, "1": 3.0}),
        ({"1": 2.0, "2": 3.0}, ("1", "2"), {"0": 2.0, "1": 3.0}),
        ({"1": 2.0}, (), {"1": 2.0}),
        ({"$$us": 2.0, "$$$eu": 3.0}, ("$us", "$$eu"), {"0": 2.0, "1": 3.0}),
    ],
)
def test_classes_are_found_by_name_then_by_index(
    weights: dict[str, float], names: tuple[str, ...], indexes: dict[str, float]
) -> None:
    assert by_index(weights, names, 2) == indexes


@pytest.mark.parametrize(
    ("weights", "names", "message", "cure"),
    [
        ({"dgo": 2.0}, ("cat", "dog"), "unknown class `dgo` in `class_weight`", "did you mean `dog`?"),
        ({"$$uss": 2.0}, ("$us", "eur"), "unknown class `$$uss` in `class_weight`", "did you mean `$$us`?"),
        ({"dog": 2.0}, (), "unknown class `dog` in `class_weight`", "indexes from 0 to 1"),
        ({"0": 2.0}, ("1", "2"), "unknown class `0` in `class_weight`", "names of the classes"),
        ({"2": 2.0}, ("cat", "dog"), "the class 2, but there are 2 classes", "from 0 to 1"),
        ({"-1": 2.0}, (), "unknown class `-1` in `class_weight`", "indexes from 0 to 1"),
        ({"cat": 2.0, "0": 1.0}, ("cat", "dog"), "`cat` twice", "once"),
    ],
)
def test_other_classes_are_refused_with_a_cure(
    weights: dict[str, float], names: tuple[str, ...], message: str, cure: str
) -> None:
    with pytest.raises(PlanError) as caught:
        by_index(weights, names, 2)
    assert caught.value.code == "E304" and caught.value.argument == "class_weight"
    assert message in caught.value.message and cure in caught.value.help


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy"])
def test_losses_take_the_names_of_classes(name: str) -> None:
    loss = LOSSES.build({name: {"class_weight": {"dog": 2.0}}})
    assert loss.with_classes(("cat", "dog"), TensorType((2,))).model_dump()["class_weight"] == {"1": 2.0}


def weighing(weights: Any, reader: Any) -> dict[str, Any]:
    return spec(loss={"cross_entropy": {"class_weight": weights}}, data={"targets": {"y": reader}})


def test_names_from_the_reader_become_indexes_of_the_term() -> None:
    task = load(weighing({"c": 4, "a": 2}, {"category": {"column": "y", "classes": ["a", "b", "c"]}}))
    assert task.terms[0].loss.model_dump()["class_weight"] == {"2": 4.0, "0": 2.0}


def test_names_wait_for_the_data_where_only_it_can_tell_them(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    task = load(weighing({"1": 4, "c": 2}, {"category": "y"}))
    with pytest.raises(SpecError, match="unknown class `c` in `class_weight`"):
        complete(task, root)
    task, _ = complete(load(weighing({"1": 4}, {"category": "y"})), root)
    assert task.terms[0].loss.model_dump()["class_weight"]


def test_an_unknown_class_is_reported_where_it_is_written() -> None:
    text = """\
modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [dense: 2]}
data: {source: {npz: rows.npz}, targets: {output: {category: {column: y, classes: [cat, dog]}}}}
train:
  loss:
    cross_entropy:
      class_weight: {dgo: 3}
  optimizer: adam
  epochs: 1
"""
    (problem,) = check(text.encode(), "spec.yaml").problems
    assert (problem.code, words_at(text, problem.label.place)) == ("E304", "dgo")
    assert problem.helps == ("did you mean `dog`?",)


@pytest.mark.parametrize(
    ("written", "help"), [("balance", "for example"), ([1, 2], "write `class_weight: {0: 1, 1: 2}`")]
)
def test_what_is_no_mapping_is_refused_with_what_to_write(written: Any, help: str) -> None:
    with pytest.raises(SpecError, match="`class_weight` must be a mapping") as caught:
        load(weighing(written, {"category": "y"}))
    (problem,) = caught.value.problems
    assert help in problem.helps[0]


DOLLARS = """modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [{dense: 2, name: y}]}
data:
  source: {npz: rows.npz}
  targets: {y: {category: {column: y, classes: ["$$us", eur]}}}
train: {loss: {cross_entropy: {class_weight: {"$$us": 3.0, eur: 1.0}}}, optimizer: {sgd: 0.1}, epochs: 1}
"""


def test_a_class_whose_name_begins_with_a_dollar_is_weighted_by_its_name() -> None:
    found = check(DOLLARS, "spec.yaml")
    assert found.problems == () and found.task is not None
    (term,) = found.task.terms
    assert isinstance(term.loss, WeighsClasses) and term.loss.class_weight == {"0": 3.0, "1": 1.0}
    (problem,) = check(DOLLARS.replace('{"$$us": 3', '{"$us": 3'), "spec.yaml").problems
    assert (problem.code, problem.helps) == ("E004", ("for the class of this name write `$$us`",))
    (problem,) = check(DOLLARS.replace("loss:", "$loss:"), "spec.yaml").errors[:1]
    assert (problem.code, problem.helps) == ("E004", ("write the key itself",))
