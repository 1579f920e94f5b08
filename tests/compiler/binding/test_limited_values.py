"""Activations on values that another one has limited: a warning, and none where that may be meant."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [{layers}]}}
data: {{source: {{npz: gone.npz}}, targets: {{y: {{array: y}}}}}}
train: {{loss: {loss}, optimizer: adam, epochs: 1}}
"""


@pytest.mark.parametrize(
    ("layers", "loss", "count"),
    [
        ("{dense: {units: 3, activation: softmax}}, {softmax: , name: y}", "mean_squared_error", 1),
        ("dense: 3, softmax, {activation: softmax, name: y}", "cross_entropy", 1),
        ("dense: 3, {softmax: , repeat: 3, name: y}", "mean_squared_error", 1),
        (
            "{dense: {units: 3, activation: softmax}}, {dense: {units: 3, activation: softmax}, name: y}",
            "cross_entropy",
            0,
        ),
        ("dense: 3, softmax, {dropout: 0.1}, {softmax: , name: y}", "mean_squared_error", 0),
        ("dense: 6, reshape: [2, 3], {softmax: -2}, {softmax: , name: y}", "mean_squared_error", 0),
        ("softmax, dense: 3, {softmax: , name: y}", "mean_squared_error", 0),
        ("sigmoid, dropout: 0.2, {dense: 1, name: y}", "binary_cross_entropy", 0),
        ("dense: 3, relu, {relu: , name: y}", "mean_squared_error", 0),
        ("{dense: {units: 1, activation: tanh}, name: y}", "binary_cross_entropy", 1),
        ("dense: 1, {relu: , name: y}", "binary_cross_entropy", 1),
        ("dense: 1, {sigmoid: , name: y}", "binary_cross_entropy", 0),
        ("tanh, {dense: 1, name: y}", "binary_cross_entropy", 0),
        ("{dense: {units: 1, activation: tanh}, name: y}", "mean_squared_error", 0),
    ],
)
def test_what_is_limited_twice_is_a_warning(layers: str, loss: str, count: int) -> None:
    assert [problem.code for problem in check(SPEC.format(layers=layers, loss=loss), "spec.yaml").problems] == [
        "W919"
    ] * count


@pytest.mark.parametrize(
    ("layers", "is_logits"),
    [
        ("{dense: {units: 8, activation: sigmoid}}, {dense: 1, name: y}", True),
        ("sigmoid, {dense: {units: 1, activation: linear}, name: y}", True),
        ("dense: 1, sigmoid, {linear: , name: y}", False),
        ("dense: 1, sigmoid, {activation: linear, name: y}", False),
        ("{dense: {units: 1, activation: sigmoid}, name: y}", False),
    ],
)
def test_an_activation_before_a_layer_that_computes_is_not_that_of_its_values(layers: str, is_logits: bool) -> None:
    found = check(SPEC.format(layers=layers, loss="binary_cross_entropy"), "spec.yaml")
    assert found.task is not None and not found.problems
    assert found.task.outputs["y"].logits is is_logits
