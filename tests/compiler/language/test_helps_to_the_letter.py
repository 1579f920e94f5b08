"""More helps that are followed to the letter: what is in backticks is typed, and the spec is the one that was meant."""

import re

import pytest

from modelc.compiler.api import check
from tests.compiler.fixes.test_text_edits import fixed

CHAIN = "modelc: 1\nmodel: {{inputs: {{x: {{shape: {}}}}}, layers: [{}]}}\n"


def written(help: str) -> list[str]:
    return re.findall(r"`([^`]*)`", help)


@pytest.mark.parametrize(
    ("shape", "wrong", "right"),
    [
        ("[8], dtype: int32", "embedding: {input_dim: [50, 8]}, lstm: 3", "embedding: {input_dim: 50, output_dim: 8}"),
        ("[8, 8, 3]", "conv2d: {filters: [8, 3]}", "conv2d: {filters: 8, kernel_size: 3}"),
        ("[8, 8, 3]", "conv2d: {filters: [8, 3], padding: same}", "conv2d: {filters: 8, padding: same, kernel_size: 3}"),
        ("[8, 4]", "bidirectional: [gru: 3, lstm: {units: 4, dropout: 0.1}]",
         "bidirectional: {gru: {units: 3, return_sequences: true}}, bidirectional: {lstm: {units: 4, dropout: 0.1}}"),
        ("[8, 4]", "permute: [0, 2, 1]", "dims: [-1, -2]"),
        ("[8, 4]", "multi_head_attention: {num_heads: 2, key_dim: 4}", "self_attention"),
    ],
)  # fmt: skip
def test_what_a_help_writes_is_what_was_meant(shape: str, wrong: str, right: str) -> None:
    (problem,) = check(CHAIN.format(shape, wrong), "spec.yaml").errors
    parts = [text for text in written(problem.helps[0]) if text in right]
    assert ", ".join(parts[: right.count("bidirectional") or 1]) == right
    rest = wrong.partition("}, ")[2] if "embedding" in wrong else ""
    typed = {"dims: [-1, -2]": "permute: {dims: [-1, -2]}", "self_attention": wrong.replace("multi_head", "self")}.get(
        right, right
    )
    mended = CHAIN.format(shape, f"{typed}, {rest}" if rest else typed)
    assert not check(mended, "spec.yaml").problems


def test_a_list_that_fits_no_arguments_has_both_errors() -> None:
    found = check(CHAIN.format("[8, 8, 3]", "conv2d: {filters: [8, 3, 4]}"), "spec.yaml").errors
    assert [problem.code for problem in found] == ["E105", "E104"]


@pytest.mark.parametrize(
    ("layers", "mended"),
    [
        ("{hidden: {dense: 3}, out: relu}", "[{dense: 3, name: hidden}, {relu: , name: out}]"),
        ("{first: {dense: {units: 4, activation: relu}}, last: {dense: 1}}",
         "[{dense: {units: 4, activation: relu}, name: first}, {dense: 1, name: last}]"),
    ],
)  # fmt: skip
def test_a_mapping_of_layers_is_written_as_the_list_with_their_names(layers: str, mended: str) -> None:
    text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [8]}}}}, layers: {layers}}}\n"
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps == (f"write a list: `layers: {mended}`",)
    assert not check(text.replace(layers, mended), "spec.yaml").problems


@pytest.mark.parametrize("name", ["prelu", "dropout", "batch_norm", "layer_norm"])
@pytest.mark.parametrize("item", ["activation: {}", "dense: {{units: 3, activation: {}}}"])
def test_a_layer_is_not_fixed_to_an_activation_that_is_like_it(name: str, item: str) -> None:
    text = CHAIN.format("[8]", item.format(name))
    assert fixed(text) == text
    (help,) = (help for problem in check(text, "spec.yaml").errors for help in problem.helps)
    assert f"`{name}` is a layer" in help and ("in place of `activation`" in help) == item.startswith("activation")
    assert fixed(CHAIN.format("[8]", item.format("relo"))) == CHAIN.format("[8]", item.format("relu"))


