"""Variables and blocks: what they amount to, and where each mistake is blamed."""

from pathlib import Path

import pytest

from modelc.compiler.api import check_file
from tests.compiler.expand.specs import CHAIN, HEAD, at, checked, layers, only, paths, words


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


def test_a_use_of_a_block_has_its_layers_below_its_own_path() -> None:
    text = """
    blocks:
      Pair:
        params: {units: int, act: relu}
        layers:
          - dense: $units
          - activation: $act
    model:
      inputs: {x: {shape: [4]}}
      layers:
        - Pair: 3
        - Pair: {units: 5, act: tanh}
        - Pair: {units: 2}
          name: end
    """
    found = layers(text)
    assert list(found) == [
        "Pair/dense",
        "Pair/activation",
        "Pair_2/dense",
        "Pair_2/activation",
        "end/dense",
        "end/activation",
    ]
    assert [layer.units for path, layer in found.items() if path.endswith("dense")] == [3, 5, 2]


def test_a_block_that_is_a_graph_has_ports() -> None:
    text = """
    blocks:
      Split:
        inputs: [a, b]
        nodes:
          one: {from: a, dense: 3}
          two: {from: [b, one], concatenate: -1}
        outputs: [two, one]
    model:
      inputs: {x: {shape: [4]}, y: {shape: [5]}}
      nodes:
        s: {from: {b: y, a: x}, Split}
        t: {from: [x, y], Split}
        wide: {from: s, dense: 2}
        narrow: {from: [s.one, t.two], concatenate: -1}
      outputs: [wide, narrow]
    """
    found = checked(text)
    assert found.task is not None and not found.problems
    outputs = {name: output.type.shape for name, output in found.task.outputs.items()}
    assert outputs == {"wide": (2,), "narrow": (3 + 8,)}


def test_blocks_see_the_variables_of_the_file_and_their_parameters_shadow_them() -> None:
    text = """
    vars: {units: 7, more: 2}
    blocks:
      Outer:
        params: {units: int}
        layers: [dense: $units, Inner: $more]
      Inner:
        params: {factor: int}
        layers: [dense: "${units * factor}"]
    model: {inputs: {x: {shape: [4]}}, layers: [Outer: 3]}
    """
    assert [layer.units for layer in layers(text).values()] == [3, 14]


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


def test_shared_layers_have_one_set_of_weights() -> None:
    text = """
    blocks:
      Tower: {layers: [dense: 3, dense: 2]}
    model:
      inputs: {a: {shape: [4]}, b: {shape: [4]}}
      nodes:
        one: {from: a, layers: [Tower, relu]}
        two: {from: b, share: one}
        three: {from: b, share: two}
        all: {from: [one, two, three], add}
      outputs: [all]
    """
    found = checked(text)
    assert found.task is not None and not found.problems
    planned = found.task.planned
    owners = {node.path: node.owner for node in planned.graph.nodes}
    assert owners["two/Tower/dense_2"] == owners["three/Tower/dense_2"] == "one/Tower/dense_2"
    assert [owner for owner, plan in planned.owned() if plan.params] == ["one/Tower/dense", "one/Tower/dense_2"]


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
    "list in a list": (f"{CHAIN}    - layers: [relu]\n      repeat: 2\n", "E103", "layers", []),
}


@pytest.mark.parametrize(("text", "code", "blamed", "trail"), MISTAKES.values(), ids=MISTAKES)
def test_the_place_to_change_is_blamed_and_the_way_from_there_is_told(
    text: str, code: str, blamed: str, trail: list[str]
) -> None:
    problem = only(text)
    assert (problem.code, at(text, problem)) == (code, blamed)
    assert [words(text, label.place) for label in problem.related] == trail


def test_an_unread_definition_causes_nothing_else() -> None:
    text = f"vars: {{a: 1e999}}\nblocks: {{A: {{params: {{n: $a}}, layers: [dense: $n]}}}}\n{CHAIN}    - A\n    - dense: $a\n"
    assert [problem.code for problem in checked(text).problems] == ["E006"]


