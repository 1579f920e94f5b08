"""Other files that a spec is made of: each is held to the language as the spec itself is, and blamed where it is wrong."""

from pathlib import Path

import pytest

from modelc.compiler.api import check_file
from modelc.compiler.expansion.resolved_spec import resolve
from modelc.compiler.expansion.yaml_writer import to_yaml
from tests.compiler.expansion.files import HELD, INPUTS, STACK, TWO, USING, checked, found


@pytest.mark.parametrize(
    ("other", "code", "message", "place"),
    [
        (
            f"modelc: 1\nbogus: 3\nmodel: {{{INPUTS}, layers: [relu]}}\n",
            "E102",
            "unknown key `bogus` in the file of the block `B`",
            "other.yaml:2",
        ),
        (
            f"modelc: 1\nmodel: {{{INPUTS}, lyers: [relu]}}\n",
            "E102",
            "unknown key `lyers` in `model`",
            "other.yaml:2",
        ),
        (
            f"modelc: 7\nmodel: {{{INPUTS}, layers: [relu]}}\n",
            "E007",
            "this version of modelc reads format 1, got the number `7`",
            "other.yaml:1",
        ),
        (f"model: {{{INPUTS}, layers: [relu]}}\n", "E007", "the language version is missing", "other.yaml:1"),
        ("modelc: 1\n", "E104", "the file of the block `B` needs `model`", "spec.yaml:2"),
        ("modelc: 1\nmodel: [relu]\n", "E105", "`model` must be a mapping, got a list", "other.yaml:2"),
        ("modelc: 1\nmodel: {layers: [relu]}\n", "E104", "`model` needs `inputs`", "other.yaml:2"),
        (f"modelc: 1\nmodel: {{{INPUTS}}}\n", "E104", "`model` needs `layers` or `nodes`", "other.yaml:2"),
        (
            f"modelc: 1\nmodel: {{{INPUTS}, nodes: {{a: {{from: x, relu}}}}}}\n",
            "E104",
            "a graph needs `outputs`",
            "other.yaml:2",
        ),
        (
            f"modelc: 1\nmodel: {{{INPUTS}, layers: [relu], nodes: {{a: {{from: x, relu}}}}}}\n",
            "E108",
            "`model` has both `layers` and `nodes`",
            "other.yaml:2",
        ),
        (
            "modelc: 1\nmodel:\n  inputs: {x: {shape: [4]}, z: {shape: [4]}}\n  layers: [relu]\n",
            "E108",
            "a chain of `layers` takes exactly one input, got 2",
            "other.yaml:3",
        ),
    ],
    ids=lambda value: value[:40] if " " in value else "",
)
def test_the_file_of_a_block_is_a_whole_spec(tmp_path: Path, other: str, code: str, message: str, place: str) -> None:
    assert found(checked(tmp_path, other)) == [(code, message, place)]


@pytest.mark.parametrize(
    ("use", "message", "help"),
    [
        ("{file: other.yaml}", "`use` must be the path of a file, got a mapping", "write `use: other.yaml`"),
        (
            "{model: {inputs: {x: {shape: [4]}}, layers: [relu]}}",
            "`use` must be the path of a file, got a mapping",
            "write `use: base.yaml`",
        ),
        ("other.yaml, ouput: d", "unknown key `ouput` in the block `B`", "did you mean `output`?"),
        (
            "$path",
            "`$path` is not the path of a file",
            "write the path itself: files are read before variables are known",
        ),
    ],
)
def test_the_file_of_a_block_is_named_by_its_path(tmp_path: Path, use: str, message: str, help: str) -> None:
    spec = USING.replace("use: other.yaml", f"use: {use}")
    (problem,) = checked(tmp_path, "modelc: 1\n", spec).errors
    assert (problem.message, problem.helps) == (message, (help,))


@pytest.mark.parametrize("other", [STACK, TWO, STACK.replace("$stack}", "$stacks.deep}")])
@pytest.mark.parametrize("output", ["seen", "$cut"])
def test_a_model_of_another_file_is_cut_where_this_one_says(tmp_path: Path, other: str, output: str) -> None:
    spec = USING.replace("blocks:", "vars: {cut: seen}\nblocks:").replace(
        "other.yaml}", f"other.yaml, output: {output}}}"
    )
    task = checked(tmp_path, other, spec).task
    assert task is not None
    feeds = task.planned.graph.node("dense")
    assert feeds is not None and feeds.feeds is not None and str(feeds.feeds[0].edge) == "B/seen"
    (problem,) = checked(tmp_path, other, spec.replace(f"output: {output}", "output: sene")).errors
    assert (problem.code, problem.label.place.file) == ("E201", str(tmp_path / "spec.yaml"))


