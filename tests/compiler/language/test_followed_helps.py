"""Helps as a reader follows them to the letter: what they print is valid, and is what was meant."""

import pytest

from modelc.compiler.api import check


def helps_of(text: str) -> list[str]:
    """The helps of all errors in `text`."""
    return [help for problem in check(text, "spec.yaml").problems for help in problem.helps]


def chain(layers: str, shape: str = "[8]") -> str:
    return f"modelc: 1\nmodel:\n  inputs: {{x: {{shape: {shape}}}}}\n  layers: {layers}\n"


def graph(nodes: str, inputs: str = "{x: {shape: [8]}}", outputs: str = "[out]") -> str:
    lines = "".join(f"    {node}\n" for node in nodes.split("\n"))
    return f"modelc: 1\nmodel:\n  inputs: {inputs}\n  nodes:\n{lines}  outputs: {outputs}\n"


@pytest.mark.parametrize(
    ("text", "help"),
    [
        (graph("out: {from: x, dense: 8, dense: 4}"), "layers in sequence stand in a list, `layers: [...]`"),
        (chain("[{dense: 8, dense: 4}]"), "begin a new item for the second, with a `-` before it"),
        (chain("[dense: 8]\n  layers: [relu]"), "move the items of both below one"),
    ],
)
def test_layers_that_are_written_twice_need_not_be_lost(text: str, help: str) -> None:
    assert help in helps_of(text)[0]


def test_a_key_beside_a_layer_or_a_shape_that_is_written_twice_is_kept_once() -> None:
    assert helps_of(chain("[{dense: 8, name: a, name: b}]")) == ["keep one of the two"]
    assert helps_of("modelc: 1\nmodel: {inputs: {x: {shape: [4], shape: [5]}}, layers: [dense: 4]}\n") == [
        "keep one of the two"
    ]


@pytest.mark.parametrize(
    ("repeated", "help"),
    [
        ('{dense: "${i + 1}", repeat: {times: 2, tied: true, index: i}}', "remove `tied`"),
        ("{dense: $i, repeat: {times: 2, tied: true, index: i}}", "remove `tied`"),
        ("{dense: 8, repeat: {times: 2, tied: true, index: i}}", "remove `index`"),
    ],
)
def test_of_copies_that_share_their_weights_that_key_goes_which_nothing_needs(repeated: str, help: str) -> None:
    assert any(found.startswith(help) for found in helps_of(chain(f"[{repeated}]")))


@pytest.mark.parametrize(
    ("rate", "help"), [("1.2", "such as `0.12`"), ("3", "such as `0.3`"), ("20", "write `0.2` for 20%")]
)
def test_a_fraction_above_one_is_a_typo_or_a_percentage(rate: str, help: str) -> None:
    (found,) = helps_of(chain(f"[dropout: {rate}]"))
    assert help in found


def test_a_name_that_is_left_out_is_the_one_that_is_used() -> None:
    text = """\
modelc: 1
blocks: {layers: [dense: 4, relu]}
model:
  inputs: {shape: [4]}
  nodes: {from: image, layers: [Wide, dense: 3]}
  outputs: [kind]
"""
    assert helps_of(text) == [
        "write `blocks: {Wide: {layers: [{dense: 4}, relu]}}`",
        "write `inputs: {image: {shape: [4]}}`",
        "write `nodes: {kind: {from: image, layers: [Wide, {dense: 3}]}}`",
    ]


@pytest.mark.parametrize(
    ("node", "inputs", "help"),
    [
        (
            "out: {from: x, self_attention: 2}",
            "{x: {shape: [4, 4, 8]}}",
            "write `layers: [reshape: [16, 8], self_attention: 2]`",
        ),
        ("out: {from: x, lstm: 4, relu: }", "{x: {shape: [4, 8]}}", "write `layers: [lstm: 4, relu]`"),
        (
            "out: {from: x, residual: [relu], dense: 4}",
            "{x: {shape: [8]}}",
            "write `layers: [residual: [relu], dense: 4]`",
        ),
        (
            "out: {from: [x, at], gather: }",
            "{x: {shape: [4, 8]}, at: {shape: [3]}}",
            "`at_cast: {from: at, cast: int32}`",
        ),
        (
            "got: {from: [x, at], gather: }\nout: {from: [got, to], segment_sum: }",
            "{x: {shape: [6, 8]}, at: {shape: [3], dtype: int32}, to: {shape: [3], dtype: int32}}",
            "write `segment_sum: 6`, as many as `x` has",
        ),
        (
            (
                "all: {from: x, dense: 4}\ngot: {from: [all, at], gather: -2}\nsent: {from: got, relu: }\n"
                "out: {from: {x: sent, segment_ids: to}, segment_max: }"
            ),
            "{x: {shape: [6, 8]}, at: {shape: [3], dtype: int32}, to: {shape: [3], dtype: int32}}",
            'write `segment_max: "${shape(all)[-2]}"`, as many as `all` has',
        ),
    ],
)
def test_a_help_says_where_in_a_node_or_beside_it_a_layer_stands(node: str, inputs: str, help: str) -> None:
    (found,) = helps_of(graph(node, inputs))
    assert help in found


