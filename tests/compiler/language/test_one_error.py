"""What only follows from another mistake is no second error."""

import pytest

from modelc.compiler.api import check

HEAD = "modelc: 1\n"


def codes_and_messages(text: str) -> list[tuple[str, str]]:
    return [(problem.code, problem.message) for problem in check(HEAD + text, "spec.yaml").problems]


@pytest.mark.parametrize("item", ['dense: "${i + 1}"', "layers: [B: $i, relu]", "residual: [dense: $i]"])
@pytest.mark.parametrize("repeat", ["$nowhere", '"${nowhere + 1}"', "$copies"])
def test_a_repeat_that_cannot_be_read_may_have_any_index(item: str, repeat: str) -> None:
    text = f"""\
vars: {{copies: $nowhere}}
blocks: {{B: {{params: {{n: int}}, layers: [dense: $n]}}}}
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [{{{item}, repeat: {repeat}}}]}}
"""
    found = [message for code, message in codes_and_messages(text) if code.startswith("E")]
    assert set(found) == {"there is no variable `nowhere`"}
    # With a number there, the name is an unknown one.
    known = [message for _, message in codes_and_messages(text.replace(f"repeat: {repeat}", "repeat: 2"))]
    assert "there is no variable `i`" in known


@pytest.mark.parametrize(
    "data",
    ["$nowhere", "{source: {npz: a.npz}, targets: $nowhere}", "{source: {npz: a.npz}, targets: {kind: $nowhere}}",
     "{source: {npz: a.npz}, inputs: $nowhere}"],
)  # fmt: skip
def test_classes_are_not_missing_from_data_that_cannot_be_read(data: str) -> None:
    text = f"""\
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [{{dense: "${{classes(kind)}}", name: kind}}]}}
data: {data}
"""
    assert codes_and_messages(text) == [("E207", "there is no variable `nowhere`")]


@pytest.mark.parametrize(
    ("variable", "data"),
    [
        ("{source: {npz: a.npz}, targets: {kind: {category: {column: c, classes: 5}}}}", "$v"),
        ("{kind: {category: {column: c, classes: 5}}}", "{source: {npz: a.npz}, targets: $v}"),
        ("[{kind: {category: {column: c, classes: 5}}}]", "{source: {npz: a.npz}, targets: $v.0}"),
    ],
)
def test_classes_are_counted_in_data_that_is_a_variable(variable: str, data: str) -> None:
    text = f"""\
vars: {{v: {variable}}}
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [{{dense: "${{classes(kind)}}", name: kind}}]}}
data: {data}
train: {{loss: cross_entropy, optimizer: adam, epochs: 1}}
"""
    found = check(HEAD + text, "spec.yaml")
    assert found.task is not None and not found.problems
    (node,) = found.task.planned.graph.nodes
    assert node.layer is not None and node.layer.model_dump()["units"] == 5


@pytest.mark.parametrize("name", ["$nowhere", "[a]", "7"])
def test_a_monitor_may_name_a_metric_whose_name_cannot_be_read(name: str) -> None:
    text = f"""\
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [{{dense: 1, name: y}}]}}
data: {{source: {{npz: a.npz}}, targets: {{y: {{array: y}}}}, validation: 0.1}}
train:
  loss: mean_squared_error
  optimizer: adam
  epochs: 2
  metrics: [{{mean_absolute_error: , name: {name}}}]
  monitor: validation/far
"""
    (found,) = check(HEAD + text, "spec.yaml").problems
    assert found.path == ("train", "metrics", 0, "name")
