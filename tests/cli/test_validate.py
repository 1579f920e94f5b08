"""`modelc validate`: what it checks, what it prints in each format, how it ends."""

import io
import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.commands import modelc

GOOD = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers: [dense: {units: 3, activation: relu}, dense: 2]
"""
BAD = GOOD.replace("dense: 2", "dens: 2")
UNUSED = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  nodes:
    out: {from: x, dense: 2}
    idle: {from: x, dense: 3}
  outputs: [out]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "unused.yaml").write_text(UNUSED)
    return tmp_path


def test_a_valid_spec_ends_with_0_and_one_line(folder: Path) -> None:
    ended = modelc("validate", "good.yaml", cwd=folder)
    assert (ended.code, ended.out, ended.err) == (0, "1 file is valid\n", "")


def test_a_mistake_ends_with_1_and_is_shown_at_its_place(folder: Path) -> None:
    ended = modelc("validate", "bad.yaml", cwd=folder)
    assert ended.code == 1
    assert "error[E101]: unknown layer `dens`" in ended.out
    assert "--> bad.yaml:4:49" in ended.out
    assert ended.out.endswith("1 error in 1 file\n")


def test_a_warning_fails_only_when_strict(folder: Path) -> None:
    mild = modelc("validate", "unused.yaml", cwd=folder)
    assert mild.code == 0 and "warning[W901]" in mild.out and mild.out.endswith("1 file is valid, 1 warning\n")
    assert modelc("validate", "--strict", "unused.yaml", cwd=folder).code == 1


def test_several_files_are_checked_in_one_go(folder: Path) -> None:
    ended = modelc("validate", "good.yaml", "bad.yaml", "unused.yaml", cwd=folder)
    assert ended.code == 1 and ended.out.endswith("1 error, 1 warning in 2 of 3 files\n")


def test_a_file_named_twice_is_checked_once(folder: Path) -> None:
    ended = modelc("validate", "good.yaml", "./good.yaml", str(folder / "good.yaml"), cwd=folder)
    assert ended.out == "1 file is valid\n"


def test_a_folder_stands_for_the_specs_below_it(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "deep" / "b.yml").write_text("# a comment first\n" + GOOD)
    (tmp_path / "deep" / "er" / "c.json").write_text(
        '{"model": {"inputs": {"x": {"shape": [4]}}, "layers": [{"dense": 2}]}, "modelc": 1}'
    )
    (tmp_path / "_part.yaml").write_text(BAD)
    (tmp_path / ".hidden.yaml").write_text(BAD)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "d.yaml").write_text(BAD)
    (tmp_path / "notes.txt").write_text(BAD)
    ended = modelc("validate", ".", cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "3 files are valid\n")


def test_files_of_other_tools_in_a_folder_are_skipped_and_counted(folder: Path) -> None:
    (folder / "workflow.yaml").write_text("on: push\njobs: {modelc: {runs-on: here}}\n")
    (folder / "package.json").write_text('{"name": "modelc"}')
    (folder / "bad.yaml").unlink()
    ended = modelc("validate", ".", cwd=folder)
    assert ended.code == 0
    assert ended.out.endswith("2 files are valid, 1 warning, skipped 2 files that are not specs\n")


def test_a_spec_in_a_folder_that_is_broken_is_not_skipped(folder: Path) -> None:
    (folder / "broken.yaml").write_text("modelc: 1\nmodel: [\n")
    ended = modelc("validate", ".", cwd=folder)
    assert "--> broken.yaml:" in ended.out


def test_another_tools_file_that_is_named_is_refused(folder: Path) -> None:
    (folder / "workflow.yaml").write_text("on: push\n")
    ended = modelc("validate", "workflow.yaml", cwd=folder)
    assert ended.code == 1 and "E007" in ended.out


def test_a_quoted_glob_is_expanded(folder: Path) -> None:
    (folder / "bad.yaml").unlink()
    ended = modelc("validate", "*.yaml", cwd=folder)
    assert ended.out.endswith("2 files are valid, 1 warning\n")


def test_a_file_whose_name_looks_like_a_glob_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a[1].yaml").write_text(GOOD)
    assert modelc("validate", "a[1].yaml", cwd=tmp_path).out == "1 file is valid\n"


@pytest.mark.parametrize("path", [".", "*.yaml"])
def test_nothing_to_validate_is_a_wrong_command_line(tmp_path: Path, path: str) -> None:
    ended = modelc("validate", path, cwd=tmp_path)
    assert ended.code == 2 and ended.out == "" and "nothing to validate" in ended.err


def test_one_of_several_paths_without_a_spec_is_not_passed_over(folder: Path) -> None:
    ended = modelc("validate", "good.yaml", "no/*.yaml", cwd=folder)
    assert ended.code == 2 and ended.out == "1 file is valid\n" and "nothing to validate in `no/*.yaml`" in ended.err


def test_a_folder_of_other_files_only_says_so(tmp_path: Path) -> None:
    (tmp_path / "workflow.yaml").write_text("on: push\n")
    ended = modelc("validate", ".", cwd=tmp_path)
    assert ended.code == 2 and "skipped 1 file that is not a spec" in ended.err


def test_a_path_that_is_not_there_ends_with_2_and_a_guess(folder: Path) -> None:
    ended = modelc("validate", "god.yaml", "bad.yaml", cwd=folder)
    assert ended.code == 2
    assert "E009" in ended.out and "did you mean `good.yaml`?" in ended.out and "E101" in ended.out


def test_a_file_that_may_not_be_read_ends_with_2(folder: Path) -> None:
    (folder / "good.yaml").chmod(0)
    if os.access(folder / "good.yaml", os.R_OK):
        pytest.skip("this user may read everything")
    ended = modelc("validate", "good.yaml", cwd=folder)
    assert ended.code == 2 and "permission denied" in ended.out


def test_standard_input_is_a_spec(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    ended = modelc("validate", "-", cwd=folder)
    assert ended.code == 1 and "--> <stdin>:4:49" in ended.out


def test_a_file_over_the_budget_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(1 << 40)
    ended = modelc("validate", "huge.yaml", cwd=tmp_path)
    assert ended.code == 1 and "E005" in ended.out


def test_concise_has_a_line_for_each_finding(folder: Path) -> None:
    ended = modelc("validate", "--format", "concise", "bad.yaml", "unused.yaml", cwd=folder)
    first, second, last = ended.out.splitlines()
    assert first == "bad.yaml:4:49: E101 unknown layer `dens`"
    assert second.startswith("unused.yaml:6:5: W901 ")
    assert last == "1 error, 1 warning in 2 files"


@pytest.mark.parametrize("name", ["bad.yaml", "good.yaml"])
def test_json_is_all_there_is_on_standard_output(folder: Path, name: str) -> None:
    ended = modelc("validate", "--format", "json", name, cwd=folder)
    report = json.loads(ended.out)
    assert report["ok"] is (name == "good.yaml")
    assert [problem["code"] for problem in report["diagnostics"]] == ([] if report["ok"] else ["E101"])


@pytest.mark.parametrize("name", ["bad.yaml", "good.yaml"])
def test_sarif_is_all_there_is_on_standard_output(folder: Path, name: str) -> None:
    ended = modelc("validate", "--format", "sarif", name, cwd=folder)
    (run,) = json.loads(ended.out)["runs"]
    assert len(run["results"]) == (name == "bad.yaml")


def test_github_annotations_come_alone_on_standard_output(folder: Path) -> None:
    ended = modelc("validate", "--format", "github", "bad.yaml", cwd=folder)
    assert ended.out.startswith("::error ") and ended.out.count("\n") == 1
    assert ended.err == "1 error in 1 file\n"


def test_the_format_can_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELC_FORMAT", "json")
    assert json.loads(modelc("validate", "good.yaml", cwd=folder).out)["ok"]
    monkeypatch.setenv("MODELC_FORMAT", "xml")
    ended = modelc("validate", "good.yaml", cwd=folder)
    assert ended.code == 2 and "xml" in ended.err


def test_settings_change_every_spec(folder: Path) -> None:
    ended = modelc("validate", "good.yaml", "--set", "model.inputs.x.shape=[4, 0]", cwd=folder)
    assert ended.code == 1 and "--> --set:1:26" in ended.out


def test_a_finding_about_a_setting_comes_once_for_all_specs(folder: Path) -> None:
    ended = modelc("validate", "good.yaml", "unused.yaml", "--set", "modle.x=1", cwd=folder)
    assert ended.out.count("unknown key `modle`") == 1


def test_a_root_that_is_not_there_is_refused(folder: Path) -> None:
    ended = modelc("validate", "--data", "--root", "nowhere", "good.yaml", cwd=folder)
    assert ended.code == 2 and "nowhere" in ended.err


DATA = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers: [dense: 1]
data:
  source: {npz: data/rows.npz}
  targets: {output: {array: y}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
"""