def test_what_is_too_large_once_it_is_written_out_is_refused() -> None:
    doubling = "\n".join(f"  B{i}: {{layers: [B{i + 1}, B{i + 1}]}}" for i in range(20))
    text = f"blocks:\n{doubling}\n  B20: {{layers: [relu]}}\n{CHAIN}    - B0\n"
    problem = only(text)
    assert problem.code == "E005"


WRONG_BODY = (
    "blocks: {A: {params: {n: int, k: 3}, layers: [dense: $n, dens: 3, conv2d: {filters: $k, kernel_size: $m}]}}\n"
)


@pytest.mark.parametrize(
    ("uses", "codes"),
    [
        ([], ["E101", "E207", "W909"]),
        (["A: 3"], ["E101", "E207"]),
        (["A: three"], ["E101", "E105", "E207"]),
        (["A"], ["E101", "E104", "E207"]),
        (["A: {m: 3}"], ["E101", "E102", "E207"]),
        (["A: {n: $other}"], ["E101", "E207", "E207"]),
    ],
    ids=str,
)
def test_mistakes_in_a_block_are_told_whatever_is_wrong_with_its_uses(uses: list[str], codes: list[str]) -> None:
    text = WRONG_BODY + CHAIN + "".join(f"    - {use}\n" for use in [*uses, "relu"])
    assert sorted(problem.code for problem in checked(text).problems) == codes


def test_what_is_wrong_with_arguments_causes_no_mistake_in_the_body() -> None:
    body = "layers: [dense: $n, reshape: [2, $k], residual: [dense: $n]]"
    text = f"blocks: {{A: {{params: {{n: int, k: 3}}, {body}}}}}\n{CHAIN}    - A: {{n: 6, kk: 4}}\n    - dense: 2\n"
    assert [problem.code for problem in checked(text).problems] == ["E102"]


def test_a_block_that_nothing_uses_changes_no_number_of_the_others() -> None:
    text = f"blocks: {{A: {{params: {{n: int}}, layers: [dense: $n]}}}}\n{CHAIN}    - dense: 3\n"
    found = checked(text)
    assert [problem.code for problem in found.problems] == ["W909"]
    assert found.task is not None
    assert [node.path for node in found.task.planned.graph.nodes] == ["dense"]


def test_a_section_that_cannot_be_read_hides_what_would_follow_from_it() -> None:
    text = f"vars: [1]\nblocks: none\n{CHAIN}    - dense: $width\n    - Tower: 3\n    - Other\n    - rleu\n"
    found = checked(text).problems
    assert sorted((problem.code, at(text, problem)) for problem in found) == [
        ("E101", "rleu"),
        ("E105", "[1]"),
        ("E105", "none"),
    ]


def test_a_default_is_checked_where_every_use_gives_an_argument() -> None:
    text = f"blocks: {{A: {{params: {{n: $m}}, layers: [dense: $n]}}}}\n{CHAIN}    - A: 3\n    - A: 4\n"
    problem = only(text)
    assert (problem.code, at(text, problem), problem.notes) == ("E207", "$m", ())


def test_blocks_stand_in_lists_that_variables_and_parameters_stand_for() -> None:
    text = f"""\
vars: {{body: [Wide: 4, relu], one: {{Wide: 4}}, ways: {{a: [], b: [Wide: 4]}}}}
blocks:
  Wide: {{params: {{n: int}}, layers: [dense: $n]}}
  Around: {{params: {{body: []}}, layers: [residual: $body]}}
{CHAIN}    - residual: $body
    - $one
    - parallel: {{join: add, branches: $ways}}
    - Around: {{body: [Wide: 4, tanh]}}
"""
    assert paths(text) == [
        "residual/Wide/dense",
        "residual/relu",
        "residual/add",
        "Wide/dense",
        "parallel/b/Wide/dense",
        "parallel/add",
        "Around/residual/Wide/dense",
        "Around/residual/tanh",
        "Around/residual/add",
    ]


def test_a_dollar_that_is_written_twice_stays_one_where_layers_are_looked_at() -> None:
    text = (
        f"vars: {{body: [{{dense: 4, name: $$a}}], a: b}}\n{CHAIN}    - residual: $body\n    - {{dense: 3, name: $a}}\n"
    )
    problem = only(text)
    assert (problem.code, problem.message) == ("E110", "`$a` cannot be a name")


