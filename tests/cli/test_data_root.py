"""`--data-root`: data files are found below it, and nothing else is; a run knows it again."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.commands import modelc
from tests.cli.test_evaluate_files import SPEC, houses
from tests.cli.test_tables import keep


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a spec that extends another file and has class names in one, and data in a folder beside it."""
    project = tmp_path / "project"
    (project / "specs" / "parts").mkdir(parents=True)
    (project / "large data" / "csv").mkdir(parents=True)
    spec = SPEC.replace("rows.csv", "csv/rows.csv").replace("later.csv", "csv/later.csv")
    spec = spec.replace("classes: [farm, flat, house]", "classes: {file: parts/kinds.txt}")
    (project / "specs" / "parts" / "base.yaml").write_text(spec)
    (project / "specs" / "parts" / "kinds.txt").write_text("farm\nflat\nhouse\n")
    (project / "specs" / "houses.yaml").write_text("modelc: 1\nextends: parts/base.yaml\n")
    keep(project / "large data" / "csv", houses(60, 0))
    keep(project / "large data" / "csv", houses(20, 1), "later")
    return project


def scores(folder: Path, *arguments: str) -> object:
    ended = modelc("evaluate", *arguments, "--format", "json", cwd=folder)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)["values"]


def test_data_is_read_below_it_and_all_else_beside_the_spec(project: Path) -> None:
    options = ("--data-root", "large data")
    ended = modelc("validate", "specs/houses.yaml", *options, "--data", cwd=project)
    assert ended.code == 0, ended.out + ended.err
    ended = modelc(
        "validate",
        "specs/houses.yaml",
        *options,
        "--set",
        "data.inputs.size.numbers.columns=[rooms, aera]",
        cwd=project,
    )
    assert ended.code == 1 and "no column `aera`" in ended.out
    trained = modelc("train", "specs/houses.yaml", *options, "--run-dir", "run", cwd=project)
    assert trained.code == 0, trained.err
    scores(project, "run")
    assert modelc("verify", "run", "--data", cwd=project).code == 0
    assert modelc("reproduce", "run", cwd=project).code == 0
    ended = modelc("predict", "run", "-o", "out.csv", cwd=project)
    assert ended.code == 0, ended.err
    ended = modelc("predict", "run", "-o", "large data/csv/later.csv", cwd=project)
    assert ended.code == 4 and "error[E604]" in ended.err
    ended = modelc("train", "--resume", "run", "--set", "train.epochs=3", cwd=project)
    assert ended.code == 0, ended.err
    assert modelc("debug", "run", cwd=project).code == 0


def test_a_run_finds_its_data_where_both_were_moved_to(project: Path, tmp_path: Path) -> None:
    trained = modelc("train", "specs/houses.yaml", "--data-root", "large data", "--run-dir", "run", cwd=project)
    assert trained.code == 0, trained.err
    before = scores(project, "run")
    project.rename(tmp_path / "moved")
    assert scores(tmp_path / "moved", "run") == before
    (tmp_path / "moved" / "large data").rename(tmp_path / "elsewhere")
    ended = modelc("evaluate", "run", cwd=tmp_path / "moved")
    assert ended.code == 4 and "error[E405]" in ended.err and "--root DIR" in ended.err
    for option in ("--data-root", "--root"):
        assert scores(tmp_path / "moved", "run", option, "../elsewhere") == before
    shutil.rmtree(tmp_path / "moved" / "specs")
    assert scores(tmp_path / "moved", "run", "--data-root", "../elsewhere") == before


def test_what_is_not_below_it_is_named(project: Path) -> None:
    ended = modelc("train", "specs/houses.yaml", "--data-root", "specs", cwd=project)
    assert ended.code == 4 and "there is no file 'csv/rows.csv'" in ended.err
    assert "paths of data begin at the folder of `--data-root specs`" in ended.err
    ended = modelc("train", "specs/houses.yaml", "--data-root", "nowhere", cwd=project)
    assert ended.code == 2 and "there is no folder `nowhere`" in ended.err
    (project / "large data" / "csv" / "link.csv").symlink_to(project / "specs" / "houses.yaml")
    ended = modelc(
        "validate",
        "specs/houses.yaml",
        "--data-root",
        "large data",
        "--set",
        "data.source.csv=csv/link.csv",
        cwd=project,
    )
    assert ended.code == 1 and "points outside the data root `large data` through a symbolic link" in ended.out


def test_a_spec_from_standard_input_needs_a_folder(project: Path) -> None:
    ended = modelc("validate", "-", "--data-root", "large data", cwd=project)
    assert ended.code == 2 and "`--root DIR`" in ended.err
