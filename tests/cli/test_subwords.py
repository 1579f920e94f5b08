"""Texts as parts of words, as a user has them: a table of reviews, a tokenizer that is learnt or from a file, new reviews."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc
from tests.compiler.library.readers.test_subwords import file_in

SPEC = """\
modelc: 1
model:
  inputs: {review: {shape: [12], dtype: int32}}
  layers:
    - embedding: {input_dim: "${vocabulary(review)}", output_dim: 8, mask_zero: true}
    - global_avg_pool1d
    - {dense: {units: 2, activation: softmax}, name: opinion}
data:
  source: {csv: reviews.csv}
  inputs: {review: {text: {column: review, length: 12, vocabulary: 280, tokenizer: TOKENIZER}}}
  targets: {opinion: {category: {column: opinion, classes: [bad, good]}}}
  validation: {last: 20}
train: {loss: cross_entropy, metrics: [accuracy], optimizer: {adam: 0.05}, epochs: 12}
"""
WORDS = {"bad": ["awful", "low", "lowest"], "good": ["lovely", "new", "newest"]}


def write_reviews(path: Path, rows: int, seed: int, *, opinions: bool = True) -> list[str]:
    draw = np.random.default_rng(seed)
    kinds = [str(kind) for kind in draw.choice(["bad", "good"], rows)]
    texts = [" ".join(str(word) for word in draw.choice(WORDS[kind], 4)) for kind in kinds]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["review", *(["opinion"] if opinions else [])])
        writer.writerows([text, *([kind] if opinions else [])] for text, kind in zip(texts, kinds, strict=True))
    return kinds


@pytest.mark.parametrize("tokenizer", ["bpe", "{file: tokenizer.json}"])
def test_reviews_are_told_apart_by_parts_of_words(tokenizer: str, tmp_path: Path) -> None:
    file_in(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC.replace("TOKENIZER", tokenizer))
    write_reviews(tmp_path / "reviews.csv", 120, 0)
    kinds = write_reviews(tmp_path / "new.csv", 30, 1, opinions=False)
    valid = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert valid.code == 0, valid.err
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    # The run has the tokenizer.
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "reviews.csv").unlink()
    predicted = modelc("predict", "run", "new.csv", "--output", "out.csv", cwd=tmp_path)
    assert predicted.code == 0, predicted.err
    with (tmp_path / "out.csv").open() as file:
        assert [row["opinion"] for row in csv.DictReader(file)] == kinds


def test_a_tokenizer_file_that_is_not_there_is_an_error_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.replace("TOKENIZER", "{file: tokenizer.json}"))
    write_reviews(tmp_path / "reviews.csv", 30, 0)
    valid = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert valid.code == 1 and "error[E405]: there is no file 'tokenizer.json'\n  --> spec.yaml:10:" in valid.out
    assert modelc("validate", "spec.yaml", cwd=tmp_path).code == 0


def test_another_tokenizer_in_the_file_is_another_preparation(tmp_path: Path) -> None:
    file_in(tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC.replace("TOKENIZER", "{file: tokenizer.json}"))
    write_reviews(tmp_path / "reviews.csv", 60, 0)
    for path in tmp_path.iterdir():
        os.utime(path, (1e9, 1e9))
    ends = []
    for run in ("first", "again", "other"):
        if run == "other":
            text = (tmp_path / "tokenizer.json").read_text()
            (tmp_path / "tokenizer.json").write_text(text.replace('"low"', '"new"').replace('"new":7', '"low":7'))
            os.utime(tmp_path / "tokenizer.json", (1e9 + 5, 1e9 + 5))
        trained = modelc("train", "spec.yaml", "--run-dir", run, cwd=tmp_path)
        assert trained.code == 0, trained.err
        ends.append((tmp_path / run / "metrics.jsonl").read_text().splitlines()[-1])
    losses = [json.loads(end)["train/loss"] for end in ends]
    assert losses[0] == losses[1] != losses[2]
