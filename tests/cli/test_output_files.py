"""Output files that would destroy what a command reads, or change a run: refused before anything is computed."""

import os
from pathlib import Path

import pytest

from tests.cli.commands import Ended, modelc
from tests.cli.conftest import Project


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Project:
    return project.copy(tmp_path / "copy")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` with its content, without the links."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not os.path.islink(path)}


def refused(project: Project, *arguments: str | Path) -> Ended:
    """What a command says that is refused; it leaves every file as it was."""
    before = contents(project.folder)
    ended = modelc(*arguments, cwd=project.folder)
    assert ended.code in (2, 4) and ended.out == "" and "cannot write" in ended.err, ended
    assert contents(project.folder) == before
    return ended


@pytest.mark.parametrize("output", ["train.npz", "./train.npz", "test.npz", "link.npz", "twin.npz"])
@pytest.mark.parametrize("data", [(), ("test.npz",)])
def test_predictions_do_not_replace_data(copy: Project, output: str, data: tuple[str, ...]) -> None:
    (copy.folder / "link.npz").symlink_to("train.npz")
    os.link(copy.folder / "train.npz", copy.folder / "twin.npz")
    ended = refused(copy, "predict", copy.run, *data, "-o", output)
    assert f"error[E604]: cannot write `{Path(output)}`: it is " in ended.err and "this command reads" in ended.err


def test_predictions_do_not_replace_the_file_that_they_are_of(copy: Project) -> None:
    (copy.folder / "train.npz").rename(copy.folder / "rows.npz")
    ended = refused(copy, "predict", copy.run, "rows.npz", "-o", "rows.npz")
    assert ended.err.startswith("error[E604]: cannot write `rows.npz`: it is what this command reads\n")


def test_predictions_do_not_replace_data_below_the_root(copy: Project, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("train.npz", "test.npz"):
        (copy.folder / name).rename(tmp_path / "data" / name)
    ended = modelc("predict", copy.run, "--root", "../data", "-o", "../data/train.npz", cwd=copy.folder)
    assert ended.code == 4 and "this command reads" in ended.err


@pytest.mark.parametrize("command", [("predict", "tiny.yaml"), ("plot", "tiny.yaml")])
def test_a_spec_is_not_replaced_through_a_link(copy: Project, command: tuple[str, ...]) -> None:
    output = {"predict": "out.npz", "plot": "out.dot"}[command[0]]
    (copy.folder / output).symlink_to("tiny.yaml")
    assert "it is `tiny.yaml`, which this command reads" in refused(copy, *command, "-o", output).err


def test_a_graph_does_not_replace_the_files_that_a_spec_is_made_of(copy: Project) -> None:
    (copy.folder / "base.gv").write_text((copy.folder / "tiny.yaml").read_text())
    (copy.folder / "own.yaml").write_text("modelc: 1\nextends: base.gv\n")
    assert "this command reads" in refused(copy, "plot", "own.yaml", "-o", "base.gv").err


@pytest.mark.parametrize("place", ["", "weights", "new"])
@pytest.mark.parametrize("command", [("predict", "RUN"), ("plot", "tiny.yaml"), ("schema",)])
def test_nothing_is_written_into_a_run(copy: Project, command: tuple[str, ...], place: str) -> None:
    (copy.run / "new").mkdir()
    name = {"predict": "out.csv", "plot": "out.dot", "schema": "run.json"}[command[0]]
    words = [str(copy.run) if word == "RUN" else word for word in command]
    ended = refused(copy, *words, "-o", copy.run / place / name)
    assert "it is in the run " in ended.err and "help: name a file outside of the run" in ended.err
    (copy.folder / "way").symlink_to(copy.run / place)
    assert "it is in the run " in refused(copy, *words, "-o", f"way/{name}").err


def test_a_folder_is_no_output_file(copy: Project) -> None:
    (copy.folder / "out.csv").mkdir()
    assert "cannot write `out.csv`: it is a folder" in refused(copy, "predict", copy.run, "-o", "out.csv").err


def test_an_output_that_nothing_reads_is_replaced(copy: Project) -> None:
    (copy.folder / "out.csv").write_text("old")
    ended = modelc("predict", copy.run, "-o", "out.csv", cwd=copy.folder)
    assert ended.code == 0 and (copy.folder / "out.csv").read_text().startswith("kind,")


def test_a_run_is_not_trained_inside_another_one(copy: Project) -> None:
    (copy.folder / "way").symlink_to(copy.run)
    before = contents(copy.folder)
    for folder in (copy.run / "inner", copy.run / "weights/inner", Path("way/inner")):
        ended = modelc("train", "tiny.yaml", "--run-dir", folder, cwd=copy.folder)
        assert ended.code == 4 and "error[E601]: " in ended.err and "is inside the run " in ended.err
    assert contents(copy.folder) == before
