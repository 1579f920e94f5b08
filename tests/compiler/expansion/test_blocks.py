"""Blocks: what they are as layers, their parameters and bodies, and where what is wrong with them is told."""

from pathlib import Path

import pytest

from modelc.compiler.api import check_file
from tests.compiler.expansion.specs import CHAIN, HEAD, at, checked, layers, only, paths


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
    assert (problem.code, problem.message) == ("E208", "more than 32 blocks are nested")


@pytest.mark.parametrize("join", ["A", "{A: 3}"])
def test_a_block_joins_no_branches(join: str) -> None:
    problem = only(
        f"blocks: {{A: {{params: {{n: 3}}, layers: [dense: $n]}}}}\n{CHAIN}    - A\n"
        f"    - parallel: {{join: {join}, branches: {{a: [], b: [relu]}}}}\n"
    )
    assert (problem.code, problem.message) == ("E101", "`A` is a block, but only a layer can join branches")
    assert problem.helps[0].startswith("use one of `concatenate`")


@pytest.mark.parametrize("blocks", ["{A: $part}", "$parts"])
def test_a_definition_is_no_variable(blocks: str) -> None:
    problem = only(f"vars: {{part: [dense: 3], parts: {{A: [relu]}}}}\nblocks: {blocks}\n{CHAIN}    - A\n")
    assert problem.code == "E105" and problem.helps[0].startswith("write the definition itself: blocks are read before")
