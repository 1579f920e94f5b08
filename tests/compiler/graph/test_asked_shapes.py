"""Sizes that follow from the model: `"${shape(x)[-1] // 16}"` in the arguments of layers."""

import json
import textwrap
from typing import Any

import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.expansion.resolved_spec import resolve
from modelc.compiler.expansion.yaml_writer import to_yaml
from modelc.compiler.lowering.passes.roll_repeats import roll_repeats
from modelc.compiler.lowering.prepared_task import prepare
from tests.compiler.expansion.specs import CHAIN, at, checked, layers, only
from tests.places import words_at

GRAPH = "model:\n  inputs: {x: {shape: [6, 8]}}\n  nodes:\n"


def graph(nodes: str, *outputs: str, above: str = "") -> str:
    """A spec with these nodes; the last is its output."""
    lines = [f"    {line}\n" for line in nodes.splitlines()]
    last = outputs or (nodes.splitlines()[-1].partition(":")[0],)
    return f"{above}{GRAPH}{''.join(lines)}  outputs: [{', '.join(last)}]\n"


def units(text: str) -> dict[str, Any]:
    """The units of the dense layers of a spec, by path."""
    return {path: layer.units for path, layer in layers(text).items() if hasattr(layer, "units")}


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ('dense: "${shape(x)[-1] // 2}"', 2),
        ('dense: "${shape(input)[-1] // 2}"', 1),
        ('dense: {units: "${w * shape(x)[0]}"}', 12),
        ('dense: "${max(shape(two)) if shape(x)[0] > 3 else 5}"', 2),
        ('dense: "${len(shape(x)) + round(2.5)}"', 3),
        ('dense: "${three * 2}"', 8),
        ('dense: "${sizes[1] + sizes[0]}"', 11),
        ("dense: $three", 4),
    ],
)
def test_an_argument_follows_from_a_shape(layer: str, expected: int) -> None:
    above = 'vars: {w: 3, three: "${shape(x)[0]}", sizes: [7, "${shape(x)[-1]}"]}\n'
    chain = f"{CHAIN}    - {{dense: 2, name: two}}\n    - {{{layer}, name: last}}\n"
    found = checked(above + chain)
    assert found.task is not None and not found.errors
    assert found.task.planned.plans["last"].output.shape == (expected,)


def test_lists_take_shapes_as_a_whole_and_one_by_one() -> None:
    text = graph(
        'a: {from: x, reshape: "${[1] + shape(x)}"}\n'
        'b: {from: a, reshape: ["${shape(a)[1] * shape(input)[2]}"]}\n'
        'c: {from: x, conv1d: {filters: "${shape(b)[0]}", kernel_size: ["${shape(x)[0] // 2}"]}}',
        "b",
        "c",
    )
    found = layers(text)
    assert found["a"].shape == (1, 6, 8) and found["b"].shape == (48,)
    assert (found["c"].filters, found["c"].kernel_size) == (48, (3,))


def test_each_use_of_a_block_and_each_copy_has_its_own_value() -> None:
    blocks = """
blocks:
  Half:
    params: {more: 0}
    inputs: [y]
    nodes: {h: {from: y, dense: "${shape(y)[-1] // 2}"}, o: {from: h, dense: "${shape(input)[-1] + more}"}}
    outputs: [o]
  Double: {layers: [dense: "${2 * shape(input)[-1]}"]}
"""
    text = graph(
        "a: {from: x, Half: {more: 2}}\nb: {from: a, Half: }\nc: {from: b, Double: , repeat: 2}\n"
        'd: {from: c, residual: [dense: 3, dense: "${shape(c)[-1]}"]}\n'
        'e: {from: d, parallel: {join: add, branches: {l: [dense: "${shape(a)[-1]}"], r: [dense: "${shape(a)[1]}"]}}}\n'
        'f: {from: e, time_distributed: {layer: {dense: "${shape(input)[-1] + shape(x)[0]}"}}}',
        above=blocks,
    )
    assert units(text) == {
        "a/h": 4, "a/o": 6, "b/h": 3, "b/o": 3, "c/0/dense": 6, "c/1/dense": 12, "d/dense": 3, "d/dense_2": 12,
        "e/l/dense": 6, "e/r/dense": 6,
    }  # fmt: skip
    assert layers(text)["f"].layer.units == 12