@pytest.mark.parametrize(
    ("nodes", "outputs"),
    [
        ("a: {from: x, dense: 3}", "[a]"),
        ("a: {from: x, dense: 3}, b: {from: a, relu: }, c: {from: {x: a}, dense: 1}", "[b, c]"),
        ("a: {from: x, lstm: 3}, b: {from: [a, a.state_c], add: }", "[b]"),
    ],
)
def test_the_outputs_that_are_missing_are_the_nodes_that_feed_no_other(nodes: str, outputs: str) -> None:
    text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [5, 8]}}}}, nodes: {{{nodes}}}END}}\n"
    (problem,) = check(text.replace("END", ""), "spec.yaml").errors
    assert problem.helps == (f"list the nodes whose values are outputs: `outputs: {outputs}`",)
    assert not check(text.replace("END", f", outputs: {outputs}"), "spec.yaml").problems


def test_nodes_in_a_list_are_written_by_their_names() -> None:
    wrong = "[{name: a, from: x, dense: 3}, {name: b, from: a, layers: [relu, dense: 1]}]"
    text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [8]}}}}, nodes: {wrong}, outputs: [b]}}\n"
    (problem,) = check(text, "spec.yaml").errors
    nodes = written(problem.helps[0])[-1]
    assert not check(text.replace(f"nodes: {wrong}", nodes), "spec.yaml").problems


def test_the_arguments_that_a_block_is_given_are_kept_beside_the_missing_one() -> None:
    text = """\
modelc: 1
vars: {w: 4}
blocks: {B: {params: {n: int, m: int, k: 3}, layers: [dense: $n, dense: $m, dense: $k]}}
model: {inputs: {x: {shape: [8]}}, layers: [B: {m: $w, k: 5}]}
"""
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps == ("write `B: {m: $w, k: 5, n: ...}`",)


def test_two_values_for_one_are_joined_in_the_node_that_has_them() -> None:
    text = "modelc: 1\nmodel: {inputs: {a: {shape: [8]}, b: {shape: [8]}}, nodes: {y: {from: [a, b], dense: 3}}, outputs: [y]}\n"
    (problem,) = check(text, "spec.yaml").errors
    layers = written(problem.helps[0])[-1]
    assert layers == "layers: [concatenate, dense: 3]"
    assert not check(text.replace("dense: 3}}", f"{layers}}}}}"), "spec.yaml").problems


def test_layers_of_a_residual_beside_its_shortcut_stand_in_a_list() -> None:
    text = CHAIN.format("[8]", "residual: {dense: 4, shortcut: [dense: 4]}")
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps == ("its layers stand in a list: `layers: [dense: 4]`",)
    assert not check(text.replace("{dense: 4,", "{layers: [dense: 4],"), "spec.yaml").problems


@pytest.mark.parametrize(
    ("node", "help"),
    [
        ("from: [x, relu], add: ", "`relu` is a layer, which stands beside `from`; `from` names inputs and nodes"),
        ("from: dense, relu: ", "`dense` is a layer, which stands beside `from`; `from` names inputs and nodes"),
        ("from: aa, relu: ", "did you mean `a`?"),
        ("from: x, share: {node: a}", "write `share: a`"),
        ("from: x, share: [a]", "write `share: a`"),
    ],
)
def test_what_is_no_node_is_answered_with_what_it_is(node: str, help: str) -> None:
    text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [8]}}}}, nodes: {{a: {{from: x, dense: 3}}, y: {{{node}}}}}, outputs: [a, y]}}\n"
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps == (help,)


def test_words_in_a_row_for_a_number_are_no_traceback() -> None:
    """A list of what no argument takes, where others are missing, has no arguments by name that it could be written as."""
    text = "modelc: 1\nmodel:\n  inputs: {x: {shape: [8, 8, 1]}}\n  layers: [{conv2d: [skipped, larger], repeat: 2}]\n"
    assert {problem.code for problem in check(text, "spec.yaml").errors} == {"E104", "E105"}
