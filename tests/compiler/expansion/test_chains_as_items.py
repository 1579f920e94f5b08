"""An item of a chain that is itself `layers: [...]`, and `residual` with a shortcut and a join."""

import re
from pathlib import Path

import pytest

from modelc.compiler.api import Checked, check_file
from tests.compiler.expansion.files import checked as checked_files
from tests.compiler.expansion.specs import CHAIN, at, checked, layers, only, paths

GRAPH = "model:\n  inputs: {x: {shape: [4]}, z: {shape: [4]}}\n  nodes:\n"
IMAGE = "model: {inputs: {image: {shape: [32, 32, 3]}}, layers: [%s]}\n"


def edges(text: str) -> dict[str, tuple[list[str], str]]:
    """What feeds each node, and whose weights it uses."""
    found = checked(text)
    assert found.task is not None and not found.problems, found.problems
    return {
        node.path: ([str(feed.edge) for feed in node.feeds or ()], node.owner)
        for node in found.task.planned.graph.nodes
    }


def test_layers_as_one_item_are_a_part_of_the_path_and_repeat_as_one() -> None:
    text = (
        f"{CHAIN}    - layers: [dense: 5, relu]\n    - {{layers: [dense: 4], name: head, repeat: 2}}\n"
        "    - {layers: [tanh, {layers: [dense: 4, dense: 4]}], repeat: {times: 2, tied: true}}\n    - layers: [relu]\n"
    )
    found = edges(text)
    assert list(found) == [
        *("layers/dense", "layers/relu", "head/0/dense", "head/1/dense"),
        *("layers_2/0/tanh", "layers_2/0/layers/dense", "layers_2/0/layers/dense_2"),
        *("layers_2/1/tanh", "layers_2/1/layers/dense", "layers_2/1/layers/dense_2", "layers_3/relu"),
    ]
    assert found["layers_2/1/layers/dense_2"] == (["layers_2/1/layers/dense"], "layers_2/0/layers/dense_2")
    assert found["head/1/dense"] == (["head/0/dense"], "head/1/dense")


def test_layers_as_one_item_hold_blocks_variables_and_all_that_a_list_holds() -> None:
    text = (
        "vars: {width: 6, part: [relu, dense: $width]}\nblocks: {Body: {params: {n: int}, layers: [layers: [dense: $n]]}}\n"
        f"{CHAIN}    - layers: $part\n    - {{layers: [Body: 6, residual: [tanh]], name: body}}\n    - share: body\n"
    )
    assert paths(text) == [
        *("layers/relu", "layers/dense", "body/Body/layers/dense", "body/residual/tanh", "body/residual/add"),
        *("share/Body/layers/dense", "share/residual/tanh", "share/residual/add"),
    ]
    assert edges(text)["share/Body/layers/dense"] == (["body/residual/add"], "body/Body/layers/dense")


def test_the_inputs_of_a_node_go_to_the_first_of_its_layers() -> None:
    given = "{from: {initial_state: [s, t], x: seq}, layers: [layers: [lstm: 3], dense: 2]}"
    text = (
        "model:\n  inputs: {seq: {shape: [5, 4]}, s: {shape: [3]}, t: {shape: [3]}}\n  nodes:\n"
        f"    a: {given}\n    b: {{from: a, dense: 1}}\n  outputs: [b]\n"
    )
    assert edges(text)["a/layers/lstm"][0] == ["seq", "s", "t"]


def test_a_port_behind_layers_as_one_item_is_that_of_the_last() -> None:
    text = (
        "model:\n  inputs: {seq: {shape: [5, 4]}}\n  nodes:\n    a: {from: seq, layers: [layers: [tanh, lstm: 3]]}\n"
        "    b: {from: a.state_c, dense: 1}\n  outputs: [b]\n"
    )
    assert edges(text)["b"][0] == ["a/layers/lstm.state_c"]


