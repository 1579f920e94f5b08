"""What `--fix` must leave alone, since it is near and not the same, or may be right elsewhere, and what that may cost."""

import os
from collections.abc import Mapping

import pytest

from modelc.cli.fixing import Fixed, fix
from modelc.compiler.api import Checked, check
from tests.compiler.fixes.test_text_edits import CHAIN, fixed


@pytest.mark.parametrize(
    "written",
    [
        # Near, but of another form or with other defaults.
        "transpose: [-1]",
        "RandomHorizontalFlip",
        "one_hot: 10",
        "InstanceNormalization",
        "bn: {momentum: 0.1}",
        "conv: {filters: 8, kernel_size: 3}",
        "max_pool: 2",
        # Of modules that nobody knows.
        "our_ops.relu",
        "acme.layers.Dense: 8",
    ],
)
def test_words_for_something_near_are_answered_and_not_written(written: str) -> None:
    text = CHAIN % written
    assert fixed(text) == text
    assert fixed(CHAIN % "keras.layers.Dense: 8") == CHAIN % "dense: 8"
    assert fixed(CHAIN % "bn") == CHAIN % "batch_norm"


def test_the_name_of_a_thing_that_is_a_variable_is_left_alone() -> None:
    text = """\
modelc: 1
vars: {cell: gru}
blocks: {B: {params: {kind: lstm, n: int}, layers: [{type: $kind, units: $n}]}}
model:
  inputs: {x: {shape: [6, 4]}}
  layers: [{B: {n: 3, kind: gru}}, reshape: [3, 1], {B: {n: 4, kind: lstm}}, reshape: [4, 1], {type: $cell, units: 3}]
"""
    assert fixed(text) == text


def test_a_path_is_no_name_of_a_source() -> None:
    text = CHAIN % "dense: 1" + "data: {source: photos/birds.npz, targets: {output: {array: y}}}\n"
    assert fixed(text) == text
    problem = next(one for one in check(text, "spec.yaml").problems if one.code == "E101")
    assert problem.helps == ("write `source: {npz: photos/birds.npz}`",)


def test_a_slip_that_may_be_another_node_as_well_is_left_alone() -> None:
    text = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  nodes:
    hidden: {from: x, dense: 8}
    hidden2: {from: x, dense: 8}
    out: {from: [hiddne, hidden], add: }
  outputs: [out]
"""
    assert fixed(text) == text
    assert fixed(text.replace("hidden], add", "hidden2], add")) == text.replace("hiddne, hidden]", "hidden, hidden2]")


def test_doubtful_fixes_among_good_ones_cost_no_check_each() -> None:
    """Each `Dropout` has a rate that cannot be, so that its fix brings a mistake."""
    items = "".join(f"    - Dense: 8\n    - Dropout: {5 + place}\n" for place in range(40))
    text = f"modelc: 1\nmodel:\n  inputs: {{x: {{shape: [4]}}}}\n  layers:\n{items}"
    checks = []

    def counted(texts: Mapping[str, str]) -> Checked:
        checks.append(len(texts))
        return check(texts.get(os.path.realpath("spec.yaml"), text), "spec.yaml")

    done = Fixed()
    fix(counted, [os.path.realpath("spec.yaml")], done)
    assert done.texts[os.path.realpath("spec.yaml")] == text.replace("Dense", "dense")
    assert len(checks) < 12


@pytest.mark.parametrize("written", ["RNN: 8", "rNN: 8"])
def test_a_word_for_a_layer_that_is_a_letter_off_from_a_block_is_left_alone(written: str) -> None:
    text = f"""\
modelc: 1
blocks: {{CNN: {{params: {{n: int}}, layers: [dense: $n]}}}}
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [CNN: 4, {written}]}}
"""
    assert fixed(text) == text
    assert check(text, "spec.yaml").errors[0].helps == ("did you mean the block `CNN`, or the layer `simple_rnn`?",)
