"""Arrays of .npz files that numpy or other programs wrote and that no column can be, through the commands that read them."""

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """modelc: 1
model: {inputs: {x: {shape: [2]}}, layers: [{dense: {units: 2, activation: softmax}, name: y}]}
data: {source: {npz: rows.npz}, targets: {y: {category: {column: y, classes: [a, b]}}}, validation: 2}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
NAMES = np.array(["a", "b"] * 4)


def save_rows(path: Path, names: np.ndarray) -> None:
    np.savez(path, x=np.ones((8, 2), np.float32), y=names)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    (folder / "s.yaml").write_text(SPEC)
    save_rows(folder / "rows.npz", NAMES)
    assert modelc("train", "s.yaml", "--run-dir", "run", cwd=folder).code == 0
    return folder


@pytest.fixture
def project(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "project"))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("code", [0x110000, 0xFFFFFFFF])
def test_codes_that_are_no_characters_are_refused_wherever_strings_are_read(
    project: Path, order: str, code: int
) -> None:
    codes = NAMES.view(np.uint32).copy()
    codes[5] = code
    save_rows(project / "rows.npz", codes.astype(order + "u4").view(order + "U1"))
    for command in (("validate", "--data", "s.yaml"), ("train", "s.yaml"), ("evaluate", "run", "--root", ".")):
        ended = modelc(*command, cwd=project)
        said = ended.out + ended.err
        assert ended.code in (1, 4), said
        assert "E405" in said and "the array `y` in 'rows.npz' contains codes above U+10FFFF" in said


def test_the_last_code_of_unicode_is_a_character(project: Path) -> None:
    (project / "s.yaml").write_text(SPEC.replace("[a, b]", '["\\U0010FFFF", b]'))
    save_rows(project / "rows.npz", np.where(NAMES == "a", "\U0010ffff", NAMES))
    ended = modelc("validate", "--data", "s.yaml", cwd=project)
    assert ended.code == 0, ended.out + ended.err


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.ones(8, np.longdouble), "holds numbers of 128 bits (`f16`), expected one of float32, "),
        (np.ones(8, np.complex64), "holds complex numbers, expected real numbers or strings"),
        (np.ones(8, np.clongdouble), "holds complex numbers, expected real numbers or strings"),
        (np.ones(8, "<m8"), "holds times, expected real numbers or strings"),
        (np.ones(8, "<m8[s]"), "holds times, expected real numbers or strings"),
        (np.ones(8, "<M8[D]"), "holds dates, expected real numbers or strings"),
        (np.zeros(8, "V4"), "holds bytes without a type, expected real numbers or strings"),
    ],
)
def test_what_an_array_holds_instead_of_numbers_or_strings_is_said(project: Path, array: np.ndarray, said: str) -> None:
    if array.dtype == np.longdouble and array.itemsize != 16:
        pytest.skip("long doubles have another size here")
    save_rows(project / "rows.npz", array)
    ended = modelc("validate", "--data", "s.yaml", cwd=project)
    assert ended.code == 1 and f"the array `y` in 'rows.npz' {said}" in ended.out + ended.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda data: data[:6] + b"\x09\0" + data[8:],
            "is in version 9.0 of the .npy format, which numpy does not have",
        ),
        (lambda data: data[:6] + b"\3\0" + data[8:], "is in version 3.0 of the .npy format, which is for structured"),
        (lambda data: b"\x01\x02", "is not an .npy array"),
        (lambda data: data[:5], "ends within its header"),
        (lambda data: data[:40], "ends within its header"),
        (lambda data: b"", "is empty"),
    ],
)
def test_what_is_wrong_with_the_beginning_of_an_array_is_said(project: Path, change: object, said: str) -> None:
    assert callable(change)
    written = io.BytesIO()
    np.save(written, NAMES)
    with zipfile.ZipFile(project / "rows.npz", "w") as zipped:
        zipped.writestr("y.npy", change(written.getvalue()))
    ended = modelc("validate", "--data", "s.yaml", cwd=project)
    assert ended.code == 1 and f"the array `y` in 'rows.npz' {said}" in ended.out + ended.err
