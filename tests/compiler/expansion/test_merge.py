"""Overlays: what is merged with the base, what is removed, and in which of the files an error is shown."""

from pathlib import Path

import pytest

from modelc.compiler.api import Checked
from tests.compiler.expansion.files import HELD, INPUTS, TWO, USING, checked, found


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


def overlaid(folder: Path, over: str) -> Checked:
    return checked(folder, BASE, f"modelc: 1\nextends: other.yaml\n{over}\n")


def test_uses_of_a_block_are_merged_as_layers_are(tmp_path: Path) -> None:
    task = overlaid(tmp_path, "model: {nodes: {a: {Tower: {depth: 2}}, c: {dense: {activation: relu}}}}").task
    assert task is not None
    layers = {node.path: node.layer for node in task.planned.graph.nodes}
    assert [getattr(layer, "units", None) for layer in layers.values()] == [5, 5, 8, 7]
    assert type(getattr(layers["c"], "activation", None)).__name__ == "Relu"


@pytest.mark.parametrize(
    ("over", "code", "message", "below", "help"),
    [
        (
            "model: {nodes: {b: {dense: {activation: relu}}}}",
            "E108",
            "`dense` cannot override `$args`, which is a variable",
            "in the base",
            "change the variable, below `vars: {args: ...}`, or `remove` this from the base",
        ),
        (
            "model: {nodes: {b: {dense: 3}}}",
            "E108",
            "`dense` cannot override `$args`, which is a variable",
            "in the base",
            "change the variable, below `vars: {args: ...}`, or `remove` this from the base",
        ),
        (
            "train: {optimizer: {adam: {beta_1: 0.8}}}",
            "E108",
            "`adam` cannot override `$opt`, which is a variable",
            "in the base",
            "change the variable, below `vars: {opt: ...}`, or `remove` this from the base",
        ),
        (
            "model: {nodes: {c: {tanh: }}}",
            "E104",
            "node `c` needs `from`",
            "replaces `dense` and its `from`",
            "another layer replaces the whole node: write `c: {from: b, tanh: }`",
        ),
        (
            "train: {losses: {c: {weight: 3}}}",
            "E103",
            "expected a loss here, got only `weight`",
            "in the base",
            "to change a key beside `mean_squared_error`, write both: `{mean_squared_error: , weight: 3}`",
        ),
        (
            "model: {nodes: {c: {repeat: 3}}}",
            "E103",
            "expected a layer here, got only `repeat`",
            "in the base",
            "to change a key beside `dense`, write both: `{dense: , repeat: 3}`",
        ),
        (
            "blocks: {Tower: {use: base.yaml}}",
            "E108",
            "`params` cannot be combined with `use` in the block `Tower`",
            "in the base",
            "to leave out what the base has, write `extends: {file: other.yaml, remove: [blocks.Tower]}`",
        ),
        (
            "data: {validation: {stratify: kind}}",
            "E108",
            "`validation` has both `first` and `stratify`",
            "`first`",
            "to leave out what the base has, write `extends: {file: other.yaml, remove: [data.validation.first]}`",
        ),
        (
            "blocks: {Tower: {inputs: [i], nodes: {a: {from: i, tanh}}, outputs: [a]}}",
            "E108",
            "the block `Tower` has both `layers` and `nodes`",
            "a chain",
            "to leave out what the base has, write `extends: {file: other.yaml, remove: [blocks.Tower.layers]}`",
        ),
        (
            "train: {steps: 30}",
            "E108",
            "`train` has both `epochs` and `steps`",
            "`epochs`",
            "to leave out what the base has, write `extends: {file: other.yaml, remove: [train.epochs]}`",
        ),
    ],
)
def test_what_cannot_be_overridden_shows_both_files(
    tmp_path: Path, over: str, code: str, message: str, below: str, help: str
) -> None:
    (tmp_path / "base.yaml").write_text(USING.replace("[B, ", "["), encoding="utf-8")
    (problem,) = overlaid(tmp_path, over).errors
    assert (problem.code, problem.message, problem.helps[-1]) == (code, message, help)
    (related,) = problem.related
    assert (Path(problem.label.place.file).name, Path(related.place.file).name) == ("spec.yaml", "other.yaml")
    assert related.text == below


