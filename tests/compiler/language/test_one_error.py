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


@pytest.mark.parametrize(
    ("blocks", "argument", "place"),
    [
        ("A: {params: {n: 3}, layers: [dense: $n, dense: \"${n + 1}\"]}\n  B: {params: {m: 4}, layers: [A: {n: \"${m * 2}\"}]}",
         "${shape(nowhere)[-1]}", "argument"),
        ("A: {params: {n: 3}, layers: [dense: \"${n + 1}\"]}\n  B: {params: {m: 4}, layers: [A: $m, A: \"${m - 1}\", dense: $m]}",
         "${shape(nowhere)[0] + 1}", "argument"),
        ("B: {params: {n: 3}, inputs: [a], nodes: {o: {from: a, dense: \"${n + shape(a)[0]}\"}, p: {from: o, dense: $n}}, outputs: [p]}",
         "${2 * shape(nowhere)[0]}", "argument"),
        ("A: {params: {n: 3}, layers: [dense: $n, dense: \"${n + 1}\"]}\n  B: {params: {m: 4}, layers: [A: {n: \"${m * 2}\"}]}",
         "$v", "variable"),
    ],
)  # fmt: skip
def test_an_unknown_name_in_an_expression_is_one_error_through_blocks(blocks: str, argument: str, place: str) -> None:
    text = f"""\
modelc: 1
vars: {{v: "${{w * 2}}", w: "${{shape(nowhere)[0]}}"}}
blocks:
  {blocks}
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [B: "{argument}", dense: 3]}}
"""
    (problem,) = check(text, "spec.yaml").errors
    assert problem.message == "unknown node `nowhere` in `shape(nowhere)`"
    found = text.splitlines()[problem.label.place.line - 1][problem.label.place.column - 1 :]
    assert found.startswith(f'"{argument}"' if place == "argument" else '"${shape(nowhere)[0]}"')


@pytest.mark.parametrize("argument", ["${shape(x)[2]}", "${shape(x)[-2] + 1}", "${1 / (shape(x)[0] - 4)}"])
def test_what_cannot_be_computed_of_a_shape_is_one_error_where_it_is_written(argument: str) -> None:
    text = f"""\
blocks:
  A: {{params: {{n: 3}}, layers: [dense: $n, dense: "${{n + 1}}"]}}
  B: {{params: {{m: 4}}, layers: [A: {{n: "${{m * 2}}"}}, dense: $m]}}
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [B: "{argument}"]}}
"""
    (problem,) = check(HEAD + text, "spec.yaml").errors
    assert problem.code == "E207" and "shape(x, " not in problem.message and problem.label.place.line == 5
    assert any("`shape(x)` is [4]" in note for note in problem.notes)


@pytest.mark.parametrize("item", ["dense: 4", "layers: [dense: 4, relu]", 'dense: "${i + 2}"'])
def test_an_index_of_copies_that_share_weights_is_one_error(item: str) -> None:
    text = (
        f"model: {{inputs: {{x: {{shape: [4]}}}}, layers: [{{{item}, repeat: {{times: 2, tied: true, index: i}}}}]}}\n"
    )
    assert [code for code, _ in codes_and_messages(text)] == ["E108"]
    assert [code for code, _ in codes_and_messages(text.replace("tied: true", "tied: false"))] in (["W909"], [])


@pytest.mark.parametrize(
    ("node", "help", "mended"),
    [
        ('from: {dense: "${shape(x)[-1]}"}, dense: 3',
         'give it a node of its own, `y_dense: {from: x, dense: "${shape(x)[-1]}"}`, and write `y_dense` here',
         'from: y_dense, dense: 3}, y_dense: {from: x, dense: "${shape(x)[-1]}"'),
        ('from: {dense: "${2 * w}"}', 'it stands beside `from`: write `y: {from: x, dense: "${2 * w}"}`', 'from: x, dense: "${2 * w}"'),
        ("from: {dense: 3}", "it stands beside `from`: write `y: {from: x, dense: 3}`", "from: x, dense: 3"),
        ("from: [{relu: }]", "it stands beside `from`: write `y: {from: x, relu}`", "from: x, relu: "),
        ("from: [x, {dense: 4}], add: ", "give it a node of its own, `y_dense: {from: x, dense: 4}`, and write `y_dense` here",
         "from: [x, y_dense], add: }, y_dense: {from: x, dense: 4"),
        ("from: {Wide: 3}", "it stands beside `from`: write `y: {from: x, Wide: 3}`", "from: x, Wide: 3"),
    ],
)  # fmt: skip
def test_a_layer_in_from_is_one_error(node: str, help: str, mended: str) -> None:
    text = f"""\
modelc: 1
vars: {{w: 2}}
blocks: {{Wide: {{params: {{n: int}}, layers: [dense: $n]}}}}
model: {{inputs: {{x: {{shape: [4]}}}}, nodes: {{y: {{{node}}}}}, outputs: [y]}}
"""
    (problem,) = check(text, "spec.yaml").errors
    assert problem.helps == (help,)
    assert not check(text.replace(node, mended), "spec.yaml").errors


@pytest.mark.parametrize("name", ["reshape", "constant", "dense"])
def test_an_input_that_is_called_like_a_layer_is_an_input(name: str) -> None:
    text = f"""\
model:
  inputs: {{{name}: {{shape: ["${{shape(x)[0]}}"]}}, x: {{shape: [4]}}}}
  nodes: {{y: {{from: [x, {name}], layers: [add, dense: "${{shape({name})[0]}}"]}}}}
  outputs: [y]
"""
    (problem,) = check(HEAD + text, "spec.yaml").errors
    assert problem.code == "E207" and problem.helps == ("write its value, `4`",)
    assert not check(HEAD + text.replace('"${shape(x)[0]}"', "4"), "spec.yaml").problems


@pytest.mark.parametrize("value", ["3", '"${shape(x)[0]}"', ""])
def test_a_layer_among_the_inputs_is_one_problem(value: str) -> None:
    chain = f"model: {{inputs: {{x: {{shape: [4]}}, dense: {value}}}, layers: [relu]}}\n"
    graph = (
        f"model: {{inputs: {{x: {{shape: [4]}}, dense: {value}}}, nodes: {{y: {{from: x, relu: }}}}, outputs: [y]}}\n"
    )
    for text in (chain, graph):
        (problem,) = check(HEAD + text, "spec.yaml").problems
        assert problem.helps[0].startswith("a layer stands in the list `layers: [dense")
