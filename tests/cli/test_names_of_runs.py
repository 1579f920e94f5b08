"""`vocabulary: {run: runs/first}`: words and classes that another run has learnt, through the commands."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.api import check_file
from tests.cli.commands import modelc

FIRST = """\
modelc: 1
model:
  inputs: {review: {shape: [4], dtype: int32}}
  layers:
    - embedding: {input_dim: "${vocabulary(review)}", output_dim: 4}
    - global_avg_pool1d
    - {dense: {units: "${classes(kind)}", activation: softmax}, name: kind}
data:
  source: {npz: rows.npz}
  inputs: {review: {text: {column: review, length: 4, vocabulary: 6}}}
  targets: {kind: {category: {column: kind, vocabulary: 4}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
SECOND = FIRST.replace("vocabulary: 6", "vocabulary: {run: run}").replace(
    "vocabulary: 4", "classes: {run: run}, unknown: other"
)


def write_rows(path: Path, reviews: list[str], kinds: list[str]) -> None:
    np.savez(path, review=np.array(reviews), kind=np.array(kinds))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    (folder / "spec.yaml").write_text(FIRST)
    (folder / "second.yaml").write_text(SECOND)
    write_rows(folder / "rows.npz", ["b a b", "c b a", "b a d", "e"], ["x", "y", "x", "z"])
    ended = modelc("train", "spec.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture
def project(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_the_words_are_those_of_the_run_whatever_the_rows_have(project: Path) -> None:
    write_rows(project / "rows.npz", ["z y d b"] * 4, ["y", "q", "y", "y"])
    checked = check_file(project / "second.yaml", headers=True)
    assert not checked.problems and checked.task is not None
    assert checked.task.inputs is not None and checked.task.targets is not None
    reader = checked.task.inputs["review"].reader
    assert reader.read({"review": np.array(["z y d b"])}, None).tolist() == [[1, 1, 5, 2]]
    assert checked.task.targets["kind"].classes == ("x", "y", "z", "other")
    ended = modelc("train", "second.yaml", "--run-dir", "other", cwd=project)
    assert ended.code == 0, ended.err
    # The run keeps them.
    shutil.rmtree(project / "run")
    for command in (["evaluate", "other", "--split", "train"], ["verify", "other"]):
        again = modelc(*command, cwd=project)
        assert again.code == 0, again.err


def test_a_run_that_is_trained_again_is_another_vocabulary(project: Path) -> None:
    assert modelc("train", "second.yaml", "--run-dir", "other", cwd=project).code == 0
    shutil.rmtree(project / "run")
    write_rows(project / "rows.npz", ["b a b", "c b q", "b a q", "q"], ["x", "y", "x", "z"])
    assert modelc("train", "spec.yaml", "--run-dir", "run", cwd=project).code == 0
    write_rows(project / "rows.npz", ["b a b", "c b a", "b a d", "e"], ["x", "y", "x", "z"])
    ended = modelc("evaluate", "other", "--split", "train", cwd=project)
    assert ended.code == 0 and "`run/readers.json` has changed: line 2 was 'a' and is 'q'" in ended.err + ended.out


def test_the_only_vocabulary_of_a_run_needs_no_name(project: Path) -> None:
    readers = json.loads((project / "run" / "readers.json").read_text())
    del readers["readers"]["targets/kind"]
    (project / "run" / "readers.json").write_text(json.dumps(readers))
    (project / "third.yaml").write_text(SECOND.replace("review:", "words:").replace("(review)", "(words)"))
    checked = check_file(project / "third.yaml")
    assert checked.task is not None and checked.task.inputs is not None
    assert checked.task.inputs["words"].classes == 6


@pytest.mark.parametrize(
    ("change", "said", "code"),
    [
        (("{run: run}, unknown", "{run: nowhere}, unknown"), "nowhere/readers.json", "E010"),
        (("{run: run}, unknown", "{run: 7}, unknown"), "", "E105"),
        (("{run: run}, unknown", "{run: run, file: names.txt}, unknown"), "", "E108"),
        (("kind", "sort"), "has learnt names for `review` and `kind`, and none for `sort`", "E010"),
    ],
)
def test_a_run_without_such_names_is_an_error_at_its_place(
    change: tuple[str, str], said: str, code: str, project: Path
) -> None:
    (project / "third.yaml").write_text(SECOND.replace(*change))
    problems = check_file(project / "third.yaml").errors
    assert [problem.code for problem in problems] == [code] and said in problems[0].message and problems[0].helps
    where = (problems[0].label, *problems[0].related)
    assert any(label.place.file.endswith("third.yaml") and label.place.line in (10, 11) for label in where)


def test_a_damaged_file_of_a_run_is_an_error(project: Path) -> None:
    for text in ("", "[]", '{"readers": []}', '{"readers": {"inputs/review": 3}}', "{}"):
        (project / "run" / "readers.json").write_text(text)
        problems = check_file(project / "second.yaml").errors
        assert {problem.code for problem in problems} == {"E010"} and "damaged" in problems[0].message
