"""Variables: what stands for them, what may be made of them; and mistakes in them and in blocks, each with its way to the use."""

import pytest

from tests.compiler.expansion.specs import CHAIN, at, checked, layers, only, words


def test_a_variable_is_its_value_wherever_it_stands() -> None:
    text = f"vars: {{width: 8, act: relu, sizes: [3, {{deep: 5}}]}}\n{CHAIN}"
    text += "    - dense: $width\n    - dense: {units: $sizes.0, activation: $act}\n"
    text += '    - dense: $sizes.1.deep\n    - dense: "${2 * width + sizes[0]}"\n'
    found = layers(text)
    assert [layer.units for layer in found.values()] == [8, 3, 5, 19]
    assert type(found["dense_2"].activation).__name__ == "Relu"


def test_variables_are_made_of_each_other_in_any_order() -> None:
    found = layers(f'vars: {{a: "${{b + 1}}", b: $c, c: 4, all: [$a, $b]}}\n{CHAIN}    - dense: $all.0\n')
    assert found["dense"].units == 5


def test_two_dollars_are_one() -> None:
    found = checked(f"name: a\ndescription: $$5 a run, for $3\n{CHAIN}    - dense: 1\n")
    assert found.task is not None and found.task.spec.description == "$5 a run, for $3"
    assert not found.problems


def test_repeats_are_copies_with_weights_of_their_own_and_tied_ones_share_them() -> None:
    text = """
    model:
      inputs: {x: {shape: [4]}}
      layers:
        - dense: 4
          repeat: 2
        - residual: [dense: 4, relu]
          repeat: {times: 2, tied: true}
        - dense: 9
          repeat: 0
    """
    found = checked(text)
    assert found.task is not None and not found.problems
    graph = found.task.planned.graph
    assert [(node.path, node.owner) for node in graph.nodes] == [
        ("dense/0", "dense/0"),
        ("dense/1", "dense/1"),
        ("residual/0/dense", "residual/0/dense"),
        ("residual/0/relu", "residual/0/relu"),
        ("residual/0/add", "residual/0/add"),
        ("residual/1/dense", "residual/0/dense"),
        ("residual/1/relu", "residual/0/relu"),
        ("residual/1/add", "residual/0/add"),
    ]
    assert str(graph.outputs["output"]) == "residual/1/add"


def test_a_repeat_of_several_inputs_carries_the_first() -> None:
    text = """
    model:
      inputs: {x: {shape: [4]}, y: {shape: [4]}}
      nodes:
        sum: {from: [x, y], add, repeat: 3}
      outputs: [sum]
    """
    found = checked(text)
    assert found.task is not None
    feeds = {node.path: [str(feed.edge) for feed in node.feeds or ()] for node in found.task.planned.graph.nodes}
    assert feeds == {"sum/0": ["x", "y"], "sum/1": ["sum/0", "y"], "sum/2": ["sum/1", "y"]}


def test_parallel_joins_its_branches_and_an_empty_one_is_the_identity() -> None:
    text = """
    model:
      inputs: {x: {shape: [4]}}
      layers:
        - parallel: {join: concatenate, branches: {a: [dense: 3, relu], b: [], c: [dense: 2]}}
        - parallel: {join: add, branches: {one: [], two: []}}
    """
    found = checked(text)
    assert found.task is not None and not found.problems
    feeds = {node.path: [str(feed.edge) for feed in node.feeds or ()] for node in found.task.planned.graph.nodes}
    assert feeds["parallel/concatenate"] == ["parallel/a/relu", "x", "parallel/c/dense"]
    assert feeds["parallel_2/add"] == ["parallel/concatenate", "parallel/concatenate"]
    assert found.task.outputs["output"].type.shape == (9,)


def test_a_node_that_is_there_to_be_shared_is_not_unused() -> None:
    text = """
    model:
      inputs: {x: {shape: [4]}}
      nodes:
        tower: {from: x, layers: [dense: 3, relu]}
        other: {from: x, share: tower}
        more: {from: x, dense: 3}
      outputs: [other]
    """
    assert [(problem.code, problem.message) for problem in checked(text).problems] == [
        ("W901", "node `more` is not used")
    ]