def test_a_shortcut_projects_the_input_and_any_layer_joins() -> None:
    text = (
        f"{CHAIN}    - residual: {{layers: [dense: 5, relu], shortcut: [dense: 5]}}\n"
        "    - residual: {layers: [dense: 5], join: multiply}\n"
        "    - residual: {layers: [dense: 2], shortcut: [], join: {concatenate: -1}}\n"
    )
    assert {path: feeds for path, (feeds, _) in edges(text).items()} == {
        "residual/shortcut/dense": ["x"],
        "residual/dense": ["x"],
        "residual/relu": ["residual/dense"],
        "residual/add": ["residual/shortcut/dense", "residual/relu"],
        "residual_2/dense": ["residual/add"],
        "residual_2/multiply": ["residual/add", "residual_2/dense"],
        "residual_3/dense": ["residual_2/multiply"],
        "residual_3/concatenate": ["residual_2/multiply", "residual_3/dense"],
    }


def test_the_list_and_the_mapping_of_a_residual_are_one_model() -> None:
    inner = "[{dense: 4, name: shortcut}, relu]"
    listed, mapped = (edges(f"{CHAIN}    - residual: {body}\n") for body in (inner, f"{{layers: {inner}, join: add}}"))
    assert listed == mapped


def test_of_several_inputs_the_first_goes_around() -> None:
    text = (
        f"{GRAPH}    a: {{from: [x, z], residual: {{layers: [add, dense: 3], shortcut: [dense: 3]}}}}\n  outputs: [a]\n"
    )
    found = edges(text)
    assert found["a/shortcut/dense"][0] == ["x"]
    assert found["a/add_2"][0] == ["x", "z"]
    assert found["a/add"][0] == ["a/shortcut/dense", "a/dense"]


def test_names_of_inputs_mean_the_first_layer_and_not_that_of_the_shortcut() -> None:
    attention = "multi_head_attention: {num_heads: 2, key_dim: 4}"
    text = (
        "model:\n  inputs: {x: {shape: [5, 4]}, z: {shape: [6, 4]}}\n  nodes:\n"
        f"    a: {{from: {{value: z, query: x}}, residual: {{layers: [{attention}], shortcut: [dense: 4]}}}}\n"
        "  outputs: [a]\n"
    )
    assert edges(text)["a/shortcut/dense"][0] == ["x"]


@pytest.mark.parametrize(
    ("shape", "inner", "shortcut"),
    [
        ("32, 32, 3", "conv2d: {filters: 16, kernel_size: 3, padding: same}", "conv2d: {filters: 16, kernel_size: 1}"),
        (
            "33, 32, 3",
            "conv2d: {filters: 3, kernel_size: 3, padding: same, strides: [2, 1]}",
            "conv2d: {filters: 3, kernel_size: 1, strides: [2, 1]}",
        ),
        (
            "32, 32, 3",
            "conv2d: {filters: 8, kernel_size: 3, padding: same, strides: 2}",
            "conv2d: {filters: 8, kernel_size: 1, strides: 2}",
        ),
        ("7", "dense: 5", "dense: 5"),
        ("9, 7", "dense: 5", "dense: 5"),
        (
            "12, 7",
            "conv1d: {filters: 5, kernel_size: 3, padding: same, strides: 3}",
            "conv1d: {filters: 5, kernel_size: 1, strides: 3}",
        ),
    ],
)
def test_a_residual_that_does_not_fit_is_told_the_shortcut_that_makes_it_fit(
    shape: str, inner: str, shortcut: str
) -> None:
    text = f"model: {{inputs: {{x: {{shape: [{shape}]}}}}, layers: [%s]}}\n"
    problem = only(text % f"residual: [{inner}]")
    assert problem.code == "E302"
    assert problem.helps == (f"project the input by a shortcut: `residual: {{layers: [...], shortcut: [{shortcut}]}}`",)
    assert not checked(text % f"residual: {{layers: [{inner}], shortcut: [{shortcut}]}}").problems


def test_no_shortcut_is_advised_where_none_fits_or_where_there_is_one() -> None:
    valid = only(IMAGE % "residual: [conv2d: {filters: 3, kernel_size: 3}]")
    shortcut = "shortcut: [conv2d: {filters: 9, kernel_size: 1}]"
    wrong = only(IMAGE % f"residual: {{layers: [conv2d: {{filters: 4, kernel_size: 1}}], {shortcut}}}")
    branches = only(IMAGE % "parallel: {join: add, branches: {a: [conv2d: {filters: 4, kernel_size: 1}], b: []}}")
    assert [problem.code for problem in (valid, wrong, branches)] == ["E302"] * 3
    assert not any("shortcut" in help for problem in (valid, branches) for help in problem.helps)
    assert wrong.helps == ("let the shortcut give what the layers give: `filters: 4` in its `conv2d`",)


