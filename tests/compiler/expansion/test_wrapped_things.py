"""A wrapper whose mapping holds what it wraps, without the name of that argument: one layer in every form, wherever it is."""

from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.api import check, check_file
from modelc.compiler.expansion.resolved_spec import resolve
from modelc.compiler.expansion.yaml_writer import to_yaml
from modelc.compiler.library.layers import LAYERS
from tests.compiler.expansion.files import checked as checked_files
from tests.places import words_at

HEAD = "modelc: 1\n{}model:\n  inputs: {{x: {{shape: [5, 4]}}}}\n  layers: [{}]\n"


def layer(item: str, before: str = "") -> Any:
    """The last layer of a chain."""
    found = check(HEAD.format(before, item), "spec.yaml")
    assert found.task is not None and not found.problems, found.problems
    return found.task.planned.graph.nodes[-1].layer


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("bidirectional: {lstm: 4}", "bidirectional: {layer: {lstm: 4}}"),
        ("bidirectional: {lstm: {units: 4, return_sequences: true}}", "bidirectional: {layer: {lstm: {units: 4, return_sequences: true}}}"),
        ("bidirectional: {lstm: 4, merge_mode: sum}", "bidirectional: {merge_mode: sum, layer: {lstm: 4}}"),
        ("time_distributed: {relu: }", "time_distributed: relu"),
        ("time_distributed: {spectral_norm: {dense: 4}}", "time_distributed: {layer: {spectral_norm: {layer: {dense: 4}}}}"),
        ("time_distributed: [spectral_norm: {dense: 4}, relu]", "time_distributed: {layer: [spectral_norm: {layer: {dense: 4}}, relu]}"),
        ("activation: {leaky_relu: 0.1}", "activation: {function: {leaky_relu: 0.1}}"),
        ("bidirectional: {stacked_rnn: [lstm: 3, gru: 2]}", "bidirectional: {layer: {stacked_rnn: {cells: [lstm: 3, gru: 2]}}}"),
    ],
)  # fmt: skip
def test_the_bare_thing_and_the_named_argument_are_one_layer(short: str, whole: str) -> None:
    assert layer(short) == layer(whole)


def test_variables_and_parameters_of_blocks_may_be_what_is_wrapped() -> None:
    before = (
        "vars: {cell: {gru: 3}, part: [dense: 5, relu]}\n"
        "blocks: {B: {params: {inner: {lstm: 2}}, layers: [bidirectional: $inner]}}\n"
    )
    assert layer(
        "time_distributed: $part, {B: {inner: $cell}}".replace(", {", "}, {").replace("time", "{time"), before
    ) == layer("bidirectional: {gru: 3}")
    assert layer("{bidirectional: $cell}, {reshape: [1, 6]}, {time_distributed: $part}, B", before) == layer(
        "bidirectional: {lstm: 2}"
    )


def test_the_notation_is_the_same_in_python() -> None:
    assert LAYERS.build({"bidirectional": {"lstm": 4}}) == LAYERS.build({"bidirectional": {"layer": {"lstm": 4}}})
    chain = LAYERS.build({"time_distributed": [{"dense": 4}, "relu"]})
    assert LAYERS.build(LAYERS.dump(chain)) == LAYERS.build({"time_distributed": {"layer": LAYERS.dump(chain)["time_distributed"]["layer"]}})  # fmt: skip


def test_a_size_that_follows_from_the_model_stands_in_what_is_wrapped() -> None:
    found = layer('bidirectional: {lstm: "${shape(input)[-1] * 2}"}')
    assert found.layer.units == 8
    assert layer('time_distributed: [{dense: "${shape(input)[-1] * 2}"}, relu]').layer[0].units == 8


