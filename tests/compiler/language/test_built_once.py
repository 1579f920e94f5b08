"""Equal layers of a check are one value; everything else that is named in a spec is one of its own."""

from modelc.compiler.api import check
from modelc.compiler.binding.task import Task

MODEL = """modelc: 1
blocks: {B: {layers: [dense: {units: 4, activation: relu}]}}
model:
  inputs: {a: {shape: [4]}, b: {shape: [4]}}
  nodes:
    c: {from: a, dense: {units: 4, activation: relu}}
    d: {from: b, layers: [B, {B: null, repeat: 3}, dense: {activation: relu, units: 4}]}
    e: {from: [c, d], add}
    f: {from: a, dense: {units: 4.0}}
  outputs: [e]
"""


def task(text: str) -> Task:
    found = check(text, "spec.yaml").task
    assert found is not None
    return found


def test_equal_layers_are_one_value() -> None:
    text = MODEL.replace("    f: {from: a, dense: {units: 4.0}}\n", "")
    layers = [node.layer for node in task(text).planned.graph.nodes if node.path != "e"]
    assert len(layers) == 6 and layers[0] is not None
    assert all(layer == layers[0] for layer in layers) and len({id(layer) for layer in layers}) == 2
    assert layers[0] is not next(iter(task(text).planned.graph.nodes)).layer


def test_values_that_only_look_alike_are_told_apart() -> None:
    """A float, a text and a truth value are not the integers that they are equal to, or written like."""
    for value, code in ("4.0", "E105"), ("true", "E105"), ("'4'", "E105"):
        problems = check(MODEL.replace("4.0", value), "spec.yaml").problems
        assert [(problem.code, problem.label.place.line) for problem in problems if problem.is_error] == [(code, 9)]


def test_columns_that_are_read_alike_have_readers_of_their_own() -> None:
    text = (
        MODEL.replace("    f: {from: a, dense: {units: 4.0}}\n", "")
        + """data:
  source: {npz: rows.npz}
  inputs: {a: {array: {column: a, scale: 1/2}}, b: {array: {column: a, scale: 1/2}}}
"""
    )
    data = task(text).data
    assert data is not None
    first, second = (data.inputs or {}).values()
    assert first == second and first is not second