@pytest.mark.parametrize(
    ("layers", "shortcut", "change"),
    [
        ("conv2d: {filters: 4, kernel_size: 1}", "conv2d: {filters: 9, kernel_size: 3, padding: same}", "filters: 4"),
        ("conv2d: {filters: 4, kernel_size: 1}, relu", "dense: 9, batch_norm, relu", "units: 4"),
        ("conv2d: {filters: 4, kernel_size: 1, strides: 2}", "conv2d: {filters: 4, kernel_size: 1}", "strides: 2"),
        ("conv2d: {filters: 4, kernel_size: 1, strides: [2, 1]}", "conv2d: {filters: 4, kernel_size: 1}", "strides: [2, 1]"),
    ],
)  # fmt: skip
def test_a_shortcut_that_does_not_fit_is_told_what_to_change(layers: str, shortcut: str, change: str) -> None:
    text = IMAGE % f"residual: {{layers: [{layers}], shortcut: [{shortcut}]}}"
    problem = only(text)
    assert problem.helps[0].startswith(f"let the shortcut give what the layers give: `{change}` in its `")
    name = change.partition(":")[0]
    before, after = text.split("shortcut: [")
    mended = (
        re.sub(rf"{name}: \d+", change, after)
        if name in after
        else after.replace("kernel_size", f"{change}, kernel_size")
    )
    mended = mended.replace("dense: 9", "dense: 4")
    assert not checked(f"{before}shortcut: [{mended}").problems


def test_no_change_is_named_where_it_might_not_suffice() -> None:
    layers = "conv2d: {filters: 4, kernel_size: 1, strides: 2}"
    shortcut = "conv2d: {filters: 4, kernel_size: 3}"
    problem = only(IMAGE % f"residual: {{layers: [{layers}], shortcut: [{shortcut}]}}")
    assert "in its" not in problem.helps[0]


@pytest.mark.parametrize(
    ("item", "code", "message", "place"),
    [
        ("residual: {dense: 4}", "E105", "`residual` must be a list, got a mapping", "{dense: 4}"),
        ("residual: 4", "E105", "`residual` must be a list, got the number `4`", "4"),
        ("residual: {layer: [dense: 4]}", "E102", "unknown key `layer` in `residual`", "layer"),
        ("residual: {shortcut: [dense: 4]}", "E104", "`residual` needs `layers`", "residual"),
        ("residual: {layers: []}", "E104", "`layers` is empty", "layers"),
        ("residual: {layers: [relu], join: relu}", "E106", "`relu` does not join several values", "relu"),
        (
            "residual: {layers: [{dense: 4, name: shortcut}], shortcut: [relu]}",
            "E110",
            "duplicate name `shortcut` in this list",
            "shortcut",
        ),
        (
            "residual: {layers: [{dense: 4, name: average}], join: average}",
            "E110",
            "duplicate name `average` in this list",
            "average",
        ),
        ("layers: []", "E104", "`layers` is empty", "layers"),
        ("layers: {dense: 4}", "E105", "`layers` must be a list, got a mapping", "{dense: 4}"),
        ("{layers: [relu], dense: 4}", "E103", "one item names 2 layers: `layers`, `dense`", "dense"),
        ("{layers: [relu], nam: a}", "E102", "unknown key `nam` in `layers`", "nam"),
        ("layrs: [relu]", "E101", "unknown layer `layrs`", "layrs"),
        ("[dense: 4, relu]", "E105", "expected the name of a layer, got a list", "[dense: 4, relu]"),
    ],
)
def test_what_is_wrong_is_one_error_where_it_is(item: str, code: str, message: str, place: str) -> None:
    text = f"{CHAIN}    - {item}\n"
    problem = only(text)
    assert (problem.code, problem.message) == (code, message)
    assert at(text, problem) == place