def test_an_argument_of_a_block_asks_for_what_is_around_its_use() -> None:
    blocks = """
blocks:
  Outer: {params: {n: 1}, inputs: [x], nodes: {i: {from: x, dense: 5}, o: {from: i, Inner: {n: $n, m: "${shape(x)[-1]}"}}}, outputs: [o]}
  Inner: {params: {n: 1, m: 1}, inputs: [x], nodes: {o: {from: x, dense: "${100 * n + 10 * m + shape(x)[-1]}"}}, outputs: [o]}
"""
    text = graph('a: {from: x, dense: 3}\nb: {from: a, Outer: "${shape(input)[-1] + shape(x)[0]}"}', above=blocks)
    # `n` is of the model: 3 + 6, `m` of the block around: 3, and `x` of the block itself: 5.
    assert units(text)["b/o/o"] == 900 + 30 + 5


def test_shared_weights_have_the_sizes_of_their_owner() -> None:
    text = graph(
        'a: {from: x, dense: "${shape(input)[0] + shape(x)[1]}"}\n'
        "b: {from: x, share: a}\n"
        't: {from: b, layers: [dense: 8, {dense: "${shape(input)[1]}", repeat: {times: 3, tied: true}}]}\n'
        "u: {from: t, share: a}",
        "a",
        "u",
    )
    found = units(text)
    assert {found[path] for path in ("a", "b", "u")} == {14} and {found[f"t/dense_2/{place}"] for place in "012"} == {8}


def test_an_embedding_of_an_asked_size_is_unembedded() -> None:
    text = """
model:
  inputs: {words: {shape: [5], dtype: int32}, wide: {shape: [7]}}
  nodes:
    e: {from: words, embedding: {input_dim: 9, output_dim: "${shape(wide)[0]}"}}
    u: {from: e, unembed: e}
    w: {from: wide, dense: 1}
  outputs: [u, w]
"""
    found = checked(text)
    assert found.task is not None and not found.problems
    assert found.task.planned.plans["u"].output.shape == (5, 9)


def test_names_with_a_hyphen_ports_and_words_of_python() -> None:
    text = graph(
        "my-lstm: {from: x, lstm: 5}\nin: {from: x, dense: 4}\n"
        "a: {from: my-lstm, dense: \"${shape(my-lstm.state_h)[0] + shape('in')[1]}\"}",
        "a",
        "in",
    )
    assert units(text)["a"] == 9


def test_copies_of_equal_sizes_are_one_loop() -> None:
    text = graph('a: {from: x, dense: 4}\nb: {from: a, dense: "${shape(input)[-1]}", repeat: 9}')
    other = graph('a: {from: x, dense: 4}\nb: {from: a, dense: "${shape(input)[-1] + 1}", repeat: 9}')
    for spec, loops in ((text, ["b"]), (other, [])):
        found = checked(spec)
        assert found.task is not None and not found.errors
        assert [roll.path for roll in roll_repeats(found.task)] == loops
        assert [roll.path for roll in prepare(found.task).rolls] == loops


def test_a_shape_is_no_use_of_a_node() -> None:
    text = graph('a: {from: x, dense: 4}\nb: {from: x, dense: "${shape(a)[-1]}"}')
    (problem,) = checked(text).problems
    assert problem.code == "W901" and "`a`" in problem.message
    # To remove it alone would be an error.
    assert problem.helps == ("add it to `outputs`, or remove it and write a number in place of `shape(a)`",)
    assert [words_at("modelc: 1\n" + text, label.place) for label in problem.related] == ['"${shape(a)[-1]}"']


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("layers: {lstm: SIZE}", "E105", "`layers` must be a list, got a mapping"),
        ("layers: [relu, [lstm: SIZE, dense: SIZE]]", "E105", "expected the name of a layer, got a list"),
        ("layers: [residual: {lstm: {units: SIZE, activation: relu}}]", "E105", "`residual` must be a list, got a mapping"),
        ("layers: [parallel: {join: add, branches: {a: [], b: {lstm: SIZE}}}]", "E105", "`b` must be a list, got a mapping"),
        ("layers: [parallel: {join: add, paths: {a: [lstm: SIZE], b: [lstm: SIZE]}}]", "E102", "unknown key `paths`"),
        ("layers: [repeat: {times: 3, layers: [lstm: SIZE]}]", "E102", "unknown key `layers` in `repeat`"),
        ("layers: [{relu: , name: {lstm: SIZE}}]", "E105", "`name` must be a string, got a mapping"),
        ("nodes: [{from: x, lstm: SIZE}, {from: x, lstm: SIZE}]\n  outputs: [y]", "E105", "`nodes` must be a mapping, got a list"),
        ("nodes: {a: [lstm: SIZE, dense: SIZE]}\n  outputs: [a]", "E105", "node `a` must be a mapping, got a list"),
        # Not in a layer, wherever: the expression itself is wrong.
        ("layers: [{lstm: 3, repeat: {times: SIZE}}]", "E207", "asks for a shape of the model"),
        ("layers: [residual: SIZE]", "E207", "asks for a shape of the model"),
        ("nodes: {lstm: {from: x, relu: , repeat: SIZE}}\n  outputs: [lstm]", "E207", "asks for a shape of the model"),
    ],
)  # fmt: skip
def test_a_layer_in_a_wrong_place_is_one_error_of_its_place(body: str, code: str, message: str) -> None:
    text = "model:\n  inputs: {x: {shape: [6, 8]}}\n  " + body.replace("SIZE", '"${shape(input)[-1]}"')
    problem = only(text + "\n")
    assert problem.code == code and message in problem.message


