"""A row for each file, from the command line: checked without and with the files, trained and evaluated."""

import time
from pathlib import Path

import pytest

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {number: {shape: [], dtype: int32}}
  layers: [embedding: {input_dim: 4, output_dim: 4}, {dense: {units: 2, activation: softmax}, name: kind}]
data:
  source: {files: "photos/*/*.jpg"}
  inputs: {number: {category: {column: name, classes: ["0", "1", "2", "3"]}}}
  targets: {kind: {category: {column: folder, classes: [cat, dog]}}}
  validation: 2
train: {loss: cross_entropy, metrics: [accuracy], optimizer: adam, epochs: 2}
"""


@pytest.fixture
def folder(tmp_path: Path, cache: Path) -> Path:
    for kind in ("cat", "dog"):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "photos" / kind / f"{number}.jpg").write_text("")
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


def test_a_folder_for_each_class_is_trained(folder: Path) -> None:
    assert modelc("validate", "spec.yaml", "--data", cwd=folder).code == 0
    ended = modelc("train", "spec.yaml", cwd=folder)
    assert ended.code == 0, ended.err
    ended = modelc("evaluate", "spec.yaml", cwd=folder)
    assert ended.code == 0, ended.err


def test_a_folder_that_is_no_class_is_named(folder: Path) -> None:
    (folder / "photos" / "fox").mkdir()
    (folder / "photos" / "fox" / "0.jpg").write_text("")
    assert modelc("validate", "spec.yaml", cwd=folder).code == 0
    ended = modelc("validate", "spec.yaml", "--data", cwd=folder)
    assert ended.code == 1 and "'fox'" in ended.out


def test_validate_names_a_pattern_that_no_file_fits(folder: Path) -> None:
    (folder / "spec.yaml").write_text(SPEC.replace("*.jpg", "*.png"))
    ended = modelc("validate", "spec.yaml", cwd=folder)
    assert ended.code == 0 and "photos/*/*.png" in ended.out + ended.err
    ended = modelc("validate", "spec.yaml", "--data", cwd=folder)
    assert ended.code == 1 and "no file fits the pattern 'photos/*/*.png'" in ended.out


def test_hard_links_of_files_that_are_not_opened_are_no_warning(folder: Path) -> None:
    (folder / "photos/cat/0.jpg").unlink()
    (folder / "photos/cat/0.jpg").hardlink_to(folder / "photos/cat/1.jpg")
    for options in ((), ("--data",)):
        ended = modelc("validate", "spec.yaml", *options, cwd=folder)
        assert ended.code == 0 and "W913" not in ended.out


def test_a_link_out_of_the_root_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.jpg").write_text("")
    (folder / "photos/cat/3.jpg").unlink()
    (folder / "photos/cat/3.jpg").symlink_to(outside / "secret.jpg")
    ended = modelc("validate", "spec.yaml", "--data", cwd=folder)
    assert ended.code == 1 and "E405" in ended.out and "photos/cat/3.jpg" in ended.out


def test_a_folder_of_many_files_is_read_once(folder: Path, request: pytest.FixtureRequest) -> None:
    count = request.config.getoption("--folder-files") // 2
    for kind in ("cat", "dog"):
        for number in range(4, count):
            (folder / "photos" / kind / f"{number % 4}_{number}.jpg").touch()
    names = 'classes: ["0", "1", "2", "3"]'
    spec = SPEC.replace(names, "vocabulary: 4").replace("validation: 2", f"validation: {count // 5}")
    (folder / "spec.yaml").write_text(spec.replace("epochs: 2", "epochs: 1, batch_size: 1000"))
    start = time.process_time()
    assert modelc("validate", "spec.yaml", "--data", cwd=folder).code == 0
    assert time.process_time() - start < 1 + count / 5_000
    ended = modelc("train", "spec.yaml", cwd=folder)
    assert ended.code == 0 and f"{2 * count - count // 5:,} training" in ended.out, ended.err
