"""Labels of the shape of an output: never a distribution, where the loss compares one."""

from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import Ended, modelc

SPEC = """modelc: 1
model: {{inputs: {{x: {{shape: [2]}}}}, layers: [{{dense: {{units: 2, activation: {activation}}}, name: y}}]}}
data: {{source: {{npz: rows.npz}}, targets: {{y: {reader}}}}}
train: {{loss: {loss}, optimizer: adam, epochs: 1}}
"""
NAMES = "{category: {column: y, classes: [a, b]}}"
NUMBERS = "{category: y}"
PAIRS = np.array([["a", "b"], ["b", "b"]] * 4)
ONE_HOT = np.array([[1, 0], [0, 1]] * 4)


def validated(folder: Path, target: np.ndarray, reader: str, loss: str, activation: str = "softmax") -> Ended:
    (folder / "s.yaml").write_text(SPEC.format(reader=reader, loss=loss, activation=activation))
    np.savez(folder / "rows.npz", x=np.ones((8, 2), np.float32), y=target)
    return modelc("validate", "--data", "s.yaml", cwd=folder)


@pytest.mark.parametrize("loss", ["cross_entropy", "focal_cross_entropy", "generalized_cross_entropy", "kl_divergence"])
@pytest.mark.parametrize(("target", "reader"), [(PAIRS, NAMES), (ONE_HOT, NUMBERS)])
def test_labels_are_no_distribution(tmp_path: Path, target: np.ndarray, reader: str, loss: str) -> None:
    ended = validated(tmp_path, target, reader, loss)
    assert ended.code == 1 and "error[E304]" in ended.out
    assert "the target has labels of shape [2], which are no distribution over the 2 values of the output" in ended.out


def test_training_refuses_them_as_well(tmp_path: Path) -> None:
    validated(tmp_path, PAIRS, NAMES, "cross_entropy")
    ended = modelc("train", "s.yaml", cwd=tmp_path)
    assert ended.code == 1 and "error[E304]" in ended.err and not (tmp_path / "runs").exists()


def test_copied_labels_are_labels(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("""modelc: 1
model:
  inputs: {x: {shape: [2], dtype: int32}}
  layers: [{category_encoding: 2}, {dense: {units: 2, activation: softmax}, name: y}]
data: {source: {npz: rows.npz}, inputs: {x: {category: {column: x, classes: 2}}}, targets: {y: {same_as: x}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
""")
    np.savez(tmp_path / "rows.npz", x=ONE_HOT)
    ended = modelc("validate", "--data", "s.yaml", cwd=tmp_path)
    assert ended.code == 1 and "which are no distribution" in ended.out, ended


@pytest.mark.parametrize(
    ("target", "reader", "loss", "activation"),
    [
        (ONE_HOT, "{array: y}", "cross_entropy", "softmax"),
        (ONE_HOT.astype(np.float32), "{array: y}", "kl_divergence", "softmax"),
        (PAIRS[:, 0], NAMES, "cross_entropy", "softmax"),
        (PAIRS, NAMES, "binary_cross_entropy", "sigmoid"),
        (ONE_HOT, NUMBERS, "mean_squared_error", "linear"),
    ],
)
def test_what_is_a_distribution_or_answers_value_by_value_is_taken(
    tmp_path: Path, target: np.ndarray, reader: str, loss: str, activation: str
) -> None:
    ended = validated(tmp_path, target, reader, loss, activation)
    assert ended.code == 0, ended.out + ended.err
