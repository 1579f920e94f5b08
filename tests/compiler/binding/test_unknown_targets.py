"""What is said of a target whose column no file has told yet: what no column could mend is an error, the rest a warning."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.binding.binder import bind
from modelc.compiler.binding.source_headers import Headers
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.metrics import METRICS
from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [{{dense: {{units: {units}, activation: {activation}}}, name: y}}]}}
data:
  source: {{npz: gone.npz}}
  targets: {{y: {reader}}}
train:
  loss: {loss}
  metrics: {metrics}
  optimizer: adam
  epochs: 1
"""
EXAMPLES = [f"{{{METRICS.find(name).example}}}" if ":" in METRICS.find(name).example else name for name in METRICS]
LOSSES = {
    "mean_squared_error": ("linear", "softmax"),
    "binary_cross_entropy": ("sigmoid", "linear"),
    "cross_entropy": ("softmax",),
    "categorical_hinge": ("linear",),
    "kl_divergence": ("softmax",),
    "cosine_similarity": ("linear",),
    "binary_dice": ("sigmoid",),
    "hinge": ("linear",),
}
READERS = ("{array: y}", "{category: y}", "{category: {column: y, classes: 3}}", "{array: {column: y, shape: [3]}}")


def spec_of(
    loss: str = "mean_squared_error",
    units: int = 3,
    activation: str = "linear",
    reader: str = "{array: y}",
    metrics: str = "[]",
) -> str:
    return SPEC.format(units=units, activation=activation, reader=reader, loss=loss, metrics=metrics)


def found(text: str) -> list[str]:
    return [problem.code for problem in check(text, "spec.yaml").problems]


@cache
def columns() -> tuple[Column, ...]:
    shapes = ((), (1,), (3,), (2,), (1, 1), (3, 1))
    return tuple(
        Column(TensorType(shape, dtype)) for shape in shapes for dtype in ("float32", "int32", "uint8", "bool")
    )


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize(
    ("loss", "activation"), [(loss, activation) for loss, several in LOSSES.items() for activation in several]
)
def test_a_metric_is_refused_exactly_where_no_column_would_do(
    loss: str, activation: str, units: int, reader: str
) -> None:
    checked = check(spec_of(loss, units, activation, reader, f"[{', '.join(EXAMPLES)}]"), "spec.yaml")
    assert checked.task is not None
    spec, planned = checked.task.spec, checked.task.planned
    alone = {problem.path for problem in checked.errors}
    fitting = []
    for column in columns():
        known = {"x": Column(TensorType((4,), "float32")), "y": column}
        task, problems = bind(spec, planned, Headers(known))
        errors = {problem.path for problem in problems if problem.is_error}
        if task.terms and not any(path[:2] != ("train", "metrics") for path in errors):
            fitting.append(errors)
    # Where the loss fits no column, the spec alone tells that.
    assert alone == set.intersection(*fitting) if fitting else alone


UNLIKELY = {
    "W914": spec_of(metrics="[accuracy]"),
    "W915": spec_of("binary_cross_entropy", 2, "sigmoid", "{category: {column: y, classes: [no, yes]}}"),
    "W916": spec_of("binary_cross_entropy", 1, "sigmoid", "{category: {column: y, classes: 3}}"),
}


@pytest.mark.parametrize("code", UNLIKELY)
def test_what_is_hardly_meant_is_a_warning_that_a_comment_suppresses(tmp_path: Path, code: str) -> None:
    (tmp_path / "spec.yaml").write_text(UNLIKELY[code], encoding="utf-8")
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 0 and ended.out.count("warning[") == 1 and f"warning[{code}]" in ended.out
    assert modelc("validate", "--strict", "spec.yaml", cwd=tmp_path).code == 1
    line = "  metrics: [accuracy]" if code == "W914" else "  loss: binary_cross_entropy"
    commented = UNLIKELY[code].replace(line, f"{line}  # modelc: ignore {code}")
    (tmp_path / "spec.yaml").write_text(commented, encoding="utf-8")
    assert modelc("validate", "--strict", "spec.yaml", cwd=tmp_path).out == "1 file is valid\n"