def test_what_a_shape_follows_from_is_not_simply_to_be_removed() -> None:
    nodes = (
        'a: {from: x, dense: 4}\nc: {from: a, layers: [relu, dense: 7]}\nd: {from: x, dense: "${shape(e)[-1]}"}\n'
        'e: {from: x, relu: }\nb: {from: x, layers: [residual: [dense: "${shape(c)[-1]}", dense: 8]]}'
    )
    helps = {problem.message: problem.helps[0] for problem in checked(graph(nodes)).problems}
    number = "add it to `outputs`, or remove it and write a number in place of `shape(c)`"
    alone = "add it to `outputs`, or remove it"
    assert helps == {
        f"node `{name}` is not used": help for name, help in zip("acde", (number, number, alone, alone), strict=True)
    }


def test_a_shape_is_no_use_of_a_node_of_a_block_either() -> None:
    block = 'h: {from: q, dense: 9}\ng: {from: q, dense: 5}\ny: {from: q, residual: {layers: [dense: "${shape(h)[-1] - 1}"]}}'
    above = f"blocks:\n  B:\n    inputs: [q]\n    nodes:\n{textwrap.indent(block, ' ' * 6)}\n    outputs: [y]\n"
    helps = [problem.helps for problem in checked(graph("b: {from: x, B: }", above=above)).problems]
    assert helps == [("remove it and write a number in place of `shape(h)`",), ("remove it",)]


def test_the_resolved_form_keeps_the_shape_and_fills_in_variables() -> None:
    text = "modelc: 1\n" + graph('b: {from: x, dense: "${shape(input)[-1] // w}"}', above="vars: {w: 2}\n")
    found = check(text, "spec.yaml")
    assert found.document is not None
    resolved = to_yaml(resolve(found.document), found.sources)
    assert '"${shape(input)[-1] // 2}"' in resolved and "vars" not in resolved.partition("model:")[2].partition("#")[0]
    assert layers(resolved.removeprefix("modelc: 1"))["b"].units == 4


def test_a_setting_may_ask_for_a_shape() -> None:
    text = "modelc: 1\n" + graph("b: {from: x, dense: 3}")
    found = check(text, "spec.yaml", settings=["model.nodes.b.dense=${shape(x)[0]}"])
    assert found.task is not None and found.task.planned.plans["b"].output.shape == (6, 6)


def errors(text: str) -> list[Problem]:
    return [problem for problem in checked(text).problems if problem.is_error]


