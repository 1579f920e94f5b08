"""Other files that a spec is made of: each is held to the language as the spec itself is, and blamed where it is wrong."""

from pathlib import Path

import pytest

from modelc.compiler.api import Checked, check_file
from modelc.compiler.expand.resolving import resolve
from modelc.compiler.expand.writing import written

INPUTS = "inputs: {x: {shape: [4]}}"
USING = "modelc: 1\nblocks: {B: {use: other.yaml}}\nmodel: {inputs: {x: {shape: [4]}}, layers: [B, dense: 1]}\n"


def checked(folder: Path, other: str, spec: str = USING) -> Checked:
    """A spec beside the file `other.yaml`."""
    (folder / "other.yaml").write_text(other, encoding="utf-8")
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    return check_file(folder / "spec.yaml")


def found(result: Checked) -> list[tuple[str, str, str]]:
    return [
        (problem.code, problem.message, f"{Path(problem.label.place.file).name}:{problem.label.place.line}")
        for problem in result.errors
    ]


@pytest.mark.parametrize(
    ("other", "code", "message", "place"),
    [
        (
            f"modelc: 1\nbogus: 3\nmodel: {{{INPUTS}, layers: [relu]}}\n",
            "E102",
            "unknown key `bogus` in a spec",
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
        (f"model: {{{INPUTS}, layers: [relu]}}\n", "E007", "the version of the language is missing", "other.yaml:1"),
        ("modelc: 1\n", "E104", "the file of the block `B` has no `model`", "spec.yaml:2"),
        ("modelc: 1\nmodel: [relu]\n", "E105", "`model` must be a mapping, got a list", "other.yaml:2"),
        ("modelc: 1\nmodel: {layers: [relu]}\n", "E104", "`model` needs `inputs`", "other.yaml:2"),
        (f"modelc: 1\nmodel: {{{INPUTS}}}\n", "E104", "`model` needs `layers` or `nodes`", "other.yaml:2"),
        (
            f"modelc: 1\nmodel: {{{INPUTS}, nodes: {{a: {{from: x, relu}}}}}}\n",
            "E104",
            "`model` needs `outputs`",
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
    ("other", "spec", "code", "place"),
    [
        ("modelc: 7\nname: base\n", "modelc: 1\nextends: other.yaml\n", "E007", "other.yaml:1"),
        (
            "name: base\n",
            f"modelc: 1\nextends: other.yaml\nmodel: {{{INPUTS}, layers: [relu]}}\n",
            "E007",
            "other.yaml:1",
        ),
        (f"modelc: 1\nmodel: {{{INPUTS}, layers: [relu]}}\n", "extends: other.yaml\n", "E007", "spec.yaml:1"),
        (
            f"modelc: 1\nmodle: {{{INPUTS}, layers: [relu]}}\n",
            "modelc: 1\nextends: other.yaml\n",
            "E102",
            "other.yaml:2",
        ),
    ],
)
def test_every_file_says_in_which_language_it_is(tmp_path: Path, other: str, spec: str, code: str, place: str) -> None:
    assert [(one[0], one[2]) for one in found(checked(tmp_path, other, spec))] == [(code, place)]


@pytest.mark.parametrize(
    ("use", "message", "cure"),
    [
        ("{file: other.yaml}", "`use` must be the path of a file, got a mapping", "write `use: other.yaml`"),
        (
            "{model: {inputs: {x: {shape: [4]}}, layers: [relu]}}",
            "`use` must be the path of a file, got a mapping",
            "write `use: base.yaml`",
        ),
        ("other.yaml, ouput: d", "unknown key `ouput` in the block `B`", "did you mean `output`?"),
        ("$path", "`$path` is no path of a file", "write the path itself: files are read before there are variables"),
    ],
)
def test_the_file_of_a_block_is_named_by_its_path(tmp_path: Path, use: str, message: str, cure: str) -> None:
    spec = USING.replace("use: other.yaml", f"use: {use}")
    (problem,) = checked(tmp_path, "modelc: 1\n", spec).errors
    assert (problem.message, problem.helps) == (message, (cure,))


STACK = """modelc: 1
vars: {w: 3, stacks: {deep: [dense: $w, {relu: , name: seen}, dense: 9]}, stack: $stacks.deep}
model: {inputs: {x: {shape: [4]}}, layers: $stack}
"""
TWO = f"modelc: 1\nmodel: {{{INPUTS}, nodes: {{seen: {{from: x, dense: 3}}, y: {{from: seen, dense: 9}}}}, outputs: [y]}}\n"


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


def test_a_block_of_another_file_may_come_from_the_spec_that_is_extended(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(USING, encoding="utf-8")
    assert checked(tmp_path, TWO, "modelc: 1\nextends: base.yaml\n").task is not None


BASE = """modelc: 1
vars: {opt: {adam: {learning_rate: 0.1}}, args: {units: 8}, w: 7}
blocks: {Tower: {params: {width: int, depth: 1}, layers: [{dense: $width, repeat: $depth}]}}
model:
  inputs: {x: {shape: [4]}}
  nodes: {a: {from: x, Tower: 5}, b: {from: a, dense: $args}, c: {from: b, dense: $w}}
  outputs: [c]
data: {source: {npz: a.npz}, validation: {first: 10}}
train: {losses: {c: {mean_squared_error: , target: y}}, optimizer: $opt, epochs: 3}
"""


def laid(folder: Path, over: str) -> Checked:
    return checked(folder, BASE, f"modelc: 1\nextends: other.yaml\n{over}\n")


def test_uses_of_a_block_are_merged_as_layers_are(tmp_path: Path) -> None:
    task = laid(tmp_path, "model: {nodes: {a: {Tower: {depth: 2}}, c: {dense: {activation: relu}}}}").task
    assert task is not None
    layers = {node.path: node.layer for node in task.planned.graph.nodes}
    assert [getattr(layer, "units", None) for layer in layers.values()] == [5, 5, 8, 7]
    assert type(getattr(layers["c"], "activation", None)).__name__ == "Relu"


@pytest.mark.parametrize(
    ("over", "code", "message", "below", "cure"),
    [
        (
            "model: {nodes: {b: {dense: {activation: relu}}}}",
            "E108",
            "`dense` cannot be laid over `$args`, which is a variable",
            "laid over this",
            "change the variable, below `vars: {args: ...}`, or `remove` this from the file that is extended",
        ),
        (
            "model: {nodes: {b: {dense: 3}}}",
            "E108",
            "`dense` cannot be laid over `$args`, which is a variable",
            "laid over this",
            "change the variable, below `vars: {args: ...}`, or `remove` this from the file that is extended",
        ),
        (
            "train: {optimizer: {adam: {beta_1: 0.8}}}",
            "E108",
            "`adam` cannot be laid over `$opt`, which is a variable",
            "laid over this",
            "change the variable, below `vars: {opt: ...}`, or `remove` this from the file that is extended",
        ),
        (
            "model: {nodes: {c: {tanh: }}}",
            "E104",
            "node `c` needs `from`",
            "replaces `dense`, and its `from`",
            "name the input or node it takes its values from: `from: image`",
        ),
        (
            "train: {losses: {c: {weight: 3}}}",
            "E103",
            "expected a loss here, got only `weight`",
            "laid over this",
            "to change what stands beside `mean_squared_error`, name it again: `{mean_squared_error: , weight: ...}`",
        ),
        (
            "model: {nodes: {c: {repeat: 3}}}",
            "E103",
            "expected a layer here, got only `repeat`",
            "laid over this",
            "to change what stands beside `dense`, name it again: `{dense: , repeat: ...}`",
        ),
        (
            "blocks: {Tower: {use: base.yaml}}",
            "E108",
            "`params` does not go with `use` in the block `Tower`",
            "laid over this",
            "`remove: [blocks.Tower]` beside the `file` of `extends` leaves out what is there",
        ),
        (
            "data: {validation: {last: 10}}",
            "E108",
            "`validation` has both `first` and `last`",
            "`first`",
            "`remove: [data.validation.first]` beside the `file` of `extends` leaves out what is there",
        ),
        (
            "blocks: {Tower: {inputs: [i], nodes: {a: {from: i, tanh}}, outputs: [a]}}",
            "E108",
            "the block `Tower` has both `layers` and `nodes`",
            "a chain",
            (
                "keep one of the two: `remove: [blocks.Tower.layers]` beside the `file` of `extends` leaves out what is there"
            ),
        ),
        (
            "train: {steps: 30}",
            "E108",
            "`train` has both `epochs` and `steps`",
            "`epochs`",
            "`remove: [train.epochs]` beside the `file` of `extends` leaves out what is there",
        ),
    ],
)
def test_what_cannot_be_laid_over_shows_both_files(
    tmp_path: Path, over: str, code: str, message: str, below: str, cure: str
) -> None:
    (tmp_path / "base.yaml").write_text(USING.replace("[B, ", "["), encoding="utf-8")
    (problem,) = laid(tmp_path, over).errors
    assert (problem.code, problem.message, problem.helps[-1]) == (code, message, cure)
    (related,) = problem.related
    assert (Path(problem.label.place.file).name, Path(related.place.file).name) == ("spec.yaml", "other.yaml")
    assert related.text == below


@pytest.mark.parametrize("over", ["{layers: [dense: 3]}", "{dense: 3}", "relu"])
def test_what_stands_beside_a_name_that_is_removed_is_there_for_another(tmp_path: Path, over: str) -> None:
    extends = "{file: other.yaml, remove: [model.nodes.c.dense]}"
    task = checked(tmp_path, BASE, f"modelc: 1\nextends: {extends}\nmodel: {{nodes: {{c: {over}}}}}\n").task
    assert task is not None
    last = task.planned.graph.nodes[-1]
    assert last.scope == ("c",) or last.path == "c"
    assert last.feeds is not None and str(last.feeds[0].edge) == "b"


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("vars.w", "E207", "the variable `w` is removed, and still needed"),
        ("vars.args", "E207", "the variable `args` is removed, and still needed"),
        ("model.nodes.b", "E201", "the node `b` is removed, and still needed"),
        ("blocks.Tower", "E101", "the block `Tower` is removed, and still needed"),
    ],
)
def test_what_is_removed_and_still_needed_is_told_where_it_is_removed(
    tmp_path: Path, path: str, code: str, message: str
) -> None:
    (problem,) = checked(tmp_path, BASE, f"modelc: 1\nextends: {{file: other.yaml, remove: [{path}]}}\n").errors
    assert (problem.code, problem.message) == (code, message)
    assert (Path(problem.label.place.file).name, problem.label.text) == ("spec.yaml", "removed here")
    (related,) = problem.related
    assert (Path(related.place.file).name, related.text) == ("other.yaml", "needs it")


@pytest.mark.parametrize(
    ("extends", "message", "cure"),
    [
        ("{flie: other.yaml}", "unknown key `flie` in `extends`", "did you mean `file`?"),
        ("{file: other.yaml, remove: [modl.x]}", "there is nothing to remove at `modl.x`: no `modl`", "did you mean `model`?"),
        (
            "{file: other.yaml, remove: [modl.nodes.a]}",
            "there is nothing to remove at `modl.nodes.a`: no `modl`",
            "did you mean `model.nodes.a`?",
        ),
    ],
)  # fmt: skip
def test_a_slip_in_what_is_extended_is_one_error(tmp_path: Path, extends: str, message: str, cure: str) -> None:
    (problem,) = checked(tmp_path, BASE, f"modelc: 1\nextends: {extends}\n").errors
    assert (problem.code, problem.message, problem.helps) == ("E102", message, (cure,))


@pytest.mark.parametrize(("path", "code"), [("model.nodes.c.dense", "E103"), ("model.nodes.c.from", "E104")])
def test_what_lacks_something_that_is_removed_shows_where_that_is(tmp_path: Path, path: str, code: str) -> None:
    (problem,) = checked(tmp_path, BASE, f"modelc: 1\nextends: {{file: other.yaml, remove: [{path}]}}\n").errors
    (related,) = problem.related
    last = path.rpartition(".")[2]
    assert (problem.code, related.text) == (code, f"`{last}` is removed here")
    assert Path(related.place.file).name == "spec.yaml"


def test_a_variable_replaces_a_variable(tmp_path: Path) -> None:
    task = laid(tmp_path, "vars: {more: {units: 6}}\nmodel: {nodes: {b: {dense: $more}}}").task
    assert task is not None
    (found,) = [node.layer for node in task.planned.graph.nodes if node.path == "b"]
    assert getattr(found, "units", None) == 6


def test_another_thing_replaces_one_whole(tmp_path: Path) -> None:
    task = laid(tmp_path, "train: {optimizer: {sgd: 0.3}}").task
    assert task is not None and task.training is not None
    assert type(task.training.optimizer).__name__ == "SGD"


@pytest.mark.parametrize(
    ("nodes", "place", "cure"),
    [
        ("{p: {from: x, B}, q: {from: z, share: p}, y: {from: [p, q], add}}", 7, "change what it is given, or what"),
        ("{p: {from: w, B}, y: {from: p, dense: 1}}", 6, "put `cast: float32` before it"),
    ],
)
def test_what_a_model_of_another_file_does_not_take_is_told_once(
    tmp_path: Path, nodes: str, place: int, cure: str
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
    assert problem.helps[0].startswith(cure)


HELD = f"""modelc: 1
vars: {{hidden: {{dense: 5}}, items: [{{dense: 3, name: nm}}]}}
model: {{{INPUTS}, layers: [dense: 8, $hidden, $items.0, dense: 4]}}
"""


@pytest.mark.parametrize(("output", "units"), [("dense_2", [8, 5]), ("nm", [8, 5, 3]), ("dense_3", [8, 5, 3, 4])])
def test_items_that_are_variables_are_called_as_what_they_hold(tmp_path: Path, output: str, units: list[int]) -> None:
    spec = USING.replace("other.yaml}", f"other.yaml, output: {output}}}").replace(", dense: 1]", "]")
    task = checked(tmp_path, HELD, spec).task
    assert task is not None and [getattr(node.layer, "units", 0) for node in task.planned.graph.nodes] == units


@pytest.mark.parametrize(("gone", "units"), [("dense_2", [8, 3, 4]), ("nm", [8, 5, 4]), ("dense_3", [8, 5, 3])])
def test_what_is_removed_is_what_the_summary_calls_so(tmp_path: Path, gone: str, units: list[int]) -> None:
    task = checked(tmp_path, HELD, f"modelc: 1\nextends: {{file: other.yaml, remove: [model.layers.{gone}]}}\n").task
    assert task is not None and [getattr(node.layer, "units", 0) for node in task.planned.graph.nodes] == units


def test_what_is_set_is_what_the_summary_calls_so(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(HELD, encoding="utf-8")
    task = check_file(tmp_path / "spec.yaml", settings=["model.layers.dense_3.dense=9"]).task
    assert task is not None and [getattr(node.layer, "units", 0) for node in task.planned.graph.nodes] == [8, 5, 3, 9]
    for name in ("dense_2.dense", "nm.dense"):
        (problem,) = check_file(tmp_path / "spec.yaml", settings=[f"model.layers.{name}=9"]).errors
        assert problem.message.endswith("and nothing stands inside it"), problem.message


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
    text = written(resolve(result.document), result.sources)
    assert "output: seen" in text and "$" not in text
