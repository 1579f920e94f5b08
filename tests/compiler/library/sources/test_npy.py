"""The npy source: arrays as they are saved, rows on another axis, files that do not belong together, and training on them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, Loaded
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from tests.cli.commands import modelc

FRAMES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def load(folder: Path, **arguments: Any) -> Loaded:
    return SOURCES.build({"npy": arguments}).load(Root(folder, folder / "cache"))


def save(folder: Path, **arrays: Any) -> None:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


@pytest.mark.parametrize("order", ["C", "F"])
def test_each_file_is_a_column_whose_rows_are_on_the_axis_that_is_named(tmp_path: Path, order: Any) -> None:
    save(tmp_path, frames=np.asarray(FRAMES, order=order), y=np.array(["a", "bč", "c"]), other=FRAMES.astype(">i4"))
    files = {"frames": "frames.npy", "y": "y.npy"}
    loaded = load(tmp_path, train=files, axis={"frames": 1})
    np.testing.assert_array_equal(loaded.train["frames"], FRAMES.swapaxes(0, 1))
    assert loaded.train["y"].tolist() == ["a", "bč", "c"] and loaded.train["frames"].flags.c_contiguous
    source = SOURCES.build({"npy": {"train": files, "axis": {"frames": 1}}})
    assert source.inspect(Root(tmp_path, tmp_path)).columns == {
        "frames": Column(TensorType((2, 4), "uint8"), rows=3),
        "y": Column(TensorType((), "str"), rows=3),
    }
    alone = load(tmp_path, train="frames.npy", test="other.npy", axis=2)
    np.testing.assert_array_equal(alone.train["array"], np.moveaxis(FRAMES, 2, 0))
    assert alone.test is not None and alone.test["array"].dtype == np.int32


def test_files_that_do_not_belong_together_or_are_none_are_refused(tmp_path: Path) -> None:
    save(tmp_path, a=np.zeros((3, 2)), b=np.zeros(2), empty=np.zeros((0, 2)), one=np.float32(3))
    save(tmp_path, objects=np.array([{}, None], object))
    np.savez(tmp_path / "zipped.npy", a=np.zeros(3))
    (tmp_path / "zipped.npy.npz").rename(tmp_path / "zipped.npy")
    (tmp_path / "cut.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-1])
    for given, code, said in (
        ({"train": {"a": "a.npy", "b": "b.npy"}}, "E404", "'a.npy' has 3 rows, and 'b.npy' has 2"),
        ({"train": {"b": "b.npy"}, "test": {"b": "a.npy"}}, "E404", "has shape [] in 'b.npy' and [2] in 'a.npy'"),
        ({"train": "b.npy", "axis": 1}, "E404", "has the shape [2], and no axis 1 for rows"),
        ({"train": "one.npy"}, "E404", "no axis 0 for rows"),
        ({"train": "empty.npy"}, "E404", "has no rows"),
        ({"train": "objects.npy"}, "E405", "'objects.npy'"),
        ({"train": "zipped.npy"}, "E405", "is not an .npy array"),
        ({"train": "cut.npy"}, "E405", "does not have the length in its header"),
    ):
        with pytest.raises(RunError) as caught:
            load(tmp_path, **given)
        assert caught.value.code == code and said in caught.value.message, caught.value.message
    with pytest.raises(AbsentFile):
        load(tmp_path, train={"a": "a.npy", "b": "absent.npy"})


SPEC = """\
modelc: 1
model:
  inputs: {seen: {shape: [5, 4, 4, 1]}}
  layers: [{conv_lstm2d: {filters: 2, kernel_size: 3, padding: same, return_sequences: true}}, {conv3d: {filters: 1, kernel_size: 3, padding: same, activation: sigmoid}, name: next}]
data:
  source: {npy: {train: {frames: movies.npy}, axis: 1}}
  inputs: {seen: {array: {column: frames, steps: [0, 5], shape: [5, 4, 4, 1], scale: 1/255}}}
  targets: {next: {array: {column: frames, steps: [1, 6], shape: [5, 4, 4, 1], scale: 1/255}}}
  validation: 0.2
train: {loss: binary_cross_entropy, optimizer: adam, batch_size: 4, epochs: 1}
"""


def test_the_next_frames_of_films_are_learnt_and_predicted_from_files_of_steps_and_rows(tmp_path: Path) -> None:
    films = np.random.default_rng(0).integers(0, 256, (6, 10, 4, 4), dtype=np.uint8)
    save(tmp_path, movies=films, new=films[:, :3])
    (tmp_path / "spec.yaml").write_text(SPEC)
    valid = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert valid.code == 0, valid.out
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    found = modelc("predict", "run", "new.npy", "--output", "found.npz", cwd=tmp_path)
    assert found.code == 0, found.err
    with np.load(tmp_path / "found.npz") as predicted:
        assert predicted["next"].shape == (3, 5, 4, 4, 1)
    (tmp_path / "spec.yaml").write_text(SPEC.replace("[1, 6]", "[1, 7]"))
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and "`steps` asks for steps 1 to 7 of a row of `frames`, which has 6" in ended.out, ended.out
