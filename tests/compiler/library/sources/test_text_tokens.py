"""Texts as rows of tokens: what a row is, several files, texts that are none, and a model of the next character."""

from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.contracts.data_source import Loaded
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from tests.cli.commands import modelc


def load(folder: Path, **arguments: Any) -> Loaded:
    return SOURCES.build({"tokens": arguments}).load(Root(folder, folder / "cache"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ["T", "o", " ", "b", "é", ",", "\n", "2", "\N{PEDESTRIAN}"]),
        ({"lowercase": True, "tokenizer": "words"}, ["to", "bé", ",", "2", "\N{PEDESTRIAN}"]),
        ({"tokenizer": "whitespace"}, ["To", "bé,", "2\N{PEDESTRIAN}"]),
    ],
)
def test_a_row_is_a_token_of_the_text(tmp_path: Path, arguments: dict[str, Any], expected: list[str]) -> None:
    # A mark at the beginning is no character, and an accent of its own is part of its letter.
    (tmp_path / "a.txt").write_text("\ufeffTo be\u0301,\n2\N{PEDESTRIAN}")
    assert load(tmp_path, train="a.txt", **arguments).train["token"].tolist() == expected


def test_rows_of_several_files_say_which_they_are_of(tmp_path: Path) -> None:
    for name, text in {"b.txt": "xy", "a.txt": "é", "c.txt": "", "test.text": "z"}.items():
        (tmp_path / name).write_text(text, encoding="latin-1")
    loaded = load(tmp_path, train=["b.txt", "*.txt"], test="test.text", encoding="latin-1")
    assert loaded.train["token"].tolist() == ["x", "y", "é"]
    assert loaded.train["file"].tolist() == ["b.txt", "b.txt", "a.txt"]
    assert loaded.test is not None and loaded.test["token"].tolist() == ["z"]


def test_files_without_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"ab\n\xff")
    (tmp_path / "empty.txt").write_text("")
    for path, code in (("a.txt", "E405"), ("empty.txt", "E404"), ("../a.txt", "E405")):
        with pytest.raises(RunError) as caught:
            load(tmp_path, train=path)
        assert caught.value.code == code, caught.value
    with pytest.raises(AbsentFile):
        load(tmp_path, train="other.txt")


SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [4], dtype: int32}}
  layers:
    - embedding: {input_dim: "${classes(x)}", output_dim: 8}
    - flatten
    - dense: "${classes(x)}"
    - reshape: [1, "${classes(x)}"]
    - {softmax: {}, name: next}
data:
  source: {tokens: "text/*.txt"}
  windows: {context: 4, horizon: 1, group_by: file}
  inputs: {x: {category: {column: token, vocabulary: 8}}}
  targets: {next: {category: {column: token, vocabulary: 8}}}
  validation: {last: 20}
train: {loss: cross_entropy, metrics: [accuracy], optimizer: {adam: 0.05}, batch_size: 16, epochs: 4}
"""


def test_a_model_learns_the_next_character_and_says_that_of_a_new_text(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    for name in ("a", "b"):
        (tmp_path / "text" / f"{name}.txt").write_text("abc \n" * 24)
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert modelc("validate", "--data", "spec.yaml", cwd=tmp_path).code == 0
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    # No window reaches from one file into the other.
    assert "rows are windows: 232, of 2 series of `file`" in trained.out
    (tmp_path / "new.txt").write_text(" \nabc \nab")
    found = modelc("predict", "run", "new.txt", "--output", "-", cwd=tmp_path)
    assert '"next": "c"' in found.out, found.out
    scored = modelc("evaluate", "run", "new.txt", cwd=tmp_path)
    assert scored.code == 0 and "5 rows of new.txt" in scored.out, scored.out