def write_rows(folder: Path, width: int) -> None:
    import numpy as np

    (folder / "data").mkdir(parents=True, exist_ok=True)
    x, y = np.zeros((10, width), np.float32), np.zeros(10, np.float32)
    np.savez(folder / "data" / "rows.npz", x=x, y=y)


def test_data_is_read_and_checked_on_request(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(DATA)
    assert modelc("validate", "spec.yaml", cwd=tmp_path).code == 0
    missing = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert missing.code == 1 and "E405" in missing.out and "spec.yaml:6:" in missing.out
    write_rows(tmp_path, 5)
    wrong = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert wrong.code == 1 and "[5]" in wrong.out and "[4]" in wrong.out
    write_rows(tmp_path, 4)
    assert modelc("validate", "--data", "spec.yaml", cwd=tmp_path).code == 0


def test_data_is_looked_for_beside_the_spec_or_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "spec.yaml").write_text(DATA)
    write_rows(tmp_path, 4)
    assert modelc("validate", "--data", "specs/spec.yaml", cwd=tmp_path).code == 1
    assert modelc("validate", "--data", "--root", ".", "specs/spec.yaml", cwd=tmp_path).code == 0


def test_the_data_of_a_spec_with_errors_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(DATA.replace("epochs: 1", "epochs: 0"))
    ended = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert "E106" in ended.out and "E405" not in ended.out
