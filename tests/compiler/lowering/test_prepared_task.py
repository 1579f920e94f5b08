"""What is computed of a task: activations stand alone, losses take logits, and nothing is computed in vain."""

from pathlib import Path

from modelc.compiler.api import load
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.layers import kind_of
from modelc.compiler.lowering.prepared_task import prepare

DIGITS = load(Path(__file__).parents[3] / "specs" / "digits.yaml")
IDLE = load(
    {
        "modelc": 1,
        "model": {
            "inputs": {"x": {"shape": [4]}},
            "nodes": {"idle": {"from": "x", "dense": 7}, "y": {"from": "x", "dense": 3}},
            "outputs": ["y"],
        },
    }
)


def test_an_activation_gets_a_node_of_its_own_behind_the_weights() -> None:
    nodes = {node.path: kind_of(node.layer) for node in prepare(DIGITS).planned.graph.nodes if node.layer is not None}
    assert list(nodes.items()) == [
        ("flatten", "flatten"),
        ("dense", "dense"),
        ("dense/activation", "relu"),
        ("digit", "dense"),
        ("digit/activation", "softmax"),
    ]


def test_a_loss_that_contains_the_inverse_of_an_activation_takes_the_logits() -> None:
    prepared = prepare(DIGITS)
    assert prepared.terms[0].of == (Edge("digit"),)
    assert prepared.outputs["digit"].edge == Edge("digit/activation")


def test_nodes_that_no_output_needs_are_left_out_and_have_no_weights() -> None:
    assert "idle" in IDLE.planned.plans
    assert [path for path, _, _ in prepare(IDLE).weight_sets()] == ["y"]
