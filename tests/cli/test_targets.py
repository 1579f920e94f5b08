"""Which files in folders are specs to check, format or fix: what is in a run, or made by other tools, is not."""

import os
import shutil
from glob import glob
from pathlib import Path

import pytest

from modelc.cli.globs import glob_matches
from tests.cli.commands import modelc
from tests.runtime.runs.test_run_directory import finish, recorder

GOOD = "modelc: 1\nmodel:\n  inputs: {x: {shape: [4]}}\n  layers:\n    - dense: 8\n"
WIDE = GOOD.replace("  ", "    ")
TYPO = GOOD.replace("dense", "dens")
COMMANDS = (("format",), ("format", "--check"), ("validate", "--fix"), ("validate", "--fix", "--diff"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A spec, and a run of it; the spec in the run could be formatted and fixed."""
    with recorder(tmp_path / "runs" / "tiny" / "1") as recording:
        finish(recording)
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "runs/tiny/1/spec.yaml").write_text(TYPO.replace("  ", "    "))
    return tmp_path


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("command", "where"),
    [
        *((command, where) for command in COMMANDS for where in (".", "runs/tiny/1")),
        *((("format",), where) for where in ("runs", "runs/tiny", "runs/*/*/*.yaml", "**/*.yaml")),
    ],
)
def test_nothing_in_a_run_is_rewritten_because_of_a_folder(project: Path, command: tuple[str, ...], where: str) -> None:
    before = contents(project)
    ended = modelc(*command, where, cwd=project)
    assert contents(project) == before
    assert "skipped 1 run" in ended.out + ended.err
    assert ended.code == (0 if where in (".", "**/*.yaml") else 2)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("link", [False, True])
def test_a_named_file_in_a_run_is_refused_and_others_are_done(
    project: Path, command: tuple[str, ...], link: bool
) -> None:
    name = "runs/tiny/1/spec.yaml"
    if link:
        name = "link.yaml"
        (project / name).symlink_to("runs/tiny/1/spec.yaml")
    before = contents(project)
    ended = modelc(*command, name, "a.yaml", cwd=project)
    assert contents(project) == before
    assert ended.code == 2
    assert f"`{name}` is left unchanged: it is part of a run" in ended.err
    assert f"the run directory is `{project / 'runs/tiny/1'}`" in ended.err
    done = ("1 unchanged", "1 already formatted", "1 file is valid", "1 file would be valid")
    assert any(line in ended.out + ended.err for line in done)


def test_a_link_into_a_run_is_not_found_in_a_folder(project: Path) -> None:
    (project / "specs").mkdir()
    (project / "specs/link.yaml").symlink_to("../runs/tiny/1/spec.yaml")
    before = contents(project)
    ended = modelc("format", "specs", cwd=project)
    assert ended.code == 2 and "skipped 1 run" in ended.err
    assert contents(project) == before


def test_checking_a_folder_leaves_runs_out_and_a_run_that_is_named_is_checked(project: Path) -> None:
    ended = modelc("validate", ".", cwd=project)
    assert (ended.code, ended.out) == (0, "1 file is valid, skipped 1 run\n")
    for named in ("runs/tiny/1", "runs/tiny/1/spec.yaml"):
        ended = modelc("validate", named, cwd=project)
        assert ended.code == 1 and "unknown layer `dens`" in ended.out


@pytest.mark.parametrize("command", ["format", "validate"])
def test_what_other_tools_made_is_left_out_of_folders(tmp_path: Path, command: str) -> None:
    folders = [".venv", "venv", "node_modules", "build", "dist", "site-packages", "env", "_old"]
    for folder in folders:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "spec.yaml").write_text(TYPO)
    (tmp_path / "env" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (tmp_path / "a.yaml").write_text(GOOD)
    ended = modelc(command, ".", cwd=tmp_path)
    assert ended.code == 0 and "dens" not in ended.out
    assert all((tmp_path / folder / "spec.yaml").read_text() == TYPO for folder in folders)
    assert modelc("validate", "build", cwd=tmp_path).code == 1, "a folder that is named is searched"


@pytest.mark.parametrize("command", ["validate", "format"])
def test_links_to_their_own_folder_do_not_multiply_what_a_glob_matches(tmp_path: Path, command: str) -> None:
    (tmp_path / "below").mkdir()
    for name in ("a.yaml", "below/b.yaml"):
        (tmp_path / name).write_text(GOOD)
    for name in ("one", "two", "below/up"):
        (tmp_path / name).symlink_to("." if name != "below/up" else "..")
    ended = modelc(command, "**/*.yaml", cwd=tmp_path)
    assert ended.code == 0 and ended.out in ("2 files are valid\n", "2 unchanged\n")
    ended = modelc(command, "*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*.yaml", cwd=tmp_path)
    assert ended.code == 0 and ended.out in ("2 files are valid\n", "2 unchanged\n")


def test_a_glob_passes_over_broken_links(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below/b.yaml").write_text(GOOD)
    (tmp_path / "gone").symlink_to("nowhere")
    for pattern in ("*/*.yaml", "**/*.yaml", "g*/**"):
        ended = modelc("validate", pattern, "below/b.yaml", cwd=tmp_path)
        assert "1 file is valid" in ended.out and "cannot be read" not in ended.out


@pytest.mark.parametrize(
    "pattern", ["*.yaml", "**", "**/*.yaml", "*/**/b.yaml", "**/below/*", ".*/*", "./*/../[ab].yaml", "*/", "below/**"]
)
def test_a_glob_matches_what_the_library_matches(tmp_path: Path, pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.yaml", "below/b.yaml", "below/deep/b.yaml", ".hidden/c.yaml", "below/.d.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    for start in ("", f"{tmp_path}/"):
        expected = {path for path in glob(start + pattern, recursive=True) if os.path.isfile(path)}
        assert {path for path in glob_matches(start + pattern).found if os.path.isfile(path)} == expected


@pytest.mark.parametrize("record", ["", '{"scripts": 1}'])
def test_a_file_that_is_called_as_the_record_of_a_run_makes_no_run(tmp_path: Path, record: str) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/run.json").write_text(record)
    for command in ("format", "validate"):
        (tmp_path / "own/a.yaml").write_text(WIDE)
        for where in ("own/a.yaml", "own", "."):
            ended = modelc(command, where, cwd=tmp_path)
            assert ended.code == 0 and "part of a run" not in ended.err and "1 run" not in ended.out
        assert (tmp_path / "own/a.yaml").read_text() == (GOOD if command == "format" else WIDE)


@pytest.mark.parametrize("lost", ["weights", "resolved.json"])
def test_a_damaged_run_is_still_one(project: Path, lost: str) -> None:
    (project / "runs/tiny/1/weights").mkdir()
    path = project / "runs/tiny/1" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert "skipped 1 run" in modelc("validate", ".", cwd=project).out


def test_a_folder_without_specs_is_a_warning_among_other_targets(project: Path) -> None:
    ended = modelc("validate", "runs", "a.yaml", cwd=project)
    assert (ended.code, ended.err) == (0, "warning: nothing to validate in `runs`\n")
    assert modelc("format", "runs", "a.yaml", cwd=project).code == 0
    assert modelc("validate", "runs", cwd=project).code == 2
    assert modelc("validate", "none*", "a.yaml", cwd=project).code == 2, "a glob without a match is a typo"