def test_an_embedding_is_used_the_other_way_round() -> None:
    text = """
    model:
      inputs: {ids: {shape: [5], dtype: int32}}
      nodes:
        tokens: {from: ids, embedding: {input_dim: 11, output_dim: 3}}
        scores: {from: tokens, layers: [layer_norm, unembed: tokens]}
      outputs: [scores]
    """
    found = checked(text)
    assert found.task is not None and not found.problems
    assert found.task.outputs["scores"].type.shape == (5, 11)
    assert found.task.planned.graph.nodes[-1].owner == "tokens"


MISTAKES = {
    "unknown variable": (
        f"vars: {{width: 8}}\n{CHAIN}    - dense: $widht\n    - dense: $width\n",
        "E207",
        "$widht",
        [],
    ),
    "no such entry": (f"vars: {{sizes: [8]}}\n{CHAIN}    - dense: $sizes.1\n", "E207", "$sizes.1", ["[8]"]),
    "value of a variable": (f"vars: {{width: -8}}\n{CHAIN}    - dense: $width\n", "E106", "-8", ["$width"]),
    "value in a list": (f"vars: {{all: [8, x]}}\n{CHAIN}    - dense: $all.1\n", "E105", "x", ["$all.1"]),
    "expression": (
        f'vars: {{n: 3}}\n{CHAIN}    - dense: "${{n - 5}}"\n',
        "E106",
        '"${n - 5}"',
        ["3"],
    ),
    "argument": (
        f"blocks: {{A: {{params: {{n: int}}, layers: [dense: $n]}}}}\n{CHAIN}    - A: -3\n",
        "E106",
        "-3",
        ["$n", "A"],
    ),
    "default": (
        f"blocks: {{A: {{params: {{n: -3}}, layers: [dense: $n]}}}}\n{CHAIN}    - A\n",
        "E106",
        "-3",
        ["$n", "A"],
    ),
    "argument through two blocks": (
        f"blocks:\n  A: {{params: {{n: int}}, layers: [B: $n]}}\n  B: {{params: {{m: 1}}, layers: [dense: $m]}}\n{CHAIN}    - A: 0\n",
        "E106",
        "0",
        ["$n", "$m", "B", "A"],
    ),
    "body": (
        f"blocks: {{A: {{layers: [dense: {{unit: 3}}]}}}}\n{CHAIN}    - A\n    - A\n",
        "E102",
        "unit",
        ["A"],
    ),
    "shape in a body": (
        f"blocks: {{A: {{layers: [conv2d: {{filters: 3, kernel_size: 3}}]}}}}\n{CHAIN}    - A\n",
        "E301",
        "conv2d",
        ["x", "A"],
    ),
    "missing argument": (
        f"blocks: {{A: {{params: {{n: int}}, layers: [dense: $n]}}}}\n{CHAIN}    - A\n",
        "E104",
        "A",
        ["n"],
    ),
    "unknown argument": (
        f"blocks: {{A: {{params: {{n: int}}, layers: [dense: $n]}}}}\n{CHAIN}    - A: {{m: 3}}\n    - A: 3\n",
        "E102",
        "m",
        ["A"],
    ),
    "type of an argument": (
        f"blocks: {{A: {{params: {{n: int}}, layers: [dense: $n]}}}}\n{CHAIN}    - A: many\n",
        "E105",
        "many",
        ["n"],
    ),
    "type word": (
        f"blocks: {{A: {{params: {{n: integer}}, layers: [dense: $n]}}}}\n{CHAIN}    - A: 3\n",
        "E106",
        "integer",
        [],
    ),
    "block in itself": (f"blocks: {{A: {{layers: [A]}}}}\n{CHAIN}    - A\n", "E208", "A", []),
    "variable of itself": (f"vars: {{a: $b, b: $a}}\n{CHAIN}    - dense: $a\n", "E208", "a", ["b"]),
    "unused": (f"vars: {{a: 1}}\n{CHAIN}    - dense: 1\n", "W909", "a", []),
    "name of a block": (f"blocks: {{tower: {{layers: [relu]}}}}\n{CHAIN}    - relu\n", "E110", "tower", []),
    "key of a block": (f"blocks: {{A: {{layer: [relu]}}}}\n{CHAIN}    - A\n", "E102", "layer", []),
    "negative repeat": (f"{CHAIN}    - relu:\n      repeat: -1\n", "E106", "-1", []),
    "shape over copies": (f"{CHAIN}    - dense: 3\n      repeat: {{times: 2, tied: true}}\n", "E302", "dense", []),
    "join": (f"{CHAIN}    - parallel: {{join: relu, branches: {{a: [], b: []}}}}\n", "E106", "relu", []),
    "misspelt branches": (
        f"{CHAIN}    - parallel: {{join: concatenate, branchs: {{a: [], b: []}}}}\n",
        "E102",
        "branchs",
        [],
    ),
    "misspelt times": (f"{CHAIN}    - {{dense: 4, repeat: {{tims: 2}}}}\n", "E102", "tims", []),
    "one branch": (f"{CHAIN}    - parallel: {{join: add, branches: {{a: []}}}}\n", "E104", "branches", []),
    "misspelt block": (
        f"blocks: {{Tower: {{layers: [relu]}}}}\n{CHAIN}    - Towre\n    - Tower\n",
        "E101",
        "Towre",
        [],
    ),
    "key": (f"{CHAIN}    - residual: [relu]\n      repeats: 2\n", "E102", "repeats", []),
    "join in a chain": (f"{CHAIN}    - dense: 3\n    - concatenate: -1\n", "E204", "concatenate", []),
    "block in a wrapper": (
        f"blocks: {{A: {{layers: [dense: 3]}}}}\n{CHAIN}    - reshape: [2, 2]\n    - time_distributed: {{layer: A}}\n",
        "E101",
        "A",
        [],
    ),
    "name twice": (
        f"{CHAIN}    - {{dense: 3, name: a}}\n    - {{dense: 3, name: a}}\n",
        "E110",
        "a",
        ["name"],
    ),
    "unused node of a block": (
        (
            f"blocks: {{A: {{inputs: [i], nodes: {{l: {{from: i, relu}}, m: {{from: l, dense: 3}}}}, outputs: [l]}}}}\n{CHAIN}"
            "    - A\n    - A\n"
        ),
        "W901",
        "m",
        ["A"],
    ),
    "unused input of a block": (
        (
            "blocks: {A: {inputs: [i, j], nodes: {l: {from: i, relu}}, outputs: [l]}}\n"
            "model:\n  inputs: {x: {shape: [4]}}\n  nodes: {a: {from: [x, x], A}}\n  outputs: [a]\n"
        ),
        "W902",
        "j",
        ["A"],
    ),
}


