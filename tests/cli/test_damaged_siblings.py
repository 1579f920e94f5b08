"""Runs that cannot be read, beside others: passed over with a note, and an error only where no other run can be taken."""

import shutil
from pathlib import Path

import pytest

from tests.cli.commands import modelc
from tests.cli.conftest import Project
from tests.runtime.runs.sealing import change_sealed


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Project:
    return project.copy(tmp_path / "copy")


def damage(run: Path, how: str) -> None:
    record = run / "run.json"
    match how:
        case "text":
            record.write_text("x")
        case "link":
            record.rename(run / "moved.json")
            record.symlink_to("moved.json")
        case "version":
            change_sealed(record, lambda fields: fields.update(format=99, further={}))


@pytest.mark.parametrize("how", ["text", "link", "version"])
@pytest.mark.parametrize("named", ["runs/tiny", "tiny.yaml"])
def test_a_damaged_sibling_is_passed_over(copy: Project, how: str, named: str) -> None:
    later = copy.run.parent / "zz-later"
    shutil.copytree(copy.run, later)
    damage(later, how)
    ended = modelc("evaluate", named, cwd=copy.folder)
    assert ended.code == 0 and ended.out.startswith(f"runs/tiny/{copy.run.name}\n"), ended
    assert "note: a run is passed over: " in ended.err and "runs/tiny/zz-later" in ended.err


@pytest.mark.parametrize("named", ["runs/tiny", "tiny.yaml"])
def test_many_are_counted(copy: Project, named: str) -> None:
    for number in range(5):
        shutil.copytree(copy.run, copy.run.parent / f"zz{number}")
        damage(copy.run.parent / f"zz{number}", "text")
    ended = modelc("evaluate", named, cwd=copy.folder)
    assert ended.code == 0 and ended.err.count("a run is passed over") == 3
    assert "note: 2 more runs that cannot be read are passed over\n" in ended.err


@pytest.mark.parametrize("named", ["runs/tiny", "tiny.yaml"])
def test_damage_is_an_error_where_no_other_run_can_be_taken(copy: Project, named: str) -> None:
    damage(copy.run, "text")
    ended = modelc("evaluate", named, cwd=copy.folder)
    assert ended.code == 4 and "error[E602]: " in ended.err and "run.json` is damaged" in ended.err


def test_runs_of_other_content_are_told_with_the_damaged_ones(copy: Project) -> None:
    shutil.copytree(copy.run, copy.run.parent / "zz-later")
    damage(copy.run.parent / "zz-later", "text")
    spec = copy.folder / "tiny.yaml"
    spec.write_text(spec.read_text().replace("units: 8", "units: 9"))
    ended = modelc("evaluate", "tiny.yaml", cwd=copy.folder)
    assert ended.code == 4 and "error[E607]: " in ended.err and "note: a run is passed over: " in ended.err