@pytest.mark.parametrize(
    ("item", "code", "message", "blamed", "help"),
    [
        ("bidirectional: {lsmt: 4}", "E101", "unknown layer `lsmt`", "lsmt", "did you mean `lstm`?"),
        ("bidirectional: {LSTM: 4}", "E101", "unknown layer `LSTM`", "LSTM", "did you mean `lstm`?"),
        ("bidirectional: {lstm: {unit: 4}}", "E102", "unknown argument `unit` in `lstm`", "unit", "did you mean `units`?"),
        ("bidirectional: {lstm: 4, gru: 3}", "E102", "`bidirectional` takes one layer, and `gru` is a second one", "gru",
         "write a `bidirectional` for each"),
        ("bidirectional: [lstm: 4, gru: 3]", "E105", "expected the name of a layer, got a list", "[lstm: 4, gru: 3]",
         "write one for each, `bidirectional: {lstm: {units: 4, return_sequences: true}}` and `bidirectional: {gru: 3}`"),
        ("bidirectional: {gru: 8, return_sequences: true}", "E102",
         "`return_sequences` is an argument of `gru` and must be inside it", "return_sequences",
         "write `bidirectional: {gru: {units: 8, return_sequences: true}}`"),
        ("bidirectional: {gru: 8, return_sequences: true, merge_mode: sum}", "E102",
         "`return_sequences` is an argument of `gru` and must be inside it", "return_sequences",
         "write `bidirectional: {gru: {units: 8, return_sequences: true}, merge_mode: sum}`"),
        ("bidirectional: {gru: 8, units: 16, merge_mode: sum}", "E102",
         "`units` is an argument of `gru` and must be inside it", "units",
         ("write `bidirectional: {gru: {units: 8}, merge_mode: sum}`, or `bidirectional: {gru: {units: 16}, merge_mode: sum}`: "
          "`units` is given twice, as 8 and as 16")),
        ("bidirectional: {gru: 8, units: 8}", "E102", "`units` is an argument of `gru` and must be inside it", "units",
         "write `bidirectional: {gru: {units: 8}}`"),
        ("time_distributed: {layer: {conv1d: {filters: 2, kernel_size: 3}}, kernel_size: 5}", "E102",
         "`kernel_size` is an argument of `conv1d` and must be inside it", "kernel_size",
         ("write `time_distributed: {conv1d: {filters: 2, kernel_size: 3}}`, or "
          "`time_distributed: {conv1d: {filters: 2, kernel_size: 5}}`: `kernel_size` is given twice, as 3 and as 5")),
        ("bidirectional: {gru: {units: 8, activation: relu}, activation: tanh}", "E102",
         "`bidirectional` takes one layer, and `activation` is a second one", "activation",
         ("for the argument of `gru` write `bidirectional: {gru: {units: 8, activation: relu}}`, or "
          "`bidirectional: {gru: {units: 8, activation: tanh}}`: `activation` is given twice, as relu and as tanh; ")),
        ("{embedding: [9, 4], output_dim: 5}", "E102", "`output_dim` is an argument of `embedding`", "output_dim", "indent it"),
        ("{dropout: 0.1, rate: 0.2}", "E102", "`rate` is an argument of `dropout`", "rate",
         "write `dropout: {rate: 0.1}`, or `dropout: {rate: 0.2}`: `rate` is given twice, as 0.1 and as 0.2"),
        ("{dense: {units: 3, activation: relu}, activation: tanh}", "E103", "one item names 2 layers", "activation",
         ("for an argument write `dense: {units: 3, activation: relu}`, or `dense: {units: 3, activation: tanh}`: "
          "`activation` is given twice, as relu and as tanh")),
        ("bidirectional: {dense: 4}", "E301", "expected a recurrent layer, got `dense`", "dense", "write for example"),
        ("time_distributed: [dense: 4, rely]", "E101", "unknown layer `rely`", "rely", "did you mean `relu`?"),
        ("time_distributed: [{dense: {unit: 4}}, relu]", "E102", "unknown argument `unit` in `dense`", "unit",
         "did you mean `units`?"),
        ("time_distributed: [{dense: 4, name: q}, relu]", "E102",
         "`name` is not allowed beside a layer inside `time_distributed`", "name", "move `name` out"),
        ("time_distributed: {layers: [dense: 4]}", "E101", "`layers` is allowed in a list or node", "layers",
         "write the layers themselves"),
        ("time_distributed: {bidirectional: {lstm: {unit: 4}}}", "E102", "unknown argument `unit` in `lstm`", "unit",
         "did you mean `units`?"),
        ("activation: {leaky_rely: 0.1}", "E101", "unknown activation `leaky_rely`", "leaky_rely",
         "did you mean `leaky_relu`?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_blamed_where_it_is(item: str, code: str, message: str, blamed: str, help: str) -> None:
    text = HEAD.format("", item)
    (problem,) = check(text, "spec.yaml").problems
    assert problem.code == code and message in problem.message
    assert words_at(text, problem.label.place) == blamed
    assert problem.helps and problem.helps[0].startswith(help)


BASE = """modelc: 1
model:
  inputs: {x: {shape: [5, 4]}}
  nodes:
    a: {from: x, bidirectional: {lstm: 4}}
    b: {from: x, bidirectional: {layer: {lstm: 4}, merge_mode: sum}}
    c: {from: x, time_distributed: [dense: 3, relu]}
    d: {from: x, spectral_norm: {dense: 3, power_iterations: 2}}
    e: {from: x, activation: {leaky_relu: 0.1}}
  outputs: [a, b, c, d, e]
"""


@pytest.mark.parametrize(
    ("node", "over", "whole"),
    [
        ("a", "bidirectional: {lstm: {return_sequences: true}}", "bidirectional: {lstm: {units: 4, return_sequences: true}}"),
        ("a", "bidirectional: {layer: {lstm: {return_sequences: true}}, merge_mode: mul}",
         "bidirectional: {lstm: {units: 4, return_sequences: true}, merge_mode: mul}"),
        ("b", "bidirectional: {lstm: {return_sequences: true}}",
         "bidirectional: {lstm: {units: 4, return_sequences: true}, merge_mode: sum}"),
        ("b", "bidirectional: {gru: 3}", "bidirectional: {gru: 3, merge_mode: sum}"),
        ("c", "time_distributed: [dense: 7]", "time_distributed: [dense: 7]"),
        ("c", "time_distributed: {dense: 7}", "time_distributed: {dense: 7}"),
        ("d", "spectral_norm: {dense: {use_bias: false}}",
         "spectral_norm: {layer: {dense: {units: 3, use_bias: false}}, power_iterations: 2}"),
        ("e", "activation: {elu: 0.5}", "activation: {function: {elu: 0.5}}"),
    ],
)  # fmt: skip
def test_overlays_see_one_form(tmp_path: Path, node: str, over: str, whole: str) -> None:
    merged = checked_files(
        tmp_path, BASE, f"modelc: 1\nextends: other.yaml\nmodel: {{nodes: {{{node}: {{{over}}}}}}}\n"
    )
    assert merged.task is not None and not merged.problems, merged.problems
    (found,) = [one.layer for one in merged.task.planned.graph.nodes if one.path == node]
    assert found == layer(whole)
    assert merged.document is not None
    text = to_yaml(resolve(merged.document), merged.sources)
    again = check(text, "resolved.yaml")
    assert again.task is not None and not again.problems
    assert [one.layer for one in again.task.planned.graph.nodes] == [
        one.layer for one in merged.task.planned.graph.nodes
    ]


@pytest.mark.parametrize(
    ("setting", "whole"),
    [
        ("a.bidirectional.lstm.units=6", "bidirectional: {lstm: 6}"),
        ("a.bidirectional.lstm=6", "bidirectional: {lstm: 6}"),
        ("a.bidirectional.layer.lstm.units=6", "bidirectional: {lstm: 6}"),
        ("a.bidirectional.layer={gru: 6}", "bidirectional: {gru: 6}"),
        ("a.bidirectional.merge_mode=ave", "bidirectional: {lstm: 4, merge_mode: ave}"),
        ("b.bidirectional.layer.lstm.return_sequences=true",
         "bidirectional: {lstm: {units: 4, return_sequences: true}, merge_mode: sum}"),
        ("a.bidirectional={gru: 6}", "bidirectional: {gru: 6}"),
        ("c.time_distributed.layer.0.dense.units=6", "time_distributed: [dense: 6, relu]"),
        ("c.time_distributed.layer.dense.dense.units=6", "time_distributed: [dense: 6, relu]"),
        ("c.time_distributed=[tanh]", "time_distributed: [tanh]"),
        ("d.spectral_norm.dense.units=6", "spectral_norm: {dense: 6, power_iterations: 2}"),
        ("d.spectral_norm.power_iterations=6", "spectral_norm: {dense: 3, power_iterations: 6}"),
        ("e.activation.leaky_relu=0.5", "activation: {leaky_relu: 0.5}"),
    ],
)  # fmt: skip
def test_settings_reach_into_what_is_wrapped(tmp_path: Path, setting: str, whole: str) -> None:
    (tmp_path / "spec.yaml").write_text(BASE, encoding="utf-8")
    found = check_file(tmp_path / "spec.yaml", settings=[f"model.nodes.{setting}"])
    assert found.task is not None and not found.problems, found.problems
    (given,) = [one.layer for one in found.task.planned.graph.nodes if one.path == setting[0]]
    assert given == layer(whole)


def test_an_argument_of_what_is_wrapped_can_be_removed(tmp_path: Path) -> None:
    base = BASE.replace("{lstm: 4}", "{lstm: {units: 4, return_sequences: true}}", 1)
    over = "modelc: 1\nextends: {file: other.yaml, remove: [model.nodes.a.bidirectional.lstm.return_sequences]}\n"
    found = checked_files(tmp_path, base, over)
    assert found.task is not None and not found.problems, found.problems
    assert next(node.layer for node in found.task.planned.graph.nodes if node.path == "a") == layer(
        "bidirectional: {lstm: 4}"
    )
