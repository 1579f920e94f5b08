"""Images from the command line: trained from folders, predicted by name, and changed since."""

from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc
from tests.cli.predictions import answers, refused
from tests.compiler.library.readers.image_files import save

SPEC = """\
modelc: 1
model:
  inputs: {photo: {shape: [4, 4, 1]}}
  layers: [rescaling: 1/255, flatten, {dense: {units: 2, activation: softmax}, name: kind}]
data:
  source: {files: "photos/*/*.png"}
  inputs: {photo: {image: file}}
  targets: {kind: {category: {column: folder, classes: [dark, light]}}}
  validation: 4
train: {loss: cross_entropy, metrics: [accuracy], optimizer: {adam: 0.05}, epochs: 30}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for number in range(20):
        for kind, value in (("dark", 30), ("light", 220)):
            save(folder, f"photos/{kind}/{number:02}.png", np.full((4, 4), value + number, "uint8"))
    (folder / "spec.yaml").write_text(SPEC)
    ended = modelc("train", "spec.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


def test_new_images_are_a_file_a_folder_or_a_pattern(trained: Path) -> None:
    save(trained, "new/a b/żółw [1].png", np.full((9, 7), 25, "uint8"))
    save(trained, "new/b/2.PNG", np.full((5, 5, 3), 250, "uint8"))
    (trained / "new/notes.md").write_text("no image")
    assert answers(trained, "new/a b/żółw [1].png") == ["dark"]
    assert answers(trained, str(trained / "new/b/2.PNG")) == ["light"]
    assert answers(trained, "new") == ["dark", "light"]
    assert answers(trained, "new/?/*") == ["light"]
    assert answers(trained, "photos/*/0[01].png") == ["dark", "dark", "light", "light"]


def test_a_table_of_new_rows_names_files_from_its_own_folder(trained: Path, tmp_path: Path) -> None:
    save(tmp_path, "x/1.png", np.full((4, 4), 240, "uint8"))
    (tmp_path / "x/rows.csv").write_text("file\n1.png\n1.png\n")
    assert answers(trained, str(tmp_path / "x/rows.csv")) == ["light", "light"]
    (tmp_path / "rows.csv").write_text("file\n00.png\n")
    assert answers(trained, str(tmp_path / "rows.csv"), "--root", "photos/dark") == ["dark"]
    (tmp_path / "x/rows.csv").write_text("file\n../x/1.png\n")
    ended = refused(trained, str(tmp_path / "x/rows.csv"))
    assert "E407" in ended.err and "of the new rows" in ended.err and "line 2" in ended.err


def test_what_is_no_image_is_an_error_by_name(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "there is no file to read in the folder" in refused(trained, str(tmp_path / "empty")).err
    assert "no file fits the pattern" in refused(trained, str(tmp_path / "empty/*.png")).err
    assert "there is no file 'gone.png'" in refused(trained, str(tmp_path / "gone.png")).err
    (tmp_path / "text.png").write_text("no image")
    assert "'text.png' has no image of a format that is read" in refused(trained, str(tmp_path / "text.png")).err
    assert "'spec.yaml' has no image" in refused(trained, "spec.yaml").err


def test_a_changed_photo_is_changed_data(trained: Path) -> None:
    assert "changed" not in modelc("evaluate", "run", cwd=trained).err
    photo = trained / "photos/dark/07.png"
    before = photo.read_bytes()
    save(trained, "photos/dark/07.png", np.full((4, 4), 99, "uint8"))
    ended = modelc("evaluate", "run", cwd=trained)
    photo.write_bytes(before)
    assert ended.code == 0 and "the data has changed since this run was trained: `file`" in ended.err
    assert "identical" in modelc("reproduce", "run", cwd=trained).out


def test_a_changed_photo_of_a_table_is_changed_data(tmp_path: Path, cache: Path) -> None:
    for number in range(12):
        save(tmp_path, f"{number}.png", np.full((4, 4), 20 * number, "uint8"))
    lines = [f"{number}.png,{'light' if number > 5 else 'dark'}" for number in range(12)]
    (tmp_path / "rows.csv").write_text("\n".join(["file,folder", *lines]))
    (tmp_path / "spec.yaml").write_text(SPEC.replace('{files: "photos/*/*.png"}', "{csv: rows.csv}"))
    for options in (("train", "spec.yaml", "--run-dir", "run"), ("train", "spec.yaml"), ("evaluate", "run")):
        ended = modelc(*options, cwd=tmp_path)
        assert ended.code == 0 and "changed" not in ended.err
    save(tmp_path, "3.png", np.full((4, 4), 1, "uint8"))
    assert "the data has changed since this run was trained: `file`" in modelc("evaluate", "run", cwd=tmp_path).err


def test_all_broken_photos_are_counted_before_training(trained: Path) -> None:
    for number in (3, 5):
        (trained / f"photos/light/{number:02}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    ended = modelc("validate", "spec.yaml", "--data", cwd=trained)
    assert ended.code == 1 and "2 of 40 files of `file` cannot be read, the first in row 23" in ended.out
    assert "'photos/light/03.png' has" in ended.out and "'photos/light/05.png' has" in ended.out
    assert modelc("validate", "spec.yaml", cwd=trained).code == 0