def test_a_port_that_a_node_of_another_file_lacks_is_told_by_its_name(tmp_path: Path) -> None:
    other = f"modelc: 1\nmodel: {{{INPUTS}, nodes: {{h: {{from: x, layers: [dense: 3, relu]}}}}, outputs: [h]}}\n"
    spec = USING.replace("other.yaml}", "other.yaml, output: h.mid}")
    assert found(checked(tmp_path, other, spec)) == [("E203", "`h` has no port `mid`", "spec.yaml:2")]


def test_blocks_of_two_files_may_have_one_name(tmp_path: Path) -> None:
    other = f"modelc: 1\nblocks: {{A: {{layers: [dense: 9]}}}}\nmodel: {{{INPUTS}, layers: [A]}}\n"
    spec = USING.replace("{B: {use: other.yaml}}", "{A: {layers: [B]}, B: {use: other.yaml}}").replace("[B, ", "[A, ")
    task = checked(tmp_path, other, spec).task
    assert task is not None and [node.path for node in task.planned.graph.nodes] == ["A/B/A/dense", "dense"]


@pytest.mark.parametrize(
    ("definitions", "code", "place"),
    [
        ('vars: {unused: "${1 +}"}', "E207", "other.yaml:2"),
        ("blocks: {Unused: {params: {n: integr}, layers: [dense: $n]}}", "E106", "other.yaml:2"),
        ("blocks: {Unused: {use: inner.yaml}}", "E207", "inner.yaml:2"),
    ],
)
def test_what_a_used_file_defines_in_vain_is_looked_at(tmp_path: Path, definitions: str, code: str, place: str) -> None:
    inner = f"modelc: 1\nvars: {{unused: $nowhere}}\nmodel: {{{INPUTS}, layers: [relu]}}\n"
    (tmp_path / "inner.yaml").write_text(inner, encoding="utf-8")
    other = f"modelc: 1\n{definitions}\nmodel: {{{INPUTS}, layers: [relu]}}\n"
    two = USING.replace("{B: {use: other.yaml}}", "{B: {use: other.yaml}, C: {use: other.yaml}}").replace(
        "[B, ", "[B, C, "
    )
    assert [(one[0], one[2]) for one in found(checked(tmp_path, other, two))] == [(code, place)]


def test_a_port_that_is_wrong_in_a_used_file_is_told_there_alone(tmp_path: Path) -> None:
    nodes = "{h: {from: x, lstm: 3}}"
    other = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [5, 4]}}}}, nodes: {nodes}, outputs: {{y: h, c: h.cell}}}}\n"
    spec = (
        "modelc: 1\nblocks: {E: {use: other.yaml}, J: {inputs: [a, b], nodes: {k: {from: [a, b], add}}, outputs: [k]}}\n"
        "model:\n  inputs: {x: {shape: [5, 4]}}\n"
        "  nodes: {e: {from: x, E}, j: {from: [e, e.c], J}}\n  outputs: [j]\n"
    )
    assert found(checked(tmp_path, other, spec)) == [("E203", "`h` has no port `cell`", "other.yaml:2")]
    assert not checked(tmp_path, other.replace("h.cell", "h.state_c"), spec).errors


def test_a_model_may_be_a_variable_of_its_file(tmp_path: Path) -> None:
    other = f"modelc: 1\nvars: {{m: {{{INPUTS}, layers: [relu]}}}}\nmodel: $m\n"
    task = checked(tmp_path, other).task
    assert task is not None and [node.path for node in task.planned.graph.nodes] == ["B/relu", "dense"]


