"""`modelc summary`: the table and its JSON."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.commands import modelc

ROOT = Path(__file__).parent.parent.parent
SPEC = """\
modelc: 1
name: small
model:
  inputs: {image: {shape: [4, 4, 1]}, size: {shape: [1]}}
  nodes:
    seen: {from: image, layers: [conv2d: {filters: 2, kernel_size: 3}, batch_norm, flatten]}
    both: {from: [seen, size], concatenate: -1}
    price: {from: both, dense: 1}
    kind: {from: both, dense: {units: 3, activation: softmax}}
  outputs: [price, kind]
data:
  source: {npz: rows.npz}
  targets: {kind: {category: {column: label, classes: [a, b, c]}}}
  validation: 0.25
train:
  losses: {price: {mean_squared_error: {}, weight: 0.5}, kind: cross_entropy}
  metrics: {kind: [accuracy]}
  optimizer: {sgd: 0.1}
  steps: 100
"""
TABLE = """\
small

path             layer                                   output     parameters  connected to
---------------  --------------------------------------  ---------  ----------  ------------------
image            input                                   [4, 4, 1]
size             input                                   [1]
seen/conv2d      conv2d: {filters: 2, kernel_size: 3}    [2, 2, 2]          20  image
seen/batch_norm  batch_norm                              [2, 2, 2]           8  seen/conv2d
seen/flatten     flatten                                 [8]                 0  seen/batch_norm
both             concatenate: -1                         [9]                 0  seen/flatten, size
kind             dense: {units: 3, activation: softmax}  [3]                30  both
price            dense: 1                                [1]                10  both

parameters       68  (272 B)
  trainable      64  (256 B)
  not trainable   4  (16 B)

outputs     price, kind
loss        mean_squared_error of price [1], against price (column price), weight 0.5
            cross_entropy of kind [3] before its softmax, against kind (column label, 3 classes)
metrics     kind/accuracy
monitor     validation/loss, lower is better
optimizer   sgd: 0.1
length      100 steps in batches of 32
data        npz: rows.npz
            image <- array: image
            size <- array: size
            price <- array: price
            kind <- category: {column: label, classes: [a, b, c]}
validation  0.25 of the rows, drawn by seed 0
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def test_the_whole_of_a_spec_on_one_page(folder: Path) -> None:
    ended = modelc("summary", "small.yaml", cwd=folder)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == TABLE


@pytest.mark.parametrize("columns", [72, 80])
def test_the_table_fits_a_narrow_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = modelc("summary", "small.yaml", cwd=folder).out
    assert max(map(len, out.splitlines())) <= columns
    assert "seen/flatten" in out and "parameters" in out


def test_json_for_programs(folder: Path) -> None:
    found = json.loads(modelc("summary", "small.yaml", "--format", "json", cwd=folder).out)
    assert found["parameters"] == {"total": 68, "trainable": 64, "non_trainable": 4}
    assert found["nodes"][0] == {
        "path": "seen/conv2d",
        "layer": "conv2d",
        "output_shape": [2, 2, 2],
        "dtype": "float32",
        "parameters": 20,
        "inputs": ["image"],
    }
    assert [node["path"] for node in found["nodes"]][-2:] == ["kind", "price"]
    assert found["losses"][1]["target"] == "kind" and found["losses"][1]["logits"] is False


def test_a_setting_changes_what_is_shown(folder: Path) -> None:
    ended = modelc(
        "summary", "small.yaml", "--format", "json", "--set", "model.nodes.price.dense.use_bias=false", cwd=folder
    )
    assert json.loads(ended.out)["parameters"]["total"] == 67


def test_a_spec_with_mistakes_has_no_summary(folder: Path) -> None:
    ended = modelc("summary", "small.yaml", "--set", "train.steps=0", cwd=folder)
    assert ended.code == 1 and ended.out == "" and "error[E106]" in ended.err


def test_a_spec_that_is_not_there_ends_with_2(folder: Path) -> None:
    assert modelc("summary", "smal.yaml", cwd=folder).code == 2


def test_warnings_do_not_disturb_the_table(folder: Path) -> None:
    (folder / "small.yaml").write_text(SPEC.replace("outputs:", "  idle: {from: size, dense: 2}\n  outputs:"))
    ended = modelc("summary", "small.yaml", cwd=folder)
    assert ended.code == 0 and "W901" in ended.err and ended.out.startswith("small\n")


def test_a_target_without_axes_is_shown_as_it_meets_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    text = (
        "modelc: 1\nmodel: {inputs: {image: {shape: [8, 8]}}, layers: [flatten, dense: 1]}\n"
        "data: {source: digits, targets: {output: {array: label}}}\n"
        "train: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
    )
    (tmp_path / "spec.yaml").write_text(text)
    out = modelc("summary", "spec.yaml", cwd=tmp_path).out
    assert "mean_squared_error of dense [1], against output [] as [1] (column label" in out


def test_every_shipped_spec_has_a_summary() -> None:
    for spec in sorted((ROOT / "specs").glob("*.yaml")):
        assert modelc("summary", spec, cwd=ROOT).code == 0


def test_the_resolved_spec_is_printed_with_origins_or_as_json(folder: Path) -> None:
    ended = modelc("summary", "small.yaml", "--resolved", "--set", "train.steps=7", cwd=folder)
    assert ended.code == 0
    assert re.search(r"^  steps: 7 +# --set train.steps=7$", ended.out, re.MULTILINE)
    assert re.search(r"^  loss|^    price:\n      mean_squared_error: \{\} +# small.yaml:16$", ended.out, re.MULTILINE)
    (folder / "resolved.yaml").write_text(ended.out)
    once, again = (
        modelc("summary", name, "--set", "train.steps=7", cwd=folder).out for name in ("small.yaml", "resolved.yaml")
    )
    assert once == again != ""
    ended = modelc("summary", "small.yaml", "--resolved", "--format", "json", cwd=folder)
    assert json.loads(ended.out)["train"]["steps"] == 100
