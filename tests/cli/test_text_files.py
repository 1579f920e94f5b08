"""Texts in files: the opinion of reviews from a folder for each, against scikit-learn on the same words, and new reviews by name."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from tests.cli.commands import modelc
from tests.cli.predictions import answers, refused

SPEC = """\
modelc: 1
model:
  inputs: {review: {shape: [30], dtype: int32}}
  layers:
    - embedding: {input_dim: "${vocabulary(review)}", output_dim: 16, mask_zero: true}
    - global_avg_pool1d
    - {dense: {units: 2, activation: softmax}, name: opinion}
data:
  source: {files: "reviews/*/*.txt"}
  inputs: {review: {text_file: {column: file, length: 30, vocabulary: 60}}}
  targets: {opinion: {category: {column: folder, classes: [bad, good]}}}
  validation: {where: {column: name, equals: HELD}}
train: {loss: cross_entropy, metrics: [accuracy], optimizer: {adam: 0.02}, epochs: 40}
"""
SIGNS = {"bad": ["awful", "boring", "weak"], "good": ["lovely", "gripping", "fine"]}
PLAIN = ["the", "film", "is", "and", "its", "plot", "żółw", "😀", "שלום"]


def review(draw: np.random.Generator, kind: str) -> str:
    """A text in which most of the words that say something say the opinion."""
    signs = [*SIGNS[kind] * 3, *SIGNS["good" if kind == "bad" else "bad"]]
    words = [*draw.choice(signs, 3), *draw.choice(PLAIN, 9)]
    return " ".join(str(word) for word in draw.permutation(words)) + ".\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, draw = tmp_path_factory.mktemp("texts"), np.random.default_rng(0)
    for number in range(240):
        kind = "good" if number % 2 else "bad"
        path = folder / "reviews" / kind / f"{number:03}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(review(draw, kind), encoding="utf-8")
    held = "[" + ", ".join(f'"{number:03}"' for number in range(180, 240)) + "]"
    (folder / "spec.yaml").write_text(SPEC.replace("HELD", held))
    assert modelc("validate", "spec.yaml", "--data", cwd=folder).code == 0
    ended = modelc("train", "spec.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


def test_opinions_are_told_as_well_as_by_counts_of_words(folder: Path) -> None:
    files = sorted(folder.glob("reviews/*/*.txt"))
    held = np.array([int(file.stem) >= 180 for file in files])
    texts, kinds = [file.read_text() for file in files], np.array([file.parent.name for file in files])
    counts = CountVectorizer(token_pattern=r"\w+|[^\w\s]").fit(
        [text for text, out in zip(texts, held, strict=True) if not out]
    )
    table_of_counts = counts.transform(texts)
    theirs = LogisticRegression().fit(table_of_counts[~held], kinds[~held]).score(table_of_counts[held], kinds[held])
    ours = np.mean(answers(folder, "reviews/*/*.txt") == kinds, where=held)
    assert ours >= theirs - 0.02 and theirs > 0.75


def test_new_texts_are_a_file_a_folder_or_a_table_of_names(folder: Path) -> None:
    for name, words in {"a.txt": "lovely gripping fine", "b c.TXT": "awful boring", "notes.pdf": "fine"}.items():
        (folder / "new").mkdir(exist_ok=True)
        (folder / "new" / name).write_text(words)
    assert answers(folder, "new") == ["good", "bad"]
    assert answers(folder, "new/a.txt") == ["good"]
    (folder / "new" / "rows.csv").write_text("file\nb c.TXT\na.txt\n")
    assert answers(folder, "new/rows.csv") == ["bad", "good"]


def test_files_without_text_are_errors_by_name_and_line(folder: Path) -> None:
    (folder / "wrong.txt").write_bytes("one\ntwo \u00fc".encode("latin-1"))
    assert "'wrong.txt' is no text in utf-8: byte 8, in line 2" in refused(folder, "wrong.txt").err
    assert "there is no file 'gone.txt'" in refused(folder, "gone.txt").err


def test_a_changed_text_is_changed_data(folder: Path) -> None:
    path = folder / "reviews/bad/000.txt"
    before = path.read_text()
    path.write_text("fine " + before)
    ended = modelc("evaluate", "run", cwd=folder)
    path.write_text(before)
    assert ended.code == 0 and "the data has changed since this run was trained: `file`" in ended.err


def test_the_paths_themselves_are_no_texts(folder: Path) -> None:
    (folder / "wrong.yaml").write_text((folder / "spec.yaml").read_text().replace("text_file:", "text:"))
    ended = modelc("validate", "wrong.yaml", cwd=folder)
    assert ended.code == 1 and "`file` has paths of files" in ended.out and "`text_file`" in ended.out