@pytest.mark.parametrize(
    "text",
    [
        spec_of(activation="softmax", metrics="[accuracy, precision]"),
        spec_of(activation="sigmoid", metrics="[accuracy]"),
        spec_of("categorical_hinge", metrics="[accuracy]"),
        spec_of("binary_cross_entropy", 3, "sigmoid", metrics="[accuracy]"),
        spec_of(metrics="[mean_absolute_error, r2]"),
        spec_of("binary_cross_entropy", 1, "sigmoid", "{category: {column: y, classes: 2}}", "[accuracy]"),
        spec_of("binary_cross_entropy", 2, "sigmoid", "{category: {column: y, classes: 2, shape: [2]}}"),
        spec_of("binary_cross_entropy", 2, "sigmoid", "{array: y}"),
        spec_of("cross_entropy", 3, "softmax", "{category: {column: y, classes: 3}}", "[accuracy]"),
    ],
)
def test_what_is_meant_is_no_warning(text: str) -> None:
    assert found(text) == []


def test_a_column_that_is_known_has_its_own_answer(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(UNLIKELY["W915"].replace("gone", "rows"), encoding="utf-8")
    x = np.zeros((9, 4), np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=np.array(["no", "yes", "no"] * 3))
    out = modelc("validate", "spec.yaml", cwd=tmp_path).out
    assert "error[E304]" in out and "labels of 2 classes go with `cross_entropy`" in out and "W915" not in out
    np.savez(tmp_path / "rows.npz", x=x, y=np.array([["no", "yes"]] * 9))
    assert modelc("validate", "--data", "--strict", "spec.yaml", cwd=tmp_path).code == 0


def test_a_loss_of_distributions_is_refused_labels_once_whether_the_column_is_known_or_not() -> None:
    text = spec_of("kl_divergence", 3, "softmax", "{category: y}", "[accuracy, kl_divergence]")
    assert found(text) == ["E304"]
    checked = check(text, "spec.yaml")
    assert checked.task is not None
    for shape in ((), (3,)):
        known = {"x": Column(TensorType((4,), "float32")), "y": Column(TensorType(shape, "int32"))}
        _, problems = bind(checked.task.spec, checked.task.planned, Headers(known))
        assert [problem.code for problem in problems] == ["E304"]


@pytest.mark.parametrize(
    ("loss", "reader", "codes"),
    [
        ("mean_squared_error", "{array: {column: y, shape: [4]}}", ["E304"]),
        ("mean_squared_error", "{array: {column: y, shape: [3]}}", []),
        ("cross_entropy", "{category: {column: y, shape: [2]}}", ["E304"]),
        ("cross_entropy", "{category: {column: y, shape: []}}", []),
        ("cross_entropy", "{array: {column: y, shape: [3]}}", []),
    ],
)
def test_a_shape_that_the_reader_states_is_held_against_the_loss(loss: str, reader: str, codes: list[str]) -> None:
    assert found(spec_of(loss, 3, "softmax" if loss == "cross_entropy" else "linear", reader)) == codes


def test_a_stated_shape_of_one_number_fits_a_single_unit_as_its_column_does() -> None:
    assert found(spec_of(units=1, reader="{array: {column: y, shape: []}}")) == []
    assert found(spec_of("binary_cross_entropy", 1, "sigmoid", "{category: {column: y, shape: []}}")) == []


def test_a_stated_shape_is_held_against_the_input() -> None:
    text = spec_of().replace("  targets", "  inputs: {x: {array: {column: x, shape: [2, 2]}}}\n  targets")
    assert found(text) == ["E402"]
    assert found(text.replace("[2, 2]", "[4]")) == []