def test_a_number_parameter_takes_ratios_as_number_fields_do() -> None:
    text = (
        f"blocks: {{A: {{params: {{r: float}}, layers: [dropout: $r, dropout: '${{r / 2}}']}}}}\n{CHAIN}    - A: 1/2\n"
    )
    assert [layer.rate for layer in layers(text).values()] == [0.5, 0.25]
    problem = only(text.replace("1/2", "1/0"))
    assert (problem.code, problem.label.text) == ("E105", "expected a number")


def test_what_an_extended_file_defines_for_others_is_not_unused(tmp_path: Path) -> None:
    (tmp_path / "_bricks.yaml").write_text("modelc: 1\nvars: {a: 3}\nblocks: {A: {layers: [relu]}}\n")
    (tmp_path / "spec.yaml").write_text(f"{HEAD}extends: _bricks.yaml\nvars: {{b: 3}}\n{CHAIN}    - dense: 3\n")
    (problem,) = check_file(tmp_path / "spec.yaml").problems
    assert (problem.code, problem.message) == ("W909", "the variable `b` is not used")


def test_a_block_may_be_an_argument_of_itself_and_no_part() -> None:
    around = "blocks: {Around: {params: {body: []}, layers: [residual: $body]}}\n"
    nested = f"{around}{CHAIN}    - Around: {{body: [tanh, Around: {{body: [dense: 4]}}]}}\n"
    assert paths(nested) == [
        "Around/residual/tanh",
        "Around/residual/Around/residual/dense",
        "Around/residual/Around/residual/add",
        "Around/residual/add",
    ]
    problem = only(f"{around.replace('[]', '[Around]')}{CHAIN}    - Around\n")
    assert (problem.code, problem.message) == ("E208", "more than 32 blocks stand inside each other")


@pytest.mark.parametrize("join", ["A", "{A: 3}"])
def test_a_block_joins_no_branches(join: str) -> None:
    problem = only(
        f"blocks: {{A: {{params: {{n: 3}}, layers: [dense: $n]}}}}\n{CHAIN}    - A\n"
        f"    - parallel: {{join: {join}, branches: {{a: [], b: [relu]}}}}\n"
    )
    assert (problem.code, problem.message) == ("E101", "`A` is a block, and only a layer joins branches")
    assert problem.helps[0].startswith("use one of `concatenate`")


@pytest.mark.parametrize("blocks", ["{A: $part}", "$parts"])
def test_a_definition_is_no_variable(blocks: str) -> None:
    problem = only(f"vars: {{part: [dense: 3], parts: {{A: [relu]}}}}\nblocks: {blocks}\n{CHAIN}    - A\n")
    assert problem.code == "E105" and problem.helps[0].startswith(
        "write the definition itself: blocks are known before"
    )


def test_ratios_are_numbers_in_expressions_too() -> None:
    found = layers(f"vars: {{e: 1/10}}\n{CHAIN}    - dropout: '${{e * 2}}'\n")
    assert found["dropout"].rate == 0.2
    problem = only(f"vars: {{e: 1/0}}\n{CHAIN}    - dropout: '${{e * 2}}'\n")
    assert (problem.code, problem.message) == ("E207", "`1/0` is no number to compute with")


def test_a_mistake_in_an_expression_is_told_in_words_of_specs() -> None:
    problem = only(f"vars: {{sizes: [3, 4]}}\n{CHAIN}    - dense: '${{sizes.0 + 1}}'\n")
    assert (problem.code, problem.helps) == ("E207", ("here an entry of a list is `sizes[0]`",))
    problem = only(f"vars: {{n: true}}\n{CHAIN}    - dense: '${{n + 1}}'\n")
    assert [label.text for label in problem.related] == ["`n` = true, from `vars`"]


def test_a_name_is_looked_at_whatever_its_value_is() -> None:
    found = checked(f"{CHAIN}    - wibble: $nowhere\n    - residual: $nowhere\n    - {{dens: $nowhere, name: d}}\n")
    assert sorted((error.code, error.message) for error in found.errors) == [
        ("E101", "unknown layer `dens`"),
        ("E101", "unknown layer `wibble`"),
        *[("E207", "there is no variable `nowhere`")] * 3,
    ]
