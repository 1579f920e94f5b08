"""`modelc predict`: the file that a person opens afterwards."""

import csv
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler import api
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.runs.run_directory import Run
from tests.cli.commands import modelc
from tests.cli.conftest import NAMES, Project, made_columns


def table(path: Path) -> tuple[list[str], list[list[str]]]:
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def expected(project: Project, x: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs by the public API, from the weights that are in the run."""
    run = Run(project.run)
    _, snapshot = run.weights(prepare(run.task()), "best")
    model = api.compile(project.folder / "tiny.yaml")
    params, state = jax.device_put((snapshot.params, snapshot.state))
    outputs, _ = model.apply(params, state, {"x": jnp.asarray(x)})
    return {name: np.asarray(value) for name, value in outputs.items()}


@pytest.fixture
def columns() -> dict[str, np.ndarray]:
    return made_columns(7, 3)


@pytest.fixture
def rows(tmp_path: Path, columns: dict[str, np.ndarray]) -> Path:
    """A file with nothing but the column that the model's input reads, and one that it does not."""
    np.savez(tmp_path / "rows.npz", x=columns["x"], other=np.zeros(3))
    return tmp_path / "rows.npz"


def test_a_table_has_classes_answers_numbers_and_probabilities(
    project: Project, rows: Path, columns: dict[str, np.ndarray], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    ended = modelc("predict", "runs/tiny", rows, "--output", out, cwd=project.folder)
    assert ended.code == 0, ended.err
    assert "7 predictions" in ended.out
    header, lines = table(out)
    kinds = [f"kind/probability/{name}" for name in NAMES]
    assert header == ["kind", *kinds, "big", "big/probability", "size/0", "size/1"]
    wanted = expected(project, columns["x"])
    assert [line[0] for line in lines] == [str(NAMES[place]) for place in wanted["kind"].argmax(-1)]
    assert [line[4] for line in lines] == [str(bool(value > 0.5)).lower() for value in wanted["big"][:, 0]]
    numbers = np.array([line[1:4] + line[5:] for line in lines], np.float32)
    values = np.concatenate([wanted["kind"], wanted["big"], wanted["size"]], axis=-1)
    np.testing.assert_allclose(numbers, values, rtol=1e-5, atol=1e-6)


def test_an_archive_has_the_same(project: Project, rows: Path, columns: dict[str, np.ndarray], tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    assert modelc("predict", project.run, rows, "--output", out, cwd=project.folder).code == 0
    wanted = expected(project, columns["x"])
    with np.load(out) as arrays:
        np.testing.assert_array_equal(arrays["kind"], NAMES[wanted["kind"].argmax(-1)])
        np.testing.assert_allclose(arrays["kind/probability"], wanted["kind"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(arrays["size"], wanted["size"], rtol=1e-5, atol=1e-6)


def test_raw_values_come_without_meaning(project: Project, rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert modelc("predict", project.run, rows, "--output", out, "--raw", cwd=project.folder).code == 0
    assert table(out)[0] == ["kind/0", "kind/1", "kind/2", "big", "size/0", "size/1"]


def test_rows_of_the_spec_are_the_test_rows_unless_told_otherwise(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    for arguments, count in (((), 20), (("--split", "validation"), 12), (("--split", "train"), 48)):
        ended = modelc("predict", project.run, "--output", out, *arguments, cwd=project.folder)
        assert ended.code == 0
        assert len(table(out)[1]) == count


def test_a_missing_column_is_named(project: Project, tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", y=np.zeros((3, 4), np.float32))
    ended = modelc("predict", project.run, tmp_path / "rows.npz", "--output", tmp_path / "out.csv", cwd=project.folder)
    assert ended.code == 4
    assert "error[E401]: the data has no column `x`" in ended.err
    assert not (tmp_path / "out.csv").exists()


def test_a_column_of_another_shape_is_refused(project: Project, tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.zeros((3, 5), np.float32))
    ended = modelc("predict", project.run, tmp_path / "rows.npz", "--output", tmp_path / "out.csv", cwd=project.folder)
    assert ended.code == 4
    assert "[5]" in ended.err
    assert "[4]" in ended.err


def test_a_file_of_pickles_is_refused(project: Project, tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.array([{"a": 1}], dtype=object))
    ended = modelc("predict", project.run, tmp_path / "rows.npz", "--output", tmp_path / "out.csv", cwd=project.folder)
    assert ended.code == 4
    assert "never unpickled" in ended.err


def test_no_rows_and_no_file_are_refused(project: Project, tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.zeros((0, 4), np.float32))
    for name in ("rows.npz", "nowhere.npz"):
        ended = modelc("predict", project.run, tmp_path / name, "--output", tmp_path / "out.csv", cwd=project.folder)
        assert ended.code == 4, ended
        assert "error[E40" in ended.err


@pytest.mark.parametrize(
    "arguments", [["--output", "out.txt"], [], ["data.npz", "--split", "test", "--output", "out.csv"]]
)
def test_a_wrong_command_line_ends_with_2(project: Project, arguments: list[str]) -> None:
    assert modelc("predict", project.run, *arguments, cwd=project.folder).code == 2


def test_an_output_that_cannot_be_written_is_refused(project: Project, rows: Path) -> None:
    ended = modelc("predict", project.run, rows, "--output", "no/such/folder/out.csv", cwd=project.folder)
    assert ended.code == 4
    assert "error[E604]: cannot write `no/such/folder/out.csv`" in ended.err


def test_an_output_without_a_folder_is_refused_before_the_data_is_read(project: Project) -> None:
    ended = modelc("predict", project.run, "no.npz", "--output", "nowhere/predictions.csv", cwd=project.folder)
    assert ended.code == 4
    assert "E604" in ended.err


def test_names_are_escaped_for_a_spreadsheet_when_asked_for(
    project: Project, rows: Path, columns: dict[str, np.ndarray], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    ended = modelc("predict", project.run, rows, "--output", out, "--spreadsheet", cwd=project.folder)
    assert ended.code == 0, ended.err
    header, lines = table(out)
    shown = {"cat": "cat", "=1+1": "'=1+1", "-1": "'-1"}
    wanted = expected(project, columns["x"])
    assert header[:4] == ["kind", *(f"kind/probability/{name}" for name in NAMES)]
    assert [line[0] for line in lines] == [shown[str(NAMES[place])] for place in wanted["kind"].argmax(-1)]
    assert any(value < 0 for value in wanted["size"].flat)
    np.testing.assert_allclose(np.array([line[-2:] for line in lines], np.float32), wanted["size"], rtol=1e-5)


def test_an_archive_has_nothing_to_escape(project: Project, rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    ended = modelc("predict", project.run, rows, "--output", out, "--spreadsheet", cwd=project.folder)
    assert ended.code == 2
    assert "`--spreadsheet` is for CSV files, and `out.npz` is none" in ended.err
    assert not out.exists()