@pytest.mark.parametrize(("text", "code", "blamed", "trail"), MISTAKES.values(), ids=MISTAKES)
def test_the_place_to_change_is_blamed_and_the_way_from_there_is_told(
    text: str, code: str, blamed: str, trail: list[str]
) -> None:
    problem = only(text)
    assert (problem.code, at(text, problem)) == (code, blamed)
    assert [words(text, label.place) for label in problem.related] == trail


def test_a_dollar_that_is_written_twice_stays_one_where_layers_are_looked_at() -> None:
    text = (
        f"vars: {{body: [{{dense: 4, name: $$a}}], a: b}}\n{CHAIN}    - residual: $body\n    - {{dense: 3, name: $a}}\n"
    )
    problem = only(text)
    assert (problem.code, problem.message) == ("E110", "`$a` cannot be a name")


def test_ratios_are_numbers_in_expressions_too() -> None:
    found = layers(f"vars: {{e: 1/10}}\n{CHAIN}    - dropout: '${{e * 2}}'\n")
    assert found["dropout"].rate == 0.2
    problem = only(f"vars: {{e: 1/0}}\n{CHAIN}    - dropout: '${{e * 2}}'\n")
    assert (problem.code, problem.message) == ("E207", "`1/0` is not a number")


def test_a_mistake_in_an_expression_is_told_in_words_of_specs() -> None:
    problem = only(f"vars: {{sizes: [3, 4]}}\n{CHAIN}    - dense: '${{sizes.0 + 1}}'\n")
    assert (problem.code, problem.helps) == ("E207", ("in expressions, an entry of a list is `sizes[0]`",))
    problem = only(f"vars: {{n: true}}\n{CHAIN}    - dense: '${{n + 1}}'\n")
    assert [label.text for label in problem.related] == ["`n` = true, from `vars`"]


def test_a_name_is_looked_at_whatever_its_value_is() -> None:
    found = checked(f"{CHAIN}    - wibble: $nowhere\n    - residual: $nowhere\n    - {{dens: $nowhere, name: d}}\n")
    assert sorted((error.code, error.message) for error in found.errors) == [
        ("E101", "unknown layer `dens`"),
        ("E101", "unknown layer `wibble`"),
        *[("E207", "there is no variable `nowhere`")] * 3,
    ]