@pytest.mark.parametrize("key", ["validation", "test"])
@pytest.mark.parametrize(
    ("base", "over", "merged"),
    [
        ("{first: 10}", "{last: 5}", "{last: 5}"),
        ("0.2", "{last: 5}", "{last: 5}"),
        ("{first: 10}", "0.2", "0.2"),
        ("{npz: later.npz}", "{last: 5}", "{last: 5}"),
        ("{fraction: 0.2, stratify: kind}", "{npz: later.npz}", "{npz: later.npz}"),
        ("{csv: {train: later.csv, delimiter: ;}}", "{csv: newer.csv}", "{csv: {train: newer.csv, delimiter: ;}}"),
        ("{fraction: 0.2, stratify: kind}", "{fraction: 0.1}", "{fraction: 0.1, stratify: kind}"),
        ("{fraction: 0.2}", "{stratify: kind}", "{fraction: 0.2, stratify: kind}"),
        ("{folds: {count: 5}}", "{folds: {fold: 2}}", "{folds: {count: 5, fold: 2}}"),
    ],
)
def test_rows_that_are_held_out_are_chosen_otherwise(
    tmp_path: Path, key: str, base: str, over: str, merged: str
) -> None:
    spec = BASE.replace("validation: {first: 10}", f"{key}: {base}")
    task = checked(tmp_path, spec, f"modelc: 1\nextends: other.yaml\ndata: {{{key}: {over}}}\n").task
    (tmp_path / "whole").mkdir()
    whole = checked(tmp_path / "whole", spec.replace(base, merged), "modelc: 1\nextends: other.yaml\n").task
    assert task is not None and task.data is not None and whole is not None and whole.data is not None
    assert task.data.held_out == whole.data.held_out != {}


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
        ("vars.w", "E207", "the variable `w` is removed but still needed"),
        ("vars.args", "E207", "the variable `args` is removed but still needed"),
        ("model.nodes.b", "E201", "the node `b` is removed but still needed"),
        ("blocks.Tower", "E101", "the block `Tower` is removed but still needed"),
    ],
)
def test_what_is_removed_but_still_needed_is_shown_where_it_is_removed(
    tmp_path: Path, path: str, code: str, message: str
) -> None:
    (problem,) = checked(tmp_path, BASE, f"modelc: 1\nextends: {{file: other.yaml, remove: [{path}]}}\n").errors
    assert (problem.code, problem.message) == (code, message)
    assert (Path(problem.label.place.file).name, problem.label.text) == ("spec.yaml", "removed here")
    (related,) = problem.related
    assert (Path(related.place.file).name, related.text) == ("other.yaml", "needs it")


TRAINED = """\
modelc: 1
model: {inputs: {x: {shape: [4]}}, nodes: {o: {from: x, dense: {units: 1}}}, outputs: [o]}
data: {source: {npz: data.npz}, targets: {o: {array: y}}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 3}
"""


@pytest.mark.parametrize(
    ("path", "message", "needs"),
    [
        ("train.optimizer", "the key `optimizer` is removed but still needed", 4),
        ("train.epochs", "the key `epochs` is removed but still needed", 4),
        ("data.source", "the key `source` is removed but still needed", 3),
        ("model.inputs.x.shape", "the key `shape` is removed but still needed", 2),
        ("model.outputs", "the key `outputs` is removed but still needed", 2),
        ("model.nodes.o.dense.units", "the argument `units` is removed but still needed", 2),
    ],
)
def test_a_required_key_that_is_removed_is_shown_where_it_is_removed(
    tmp_path: Path, path: str, message: str, needs: int
) -> None:
    assert not checked(tmp_path, TRAINED, "modelc: 1\nextends: other.yaml\n").errors
    (problem,) = checked(tmp_path, TRAINED, f"modelc: 1\nextends: {{file: other.yaml, remove: [{path}]}}\n").errors
    assert (problem.code, problem.message, problem.label.text) == ("E104", message, "removed here")
    assert Path(problem.label.place.file).name == "spec.yaml"
    (related,) = problem.related
    assert (Path(related.place.file).name, related.place.line) == ("other.yaml", needs)


