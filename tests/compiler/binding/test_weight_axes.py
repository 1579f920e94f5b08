"""`model.axes`: names that no axis of weights has are errors, those of layers of modelc and of plug-ins are none."""

from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.api import check, check_file, plugged
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.lowering.prepared_task import prepare

CHAIN = "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, axes: AXES, layers: [dense: 8, dense: 1]}\n"
GRAPH = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  nodes: {y: {from: x, dense: 1}}
  outputs: [y]
  axes: AXES
"""
PLUGIN = '''\
"""A layer whose weight has an axis that modelc does not know."""

from modelc.plugin import Call, Initializer, Layer, Plan, Weight, build


class Scan(Layer):
    """`y = x + w`. Input and output `[features]`; a weight `w: [features]`."""

    example = "scan"

    def plan(self, x):
        return Plan.of(x, {"w": Weight(x.shape, build(Initializer, "zeros"), ("state",))})

    def apply(self, call: Call, x):
        return x + call.params["w"]


PLUGIN = {"layer.scan": Scan}
'''


def problems(axes: str, spec: str = CHAIN) -> tuple[Problem, ...]:
    return check(spec.replace("AXES", axes), "spec.yaml").problems


@pytest.mark.parametrize("spec", [CHAIN, GRAPH])
@pytest.mark.parametrize("axes", ["{}", "{mlp: none}", "{embed: data, mlp: model, heads: none, vocab: data}"])
def test_axes_of_layers_may_lie_along_axes_of_the_mesh_or_none(spec: str, axes: str) -> None:
    assert problems(axes, spec) == ()


@pytest.mark.parametrize("spec", [CHAIN, GRAPH])
@pytest.mark.parametrize(
    ("axes", "code", "message", "help"),
    [
        ("{head: none}", "E102", "unknown axis `head` in `axes`", "did you mean `heads`?"),
        ("{mpl: data}", "E102", "unknown axis `mpl` in `axes`", "did you mean `mlp`?"),
        ("{tokens: model}", "E102", "unknown axis `tokens` in `axes`", ""),
        ("{mlp: modle}", "E106", "must be one of `data`, `model`, `none`, got", "did you mean `model`?"),
        ("{mlp: null}", "E106", "must be one of `data`, `model`, `none`, got nothing", "did you mean `none`?"),
        ("model", "E105", "`axes` must be a mapping, got", "write `axes: {heads: model, mlp: none}`"),
        ("[[mlp, null], [embed, data]]", "E105", "`axes` must be", "write `axes: {mlp: none, embed: data}`"),
    ],
)
def test_what_is_no_rule_is_one_error(spec: str, axes: str, code: str, message: str, help: str) -> None:
    (found,) = problems(axes, spec)
    assert (found.code, message in found.message) == (code, True), found
    shown = " ".join((*found.helps, found.suggestion.help if found.suggestion else ""))
    assert help in shown
    if code == "E102":
        assert found.notes == ("axes of weights: embed, heads, mlp, vocab",)


def test_each_unknown_axis_is_an_error_and_a_wrong_layer_hides_none() -> None:
    codes = [one.code for one in problems("{a: none, b: none, mlp: nothing}")]
    assert sorted(codes) == ["E102", "E102", "E106"]
    found = check(CHAIN.replace("AXES", "{head: none}").replace("dense: 1", "dens: 1"), "spec.yaml").problems
    assert {one.code for one in found} == {"E101", "E102"}


def test_axes_of_plugins_are_known_with_them(tmp_path: Path) -> None:
    (tmp_path / "scans.py").write_text(PLUGIN)
    spec = tmp_path / "spec.yaml"

    def found(axes: str, layers: str = "scan, dense: 1") -> Any:
        spec.write_text(CHAIN.replace("AXES", axes).replace("dense: 8, dense: 1", layers))
        with plugged(tmp_path / "scans.py"):
            return check_file(spec)

    checked = found("{state: model, embed: none}")
    assert checked.problems == ()
    assert prepare(checked.task).axes["state"] == "model"
    (unknown,) = found("{stat: model}").problems
    assert (unknown.code, unknown.suggestion.help) == ("E102", "did you mean `state`?")
    # What the weights of a layer are is not known where it cannot be planned.
    assert [one.code for one in found("{stats: model}", "scan, reshape: [3], dense: 1").problems] == ["E301"]
    assert [one.code for one in problems("{state: model}")] == ["E102"]
