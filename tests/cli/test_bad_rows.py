"""`on_bad_row: skip`: rows that cannot be read are left out, and all else is as with a file that does not have them."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {rooms: {shape: [2]}, sold: {shape: [2]}, kind: {shape: [], dtype: int32}}
  nodes:
    place: {from: kind, embedding: {input_dim: 2, output_dim: 2}}
    price: {from: [rooms, sold, place], layers: [concatenate, dense: 1]}
  outputs: [price]
data:
  source: {csv: FILE}
  on_bad_row: skip
  inputs:
    rooms: {numbers: {columns: [rooms, area], standardize: true}}
    sold: {date: {column: sold, parts: [month, day]}}
    kind: {category: {column: kind, classes: [flat, house]}}
  targets: {price: {number: {column: price, standardize: true}}}
  validation: 0.2
train: {loss: mean_squared_error, optimizer: {adam: 0.01}, epochs: 2, batch_size: 16}
"""
HEADER = "rooms,area,sold,kind,price"
BAD = {
    "3,40": "it has 2 fields, and there are 5 columns",
    "3,40,2026-01-31,flat,200,9": "it has 6 fields, and there are 5 columns",
    "many,40,2026-01-31,flat,200": "`rooms` 'many' is no number",
    "3,40,31.1.2026,flat,200": "`sold` '31.1.2026' is no date of ISO 8601",
    "3,40,2026-01-31,castle,200": "`kind` 'castle' is none of the 2 `classes`",
    "3,40,2026-01-31,flat,": "`price` is missing",
    "3,,2026-01-31,flat,200": "`area` is missing",
    "3,40,,flat,200": "`sold` is missing",
}


def good_rows(count: int = 150) -> list[str]:
    draw = random.Random(1)
    return [
        f"{draw.randrange(1, 9)},{draw.randrange(30, 200)},2026-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d},"
        f"{draw.choice(['flat', 'house'])},{draw.randrange(100, 900)}"
        for _ in range(count)
    ]


def with_bad_rows(folder: Path) -> list[tuple[int, str]]:
    """`good.csv`, and `bad.csv` with bad rows among the same; the lines of these, and what is wrong with them."""
    draw, good = random.Random(2), good_rows()
    (folder / "good.csv").write_text("\n".join([HEADER, *good]) + "\n")
    lines = [(row, "") for row in good]
    for bad, fault in BAD.items():
        lines.insert(draw.randrange(len(lines)), (bad, fault))
    (folder / "bad.csv").write_text("\n".join([HEADER, *(line for line, _ in lines)]) + "\n")
    for name in ("good", "bad"):
        (folder / f"{name}.yaml").write_text(SPEC.replace("FILE", f"{name}.csv"))
    return [(place + 2, fault) for place, (_, fault) in enumerate(lines) if fault]


def weights_in(run: Path) -> bytes:
    return (run / "weights/last/params.safetensors").read_bytes()