@pytest.mark.parametrize(
    ("node", "code", "where", "words", "help"),
    [
        ('dense: "${shape(x)[2]}"', "E207", '"${shape(x)[2]}"', "`shape(x)` has no entry 2", "it has 2"),
        ('dense: "${shape(x)[0] - 6}"', "E106", '"${shape(x)[0] - 6}"', "at least 1, got 0", ""),
        ('dense: "${shape(x)[0] / 2}"', "E105", '"${shape(x)[0] / 2}"', "got the number `3.0`", "`//`"),
        ('dense: "${shape(x)}"', "E105", '"${shape(x)}"', "got a list", ""),
        ('dense: "${shape(xx)[0]}"', "E201", '"${shape(xx)[0]}"', "unknown node `xx` in `shape(xx)`", "`shape(x)`"),
        ('dense: "${shape(x.state)[0]}"', "E203", '"${shape(x.state)[0]}"', "no port `state`", "write `x`"),
        ('dense: "${shape(a)[0]}"', "E202", '"${shape(a)[0]}"', "asks for its own shape", "`input`"),
        ('dense: "${shape(3)[0]}"', "E207", '"${shape(3)[0]}"', "does not ask for one name", "`shape(x)[-1]`"),
        ('dense: "${shape(x, 1)[0]}"', "E207", '"${shape(x, 1)[0]}"', "does not ask for one name", ""),
        ('dense: 3, repeat: "${shape(x)[0]}"', "E207", '"${shape(x)[0]}"', "only arguments of layers", ""),
        ('dense: {units: 3, activation: "${shape(x)[0]}"}', "E105", '"${shape(x)[0]}"', "`activation` of `dense`", ""),
        ('dense: {units: 3, use_bias: "${shape(x)[0] > 2}"}', "E105", '"${shape(x)[0] > 2}"', "`use_bias` of `dense`", ""),
        (
            'dense: {units: 3, kernel_initializer: {constant: "${shape(x)[0]}"}}',
            "E105",
            '"${shape(x)[0]}"',
            "`kernel_initializer` of `dense`",
            "",
        ),
        (
            'parallel: {join: {concatenate: "${-shape(x)[0]}"}, branches: {a: [], b: []}}',
            "E207",
            '"${-shape(x)[0]}"',
            "a layer that joins values",
            "",
        ),
        ('dens: "${shape(x)[0]}"', "E101", "dens", "unknown layer `dens`", "`dense`"),
        ('dense: {unit: 3, units: "${shape(x)[0]}"}', "E102", "unit", "unknown argument `unit`", ""),
        ('conv1d: "${shape(x)[0]}"', "E104", "conv1d", "needs the argument `kernel_size`", ""),
        ('dense: {units: "${shape(x)[0]}", use_bias: 3}', "E105", "3", "must be true or false", ""),
        ('reshape: ["${shape(x)[0] + 1}"]', "E301", "reshape", "cannot reshape [6, 8]", ""),
    ],
)  # fmt: skip
def test_one_error_at_the_expression_with_the_value_it_had(
    node: str, code: str, where: str, words: str, help: str
) -> None:
    text = graph(f"a: {{from: x, {node}}}")
    (problem,) = errors(text)
    assert (problem.code, at(text, problem)) == (code, where)
    assert words in problem.message and help in " ".join(problem.helps)
    if code in ("E106", "E301") or "number" in words:
        assert any("`shape(x)` is [6, 8]" in note for note in problem.notes)


def test_nodes_that_wait_for_each_other() -> None:
    (problem,) = errors(graph('a: {from: x, dense: "${shape(b)[0]}"}\nb: {from: a, dense: 3}'))
    assert problem.code == "E202" and "wait for each other in a cycle: a -> b -> a" in problem.message
    assert "`a` asks for the shape of `b`" in problem.label.text


@pytest.mark.parametrize("name", ["an input", "a node"])
def test_something_that_is_called_input_is_to_be_renamed(name: str) -> None:
    text = graph('input: {from: x, dense: 3}\na: {from: input, dense: "${shape(input)[0]}"}')
    if name == "an input":
        text = 'model:\n  inputs: {input: {shape: [4]}}\n  layers: [dense: 3, dense: "${shape(input)[0]}"]\n'
    (problem,) = errors(text)
    assert problem.code == "E110" and f"{name} here has that name" in problem.message and "rename" in problem.helps[0]
    # It has its name, and may be asked for where nothing else is meant.
    assert not errors(text.replace("shape(input)[0]", "6"))


def test_what_comes_in_must_be_one_value() -> None:
    text = graph('a: {from: x, dense: 8}\nb: {from: [x, a], concatenate: {axis: "${-len(shape(input))}"}}')
    (problem,) = errors(text)
    assert problem.code == "E204" and "got 2" in problem.message
    assert not errors(text.replace("shape(input)", "shape(x)"))


