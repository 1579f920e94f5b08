"""Mistakes, each as a spec and as what is printed of it: those of the first hour, and those planted in variables, blocks,
other files and `--set`, a folder each where one file does not say it.

The texts are part of the product: they are read, not only compared. `MODELC_UPDATE=1 pytest tests/compiler/diagnostics/test_golden.py`
writes them anew, for the diff to be judged.
"""

import os
from pathlib import Path

import pytest

from modelc.compiler.api import Checked, check, check_file
from modelc.compiler.diagnostics.render import FORMATS, Report, summary
from tests.cli.commands import modelc

FOLDER = Path(__file__).parent / "golden"
FOLDERS = FOLDER.with_name("golden_of_files")
"""A folder for each mistake: `spec.yaml`, files beside it, `settings.txt` with a `--set` on each line, `shown.txt`."""
SPECS = sorted((*FOLDER.glob("*.yaml"), *FOLDERS.glob("*/spec.yaml")))


def name_of(spec: Path) -> str:
    return spec.stem if spec.parent == FOLDER else spec.parent.name


def golden_of(spec: Path) -> Path:
    return spec.with_suffix(".txt") if spec.parent == FOLDER else spec.with_name("shown.txt")


def checked_where_it_is(spec: Path, monkeypatch: pytest.MonkeyPatch) -> Checked:
    """What `modelc validate` finds in a spec, called from its folder."""
    monkeypatch.chdir(spec.parent)
    settings = spec.with_name("settings.txt")
    return check_file(Path(spec.name), settings=settings.read_text("utf-8").splitlines() if settings.exists() else ())


@pytest.mark.parametrize("spec", SPECS, ids=name_of)
def test_a_mistake_is_shown_as_agreed(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = checked_where_it_is(spec, monkeypatch)
    shown = FORMATS["text"](Report(checked.problems, checked.sources)) + summary(checked.problems, 1) + "\n"
    golden = golden_of(spec)
    if os.environ.get("MODELC_UPDATE"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", SPECS, ids=name_of)
def test_every_mistake_comes_with_a_cure_or_the_bound_it_breaks(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for problem in checked_where_it_is(spec, monkeypatch).problems:
        assert problem.helps or problem.label.text, problem.message
        assert problem.message[0] in "`abcdefghijklmnopqrstuvwxyz" and not problem.message.endswith(".")


def test_no_golden_text_is_left_over() -> None:
    texts = (*FOLDER.glob("*.txt"), *FOLDERS.glob("*/shown.txt"))
    assert set(texts) == {golden_of(spec) for spec in SPECS}


TEN = """\
modelc: 1
model:
  inputs:
    photo: {shape: [32, 32]}
    words: {shape: [16], dtype: int32}
    size: {shape: [4]}
  nodes:
    seen: {from: photo, conv2d: {filters: 8, kernel_size: 3}}
    read: {from: words, dense: 16}
    wide: {from: size, dense: {units: 0}}
    deep: {from: size, layers: [dense: {unit: 8}, relu]}
    left: {from: size, dense: 3}
    right: {from: size, dense: 2}
    both: {from: [left, right], add}
    kind: {from: lefft, dense: 5}
    big: {from: right, dropuot: 0.5}
    all: {from: [seen, read, wide, deep, both, kind, big], concatenate}
  outputs: [all, left]
train:
  losses: {all: none, left: {cross_entropy: {label_smoothing: 2}}}
  optimizer: {adam: 0.1, epsilon: 1}
  epochs: ten
"""


def test_ten_mistakes_of_different_kinds_are_ten_errors_at_the_right_lines() -> None:
    checked = check(TEN, "ten.yaml")
    found = sorted((problem.label.place.line, problem.code) for problem in checked.problems)
    assert found == [
        (8, "E301"),
        (9, "E303"),
        (10, "E106"),
        (11, "E102"),
        (14, "E302"),
        (15, "E201"),
        (16, "E101"),
        (20, "E106"),
        (21, "E102"),
        (22, "E105"),
    ]


def test_ten_mistakes_end_with_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "ten.yaml").write_text(TEN, encoding="utf-8")
    ended = modelc("validate", "ten.yaml", cwd=tmp_path)
    assert ended.code == 1 and ended.out.endswith("10 errors in 1 file\n")


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("units: 8", "unts: 8", "E102"),
        ("conv2d:", "conv2:", "E101"),
        ("shape: [8, 8, 1]", "shape: [8, 8, x]", "E105"),
        ("from: image", "from: imge", "E201"),
        ("source: digits", "source: digist", "E101"),
        ("category: label", "category: lable", "E401"),
        ("digit: cross_entropy", "digit: cros_entropy", "E101"),
        ("optimizer: adam", "optimizer: adm", "E101"),
        ("inputs: {image: {array", "inputs: {imag: {array", "E205"),
        ("targets: {digit", "targets: {digt", "E205"),
        ("metrics: {digit", "metrics: {digt", "E205"),
        ("losses: {digit", "losses: {digt", "E205"),
        ("outputs: [digit]", "outputs: [digt]", "E201"),
        ("monitor: validation/accuracy", "monitor: validation/acc", "E503"),
        ("[accuracy]", "[acuracy]", "E101"),
        ("kernel_size: 3", "kernel_size: 9", "E301"),
    ],
)
def test_one_mistake_is_one_error(right: str, wrong: str, code: str) -> None:
    text = """\
modelc: 1
model:
  inputs: {image: {shape: [8, 8, 1]}}
  nodes:
    seen: {from: image, layers: [conv2d: {filters: 4, kernel_size: 3}, batch_norm, relu, flatten, dense: {units: 8}]}
    digit: {from: seen, dense: {units: 10, activation: softmax}}
  outputs: [digit]
data:
  source: digits
  inputs: {image: {array: {column: image, shape: [8, 8, 1]}}}
  targets: {digit: {category: label}}
  validation: 0.2
train:
  losses: {digit: cross_entropy}
  metrics: {digit: [accuracy]}
  optimizer: adam
  monitor: validation/accuracy
  epochs: 1
"""
    assert not check(text, "spec.yaml").problems
    assert right in text
    codes = [problem.code for problem in check(text.replace(right, wrong, 1), "spec.yaml").problems]
    assert codes == [code]
