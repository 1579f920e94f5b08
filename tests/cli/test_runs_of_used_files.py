"""Runs of specs whose blocks are the models of other files can be used like any run: by their names, and by the spec."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc
from tests.runtime.runs.sealing import without_seal

PART = "modelc: 1\nmodel: {inputs: {x: {shape: [2]}}, layers: [dense: 3]}\n"
MODEL = "inputs: {x: {shape: [2]}}, layers: [Part, {dense: 1, name: y}]"
SPECS: Mapping[str, Mapping[str, str]] = {
    "one file": {"part.yaml": PART, "spec.yaml": f"blocks: {{Part: {{use: part.yaml}}}}\nmodel: {{{MODEL}}}\n"},
    "a block in a base, whose sizes follow from shapes and copies": {
        "part.yaml": PART.replace(
            "dense: 3",
            '{dense: "${shape(x)[0] + i + 1}", repeat: {times: 2, index: i}}, dense: "${shape(input)[-1] - 1}"',
        ),
        "base.yaml": "modelc: 1\nblocks: {Part: {use: part.yaml}}\n",
        "spec.yaml": f"extends: base.yaml\nmodel: {{{MODEL}}}\n",
    },
    "a file that extends another, up to one of its layers": {
        "part.yaml": PART.replace("dense: 3", "{dense: 3, name: a}, {dense: 7, name: b}"),
        "wider.yaml": "modelc: 1\nextends: part.yaml\nmodel: {layers: {a: {dense: 4}}}\n".replace(
            "layers: {a: {dense: 4}}", "layers: [{dense: 4, name: a}, {dense: 9, name: b}]"
        ),
        "spec.yaml": (
            f"blocks: {{Part: {{use: wider.yaml, output: $which}}}}\nvars: {{which: a}}\nmodel: {{{MODEL}}}\n"
        ),
    },
    # Each file has a variable and a block of the same name as the others, with another value.
    "files in files, with definitions of the same names": {
        "inner.yaml": (
            "modelc: 1\nvars: {units: 5}\nblocks: {Part: {params: {n: int, scale: 2}, layers: [dense: '${n * scale}']}}\n"
            "model: {inputs: {x: {shape: [2]}}, layers: [Part: $units]}\n"
        ),
        "other.yaml": "modelc: 1\nvars: {units: 6}\nmodel: {inputs: {x: {shape: [3]}}, layers: [dense: $units]}\n",
        "part.yaml": (
            "modelc: 1\nvars: {units: 3}\nblocks: {Part: {use: inner.yaml}, Again: {use: inner.yaml}}\n"
            "model: {inputs: {x: {shape: [2]}}, layers: [Part, dense: 2, Again, dense: $units]}\n"
        ),
        "spec.yaml": (
            "vars: {units: 1}\nblocks: {Part: {use: part.yaml}, Other: {use: other.yaml}, Inner: {use: inner.yaml}}\n"
            "model: {inputs: {x: {shape: [2]}}, layers: [Inner, dense: 2, Part, Other, {dense: $units, name: y}]}\n"
        ),
    },
}
TRAINED = """\
modelc: 1
data: {source: {npz: rows.npz}, targets: {y: {array: y}}, validation: 6}
train: {loss: mean_squared_error, optimizer: {sgd: {learning_rate: 0.01}}, epochs: 2, batch_size: 4}
"""


def project(folder: Path, files: Mapping[str, str]) -> None:
    draws = np.random.default_rng(3)
    np.savez(folder / "rows.npz", x=draws.normal(size=(18, 2)), y=draws.normal(size=(18, 1)))
    for name, text in files.items():
        (folder / name).write_text((TRAINED if name == "spec.yaml" else "") + text, encoding="utf-8")


SETTINGS = ["--set", "train.epochs=1", "--set", "train.seed=5"]


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        *((files, []) for files in SPECS.values()),
        (SPECS["files in files, with definitions of the same names"], SETTINGS),
    ],
    ids=[*SPECS, "with settings"],
)
def test_a_run_scores_and_predicts_as_it_was_trained(
    tmp_path: Path, files: Mapping[str, str], settings: list[str]
) -> None:
    project(tmp_path, files)
    ended = modelc("train", "spec.yaml", "--run-dir", "runs/spec/a", *settings, cwd=tmp_path)
    assert ended.code == 0, ended.err
    log = [json.loads(line) for line in (tmp_path / "runs/spec/a/metrics.jsonl").read_text().splitlines()]
    for name in ("runs/spec/a", "spec.yaml"):
        ended = modelc("evaluate", name, "--weights", "last", "--format", "json", cwd=tmp_path)
        assert ended.code == 0, ended.err
        assert json.loads(ended.out)["values"]["loss"] == pytest.approx(log[-1]["validation/loss"], rel=1e-5)
        ended = modelc("predict", name, "--output", "out.csv", cwd=tmp_path)
        assert ended.code == 0, ended.err
        assert len((tmp_path / "out.csv").read_text().splitlines()) == 1 + 6
        (tmp_path / "out.csv").unlink()
    resolved = modelc("summary", "spec.yaml", "--resolved", cwd=tmp_path).out
    (tmp_path / "resolved.yaml").write_text(resolved, encoding="utf-8")
    ended = modelc("train", "resolved.yaml", "--run-dir", "runs/resolved/a", *settings, cwd=tmp_path)
    assert ended.code == 0, ended.err
    again = [json.loads(line) for line in (tmp_path / "runs/resolved/a/metrics.jsonl").read_text().splitlines()]
    assert [line["validation/loss"] for line in again] == [line["validation/loss"] for line in log]


def test_a_used_file_that_was_changed_is_another_content(tmp_path: Path) -> None:
    project(tmp_path, SPECS["one file"])
    assert modelc("train", "spec.yaml", cwd=tmp_path).code == 0
    (tmp_path / "part.yaml").write_text(PART.replace("dense: 3", "dense: 4"), encoding="utf-8")
    ended = modelc("evaluate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 4 and "E607" in ended.err
    assert "`blocks.Part.use.model.layers.0.dense` was 3, and is 4 now (part.yaml:2)" in ended.err


def test_a_spec_cannot_write_a_file_in_the_place_of_its_path(tmp_path: Path) -> None:
    files = {"spec.yaml": f"blocks: {{Part: {{use: {{modelc: 1, model: {{{MODEL}}}}}}}}}\nmodel: {{{MODEL}}}\n"}
    project(tmp_path, files)
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and "`use` must be the path of a file" in ended.err + ended.out


def test_a_run_whose_spec_names_files_is_damaged(tmp_path: Path) -> None:
    project(tmp_path, SPECS["one file"])
    assert modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    resolved = tmp_path / "run" / "resolved.json"
    data = json.loads(resolved.read_text())
    without_seal(tmp_path / "run")
    inside = {**data["blocks"]["Part"]["use"], "extends": "part.yaml"}
    for used in ("part.yaml", inside, {"modelc": 1}, 3):
        data["blocks"]["Part"]["use"] = used
        resolved.write_text(json.dumps(data))
        ended = modelc("evaluate", "run", cwd=tmp_path)
        assert ended.code == 4 and "E602" in ended.err and "is damaged" in ended.err, used


def test_files_in_files_too_deep_for_a_run_are_refused_before_training(tmp_path: Path) -> None:
    files = {"part0.yaml": PART}
    for n in range(1, 20):
        body = "{inputs: {x: {shape: [2]}}, layers: [Part, dense: 2]}"
        files[f"part{n}.yaml"] = f"modelc: 1\nblocks: {{Part: {{use: part{n - 1}.yaml}}}}\nmodel: {body}\n"
    for last, code in ((18, 0), (19, 4)):
        files["spec.yaml"] = f"blocks: {{Part: {{use: part{last}.yaml}}}}\nmodel: {{{MODEL}}}\n"
        project(tmp_path, files)
        ended = modelc("train", "spec.yaml", "--run-dir", f"run{last}", cwd=tmp_path)
        assert ended.code == code, ended.err
        assert (code == 0) == (tmp_path / f"run{last}").exists()
    assert (
        "error[E005]: with the files that it uses, the spec is nested 65 levels deep, a run can store 64" in ended.err
    )
    assert modelc("evaluate", "run18", cwd=tmp_path).code == 0


def test_a_spec_without_runs_is_named_in_what_to_do(tmp_path: Path) -> None:
    project(tmp_path, {"spec.yaml": f"model: {{{MODEL.replace('Part, ', '')}}}\n"})
    ended = modelc("evaluate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 4 and "train first: `modelc train spec.yaml`" in ended.err
