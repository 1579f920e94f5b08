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
precision   float32
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


MASKS = """\
modelc: 1
model:
  precision: mixed_bfloat16
  inputs: {words: {shape: [12], dtype: int32}, sound: {shape: [12, 5]}}
  nodes:
    read: {from: words, layers: [embedding: {input_dim: 9, output_dim: 8, mask_zero: true}, dropout: 0.1, gru: 4]}
    listen: {from: sound, layers: [masking, normalization, flatten]}  # modelc: ignore W904
    score: {from: [read, listen], layers: [concatenate: -1, dense: {units: 1, activation: sigmoid}]}
  outputs: [score]
"""


def test_masks_and_mixed_precision_are_shown_at_each_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "spec.yaml").write_text(MASKS)
    ended = modelc("summary", "spec.yaml", cwd=tmp_path)
    lines = [re.split("  +", line) for line in ended.out.splitlines()]
    assert lines[0] == ["path", "layer", "output", "parameters", "mask", "computes in", "connected to"]
    shown = {line[0]: line[4:-1] for line in lines if len(line) > 5}
    assert shown["read/embedding"] == ["begins", "bfloat16"]
    assert shown["read/dropout"] == ["passed on", "bfloat16"] and shown["read/gru"] == ["used", "bfloat16"]
    assert shown["listen/normalization"] == ["passed on", "float32"]
    assert shown["listen/flatten"] == ["dropped", "bfloat16"] and shown["score/concatenate"] == ["bfloat16"]
    assert shown["score/dense"] == ["bfloat16, then float32"]
    assert "precision  mixed_bfloat16\n" in ended.out
    found = json.loads(modelc("summary", "spec.yaml", "--format", "json", cwd=tmp_path).out)
    nodes = {node["path"]: node for node in found["nodes"]}
    assert found["precision"] == "mixed_bfloat16" and nodes["listen/masking"]["mask"] == "begins"
    assert "mask" not in nodes["score/dense"] and nodes["score/dense"]["computes_in"] == "bfloat16, then float32"


def test_the_values_of_constant_arrays_are_shown_as_frozen(tmp_path: Path) -> None:
    nodes = """\
    scales: {from: x, constant: {shape: [3], value_initializer: ones}}
    seen: {from: x, layers: [normalization, batch_norm, dense: 3]}
    y: {from: [seen, scales], multiply}
"""
    text = f"modelc: 1\nmodel:\n  inputs: {{x: {{shape: [2]}}}}\n  nodes:\n{nodes}  outputs: [y]\n"
    (tmp_path / "spec.yaml").write_text(text)
    lines = [re.split("  +", line) for line in modelc("summary", "spec.yaml", cwd=tmp_path).out.splitlines()]
    assert lines[0] == ["path", "layer", "output", "parameters", "frozen", "connected to"]
    shown = {line[0]: line[3:5] for line in lines if len(line) > 4}
    # What is fitted to the data and what training counts is not trained either, but is not the same from the first step on.
    assert shown["scales"] == ["3", "3"] and shown["seen/normalization"] == ["4", "x"]
    found = json.loads(modelc("summary", "spec.yaml", "--format", "json", cwd=tmp_path).out)
    assert {node["path"]: node["frozen"] for node in found["nodes"] if "frozen" in node} == {"scales": 3}


def test_what_a_training_freezes_counts_as_not_trainable(folder: Path) -> None:
    frozen = ("--set", "train.freeze=[seen/conv2d, '**/moving_mean']")
    out = modelc("summary", "small.yaml", *frozen, cwd=folder).out
    assert "trainable      44  (176 B)\n" in out and "not trainable  24  (96 B)\n" in out
    shown = {line[0]: line[3:5] for text in out.splitlines() if len(line := re.split("  +", text)) > 4}
    assert (
        shown["seen/conv2d"] == ["20", "20"] and shown["seen/batch_norm"] == ["8", "2"] and shown["kind"][1] == "both"
    )
    found = json.loads(modelc("summary", "small.yaml", "--format", "json", *frozen, cwd=folder).out)
    assert found["parameters"] == {"total": 68, "trainable": 44, "non_trainable": 24} and found["phases"] == []
    assert {node["path"]: node.get("frozen") for node in found["nodes"]}["seen/batch_norm"] == 2


