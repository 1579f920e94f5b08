"""Validation rows that have a source of their own: the training rows alone teach, and are trained to the same bits as beside
validation rows of the same file; what does not fit is named with its file and line.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import modelc
from tests.cli.own_rows import KINDS, houses, made, spec, train, write_houses
from tests.cli.test_tables import keep


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_houses(tmp_path)


@pytest.mark.parametrize("held", KINDS)
@pytest.mark.parametrize("seen", ["csv", "npz"])
def test_training_is_as_with_validation_rows_of_the_same_file(
    folder: Path, of_one_file: Any, seen: str, held: str
) -> None:
    train(folder, spec(f"{{{seen}: seen.{seen}}}", f"{{{held}: held.{held}}}"), "run")
    assert made(folder / "run") == of_one_file
    assert len(of_one_file[0]) == 4 and "validation/r2" in of_one_file[1][0]


@pytest.mark.parametrize("feed", ["resident", "mapped"])
def test_however_rows_are_fed_and_wherever_they_are_kept(folder: Path, of_one_file: Any, feed: str) -> None:
    for run in ("cold", "warm"):
        train(folder, spec(), run, "--feed", feed)
        assert made(folder / run) == of_one_file
    keep(folder, houses(25, 7, "held"), "held")
    train(folder, spec(), "other", "--feed", feed)
    weights, log = made(folder / "other")
    assert [line["train/loss"] for line in log] == [line["train/loss"] for line in of_one_file[1]]
    assert [line["validation/loss"] for line in log] != [line["validation/loss"] for line in of_one_file[1]]
    assert weights != [] and len(log) == 3


def test_rows_that_validate_teach_readers_nothing(folder: Path) -> None:
    train(folder, spec(), "run")
    learnt = json.loads((folder / "run" / "readers.json").read_text())
    text = json.dumps(learnt)
    assert "town" in text and "hill" not in text
    said = modelc("data", "run.yaml", cwd=folder).out
    assert "25" in said and "csv: [held.csv]" in said


def test_both_parts_are_scored_and_predicted(folder: Path) -> None:
    train(folder, spec(validation="{csv: held.csv}\n  test: {fraction: 0.1}"), "run")
    scores = {}
    for split, rows in (("train", 54), ("test", 6), ("validation", 25)):
        ended = modelc("evaluate", "run", "--split", split, "--format", "json", cwd=folder)
        scores[split] = json.loads(ended.out)
        assert scores[split]["rows"] == rows
    best = json.loads((folder / "run" / "run.json").read_text())["best"]
    assert scores["validation"]["values"]["loss"] == pytest.approx(best["score"], rel=1e-6)
    as_file = json.loads(modelc("evaluate", "run", "held.csv", "--format", "json", cwd=folder).out)
    assert as_file["values"] == scores["validation"]["values"]
    ended = modelc("predict", "run", "--split", "validation", "--output", "p.csv", cwd=folder)
    assert ended.code == 0 and len((folder / "p.csv").read_text().splitlines()) == 26


def test_it_may_have_columns_more_and_must_have_those_of_training(folder: Path) -> None:
    lines = (folder / "held.csv").read_text().splitlines()
    more = [f"{line},{'note' if number == 0 else 'new'}" for number, line in enumerate(lines)]
    (folder / "held.csv").write_text("\n".join(more) + "\n")
    train(folder, spec(), "run")
    # Without the column `area`.
    fewer = [",".join(part for place, part in enumerate(line.split(",")) if place != 1) for line in lines]
    (folder / "held.csv").write_text("\n".join(fewer) + "\n")
    for command in (["validate"], ["validate", "--data"], ["train"], ["data"]):
        ended = modelc(*command, "run.yaml", cwd=folder)
        assert ended.code != 0 and "Traceback" not in ended.err
        said = ended.out + ended.err
        assert "error[E401]: of the validation rows: the data has no column `area` for `size`" in said
        assert "columns of 'held.csv': rooms, place, price, part" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("many,100,lake,200,held", "`rooms`"),
        ("3,100,lake,dear,held", "`price`"),
        ("3,100,lake,,held", "`price`"),
        ("3,100,lake,200", "has 4 fields"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_file_and_line(folder: Path, row: str, said: str) -> None:
    with (folder / "held.csv").open("a", newline="") as file:
        file.write(f"{row}\r\n")
    (folder / "run.yaml").write_text(spec())
    assert modelc("validate", "run.yaml", cwd=folder).code == 0
    for command in (["validate", "--data"], ["train"]):
        ended = modelc(*command, "run.yaml", cwd=folder)
        text = ended.out + ended.err
        assert ended.code != 0 and "Traceback" not in text
        assert said in text and "line 27" in text and "held.csv" in text, text


def test_a_class_that_training_has_not_is_an_error(folder: Path) -> None:
    text = spec().replace("place, vocabulary: 3", "place, classes: [lake, town, sea]")
    (folder / "run.yaml").write_text(text)
    ended = modelc("train", "run.yaml", cwd=folder)
    assert ended.code != 0 and "of the validation rows: " in ended.err and "'hill'" in ended.err
    assert "held.csv" in ended.err


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_rows_is_an_error(folder: Path, kind: str) -> None:
    import duckdb

    if kind == "npz":
        none: dict[str, Any] = {key: np.array([]) for key in ("rooms", "area", "place", "price")}
        np.savez(folder / "held.npz", **none)
    elif kind == "parquet":
        with duckdb.connect() as connection:
            here = str(folder / "held.parquet")
            connection.execute(f"COPY (SELECT * FROM '{folder / 'seen.parquet'}' LIMIT 0) TO '{here}' (FORMAT parquet)")
    else:
        (folder / f"held.{kind}").write_text("rooms,area,place,price,part\n" if kind == "csv" else "")
    (folder / "run.yaml").write_text(spec(validation=f"{{{kind}: held.{kind}}}"))
    ended = modelc("train", "run.yaml", cwd=folder)
    assert ended.code != 0 and "error[E404]" in ended.err and f"held.{kind}" in ended.err, ended.err


def test_what_has_changed_since_is_found(folder: Path) -> None:
    train(folder, spec(), "run", "--checkpoint-every", "4 steps")
    checked = modelc("verify", "run", "--data", cwd=folder)
    assert checked.code == 0 and "column area of the validation rows" in checked.out
    repeated = modelc("reproduce", "run", cwd=folder)
    assert repeated.code == 0, repeated.out + repeated.err
    held = houses(25, 1, "held")
    held[3]["area"] += 1
    keep(folder, held, "held")
    ended = modelc("evaluate", "run", cwd=folder)
    assert ended.code == 0 and "the validation rows have changed since this run was trained: `area`" in ended.err
    found = json.loads(modelc("evaluate", "run", "--format", "json", cwd=folder).out)
    assert (found["changed_columns"], found["changed_validation_columns"]) == ([], ["area"])
    checked = modelc("verify", "run", "--data", cwd=folder)
    assert checked.code != 0 and "column area of the validation rows: has changed since training" in checked.out
    resumed = modelc("train", "--resume", "run", "--set", "train.epochs=5", cwd=folder)
    assert resumed.code != 0 and "the validation rows have changed since the run began: `area`" in resumed.err
    repeated = modelc("reproduce", "run", cwd=folder)
    assert "the column `area` of the validation rows has changed" in repeated.out + repeated.err


def test_a_run_goes_on_with_both_files(folder: Path, of_one_file: Any) -> None:
    train(folder, spec().replace("epochs: 3", "epochs: 2"), "run", "--checkpoint-every", "4 steps")
    ended = modelc("train", "--resume", "run", "--set", "train.epochs=3", cwd=folder)
    assert ended.code == 0, ended.err
    assert made(folder / "run") == of_one_file


def test_paths_begin_at_the_root_of_the_data(folder: Path) -> None:
    (folder / "specs").mkdir()
    (folder / "specs" / "a.yaml").write_text(spec())
    assert modelc("validate", "--data", "specs/a.yaml", cwd=folder).code != 0
    ended = modelc("train", "specs/a.yaml", "--data-root", ".", "--run-dir", "run", cwd=folder)
    assert ended.code == 0, ended.err
    assert modelc("evaluate", "run", cwd=folder).code == 0


@pytest.mark.parametrize(
    ("validation", "code", "said"),
    [
        ("{csv: held.csv, stratify: place}", "E108", "`validation` has both the source `csv` and `stratify`"),
        ("{csv: held.csv, fraction: 0.2}", "E108", "`validation` has both the source `csv` and `fraction`"),
        ("{csv: {train: held.csv, test: seen.csv}}", "E108", "nothing reads the `test` of it"),
        ("memory", "E108", "the rows that a program gives are those to train on"),
        ("{source: {csv: held.csv}}", "E102", "write `validation: {csv: held.csv}`"),
        ("{source: held.jsonl}", "E102", "write `validation: {jsonl: held.jsonl}`"),
    ],
)
def test_what_makes_no_sense_beside_it_is_refused(folder: Path, validation: str, code: str, said: str) -> None:
    (folder / "a.yaml").write_text(spec(validation=validation))
    ended = modelc("validate", "a.yaml", cwd=folder)
    assert ended.code == 1 and f"error[{code}]" in ended.out and said in ended.out and "1 error in" in ended.out


def test_readers_of_some_rows_go_with_rows_of_the_source(folder: Path) -> None:
    text = spec("{npz: seen.npz}", "{npz: held.npz}").replace(
        "size: {numbers: {columns: [rooms, area], missing: median, indicate: true, standardize: true}}",
        "size: {array: {column: rooms, shape: [1], rows: [0, 40]}}",
    )
    (folder / "a.yaml").write_text(text)
    ended = modelc("validate", "a.yaml", cwd=folder)
    assert ended.code == 1 and "`rows` of a reader goes by the rows of `source`" in ended.out


def test_its_file_is_not_written_over(folder: Path) -> None:
    train(folder, spec(), "run")
    ended = modelc("predict", "run", "--output", "held.csv", cwd=folder)
    assert ended.code != 0 and "error[E604]: cannot write `held.csv`" in ended.err
