"""Validation rows with a source of their own beside all else that a spec says of its data, and files that are trained on too."""

import json
from pathlib import Path
from typing import Any

import pytest

import modelc as modelc_of_python
from tests.cli.commands import modelc
from tests.cli.own_rows import houses, made, spec, train, write_houses
from tests.made_sources import CODE, records, write_records


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_houses(tmp_path)


def test_windows_are_cut_out_of_its_own_series(tmp_path: Path) -> None:
    def written(name: str, stores: list[str], hours: int) -> None:
        rows = [f"{store},{hour},{(hour * 7 + len(store)) % 24}" for store in stores for hour in range(hours)]
        (tmp_path / name).write_text("store,hour,sales\n" + "\n".join(rows) + "\n")

    written("seen.csv", ["a", "b"], 60)
    written("held.csv", ["c"], 30)
    (tmp_path / "a.yaml").write_text("""\
modelc: 1
model:
  inputs: {past: {shape: [12]}}
  layers: [dense: 8, relu, {dense: 6, name: sales}]
data:
  source: {csv: seen.csv}
  windows: {context: 12, horizon: 6, time: hour, group_by: store}
  inputs: {past: {number: {column: sales, standardize: true}}}
  targets: {sales: {number: {column: sales, standardize: true}}}
  validation: {csv: held.csv}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
""")
    ended = modelc("train", "a.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 0, ended.err
    # 60 - 18 + 1 windows in each of two series, 30 - 18 + 1 in the third.
    assert "86 training, 13 validation" in ended.out


def test_what_is_filled_and_left_out_of_its_series_is_said(tmp_path: Path) -> None:
    def written(name: str, rows: list[tuple[str, int]]) -> None:
        lines = [f"{store},{hour},{hour % 24}" for store, hour in rows]
        (tmp_path / name).write_text("store,hour,sales\n" + "\n".join(lines) + "\n")

    written("seen.csv", [("a", hour) for hour in range(60)])
    # A series with two rows that are missing, and a longer gap; one that is too short.
    hours = [hour for hour in range(40) if hour not in (7, 8) and not 15 <= hour < 20]
    written("held.csv", [*(("c", hour) for hour in hours), ("d", 0), ("d", 1)])
    (tmp_path / "a.yaml").write_text("""\
modelc: 1
model:
  inputs: {past: {shape: [4]}}
  layers: [{dense: 1, name: sales}]
data:
  source: {csv: seen.csv}
  windows: {context: 4, horizon: 1, time: hour, group_by: store, freq: 1, gaps: {fill: previous, limit: 2}}
  inputs: {past: {number: sales}}
  targets: {sales: {number: sales}}
  validation: {csv: held.csv}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
""")
    said = (
        "2 rows that were missing are filled",
        "1 gap between rows ends windows",
        "1 of 2 series is left out",
        ": d",
    )
    ended = modelc("train", "a.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path)
    assert ended.code == 0, ended.err
    # Of the 15 hours 0 to 14 without the first four and those that are filled, and of 20 to 39 without the first four.
    assert "56 training, 25 validation" in ended.out
    assert all(any("`validation`: " in line and one in line for line in ended.out.splitlines()) for one in said), (
        ended.out
    )
    scores = modelc("evaluate", "run", "held.csv", cwd=tmp_path)
    assert scores.code == 0 and "25 rows of held.csv" in scores.out and all(one in scores.err for one in said), (
        scores.err
    )


def test_files_of_another_folder_validate(tmp_path: Path) -> None:
    for part, words in (("train", ["good day", "bad day"]), ("val", ["good night", "bad night"])):
        for word in words:
            place = tmp_path / part / word.split()[0]
            place.mkdir(parents=True)
            for number in range(4):
                (place / f"{number}.txt").write_text(word)
    (tmp_path / "a.yaml").write_text("""\
modelc: 1
model:
  inputs: {review: {shape: [4], dtype: int32}}
  layers:
    - embedding: {input_dim: "${vocabulary(review)}", output_dim: 4}
    - flatten
    - {dense: {units: 2, activation: softmax}, name: opinion}
data:
  source: {files: train/*/*.txt}
  inputs: {review: {text_file: {column: file, length: 4, vocabulary: 10}}}
  targets: {opinion: {category: {column: folder, classes: [bad, good]}}}
  validation: {files: val/*/*.txt}
train: {loss: cross_entropy, metrics: [accuracy], optimizer: {adam: 0.1}, epochs: 10}
""")
    ended = modelc("train", "a.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert "8 training, 8 validation" in ended.out and "validation: loss" in ended.out
    found = json.loads(modelc("evaluate", "run", "--format", "json", cwd=tmp_path).out)
    assert found["split"] == "validation" and found["values"]["accuracy"] == 1


def test_rows_in_both_files_are_named(folder: Path) -> None:
    lines = (folder / "seen.csv").read_text().splitlines()
    with (folder / "held.csv").open("a", newline="") as file:
        file.write(lines[7].replace("seen", "held") + "\r\n")
    (folder / "a.yaml").write_text(spec())
    said = modelc("data", "a.yaml", cwd=folder).out
    assert "line 27 of 'held.csv'" in said and "line 8 of 'seen.csv'" in said


@pytest.mark.parametrize(
    ("source", "held", "files"),
    [
        ("{csv: seen.csv}", "{csv: seen.csv}", "'seen.csv' as well"),
        ("{csv: seen.csv}", "{csv: [held.csv, ./seen.csv]}", "'seen.csv' as well"),
        ('{csv: "*.csv"}', "{csv: held.csv}", "'held.csv' as well"),
        ("{csv: [held.csv, seen.csv]}", '{csv: "*e*.csv"}', "'held.csv' and 1 file more as well"),
        ("{parquet: seen.parquet}", "{parquet: seen.parquet}", "'seen.parquet' as well"),
    ],
)
@pytest.mark.parametrize("key", ["validation", "test"])
def test_files_that_are_trained_on_too_are_warned_of(
    folder: Path, key: str, source: str, held: str, files: str
) -> None:
    (folder / "all.csv").unlink()
    (folder / "a.yaml").write_text(spec(source, held).replace("validation:", f"{key}:"))
    ended = modelc("validate", "a.yaml", cwd=folder)
    assert f"warning[W922]: the {key} rows are trained on too: `source` reads {files}" in ended.out
    assert ended.out.count("W922") == 1 and ended.code == 0
    ended = modelc("train", "a.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0 and (ended.out + ended.err).count("W922") == 1


@pytest.mark.parametrize(
    ("source", "held"),
    [
        ("{csv: {train: seen.csv, test: held.csv}}", "{csv: held.csv}"),
        ("{csv: seen.csv}", "{csv: held.csv}"),
        ("{csv: seen.csv}", "{npz: seen.npz}"),
    ],
)
def test_other_files_are_no_matter(folder: Path, source: str, held: str) -> None:
    (folder / "a.yaml").write_text(spec(source, held))
    ended = modelc("validate", "a.yaml", cwd=folder)
    assert "W922" not in ended.out + ended.err


def test_a_data_set_that_validates_itself_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("""\
modelc: 1
model:
  inputs: {image: {shape: [8, 8]}}
  layers: [flatten, {dense: {units: 10, activation: softmax}, name: digit}]
data:
  source: digits
  targets: {digit: {category: label}}
  validation: digits
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
""")
    ended = modelc("validate", "a.yaml", cwd=tmp_path)
    assert "the validation rows are trained on too: `source` reads 'digits' as well" in ended.out


def test_rows_that_cannot_be_read_are_left_out_of_its_file_too(folder: Path, of_one_file: Any) -> None:
    with (folder / "held.csv").open("a", newline="") as file:
        file.write("many,100,lake,200,held\r\n3,100,lake\r\n")
    ended = train(folder, spec(validation="{csv: held.csv}\n  on_bad_row: skip"), "run")
    assert made(folder / "run") == of_one_file
    assert "2 of 27 validation rows (7.4 %) are left out" in ended.out
    listed = [json.loads(line) for line in (folder / "run" / "skipped_rows.jsonl").read_text().splitlines()]
    places = [(row["of"], row["file"], row["line"]) for row in listed]
    assert places == [("validation", "held.csv", 27), ("validation", "held.csv", 28)]


def test_folds_that_test_and_rows_that_are_drawn_go_with_it(folder: Path) -> None:
    beside = "{csv: held.csv}\n  test: {folds: {count: 5, fold: 2}}\n  sampling: {balanced: place}"
    ended = train(folder, spec(validation=beside), "run")
    assert "48 training, 25 validation, 12 test" in ended.out
    assert "rows are drawn so that each of 2 values of `place` comes equally often" in ended.out


def test_rows_of_a_program_are_validated_by_those_of_a_file(folder: Path, of_one_file: Any) -> None:
    (folder / "a.yaml").write_text(spec())
    columns = {name: [row[name] for row in houses(60, 0, "seen")] for name in ("rooms", "area", "place", "price")}
    modelc_of_python.train(folder / "a.yaml", data=columns, run_dir=folder / "run")
    assert made(folder / "run")[0] == of_one_file[0]


def test_a_source_of_a_plug_in_validates(tmp_path: Path) -> None:
    (tmp_path / "plug.py").write_text(CODE)
    for name, count, seed in (("seen.bin", 40, 0), ("held.bin", 15, 1)):
        write_records(tmp_path / name, records(count, seed))
    (tmp_path / "a.yaml").write_text("""\
modelc: 1
model: {inputs: {x: {shape: [2]}}, layers: [{dense: {units: 2, activation: softmax}, name: y}]}
data:
  source: {records: seen.bin}
  targets: {y: {category: {column: y, classes: 2}}}
  validation: {records: held.bin}
train: {loss: cross_entropy, metrics: [accuracy], optimizer: {adam: 0.1}, epochs: 3}
""")
    for feed in ("resident", "mapped"):
        ended = modelc("train", "a.yaml", "--plugin", "plug.py", "--run-dir", feed, "--feed", feed, cwd=tmp_path)
        assert ended.code == 0 and "40 training, 15 validation" in ended.out, ended.err
    assert made(tmp_path / "resident") == made(tmp_path / "mapped")