@pytest.mark.parametrize(
    ("nodes", "place", "help"),
    [
        (
            "{p: {from: x, B}, q: {from: z, share: p}, y: {from: [p, q], add}}",
            7,
            "change this input, or the input that its file declares",
        ),
        ("{p: {from: w, B}, y: {from: p, dense: 1}}", 6, "add `cast: float32` before it"),
    ],
)
def test_what_a_model_of_another_file_does_not_take_is_told_once(
    tmp_path: Path, nodes: str, place: int, help: str
) -> None:
    other = f"modelc: 1\nmodel: {{{INPUTS}, layers: [{{dense: 3, name: d}}, relu]}}\n"
    inputs = "{x: {shape: [4]}, z: {shape: [5]}, w: {shape: [4], dtype: int32}}"
    lines = nodes.replace("{p", "\n    {p").replace(", q", ",\n    q")
    spec = (
        f"modelc: 1\nblocks: {{B: {{use: other.yaml}}}}\nmodel:\n  inputs: {inputs}\n  nodes:{lines}\n  outputs: [y]\n"
    )
    result = checked(tmp_path, other, spec)
    (problem,) = result.errors
    assert (problem.code, problem.label.place.line) == ("E302", place)
    assert problem.helps[0].startswith(help)


@pytest.mark.parametrize(("output", "units"), [("dense_2", [8, 5]), ("nm", [8, 5, 3]), ("dense_3", [8, 5, 3, 4])])
def test_items_that_are_variables_are_called_as_what_they_hold(tmp_path: Path, output: str, units: list[int]) -> None:
    spec = USING.replace("other.yaml}", f"other.yaml, output: {output}}}").replace(", dense: 1]", "]")
    task = checked(tmp_path, HELD, spec).task
    assert task is not None and [getattr(node.layer, "units", 0) for node in task.planned.graph.nodes] == units


def test_what_is_set_is_what_the_summary_calls_so(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(HELD, encoding="utf-8")
    task = check_file(tmp_path / "spec.yaml", settings=["model.layers.dense_3.dense=9"]).task
    assert task is not None and [getattr(node.layer, "units", 0) for node in task.planned.graph.nodes] == [8, 5, 3, 9]
    for name in ("dense_2.dense", "nm.dense"):
        (problem,) = check_file(tmp_path / "spec.yaml", settings=[f"model.layers.{name}=9"]).errors
        assert problem.message.endswith("whose entries cannot be set here"), problem.message


def test_what_a_used_file_says_of_precision_and_axes_is_ignored(tmp_path: Path) -> None:
    other = f"modelc: 1\nmodel: {{{INPUTS}, precision: mixed_bfloat16, axes: {{mlp: none}}, layers: [relu]}}\n"
    task = checked(tmp_path, other, USING).task
    assert task is not None and task.spec.model is not None
    assert (task.spec.model.precision, task.spec.model.axes) == ("float32", {})


def test_the_end_of_a_used_model_is_read_once(tmp_path: Path) -> None:
    spec = USING.replace("other.yaml}", "other.yaml, output: '$$seen'}").replace("blocks:", "vars: {seen: 3}\nblocks:")
    for other in (TWO, STACK):
        errors = checked(tmp_path, other, spec).errors
        assert [(problem.code, "$seen" in problem.message) for problem in errors] == [("E201", True)]


def test_the_end_of_a_used_model_is_written_out_in_the_resolved_spec(tmp_path: Path) -> None:
    spec = USING.replace("other.yaml}", "other.yaml, output: $ends.0}").replace(
        "blocks:", "vars: {ends: [seen]}\nblocks:"
    )
    result = checked(tmp_path, TWO, spec)
    assert result.document is not None and not result.errors
    text = to_yaml(resolve(result.document), result.sources)
    assert "output: seen" in text and "$" not in text


@pytest.mark.parametrize(
    ("said", "meant"),
    [("cell.yaml", "parts/cell.yaml"), ("../parts/cell.yaml", "parts/cell.yaml"), ("../top.yaml", "top.yaml")],
)
@pytest.mark.parametrize("way", ["use", "extends"])
def test_a_path_relative_to_the_file_it_stands_in_is_answered_with_that_from_the_root(
    tmp_path: Path, said: str, meant: str, way: str
) -> None:
    cell = f"modelc: 1\nmodel: {{{INPUTS}, layers: [dense: 4]}}\n"
    using = f"modelc: 1\nblocks: {{C: {{use: {said}}}}}\nmodel: {{{INPUTS}, layers: [C]}}\n"
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "cell.yaml").write_text(cell, encoding="utf-8")
    (tmp_path / "top.yaml").write_text(cell, encoding="utf-8")
    other = using if way == "use" else f"modelc: 1\nextends: {said}\n"
    (parts / "body.yaml").write_text(other, encoding="utf-8")
    spec = USING.replace("other.yaml", "parts/body.yaml")
    (problem,) = checked(tmp_path, "", spec).problems
    assert problem.code == "E010" and problem.label.place.file.endswith("body.yaml")
    assert f"write `{way}: {meant}`: paths are relative to the folder of the spec" in problem.helps[0]
    (parts / "body.yaml").write_text(other.replace(said, meant), encoding="utf-8")
    assert not checked(tmp_path, "", spec).problems