def test_parameters_with_a_type_and_defaults_need_a_value() -> None:
    block = "blocks: {{B: {{params: {{n: {0}}}, layers: [dense: $n]}}}}\n"
    typed = graph('a: {from: x, B: {n: "${shape(x)[0]}"}}', above=block.format("int"))
    (problem,) = errors(typed)
    assert problem.code == "E207" and "`n: int`" in problem.message and "default" in problem.helps[0]
    (problem,) = errors(graph("a: {from: x, B: }", above=block.format('"${shape(x)[0]}"')))
    assert problem.code == "E207" and "a default" in problem.message and "body" in problem.helps[0]


def test_a_block_knows_nothing_outside_of_it() -> None:
    block = 'blocks: {B: {layers: [dense: "${shape(a)[0]}"]}}\n'
    (problem,) = errors(graph("a: {from: x, dense: 3}\nb: {from: a, B: }", above=block))
    assert problem.code == "E201" and "a block knows nothing outside of it" in problem.helps[0]


def test_nothing_outside_the_arguments_of_layers_asks_for_a_shape() -> None:
    text = f'{CHAIN}    - dense: 3\ntrain: {{loss: mean_squared_error, optimizer: adam, epochs: "${{shape(x)[0]}}"}}\n'
    assert at(text, only(text)) == '"${shape(x)[0]}"' and only(text).code == "E207"


def test_what_is_wrong_in_every_copy_and_use_is_said_once() -> None:
    block = 'blocks: {B: {layers: [dense: "${shape(input)[5]}"]}}\n'
    text = graph("a: {from: x, B: , repeat: 3}\nb: {from: a, B: }", above=block)
    assert [problem.code for problem in errors(text)] == ["E207"]


@pytest.mark.parametrize(
    ("variables", "expression", "words"),
    [
        ({"v": [3] * 200}, "${(v + shape(x))[0]}", "more than 100 values"),
        (
            {f"v{place}": f"${{v{place + 1} + v{place + 1}}}" for place in range(26)},
            "$v0",
            "more than 1,000 characters",
        ),
        ({}, f"${{{'-' * 400}shape(x)[0]}}", "nested too deeply"),
    ],
)
def test_expressions_that_wait_are_bounded(variables: dict[str, Any], expression: str, words: str) -> None:
    variables = {**variables, "v26": "${shape(x)[0]}", "z": "$v26"}
    spec = {
        "vars": variables,
        "model": {"inputs": {"x": {"shape": [4]}}, "layers": [{"dense": expression}, {"dense": "$z"}]},
    }
    found = check(json.dumps({"modelc": 1, **spec}), "spec.json")
    assert [words in problem.message for problem in found.errors] == [True]


def test_a_cure_has_the_expression_as_it_can_be_typed() -> None:
    block = "blocks: {B: {params: {n: 1}, layers: [{dense: null, units: $n}]}}\n"
    (problem,) = errors(graph('a: {from: x, B: "${shape(x)[0]}"}', above=block))
    assert 'dense: {units: "${shape(x)[0]}"}' in problem.helps[0]


def test_what_a_condition_does_not_choose_is_not_looked_up() -> None:
    for chosen, size in (("3", 3), ("shape(x)[0]", 4), ("w", 4)):
        text = f'vars: {{w: "${{shape(x)[0]}}", deep: true}}\n{CHAIN}    - dense: "${{{chosen} if deep else nope}}"\n    - dense: $w\n'
        assert units(text) == {"dense": size, "dense_2": 4}


def test_a_long_list_gives_an_entry() -> None:
    text = graph('a: {from: x, dense: "${v[-1] + shape(x)[0]}"}', above=f"vars: {{v: {[*range(200)]}}}\n")
    assert units(text)["a"] == 205


def test_an_error_shows_what_a_few_expressions_came_to() -> None:
    sizes = ", ".join(['"${shape(x)[0]}"'] * 8)
    (problem,) = errors(graph(f"a: {{from: x, reshape: [{sizes}]}}"))
    shown = ["`${shape(x)[0]}` is 6: `shape(x)` is [6, 8]"] * 5
    assert problem.code == "E301" and problem.notes[-6:] == (*shown, "and 3 more expressions of this layer")


def test_a_value_that_is_read_early_is_written_out_where_its_shape_is_wrong_too() -> None:
    text = CHAIN.replace("shape: [", "shape: [x, ") + '    - dense: {units: 3, kernel_initializer: "${shape(x)[0]}"}\n'
    helps = [help for problem in errors(text) for help in problem.helps]
    assert "write its value" in helps
