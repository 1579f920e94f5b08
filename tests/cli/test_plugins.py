"""Plug-ins through the commands: a package as pip installs it, and a file; checked, trained, evaluated, explained."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft7Validator

from tests.cli.commands import Ended, modelc
from tests.made_plugins import CODE, SPEC, make_file, make_package


@dataclass(frozen=True)
class Place:
    """A folder with a spec that needs a plug-in, which is there twice: installed, and as a file. One run of each."""

    folder: Path
    runs: dict[str, Path]
    trained: dict[str, Ended]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("plugged")
    make_file(folder / "shift.py")
    (folder / "shifted.yaml").write_text(SPEC)
    x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    np.savez(folder / "rows.npz", x=x, y=x.sum(1, keepdims=True))
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(make_package(folder / "site"))
        trained = {}
        for name in ("modelc-shift", "shift.py"):
            run = f"runs/{name}"
            trained[name] = modelc("train", "shifted.yaml", "--plugin", name, "--run-dir", run, cwd=folder)
            assert trained[name].code == 0, trained[name].err
        yield Place(folder, {name: folder / "runs" / name for name in trained}, trained)
    for name in [name for name in sys.modules if name.partition(".")[0] == "modelc_shift"]:
        del sys.modules[name]


@pytest.mark.parametrize("plugin", ["modelc-shift", "shift.py"])
def test_a_plugin_is_checked_summarized_explained_and_in_the_schema(place: Place, plugin: str) -> None:
    without = modelc("validate", "shifted.yaml", "--format", "concise", cwd=place.folder)
    assert without.code == 1 and without.out.count("E101") == 7
    assert modelc("validate", "shifted.yaml", "--data", "--plugin", plugin, cwd=place.folder).out == "1 file is valid\n"
    assert (
        "shift: {by: 0.5, activation: bent}"
        in modelc("summary", "shifted.yaml", "--plugin", plugin, cwd=place.folder).out
    )
    explained = modelc("explain", "shift", "--plugin", plugin, cwd=place.folder).out
    assert "Adds a number to each value" in explained and "by: a number from -10 to 10; required" in explained
    assert "  shift " in modelc("explain", "--plugin", plugin, cwd=place.folder).out
    schema = json.loads(modelc("schema", "--plugin", plugin, cwd=place.folder).out)
    both = [{"$ref": f"#/definitions/{name}"} for name in ("layer.shift", "needs.layer.shift")]
    with_schema = Draft7Validator({"allOf": both, "definitions": schema["definitions"]})
    assert with_schema.is_valid({"by": 1}) and not with_schema.is_valid({}) and not with_schema.is_valid({"bye": 1})
    assert modelc("validate", "shifted.yaml", cwd=place.folder).code == 1, "a plug-in is enabled for one command"


@pytest.mark.parametrize("plugin", ["modelc-shift", "shift.py"])
def test_a_run_records_its_plugins_and_is_used_with_them(place: Place, plugin: str) -> None:
    run = place.runs[plugin]
    (recorded,) = json.loads((run / "run.json").read_text())["plugins"]
    if plugin == "modelc-shift":
        assert recorded == {"name": "modelc-shift", "version": "1.2", "sha256": None}
    else:
        assert recorded["name"] == str((place.folder / "shift.py").resolve()) and len(recorded["sha256"]) == 64
    assert f"--plugin {recorded['name']}\n" in place.trained[plugin].out
    evaluated = modelc("evaluate", run, "--plugin", plugin, "--format", "json", cwd=place.folder)
    assert (evaluated.code, evaluated.err) == (0, "")
    assert json.loads(evaluated.out)["values"].keys() == {"loss", "pinball"}
    predicted = modelc("predict", run, "rows.npz", "-o", "out.npz", "--plugin", plugin, cwd=place.folder)
    assert (predicted.code, predicted.err) == (0, "")
    for command in (("evaluate", run), ("predict", run, "-o", "out.npz")):
        refused = modelc(*command, cwd=place.folder)
        assert refused.code == 4
        assert f"error[E606]: the run `{run}` was trained with the plug-in `{recorded['name']}`" in refused.err
        assert f"add `--plugin {recorded['name']}`" in refused.err


def test_both_ways_to_give_a_plugin_train_the_same(place: Place) -> None:
    def values(run: Path) -> list[dict[str, float]]:
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        return [{key: value for key, value in line.items() if key not in ("seconds", "digest")} for line in lines]

    assert values(place.runs["modelc-shift"]) == values(place.runs["shift.py"])


def test_a_plugin_that_has_changed_since_is_warned_of(place: Place, tmp_path: Path) -> None:
    run = place.runs["shift.py"]
    moved = make_file(tmp_path / "shift.py")
    assert modelc("evaluate", run, "--plugin", moved, cwd=place.folder).err == ""
    make_file(moved, CODE.replace("x + self.by", "x - self.by"))
    evaluated = modelc("evaluate", run, "--plugin", moved, cwd=place.folder)
    assert evaluated.code == 0
    assert f"warning: the plug-in `{moved.resolve()}` has changed since this run was trained" in evaluated.err
    information = place.folder / "site" / "modelc_shift-1.2.dist-info" / "METADATA"
    text = information.read_text()
    information.write_text(text.replace("Version: 1.2", "Version: 1.3"))
    evaluated = modelc("evaluate", place.runs["modelc-shift"], "--plugin", "modelc-shift", cwd=place.folder)
    information.write_text(text)
    assert "warning: this run was trained with `modelc-shift` 1.2, installed is 1.3" in evaluated.err


def test_a_plugin_that_cannot_be_used_is_a_wrong_command_line(place: Place, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("Shift = Lyer\n")
    for command in (
        *(("validate", "shifted.yaml"), ("summary", "shifted.yaml"), ("train", "shifted.yaml"), ("schema",)),
        *(("explain", "shift"), ("evaluate", "runs"), ("predict", "runs", "-o", "out.npz")),
    ):
        ended = modelc(*command, "--plugin", broken, cwd=place.folder)
        assert ended.code == 2 and not ended.out
        assert f"error[E605]: the plug-in `{broken}` cannot be imported: NameError: name 'Lyer' is not" in ended.err
        assert f"= note: {broken}:1: Shift = Lyer" in ended.err


@pytest.mark.parametrize(
    ("written", "instead", "command"),
    [
        ("return Plan.of(self", "return Plan.no(self", "validate"),
        ("function(x + self.by)", "function(x + jax.no)", "train"),
        ("function(x + self.by)", "function(x @ x)", "train"),
    ],
)
def test_a_bug_in_a_plugin_is_not_called_one_of_modelc(
    place: Place, tmp_path: Path, written: str, instead: str, command: str
) -> None:
    path = make_file(tmp_path / "shift.py", CODE.replace(written, instead))
    ended = modelc(command, "shifted.yaml", "--plugin", path, cwd=place.folder)
    assert ended.code == 3
    assert f"error: this is a bug in the plug-in `{path.resolve()}`, at {path.resolve()}:" in ended.err
    assert "report" not in ended.err


@pytest.mark.parametrize(
    ("written", "instead", "command", "said"),
    [
        ("return Plan.of(self.activation.after(x))", "Plan.of(x)", "validate", "Shift.plan` gave a `NoneType`"),
        ("return Plan.of(self.activation.after(x))", "Plan.of(x)", "explain", "Shift.plan` gave a `NoneType`"),
        (
            "Plan.of(self.activation.after(x))",
            "Plan.of(x.with_shape(4.0))",
            "validate",
            "Shift.plan` gave shape (4.0,)",
        ),
        (
            "Plan.of(self.activation.after(x))",
            "Plan.of(x.with_dtype('floaty'))",
            "validate",
            "Shift.plan` gave shape (4,)",
        ),
        ("Plan.of(self.activation.after(x))", "Plan.of(x, x)", "validate", "Shift.plan` gave a `TensorType`"),
        (
            "function(x + self.by)",
            "function(x[:, :1])",
            "train",
            "Shift.apply` gave an array [8, 1], expected [rows, 4]",
        ),
        ("return self.activation.function(x", "self.activation.function(x", "train", "Shift.apply` gave a `NoneType`"),
        (
            "function(x + self.by)",
            "function(x + self.by).astype('int32')",
            "train",
            "Shift.apply` gave int32, expected float32",
        ),
        (
            "need_equal_shapes(output, target)\n        return output.shape",
            "pass",
            "validate",
            "Pinball.plan` gave a `NoneType`",
        ),
        ("return jnp.maximum(self", "return jnp.mean(error), (self", "train", "Pinball.elements` gave a `tuple`"),
        ("need_comparable(output, target)\n        return", "", "train", "PinballMetric.plan` gave a `NoneType`"),
        ("return mean_sums(", "return float(0) and (", "train", "PinballMetric.sums` gave a `float`"),
        (
            "jnp.full(shape, 0.5",
            "jnp.full((1, 1), 0.5",
            "train",
            "Halves.sample` gave an array [1, 1], expected [4, 1]",
        ),
    ],
    ids=lambda value: value if value.endswith("`") else "",
)
def test_what_a_plugin_gives_against_its_promise_is_called_its_bug(
    place: Place, tmp_path: Path, written: str, instead: str, command: str, said: str
) -> None:
    assert written in CODE
    path = make_file(tmp_path / "shift.py", CODE.replace(written, instead))
    subject = "shift" if command == "explain" else "shifted.yaml"
    ended = modelc(command, subject, "--plugin", path, cwd=place.folder)
    assert ended.code == 3
    assert f"error: this is a bug in the plug-in `{path.resolve()}`: `{said}" in ended.err


@pytest.mark.parametrize(("written", "command"), [("need(x.is_float", "validate"), ("return self.activation", "train")])
def test_a_plugin_that_ends_the_process_is_no_success(place: Place, tmp_path: Path, written: str, command: str) -> None:
    path = make_file(tmp_path / "shift.py", CODE.replace(written, f"__import__('sys').exit(0); {written}", 1))
    ended = modelc(command, "shifted.yaml", "--plugin", path, cwd=place.folder)
    assert ended.code == 3
    assert f"error: this is a bug in the plug-in `{path.resolve()}`, at {path.resolve()}:" in ended.err


def test_explain_names_the_installed_plugin_that_has_something(place: Place) -> None:
    ended = modelc("explain", "shift", cwd=place.folder)
    assert ended.code == 2
    assert "the installed plug-in `modelc-shift` has it: add `--plugin modelc-shift`" in ended.err
