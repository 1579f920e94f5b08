"""The data of summaries, and values in the notation of specs."""

from pathlib import Path
from typing import Any

import jax
import pytest

import modelc
from modelc.compiler.api import load
from modelc.compiler.explain.pretty_printer import show_named, show_number, show_value
from modelc.compiler.explain.summary import Count, Summary, summarize
from modelc.compiler.library.layers import LAYERS


def summary(layers: str, shape: str = "[8, 8, 3]", dtype: str = "float32") -> Summary:
    spec = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: {shape}, dtype: {dtype}}}}}, layers: {layers}}}\n"
    return summarize(load_text(spec))


def load_text(text: str) -> Any:
    from modelc.compiler.api import check

    found = check(text, "spec.yaml")
    assert not found.problems
    return found.task


@pytest.mark.parametrize(
    ("layers", "trainable", "state"),
    [
        # Counts of Keras 3.15 for the same layers on the same input.
        ("[conv2d: {filters: 4, kernel_size: 3}]", 112, 0),
        ("[conv2d: {filters: 6, kernel_size: [2, 3], groups: 3, use_bias: false}]", 36, 0),
        ("[batch_norm]", 6, 6),
        ("[batch_norm: {center: false}]", 3, 6),
        ("[flatten, dense: 10]", 1930, 0),
        ("[reshape: [64, 3], lstm: 5]", 180, 0),
        ("[reshape: [64, 3], bidirectional: {layer: {lstm: 5}}]", 360, 0),
        ("[flatten, layer_norm, dropout: 0.5]", 384, 0),
    ],
)
def test_parameters_are_counted_as_keras_counts_them(layers: str, trainable: int, state: int) -> None:
    found = summary(layers)
    assert (found.trainable, found.state) == (Count(trainable, 4 * trainable), Count(state, 4 * state))
    assert found.total.values == trainable + state == sum(row.parameters for row in found.rows)


def test_rows_tell_shapes_types_and_edges() -> None:
    image, flat, dense = summary("[flatten, dense: 2]").rows
    assert (image.path, image.layer, image.inputs) == ("x", "input", ())
    assert (flat.path, flat.output.shape, flat.inputs) == ("flatten", (192,), ("x",))
    assert (dense.notation, dense.inputs) == ("dense: 2", ("flatten",))


def test_ports_are_told_where_there_are_several() -> None:
    row = summary("[lstm: 5]", "[7, 2]").rows[-1]
    assert [name for name, _ in row.ports] == ["output", "state_h", "state_c"]


def test_integers_keep_their_type() -> None:
    assert summary("[embedding: {input_dim: 9, output_dim: 2}]", "[3]", "int32").rows[0].output.dtype == "int32"


DIGITS = {
    "modelc": 1,
    "model": {"inputs": {"image": {"shape": [8, 8]}}, "layers": ["flatten", {"dense": 10, "name": "digit"}]},
    "data": {"source": "digits", "targets": {"digit": {"category": "label"}}, "validation": {"last": 100}},
    "train": {"loss": "cross_entropy", "optimizer": "adam", "epochs": 1},
}


def test_a_loss_is_shown_with_what_it_takes_and_what_it_meets() -> None:
    found = summarize(load(DIGITS))
    (term,) = found.terms
    assert (term.of, term.activation, term.link, term.target, term.subject) == (
        "digit",
        "",
        "softmax",
        "digit",
        "column label",
    )
    assert term.classes == 10 and not term.repaired
    assert (found.length, found.validation) == ("1 epoch", "the last 100 rows")


@pytest.mark.parametrize(
    ("lengths", "shown"),
    [
        ({"time": "90 s"}, "90 s"),
        ({"epochs": 5, "time": "120 s"}, "5 epochs, at most 2 min"),
        ({"steps": 1, "time": "1.5 h"}, "1 step, at most 90 min"),
        ({"phases": [{"name": "a", "epochs": 2}, {"name": "b", "epochs": 3}]}, "5 epochs"),
        ({"phases": [{"name": "a", "epochs": 2}, {"name": "b", "time": "3600 s"}]}, "2 epochs, then 1 h"),
    ],
)
def test_lengths_are_shown_in_words(lengths: Any, shown: str) -> None:
    whole: Any = DIGITS["train"]
    train = {key: value for key, value in whole.items() if key != "epochs"}
    assert summarize(load({**DIGITS, "train": {**train, **lengths}})).length == shown