def skipped_in(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / "skipped_rows.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("feed", ["resident", "mapped"])
def test_training_is_that_of_a_file_without_these_rows(tmp_path: Path, feed: str) -> None:
    expected = with_bad_rows(tmp_path)
    for name in ("good", "bad"):
        ended = modelc("train", f"{name}.yaml", "--run-dir", name, "--feed", feed, "--no-baseline", cwd=tmp_path)
        assert ended.code == 0, ended.err
    assert "8 of 158 rows (5.1 %) are left out, since they cannot be read; the first: line " in ended.out
    assert "warning[W921]: 8 of 158 rows" in ended.err
    assert weights_in(tmp_path / "good") == weights_in(tmp_path / "bad")
    assert not (tmp_path / "good/skipped_rows.jsonl").exists()
    listed = skipped_in(tmp_path / "bad")
    assert [(row["file"], row["line"], row["of"]) for row in listed] == [
        ("bad.csv", line, "source") for line, _ in expected
    ]
    # The second run has its rows from the cache.
    again = modelc("train", "bad.yaml", "--run-dir", "again", "--feed", feed, "--no-baseline", cwd=tmp_path)
    assert again.code == 0 and "8 of 158 rows" in again.out
    assert skipped_in(tmp_path / "again") == listed
    assert weights_in(tmp_path / "again") == weights_in(tmp_path / "bad")


def test_a_run_of_skipped_rows_is_looked_at_and_repeated_like_any_other(tmp_path: Path) -> None:
    with_bad_rows(tmp_path)
    assert modelc("train", "bad.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path).code == 0
    scores = modelc("evaluate", "run", "--no-baseline", cwd=tmp_path)
    assert scores.code == 0 and "30 validation rows" in scores.out
    verified = modelc("verify", "run", cwd=tmp_path)
    assert verified.code == 0 and "ok  skipped_rows.jsonl" in verified.out
    repeated = modelc("reproduce", "run", cwd=tmp_path)
    assert repeated.code == 0, repeated.err + repeated.out
    text = (tmp_path / "bad.csv").read_text().replace("many,40", "3,40")
    (tmp_path / "bad.csv").write_text(text)
    changed = modelc("evaluate", "run", "--no-baseline", cwd=tmp_path)
    assert "changed since" in changed.err
    more = modelc("train", "--resume", "run", "--set", "train.epochs=3", cwd=tmp_path)
    assert more.code != 0 and "rows" in more.err


def test_scores_of_a_file_are_of_the_rows_that_can_be_read_and_predictions_of_all(tmp_path: Path) -> None:
    with_bad_rows(tmp_path)
    assert modelc("train", "good.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path).code == 0
    scores = modelc("evaluate", "run", "bad.csv", cwd=tmp_path)
    assert scores.code == 0 and "150 rows of bad.csv" in scores.out
    assert "8 of 158 rows (5.1 %) are left out" in scores.err
    same = modelc("evaluate", "run", "good.csv", cwd=tmp_path)
    assert scores.out.splitlines()[-1] == same.out.splitlines()[-1]
    predicted = modelc("predict", "run", "bad.csv", "-o", "-", cwd=tmp_path)
    assert predicted.code == 4 and predicted.out == ""
    assert "note: a prediction stands for each row" in predicted.err


def test_of_each_row_it_is_said_which_source_it_is_of(tmp_path: Path) -> None:
    expected = with_bad_rows(tmp_path)
    for part in ("validation", "test"):
        lines = (tmp_path / "good.csv").read_text().splitlines()[:30]
        (tmp_path / f"{part}.csv").write_text("\n".join([*lines, "3,40"]) + "\n")
    own = "validation: {csv: validation.csv}\n  test: {csv: test.csv}"
    (tmp_path / "bad.yaml").write_text((tmp_path / "bad.yaml").read_text().replace("validation: 0.2", own))
    ended = modelc("train", "bad.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path)
    assert ended.code == 0, ended.err
    found = [(row["of"], row["file"], row["line"]) for row in skipped_in(tmp_path / "run")]
    assert found[: len(expected)] == [("source", "bad.csv", line) for line, _ in expected]
    assert sorted(found[len(expected) :]) == [("test", "test.csv", 31), ("validation", "validation.csv", 31)]


def test_the_data_command_lists_them(tmp_path: Path) -> None:
    expected = with_bad_rows(tmp_path)
    shown = modelc("data", "bad.yaml", cwd=tmp_path)
    assert shown.code == 0 and "8 of 158 rows (5.1 %) are left out" in shown.out
    for line, fault in expected:
        assert f"  line {line} of 'bad.csv': {fault}" in shown.out
    facts = json.loads(modelc("data", "bad.yaml", "--format", "json", cwd=tmp_path).out)
    assert [(row["line"], row["file"]) for row in facts["skipped_rows"]] == [(line, "bad.csv") for line, _ in expected]
    assert facts["parts"]["training"]["rows"] == 120
    # A row is called by its number in the file.
    for row in facts["rows"]:
        assert row["place"] == f"line {row['row'] + 2} of 'bad.csv'"


def test_new_rows_are_compared_without_those_that_the_source_cannot_read(tmp_path: Path) -> None:
    expected = dict(with_bad_rows(tmp_path))
    assert modelc("train", "good.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path).code == 0
    ended = modelc("data", "run", "bad.csv", "--format", "json", cwd=tmp_path)
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    skipped = {row["line"]: row["reason"] for row in found["skipped_rows"]}
    assert len(skipped) == 3 and all(reason in expected[line] for line, reason in skipped.items())
    assert {row["file"] for row in found["skipped_rows"]} == {"bad.csv"} and found["rows"] == 155
    lines = (tmp_path / "bad.csv").read_text().splitlines()
    (tmp_path / "rest.csv").write_text("\n".join(one for at, one in enumerate(lines, 1) if at not in skipped) + "\n")
    rest = json.loads(modelc("data", "run", "rest.csv", "--format", "json", cwd=tmp_path).out)
    # What is missing or not known is no bad row here: it is what the comparison is for.
    assert rest["skipped_rows"] == [] and rest["columns"] == found["columns"]
    assert found["columns"]["kind"]["unseen"] == {"castle": 1} and found["columns"]["price"]["missing"] > 0
    shown = modelc("data", "run", "bad.csv", cwd=tmp_path).out
    assert "3 of 158 rows (1.9 %) are left out" in shown and "`rooms` 'many' is no number" in shown
    huge = "99999999999999999999,40,2026-01-31,flat,9"
    (tmp_path / "huge.csv").write_text("\n".join([*lines, huge]) + "\n")
    other = json.loads(modelc("data", "run", "huge.csv", "--format", "json", cwd=tmp_path).out)
    # Of a column that cannot be compared at all, no value makes a row bad.
    assert [*other["changed"]] == ["rooms"] and other["rows"] == 157
    torn = [row["line"] for row in found["skipped_rows"] if not row["column"]]
    assert [row["line"] for row in other["skipped_rows"]] == torn
    (tmp_path / "torn.csv").write_text("\n".join([HEADER, *good_rows(5), *["3,40"] * 60]) + "\n")
    few = modelc("data", "run", "torn.csv", cwd=tmp_path)
    assert few.code == 4 and "of 65 rows 5 can be read" in few.err and "line 7 of 'torn.csv'" in few.err


def test_without_the_key_each_of_them_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.replace("  on_bad_row: skip\n", "").replace("FILE", "a.csv"))
    for bad in BAD:
        (tmp_path / "a.csv").write_text("\n".join([HEADER, *good_rows(), bad]) + "\n")
        assert modelc("validate", "--data", "spec.yaml", cwd=tmp_path).code == 1, bad


def test_rows_that_only_the_seed_chooses_are_bad_wherever_they_would_be(tmp_path: Path) -> None:
    with_bad_rows(tmp_path)
    counts = set()
    for seed in range(5):
        found = modelc("data", "bad.yaml", "--format", "json", "--set", f"data.seed={seed}", cwd=tmp_path)
        facts = json.loads(found.out)
        counts.add(
            (facts["parts"]["training"]["rows"], facts["parts"]["validation"]["rows"], len(facts["skipped_rows"]))
        )
    assert counts == {(120, 30, 8)}


@pytest.mark.parametrize(
    "split",
    [
        "{fraction: 0.2, group_by: kind}",
        "{fraction: 0.2, stratify: kind}",
        "{folds: {count: 3, fold: 1}}",
        "{last: 20}",
    ],
)
def test_splits_are_those_of_a_file_without_these_rows(tmp_path: Path, split: str) -> None:
    with_bad_rows(tmp_path)
    parts = []
    for name in ("good", "bad"):
        found = modelc(
            "data", f"{name}.yaml", "--format", "json", "--set", f"data.validation={split}", "--rows", "9", cwd=tmp_path
        )
        assert found.code == 0, found.err
        facts = json.loads(found.out)
        parts.append((facts["parts"], [row["raw"] for row in facts["rows"]]))
    assert parts[0] == parts[1]


def test_a_table_that_is_no_table_of_the_spec_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join([HEADER, *["x,y,z,flat,1"] * 50, *good_rows(5)]) + "\n")
    (tmp_path / "spec.yaml").write_text(SPEC.replace("FILE", "a.csv"))
    ended = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1 and "error[E404]: of 55 rows 5 can be read" in ended.err + ended.out
    assert "`rooms` 'x' is no number" in ended.err + ended.out


def test_rows_of_a_reader_go_with_no_rows_that_are_left_out(tmp_path: Path) -> None:
    text = SPEC.replace(
        "{number: {column: price, standardize: true}}", "{array: {column: price, rows: [0, 100], shape: [1]}}"
    )
    (tmp_path / "spec.yaml").write_text(text.replace("FILE", "a.csv"))
    ended = modelc("validate", "spec.yaml", cwd=tmp_path)
    assert (
        ended.code == 1 and "E108" in ended.out + ended.err and "`on_bad_row` goes by the rows" in ended.out + ended.err
    )


IMAGES = """\
modelc: 1
model:
  inputs: {photo: {shape: [4, 4, 1], dtype: uint8}}
  layers: [rescaling: 1/255, flatten, dense: 2, {softmax, name: kind}]
data:
  source: {files: "photos/*/*.png"}
  on_bad_row: skip
  inputs: {photo: {image: file}}
  targets: {kind: {category: {column: folder, classes: [cat, dog]}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""


def test_files_that_are_no_images_are_left_out_by_name(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    for place in range(24):
        folder = tmp_path / "photos" / ("cat", "dog")[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (4, 4), "uint8")).save(folder / f"{place:02d}.png")
    (tmp_path / "photos/cat/04.png").write_bytes(b"no image")
    whole = (tmp_path / "photos/dog/05.png").read_bytes()
    (tmp_path / "photos/dog/05.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "spec.yaml").write_text(IMAGES)
    ended = modelc("train", "spec.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path)
    assert ended.code == 0, ended.err
    listed = skipped_in(tmp_path / "run")
    assert [row["value"] for row in listed] == ["photos/cat/04.png", "photos/dog/05.png"]
    assert "has no image of a format that is read" in str(listed[0]["reason"])
    assert "22 training" in ended.out
