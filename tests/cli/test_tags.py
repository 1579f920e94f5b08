"""`modelc train --tag TAG --note TEXT`: names for runs that can be typed and stay true, and a remark that is kept."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from modelc.runtime.runs.run_record import read_record
from modelc.runtime.runs.tags import TAG
from tests.cli.commands import Ended, modelc
from tests.cli.conftest import Project
from tests.runtime.runs.sealing import change_sealed

SPEC = """\
modelc: 1
name: tiny
model: {inputs: {x: {shape: [4]}}, layers: [{dense: 2, name: size}]}
data: {source: {npz: {train: train.npz, test: test.npz}}, validation: 12}
train: {loss: mean_squared_error, optimizer: {sgd: 0.01}, batch_size: 16, epochs: 3}
"""
"""A model of one layer on the data of the project: it is trained again and again here, for the names of its runs alone."""


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Project:
    found = project.copy(tmp_path / "copy")
    (found.folder / "tiny.yaml").write_text(SPEC)
    return found


def train(copy: Project, *arguments: str) -> Ended:
    return modelc("train", "tiny.yaml", "--set", "train.epochs=1", *arguments, cwd=copy.folder)


def test_a_tag_names_a_run_wherever_a_run_is_named(copy: Project) -> None:
    ended = train(copy, "--tag", "wide.v2", "--tag", "base", "--note", "the first\nof many")
    assert ended.code == 0, ended.err
    run = next(line for line in ended.out.splitlines() if line.startswith("run: "))
    folder = run.removeprefix("run: ").partition(",")[0]
    assert run == f"run: {folder}, also runs/tiny:wide.v2, also runs/tiny:base"
    record = read_record(copy.folder / folder)
    assert (record.tags, record.note) == (["wide.v2", "base"], "the first\nof many")
    # A later run without the tag, which `runs/tiny` alone would name.
    assert train(copy).code == 0
    for tag in ("wide.v2", "base"):
        assert modelc("evaluate", f"runs/tiny:{tag}", cwd=copy.folder).out.startswith(f"{folder}\n")
    assert modelc("predict", "runs/tiny:base", "-o", "out.csv", cwd=copy.folder).out.count(folder) == 1
    (verified,) = json.loads(modelc("verify", "runs/tiny:base", "--format", "json", cwd=copy.folder).out)["runs"]
    assert (verified["run"], verified["tags"], verified["note"]) == (folder, record.tags, record.note)
    said = modelc("verify", "runs/tiny:base", cwd=copy.folder).out
    assert "  tag    runs/tiny:base\n  note   the first\n  note   of many\n" in said
    ended = modelc("train", "--resume", "runs/tiny:base", "--set", "train.epochs=2", cwd=copy.folder)
    assert ended.code == 0 and read_record(copy.folder / folder).epoch == 2
    assert read_record(copy.folder / folder).tags == record.tags


def test_a_tag_of_runs_elsewhere_is_named_with_their_folder(copy: Project) -> None:
    assert train(copy, "--run-dir", "mine/a", "--tag", "base").code == 0
    assert modelc("evaluate", "mine:base", cwd=copy.folder).out.startswith("mine/a\n")
    assert train(copy, "--run-dir", "here", "--tag", "base").code == 0
    assert modelc("evaluate", ".:base", cwd=copy.folder).out.startswith("here\n")


def test_a_tag_names_one_run(copy: Project) -> None:
    assert train(copy, "--tag", "base", "--run-dir", "runs/tiny/first").code == 0
    ended = train(copy, "--tag", "new", "--tag", "base")
    assert ended.code == 4 and ended.out == ""
    assert ended.err == (
        "error[E601]: the run `runs/tiny/first` has the tag `base` already, and a tag names one run\n"
        "  = help: choose another tag, or remove that run\n"
    )
    shutil.copytree(copy.folder / "runs/tiny/first", copy.folder / "runs/tiny/second")
    for command in (["evaluate"], ["verify"], ["predict", "-o", "out.csv"], ["train", "--resume"]):
        ended = modelc(*command, "runs/tiny:base", cwd=copy.folder)
        assert ended.code == 4 and "error[E602]: 2 runs in `runs/tiny` have the tag `base`" in ended.err
        assert "note: `runs/tiny/first`, finished at epoch 1" in ended.err and "`runs/tiny/second`" in ended.err
    # Elsewhere the tag is free.
    assert train(copy, "--tag", "base", "--run-dir", "others/a").code == 0


def test_a_run_that_failed_gives_its_tag_up(copy: Project) -> None:
    assert train(copy, "--tag", "base", "--run-dir", "runs/tiny/first").code == 0
    change_sealed(copy.folder / "runs/tiny/first/run.json", lambda fields: fields.update(status="failed"))
    assert modelc("evaluate", "runs/tiny:base", cwd=copy.folder).out.startswith("runs/tiny/first\n")
    assert train(copy, "--tag", "base", "--run-dir", "runs/tiny/second").code == 0
    assert modelc("evaluate", "runs/tiny:base", cwd=copy.folder).out.startswith("runs/tiny/second\n")


def test_a_run_that_was_killed_keeps_its_tag_and_is_gone_on_with(copy: Project) -> None:
    assert train(copy, "--tag", "base", "--run-dir", "runs/tiny/first").code == 0
    change_sealed(copy.folder / "runs/tiny/first/run.json", lambda fields: fields.update(status="running"))
    ended = train(copy, "--tag", "base")
    assert ended.code == 4 and "to go on with it: `modelc train --resume runs/tiny/first`" in ended.err


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("runs/tiny:bace", "help: did you mean `runs/tiny:base`?"),
        ("runs/tiny:other", "note: tags there: base, second"),
        ("runs:base", "help: tags are given in training: `modelc train SPEC --tag base`"),
    ],
)
@pytest.mark.parametrize("command", [["evaluate"], ["verify"], ["train", "--resume"]])
def test_a_tag_that_no_run_has_is_answered_with_those_there_are(
    copy: Project, named: str, said: str, command: list[str]
) -> None:
    assert train(copy, "--tag", "base", "--tag", "second").code == 0
    ended = modelc(*command, named, cwd=copy.folder)
    assert ended.code == 4 and "error[E602]: no run in `" in ended.err and said in ended.err, ended.err


def test_a_folder_of_that_name_is_meant_first(copy: Project) -> None:
    shutil.copytree(copy.run, copy.folder / "runs:base")
    assert modelc("evaluate", "runs:base", cwd=copy.folder).out.startswith("runs:base\n")


@pytest.mark.parametrize(
    "tag", ["", "-x", ".", "..", "a b", "a:b", "a/b", "a;b", "$a", "*", "é", "a" * 65, "a\nb", "'"]
)
def test_what_a_shell_or_a_path_would_read_is_no_tag(copy: Project, tag: str) -> None:
    before = sorted(copy.run.parent.iterdir())
    ended = train(copy, f"--tag={tag}")
    assert ended.code == 2 and "is no tag" in ended.err and "up to 64 letters" in ended.err
    assert sorted(copy.run.parent.iterdir()) == before


@pytest.mark.parametrize("tag", ["a", "0", "v1.2", "wide_2", "A-b", "a" * 64])
def test_a_tag_needs_no_quotes(tag: str) -> None:
    assert TAG.fullmatch(tag) and shlex.quote(tag) == tag


def test_notes_are_bounded_and_a_run_that_goes_on_has_its_own(copy: Project) -> None:
    ended = train(copy, "--note", "a" * 10_001)
    assert ended.code == 2 and "`--note` has 10,001 characters, a run can keep 10,000" in ended.err
    for option in (["--tag", "base"], ["--note", "mine"]):
        ended = modelc("train", "--resume", copy.run, *option, cwd=copy.folder)
        assert ended.code == 2 and f"`--resume` takes no `{option[0]}`: a run gets it when it begins" in ended.err
    assert train(copy, "--note", "\x1b[31m\u202e ##[x]\n::error::" * 300).code == 0