def test_each_phase_says_what_it_trains(folder: Path) -> None:
    phases = (
        "phases:\n    - {name: head, epochs: 3, freeze: [seen, price]}\n"
        "    - {name: all, epochs: 2, from: best, freeze: [price], optimizer: {sgd: 0.01}}\n"
    )
    (folder / "small.yaml").write_text(SPEC.replace("steps: 100\n", phases))
    out = modelc("summary", "small.yaml", cwd=folder).out
    # All that a phase trains; of `price`, which both freeze, the table says so.
    assert "trainable      54  (216 B)\n" in out and "not trainable  14  (56 B)\n" in out
    shown = {line[0]: line[3:5] for text in out.splitlines() if len(line := re.split("  +", text)) > 4}
    assert shown["price"] == ["10", "10"] and shown["seen/conv2d"] == ["20", "image"]
    assert (
        "length      5 epochs in batches of 32\n"
        "phase head  3 epochs: 30 trainable, 38 not; sgd: 0.1; frozen seen, price\n"
        "phase all   2 epochs, from the best weights: 54 trainable, 14 not; sgd: 0.01; frozen price\n"
    ) in out
    found = json.loads(modelc("summary", "small.yaml", "--format", "json", cwd=folder).out)["phases"]
    assert [(phase["name"], phase["trainable"], phase["non_trainable"]) for phase in found] == [
        ("head", 30, 38),
        ("all", 54, 14),
    ]


def test_what_computes_in_float32_is_what_is_computed_in_it(tmp_path: Path) -> None:
    """The column agrees with the dtypes that jax finds for the very model."""
    import jax

    import modelc as public

    (tmp_path / "spec.yaml").write_text(MASKS)
    found = json.loads(modelc("summary", "spec.yaml", "--format", "json", cwd=tmp_path).out)
    exact = [node["path"] for node in found["nodes"] if node["computes_in"] == "float32"]
    assert exact == ["listen/masking", "listen/normalization"]
    model = public.compile(tmp_path / "spec.yaml")
    params, state = model.init(jax.random.key(0))
    inputs = {"words": jax.numpy.zeros((2, 12), "int32"), "sound": jax.numpy.zeros((2, 12, 5))}
    text = str(jax.make_jaxpr(lambda inputs: model.apply(params, state, inputs)[0])(inputs))
    assert "f32[2,12,5]" in text and "bf16[2,60]" in text and "bf16[2,64]" in text and "f32[2,60]" not in text


def test_nothing_is_cut_for_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no `COLUMNS` asks for a width."""
    monkeypatch.delenv("COLUMNS", raising=False)
    name, units = "a_node_with_a_name_that_is_rather_long", ", ".join(f"side_{number:02}" for number in range(20))
    text = f"modelc: 1\nmodel:\n  inputs: {{x: {{shape: [4]}}}}\n  nodes:\n    {name}: {{from: x, dense: 2}}\n"
    text += "".join(f"    side_{number:02}: {{from: {name}, relu}}\n" for number in range(20))
    text += f"    sum: {{from: [{units}], layers: [add, dense: {{units: 2, activation: {{leaky_relu: 0.125}}, use_bias: false}}]}}\n"
    (tmp_path / "spec.yaml").write_text(text + "  outputs: [sum]\n")
    out = modelc("summary", "spec.yaml", cwd=tmp_path).out
    assert "..." not in out and f"  {units}\n" in out and f"\n{name}  dense: 2 " in out
    assert "dense: {units: 2, activation: {leaky_relu: 0.125}, use_bias: false}" in out
    monkeypatch.setenv("COLUMNS", "80")
    assert "..." in modelc("summary", "spec.yaml", cwd=tmp_path).out


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