def test_a_task_without_data_and_training_has_a_summary_too() -> None:
    found = summarize(load({"modelc": 1, "model": DIGITS["model"]}))
    assert (found.terms, found.optimizer, found.source, found.validation) == ((), "", "", "")


@pytest.mark.parametrize(
    "text",
    [
        "relu",
        "dense: 10",
        "dense: {units: 10, activation: relu}",
        "conv2d: {filters: 3, kernel_size: 2, strides: [1, 2]}",
        "rescaling: 1/255",
        "leaky_relu: 0.1",
        "dense: {units: 1, activation: {leaky_relu: 0.1}}",
        "bidirectional: {layer: {lstm: {units: 3, return_sequences: true}}, merge_mode: sum}",
        "layer_norm: {epsilon: 1e-5}",
        "reshape: [-1, 2]",
    ],
)
def test_a_layer_is_shown_as_a_spec_writes_it(text: str) -> None:
    from modelc.compiler.syntax.document import read

    document, _ = read(f"layer:\n  {text}\n", "spec.yaml")
    assert document is not None
    assert show_named(LAYERS.build(document.data["layer"])) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ("true", "'true'"),
        ("a b", "a b"),
        ("it's", "'it''s'"),
        ("1", "'1'"),
        ("", "''"),
        ({"a": [1, 2.5]}, "{a: [1, 2.5]}"),
    ],
)
def test_values_are_shown_so_that_they_are_read_back(value: object, text: str) -> None:
    from modelc.compiler.syntax.document import read

    document, problems = read(f"value: {text}\n", "spec.yaml")
    assert show_value(value) == text and document is not None and not problems
    assert document.data["value"] == value


@pytest.mark.parametrize(
    ("number", "text"), [(0.0, "0"), (1.0, "1"), (1e-5, "1e-5"), (1 / 255, "1/255"), (0.0625, "0.0625"), (1e20, "1e20")]
)
def test_numbers_are_as_short_as_they_can_be_read(number: float, text: str) -> None:
    assert show_number(number) == text


def test_a_layer_that_a_spec_names_no_arguments_of_is_shown_as_it_is_written() -> None:
    nodes = {
        "tokens": {"from": "text", "embedding": {"input_dim": 9, "output_dim": 4}},
        "next": {"from": "tokens", "unembed": "tokens"},
    }
    model = {"inputs": {"text": {"shape": [6], "dtype": "int32"}}, "nodes": nodes, "outputs": ["next"]}
    row = summarize(load({"modelc": 1, "model": model})).rows[-1]
    assert (row.layer, row.notation, row.parameters) == ("unembed", "unembed: tokens", 0)


def test_shared_weights_are_counted_at_the_node_that_is_shared() -> None:
    nodes = "{a: {from: x, share: z}, y: {from: [a, z], add}, z: {from: x, dense: 3}}"
    found = summarize(load_text(f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [4]}}}}, nodes: {nodes}, outputs: [y]}}\n"))
    assert {row.path: row.trainable.values for row in found.rows} == {"x": 0, "a": 0, "z": 15, "y": 0}
    assert found.total.values == 15


@pytest.mark.parametrize(
    ("output", "paths", "parameters"),
    [("h", ["x", "Back/h", "y"], 18 + 4), ("out", ["x", "Back/h", "Back/out", "y"], 18 + 28 + 8)],
)
def test_a_summary_is_of_what_is_trained(tmp_path: Path, output: str, paths: list[str], parameters: int) -> None:
    base = "modelc: 1\nmodel: {inputs: {x: {shape: [5]}}, nodes: {h: {from: x, dense: 3}, out: {from: h, dense: 7}}, outputs: [out]}"
    (tmp_path / "base.yaml").write_text(base)
    text = (
        f"modelc: 1\nblocks: {{Back: {{use: base.yaml, output: {output}}}}}\n"
        "model: {inputs: {x: {shape: [5]}}, layers: [Back, {dense: 1, name: y}]}"
    )
    (tmp_path / "spec.yaml").write_text(text)
    task = modelc.load(tmp_path / "spec.yaml")
    found = summarize(task)
    assert [row.path for row in found.rows] == paths
    weights, _ = modelc.compile(task).init(jax.random.key(0))
    assert found.total.values == parameters == sum(leaf.size for leaf in jax.tree.leaves(weights))
