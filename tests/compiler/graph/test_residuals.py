"""A residual whose layers give another number of axes or another dtype than what goes around it: the help makes them fit."""

import re

import pytest

from modelc.compiler.api import check

SPEC = "modelc: 1\nmodel: {{inputs: {{x: {{shape: {}, dtype: {}}}}}, layers: [{}]}}\n"


@pytest.mark.parametrize(
    ("shape", "dtype", "layers", "rest"),
    [
        ("[]", "float32", "reshape: [1]", ""),
        ("[]", "float32", "reshape: [1], dense: 4", ""),
        ("[]", "float32", "flatten, dense: 8, relu", "dense: 2"),
        ("[]", "float32", "reshape: [1, 1]", ""),
        ("[4]", "float32", "mean: -1", "dense: 3"),
        ("[6, 4]", "float32", "global_avg_pool1d, dense: 4", ""),
        ("[4]", "float32", "reshape: [1, 4], dense: 4", ""),
        ("[4]", "int32", "cast: float32", "dense: 3"),
    ],
)
def test_the_help_makes_both_fit(shape: str, dtype: str, layers: str, rest: str) -> None:
    after = f", {rest}" if rest else ""
    (problem,) = check(SPEC.format(shape, dtype, f"residual: [{layers}]{after}"), "spec.yaml").errors
    assert problem.code in ("E302", "E303")
    (written,) = re.findall("`(residual: .*)`", problem.helps[0])
    mended = written.replace("[..., ", f"[{layers}, ").replace("[...]", f"[{layers}]")
    assert not check(SPEC.format(shape, dtype, mended + after), "spec.yaml").problems


@pytest.mark.parametrize("layers", ["lstm: 4", "layer_norm, gru: 4, dropout: 0.1", "bidirectional: {lstm: 2}"])
def test_the_steps_of_a_recurrent_layer_are_added_to_those_of_the_input(layers: str) -> None:
    (problem,) = check(SPEC.format("[6, 4]", "float32", f"residual: [{layers}]"), "spec.yaml").errors
    assert "`return_sequences: true`" in problem.helps[0] and "reshape" not in problem.helps[0]


def test_ids_are_looked_up_before_the_residual() -> None:
    embedding = "embedding: {input_dim: 9, output_dim: 4}"
    (problem,) = check(SPEC.format("[5]", "int32", f"residual: [{embedding}, dense: 4]"), "spec.yaml").errors
    assert problem.helps == ("put the `embedding` before the `residual`: what goes around it are the ids",)
    assert not check(SPEC.format("[5]", "int32", f"{embedding}, residual: [dense: 4]"), "spec.yaml").problems


def test_a_number_alone_becomes_a_vector() -> None:
    (problem,) = check(SPEC.format("[4]", "float32", "mean: -1, dense: 3"), "spec.yaml").errors
    assert problem.helps == ("for a vector of one value add `flatten` before it",)
    assert not check(SPEC.format("[4]", "float32", "mean: -1, flatten, dense: 3"), "spec.yaml").problems
    node = "modelc: 1\nmodel: {inputs: {x: {shape: []}}, nodes: {y: {from: x, dense: 3}}, outputs: [y]}\n"
    (problem,) = check(node, "spec.yaml").errors
    assert problem.helps == ("for a vector of one value write `layers: [flatten, dense: 3]`",)
