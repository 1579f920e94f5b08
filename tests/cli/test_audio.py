"""A folder of sounds for each class: trained on, evaluated, and predicted from new files."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli.commands import modelc

RATE = 4000
SPEC = """\
modelc: 1
model:
  inputs: {sound: {shape: [2000, 1]}}
  layers:
    - conv1d: {filters: 8, kernel_size: 32, strides: 16, activation: relu}
    - global_avg_pool1d
    - dense: {units: 2, activation: softmax}
      name: tone
data:
  source: {files: "tones/*/*.*"}
  inputs: {sound: {audio: {column: file, rate: 4000, seconds: 0.5}}}
  targets: {tone: {category: {column: folder, classes: [high, low]}}}
  validation: {fraction: 0.25, stratify: folder}
train: {loss: cross_entropy, metrics: [accuracy], optimizer: {adam: 0.02}, epochs: 30, batch_size: 16}
"""


def tone(draw: np.random.Generator, high: bool, rate: int) -> np.ndarray:
    """A tone with noise, of 0.4 to 0.8 seconds."""
    time = np.arange(int(rate * draw.uniform(0.4, 0.8))) / rate
    hertz = draw.uniform(800, 1200) if high else draw.uniform(100, 300)
    return 0.4 * np.sin(2 * np.pi * hertz * time + draw.uniform(0, 6)) + draw.normal(0, 0.02, len(time))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sounds of two classes, of several rates and formats, and a run of them."""
    folder, draw = tmp_path_factory.mktemp("sounds"), np.random.default_rng(0)
    for place in range(80):
        name, rate, ending = ("high", "low")[place % 2], (4000, 8000, 22050)[place % 3], ("wav", "flac")[place // 2 % 2]
        (folder / "tones" / name).mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / "tones" / name / f"{place:03d}.{ending}", tone(draw, place % 2 == 0, rate), rate)
    (folder / "spec.yaml").write_text(SPEC)
    ended = modelc("train", "spec.yaml", "--run-dir", "run", "--no-baseline", cwd=folder)
    assert ended.code == 0, ended.err
    assert "longer than 0.5 s and cut at the end" in ended.out
    return folder


def test_sounds_are_told_apart(folder: Path) -> None:
    ended = modelc("evaluate", "run", "--no-baseline", "--format", "json", cwd=folder)
    assert ended.code == 0 and '"tone/accuracy": 1.0' in ended.out.replace('"accuracy"', '"tone/accuracy"')


def test_a_new_sound_is_predicted(folder: Path, tmp_path: Path) -> None:
    draw = np.random.default_rng(9)
    for name, high in (("a b.wav", True), ("ü.flac", False)):
        soundfile.write(tmp_path / name, tone(draw, high, 8000), 8000)
    (tmp_path / "notes.txt").write_text("no sound")
    one = modelc("predict", "run", tmp_path / "a b.wav", "-o", tmp_path / "one.csv", cwd=folder)
    assert one.code == 0, one.err
    assert next(csv.DictReader((tmp_path / "one.csv").open()))["tone"] == "high"
    all = modelc("predict", "run", tmp_path, "-o", tmp_path / "all.csv", cwd=folder)
    assert all.code == 0, all.err
    assert [row["tone"] for row in csv.DictReader((tmp_path / "all.csv").open())] == ["high", "low"]


def test_a_broken_sound_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    ended = modelc("predict", "run", tmp_path / "bad.wav", "-o", tmp_path / "one.csv", cwd=folder)
    assert ended.code == 4 and "error[E407]" in ended.err and "'bad.wav'" in ended.err


def test_validate_opens_no_sound(folder: Path) -> None:
    ended = modelc("validate", "spec.yaml", cwd=folder)
    assert ended.code == 0
    checked = modelc("validate", "--data", "spec.yaml", cwd=folder)
    assert checked.code == 0
    shown = modelc("data", "spec.yaml", cwd=folder)
    assert shown.code == 0 and "the longest file has 0." in shown.out