@pytest.mark.parametrize(
    ("layers", "shortcut"),
    [
        ("[{dense: $width}, relu]", "shortcut: [dense: $width]"),
        ('[{dense: "${2 * width}"}]', 'shortcut: [dense: "${2 * width}"]'),
        ("[{dense: $width}, {dense: 12}]", "shortcut: [dense: 12]"),
    ],
)
def test_a_shortcut_in_a_block_has_the_variables_of_the_layers(layers: str, shortcut: str) -> None:
    text = f"""\
modelc: 1
blocks:
  Part: {{params: {{width: int}}, layers: [residual: {layers}]}}
model:
  inputs: {{x: {{shape: [8]}}}}
  layers: [Part: 4, Part: 8]
"""
    helps = helps_of(text)
    assert helps and all(shortcut in help for help in helps)
    mended = text.replace(f"residual: {layers}", f"residual: {{layers: {layers}, {shortcut}}}")
    assert not check(mended, "spec.yaml").problems


def test_a_variable_that_a_parameter_hides_can_be_given_to_the_block() -> None:
    text = """\
modelc: 1
vars: {width: 4}
blocks: {Part: {params: {width: int}, layers: [dense: $width]}}
model: {inputs: {x: {shape: [8]}}, layers: [Part: 16]}
"""
    assert helps_of(text) == ["remove it; or, where it is meant to reach `Part`, write `Part: $width`"]
    assert not check(text.replace("Part: 16", "Part: $width"), "spec.yaml").problems


def test_a_pooling_is_put_behind_only_where_nothing_after_it_needs_the_steps() -> None:
    nodes = "read: {from: x, layers: [global_avg_pool1d, self_attention: 4]}\nout: {from: read, %s}"
    alone, needed = ("leaves one value for all steps: leave it out" + end for end in (", or put it behind", ""))
    (found,) = helps_of(graph(nodes % "dense: 4", "{x: {shape: [8, 8]}}"))
    assert alone in found
    (found,) = helps_of(graph(nodes % "lstm: 4", "{x: {shape: [8, 8]}}"))
    assert found.endswith(needed)


def test_the_steps_of_a_wrapper_are_those_of_the_layer_inside() -> None:
    (found,) = helps_of(chain("[bidirectional: {lstm: 4}, self_attention: 2]", "[6, 8]"))
    assert found.endswith("add `return_sequences: true` to the `lstm` inside it")
    inside = "[bidirectional: {lstm: {units: 4, return_sequences: true}}, self_attention: 2]"
    assert not check(chain(inside, "[6, 8]"), "spec.yaml").problems


def test_several_layers_of_a_kind_in_one_are_a_stack_of_that_kind() -> None:
    (found,) = helps_of(chain("[gru: {units: 4, num_layers: 2}]", "[6, 8]"))
    assert found == "write `stacked_rnn: [gru: 4, gru: 4]`"
    assert not check(chain("[stacked_rnn: [gru: 4, gru: 4]]", "[6, 8]"), "spec.yaml").problems


def test_a_shared_layer_of_vectors_is_not_given_ids() -> None:
    nodes = "table: {from: x, embedding: {input_dim: 9, output_dim: 4}}\none: {from: table, dense: 4}\nout: {from: x, share: one}"
    (found,) = helps_of(graph(nodes, "{x: {shape: [], dtype: int32}}", "[one, out]"))
    assert found == "ids need `embedding` before it; both stand in a list, `layers: [..., share: one]`"
