"""What a command says of warnings that fail, of options that are keys of a spec, and of what needs no data to be known."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers:
    - dense: {units: 3, activation: softmax}
      name: kind
data:
  source: {npz: rows.npz}
  targets: {kind: {category: {column: kind}}}
train:
  loss: cross_entropy
  metrics: [{top_k_accuracy: 3}]
  optimizer: adam
  epochs: 2
"""
METRIC = "metrics: [{top_k_accuracy: 3}]"
DATA = ((), ("--data",))
TARGETS = ("{column: kind}", "{column: kind, classes: 3}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.savez(tmp_path / "rows.npz", x=np.ones((60, 4), np.float32), kind=np.arange(60) % 3)
    return tmp_path


def validate(folder: Path, spec: str, *options: str) -> tuple[int, str]:
    (folder / "spec.yaml").write_text(spec)
    ended = modelc("validate", *options, "spec.yaml", cwd=folder)
    return ended.code, ended.out


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("target", TARGETS)
def test_an_argument_without_effect_is_known_from_the_output_alone(folder: Path, target: str, data: tuple[str]) -> None:
    spec = SPEC.replace(TARGETS[0], target)
    code, out = validate(folder, spec, *data)
    assert code == 0 and out.count("warning[W912]") == 1 and "spec.yaml:12:30" in out
    code, out = validate(folder, spec.replace(": 3}]", ": 4}]"), *data)
    assert code == 1 and out.count("error[E306]") == 1 and "`k` is 4, but the output has 3 classes" in out
    assert validate(folder, spec.replace(": 3}]", ": 2}]"), "--strict", *data) == (0, "1 file is valid\n")


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("form", [METRIC, "metrics: [top_k_accuracy: {k: 3}]", "metrics:\n    - top_k_accuracy: 3"])
def test_its_warning_can_be_suppressed_with_and_without_the_data(
    folder: Path, form: str, target: str, data: tuple[str]
) -> None:
    spec = SPEC.replace(TARGETS[0], target).replace(METRIC, f"{form}  # modelc: ignore W912")
    assert validate(folder, spec, "--strict", *data) == (0, "1 file is valid\n")


def test_the_last_line_and_the_json_say_that_strict_counts_warnings(folder: Path) -> None:
    code, out = validate(folder, SPEC, "--strict")
    assert code == 1 and out.endswith("\n1 file is valid, 1 warning: `--strict` counts it as an error\n")
    code, out = validate(folder, SPEC.replace("adam\n", "{sgd: {nesterov: true}}\n"), "--strict")
    assert code == 1 and out.endswith("\n1 file is valid, 2 warnings: `--strict` counts them as errors\n")
    for strict, ok in (((), True), (("--strict",), False)):
        code, out = validate(folder, SPEC, "--format", "json", *strict)
        report = json.loads(out)
        assert (code == 0, report["ok"], report["errors"], report["warnings"]) == (ok, ok, 0, 1)


@pytest.mark.parametrize(
    ("option", "key"),
    [("--batch-size=64", "batch_size"), ("--time=10min", "time"), ("--max-time=600", "time"), ("--n_epochs", "epochs")],
)
def test_an_option_that_is_a_key_is_answered_with_how_it_is_set(folder: Path, option: str, key: str) -> None:
    ended = modelc("train", option, "spec.yaml", cwd=folder)
    assert ended.code == 2 and f"`train.{key}` is a key of the spec" in ended.err
    assert f"or `--set train.{key}=VALUE`" in ended.err


def test_an_unknown_option_is_answered_with_a_near_one_or_none(folder: Path) -> None:
    ended = modelc("validate", "--frmat", "json", "spec.yaml", cwd=folder)
    assert "no such option: `--frmat`" in ended.err and "did you mean `--format`?" in ended.err
    for command, option in (("train", "--quick"), ("validate", "--resume"), ("evaluate", "--devices")):
        ended = modelc(command, option, "spec.yaml", cwd=folder)
        assert ended.code == 2 and "did you mean" not in ended.err


def test_data_in_the_folder_above_is_answered_with_the_root_it_needs(folder: Path) -> None:
    (folder / "specs").mkdir()
    (folder / "data").mkdir()
    (folder / "rows.npz").rename(folder / "data/rows.npz")
    specs = folder / "specs"
    code, out = validate(specs, SPEC.replace("rows.npz", "data/rows.npz"), "--data")
    assert code == 1 and "to begin at the folder above, add `--root ..`: then all paths do" in out
    assert validate(specs, SPEC.replace("rows.npz", "data/rows.npz"), "--data", "--root", "..")[0] == 0
    code, out = validate(specs, SPEC.replace("rows.npz", "data/other.npz"), "--data")
    assert code == 1 and "--root .." not in out


def test_a_target_below_zero_is_to_be_raised_and_not_scaled(folder: Path) -> None:
    spec = SPEC.replace("cross_entropy", "mean_squared_logarithmic_error").replace(f"  {METRIC}\n", "")
    spec = spec.replace("{units: 3, activation: softmax}", "1").replace("category: {column: kind}", "array: cost")
    np.savez(folder / "rows.npz", x=np.ones((60, 4), np.float32), cost=np.linspace(-1, 4, 60))
    code, out = validate(folder, spec, "--data")
    assert code == 1 and "values below 0, the first is -1 in row 0" in out
    assert "raise the target with `array: {offset: ...}`, or choose another loss" in out and "inf" not in out
    raised = spec.replace("{array: cost}", "{array: {column: cost, offset: 1}}")
    assert validate(folder, raised, "--data", "--strict")[0] == 0