def test_more_layers_than_the_limit_are_counted_through_both() -> None:
    inside = "{layers: [relu, relu], repeat: 1000}"
    (problem,) = checked(f"{CHAIN}    - residual: {{layers: [{inside}], shortcut: [{inside}]}}\n").problems
    assert problem.code == "E005" and "has 6,001 layers" in problem.message


BASE = """modelc: 1
model:
  inputs: {x: {shape: [4]}}
  nodes:
    a: {from: x, dense: 4}
    b: {from: a, layers: [dense: 5, relu]}
    c: {from: b, residual: [dense: 5], repeat: 3}
    d: {from: c, residual: {layers: [dense: 5], shortcut: [dense: 5]}}
  outputs: [d]
"""


def overlaid(folder: Path, over: str) -> Checked:
    return checked_files(folder, BASE, f"modelc: 1\nextends: other.yaml\n{over}\n")


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("a: {from: x, layers: [relu, tanh]}", ["a/relu", "a/tanh"]),
        ("b: {from: a, dense: 5}", ["b"]),
        ("c: {residual: {shortcut: [relu]}, repeat: 1}", ["c/0/dense", "c/0/shortcut/relu", "c/0/add"]),
        ("d: {residual: [tanh]}", ["d/shortcut/dense", "d/tanh", "d/add"]),
        ("d: {residual: {join: concatenate}}", ["d/dense", "d/shortcut/dense", "d/concatenate"]),
    ],
)
def test_one_form_is_overridden_by_another(tmp_path: Path, nodes: str, expected: list[str]) -> None:
    found = overlaid(tmp_path, f"model: {{nodes: {{{nodes}}}}}")
    assert found.task is not None and not found.problems, found.problems
    name = nodes.partition(":")[0]
    graph = found.task.planned.graph
    assert {node.path for node in graph.nodes if node.path.partition("/")[0] == name} == set(expected)


def test_how_often_copies_repeat_is_kept_where_an_overlay_ties_them(tmp_path: Path) -> None:
    found = overlaid(tmp_path, "model: {nodes: {c: {residual: {}, repeat: {tied: true}}}}")
    assert found.task is not None and not found.problems, found.problems
    assert {node.owner for node in found.task.planned.graph.nodes if node.path.startswith("c/")} == {
        "c/0/dense",
        "c/0/add",
    }
    assert [one.times for one in found.task.planned.graph.repeats] == [3]


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("model.nodes.c.residual.0.dense.units=5", "c/0/dense"),
        ("model.nodes.c.residual.dense.dense.units=5", "c/0/dense"),
        ("model.nodes.c.residual.layers=[tanh]", "c/0/tanh"),
        ("model.nodes.c.residual.shortcut=[tanh]", "c/0/shortcut/tanh"),
        ("model.nodes.c.residual.join=average", "c/0/average"),
        ("model.nodes.d.residual.layers.0={dense: 5, name: e}", "d/e"),
        ("model.nodes.b.layers.dense={layers: [dense: 5]}", "b/layers/dense"),
    ],
)
def test_settings_reach_into_each_form(tmp_path: Path, setting: str, path: str) -> None:
    (tmp_path / "spec.yaml").write_text(BASE, encoding="utf-8")
    found = check_file(tmp_path / "spec.yaml", settings=[setting])
    assert found.task is not None and not found.problems, found.problems
    assert path in [node.path for node in found.task.planned.graph.nodes]


def test_a_shortcut_can_be_removed(tmp_path: Path) -> None:
    over = "modelc: 1\nextends: {file: other.yaml, remove: [model.nodes.d.residual.shortcut]}\n"
    found = checked_files(tmp_path, BASE, over)
    assert found.task is not None and not found.problems, found.problems
    assert {node.path for node in found.task.planned.graph.nodes} >= {"d/dense", "d/add"}
    assert not any("shortcut" in node.path for node in found.task.planned.graph.nodes)


def test_copies_of_a_residual_with_a_shortcut_have_their_own_weights() -> None:
    found = layers(f"{CHAIN}    - {{residual: {{layers: [dense: 4], shortcut: [dense: 4]}}, repeat: 2}}\n")
    assert {path for path in found if "dense" in path} == {
        *("residual/0/dense", "residual/0/shortcut/dense", "residual/1/dense", "residual/1/shortcut/dense")
    }