@pytest.mark.parametrize(
    ("extends", "message", "help"),
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
def test_a_typo_in_extends_is_one_error(tmp_path: Path, extends: str, message: str, help: str) -> None:
    (problem,) = checked(tmp_path, BASE, f"modelc: 1\nextends: {extends}\n").errors
    assert (problem.code, problem.message, problem.helps) == ("E102", message, (help,))


@pytest.mark.parametrize(("path", "code"), [("model.nodes.c.dense", "E103"), ("model.nodes.c.from", "E104")])
def test_what_lacks_something_that_is_removed_shows_where_that_is(tmp_path: Path, path: str, code: str) -> None:
    (problem,) = checked(tmp_path, BASE, f"modelc: 1\nextends: {{file: other.yaml, remove: [{path}]}}\n").errors
    (related,) = problem.related
    last = path.rpartition(".")[2]
    assert (problem.code, related.text) == (code, f"`{last}` is removed here")
    assert Path(related.place.file).name == "spec.yaml"


def test_a_variable_replaces_a_variable(tmp_path: Path) -> None:
    task = overlaid(tmp_path, "vars: {more: {units: 6}}\nmodel: {nodes: {b: {dense: $more}}}").task
    assert task is not None
    (found,) = [node.layer for node in task.planned.graph.nodes if node.path == "b"]
    assert getattr(found, "units", None) == 6


def test_another_thing_replaces_one_whole(tmp_path: Path) -> None:
    task = overlaid(tmp_path, "train: {optimizer: {sgd: 0.3}}").task
    assert task is not None and task.training is not None
    assert type(task.training.optimizer).__name__ == "SGD"


@pytest.mark.parametrize(("gone", "units"), [("dense_2", [8, 3, 4]), ("nm", [8, 5, 4]), ("dense_3", [8, 5, 3])])
def test_what_is_removed_is_what_the_summary_calls_so(tmp_path: Path, gone: str, units: list[int]) -> None:
    task = checked(tmp_path, HELD, f"modelc: 1\nextends: {{file: other.yaml, remove: [model.layers.{gone}]}}\n").task
    assert task is not None and [getattr(node.layer, "units", 0) for node in task.planned.graph.nodes] == units


CHAIN = """\
modelc: 1
blocks: {Tower: {params: {width: int, depth: 1}, layers: [{dense: $width, repeat: $depth}]}}
model: {inputs: {x: {shape: [4]}}, layers: [{dense: 8, name: h}, relu, {Tower: 5, name: t}, dense: 2]}
train: {loss: mean_squared_error, metrics: [r2], optimizer: {adam: 0.1}, epochs: 3}
"""


@pytest.mark.parametrize(
    ("over", "code", "label", "cure"),
    [
        ("train: {optimizer: {beta_1: 0.8}}", "E102", "not inside `adam`", "train: {optimizer: {adam: {beta_1: 0.8}}}"),
        ("model: {layers: {0: {dense: 3}}}", "E105", "expected a list", ""),
        ("model: {layers: {h: {units: 3}}}", "E105", "expected a list", ""),
        ("model: {layers: {h: 3}}", "E105", "expected a list", ""),
        ("model: {layers: {t: {depth: 2}}}", "E105", "expected a list", ""),
        ("model: {layers: {dense: 3}}", "E105", "expected a list", ""),
        ("model: {layers: {nothing: 3}}", "E105", "expected a list", None),
        ("model: {layers: {h: {dense: 3}, t: {Tower: 2}}}", "E105", "expected a list", None),
        ("model: {layers: }", "E105", "nothing here", None),
        ("model: {inputs: }", "E105", "nothing here", None),
        ("train: {metrics: }", "E105", "nothing here", None),
        ("train: {optimizer: }", "E105", "nothing here", None),
        ("model: ", "E105", "nothing here", None),
    ],
)
def test_what_cannot_be_merged_is_one_error_at_the_overlay_with_what_to_write(
    tmp_path: Path, over: str, code: str, label: str, cure: str | None
) -> None:
    result = checked(tmp_path, CHAIN, f"modelc: 1\nextends: other.yaml\n{over}\n")
    (problem,) = result.errors
    assert (problem.code, problem.label.text) == (code, label)
    assert Path(problem.label.place.file).name == "spec.yaml" and problem.label.place.line == 3
    assert [Path(related.place.file).name for related in problem.related] == ["other.yaml"]
    if cure is None:
        return
    cure = cure or f"model: {{{problem.helps[-1].partition('`')[2].removesuffix('`')}}}"
    assert not checked(tmp_path, CHAIN, f"modelc: 1\nextends: other.yaml\n{cure}\n").errors


def test_nothing_is_said_for_what_may_be_left_open(tmp_path: Path) -> None:
    over = "train: {epochs: , steps: 30}\nblocks:\nvars:"
    result = checked(tmp_path, CHAIN.replace("{Tower: 5, name: t}, ", ""), f"modelc: 1\nextends: other.yaml\n{over}\n")
    assert not result.errors


@pytest.mark.parametrize("others", ["", ", repeat: 3"])
def test_a_node_of_another_layer_is_told_what_it_replaces(tmp_path: Path, others: str) -> None:
    base = BASE.replace("dense: $w}", f"dense: 4{others}}}")
    result = checked(tmp_path, base, "modelc: 1\nextends: other.yaml\nmodel: {nodes: {c: {layers: [dense: 4]}}}\n")
    (problem,) = result.errors
    assert problem.code == "E104" and problem.helps[-1].endswith("write `c: {from: b, layers: [{dense: 4}]}`")
    assert problem.notes == (("it replaces `repeat` of the base too",) if others else ())


@pytest.mark.parametrize(
    ("over", "kind", "cure"),
    [
        ("train: sgd", "mapping", "train: {optimizer: sgd}"),
        ("train: 7", "mapping", "train: {epochs: 7}"),
        ("train: [{epochs: 7}, {batch_size: 3}]", "mapping", "train: {epochs: 7, batch_size: 3}"),
        ("blocks: {Tower: [dense: 3]}", "mapping", "Tower: {layers: [{dense: 3}]}"),
        ("model: {layers: relu}", "list", ""),
        ("vars: [w: 3]", "mapping", "vars: {w: 3}"),
    ],
)
def test_another_kind_of_value_shows_what_the_base_has(tmp_path: Path, over: str, kind: str, cure: str) -> None:
    base = CHAIN.replace("modelc: 1\n", "modelc: 1\nvars: {w: 8}\n").replace("dense: 2]", "dense: $w]")
    problems = checked(tmp_path, base, f"modelc: 1\nextends: other.yaml\n{over}\n").errors
    problem = problems[0]
    assert problem.code == "E105" and Path(problem.label.place.file).name == "spec.yaml"
    assert [(Path(one.place.file).name, one.text) for one in problem.related] == [
        ("other.yaml", f"a {kind} in the base")
    ]
    assert f"`{cure}`" in problem.helps[0] if cure else problem.helps