def test_a_block_may_be_called_as_one_of_the_file_that_it_uses(tmp_path: Path) -> None:
    other = f"modelc: 1\nblocks: {{B: {{params: {{n: int}}, layers: [dense: $n]}}}}\nmodel: {{{INPUTS}, layers: [B: 5, B: 3]}}\n"
    found = checked(tmp_path, other)
    assert found.task is not None and not found.problems
    assert [node.path for node in found.task.planned.graph.nodes] == ["B/B/dense", "B/B_2/dense", "dense"]


def test_nothing_is_removed_in_a_used_file(tmp_path: Path) -> None:
    other = f"modelc: 1\nmodel: {{{INPUTS}, layers: [dense: 4, relu]}}\n"
    (tmp_path / "base.yaml").write_text(USING, encoding="utf-8")
    spec = "modelc: 1\nextends: {file: base.yaml, remove: [blocks.B.use.model.layers.relu]}\n"
    (problem,) = checked(tmp_path, other, spec).problems
    assert (problem.code, problem.label.text) == ("E102", "in the other file")


@pytest.mark.parametrize("output", ["feat", "$cut"])
def test_a_layer_whose_name_is_a_variable_has_the_name_that_it_holds(tmp_path: Path, output: str) -> None:
    other = f"modelc: 1\nvars: {{n: feat}}\nmodel: {{{INPUTS}, layers: [{{dense: 3, name: $n}}, dense: 2]}}\n"
    spec = USING.replace("other.yaml}", f"other.yaml, output: {output}}}").replace(
        "blocks:", "vars: {cut: feat}\nblocks:"
    )
    found = checked(tmp_path, other, spec)
    assert found.task is not None and not found.errors
    assert [node.path for node in found.task.planned.graph.nodes] == ["B/feat", "dense"]
    changed = check_file(tmp_path / "other.yaml", settings=("model.layers.feat.dense=7",))
    assert changed.data["model"]["layers"][0]["dense"] in (7, {"units": 7})
    removed = checked(tmp_path, other, "modelc: 1\nextends: {file: other.yaml, remove: [model.layers.feat]}\n")
    assert removed.data["model"]["layers"] == [{"dense": 2}]


@pytest.mark.parametrize("output", ["null", "[]"])
def test_the_end_of_a_used_model_is_a_name(tmp_path: Path, output: str) -> None:
    other = f"modelc: 1\nmodel: {{{INPUTS}, layers: [dense: 3]}}\n"
    (problem,) = checked(tmp_path, other, USING.replace("other.yaml}", f"other.yaml, output: {output}}}")).problems
    assert "must be the name of a layer" in problem.message


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("vars: 7", "vars: {w: 3}", "`vars` must be a mapping, got the number `7`"),
        ("train: [1]", "train: {loss: mean_squared_error, optimizer: adam, epochs: 1}", "`train` must be a mapping"),
        ("blocks: {B: 3}", "blocks: {B: {layers: [relu]}}", "a block must be a mapping, got the number `3`"),
        (
            "model: {nodes: {d: {from: x, dens: 8}}}",
            "model: {inputs: {x: {shape: [4]}}, nodes: {d: {from: x, dense: 3}}, outputs: [d]}",
            "unknown layer `dens`",
        ),
    ],
)
def test_errors_in_the_base_are_reported_whatever_overrides_it(
    tmp_path: Path, wrong: str, right: str, message: str
) -> None:
    model = "" if "model" in right else f"model: {{{INPUTS}, layers: [dense: 2]}}\n"
    spec = f"modelc: 1\nextends: other.yaml\n{right}\n{model}"
    (problem,) = checked(tmp_path, f"modelc: 1\n{wrong}\n", spec).errors
    assert message in problem.message and problem.label.place.file.endswith("other.yaml")
