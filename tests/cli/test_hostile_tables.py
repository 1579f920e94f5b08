"""Tables that are hostile, from the command line: odd names and values in every output, files that are none, and where in the table
what a split cannot take is.
"""

import csv
import json
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.cli.commands import Ended, modelc

CLASSES = ["😀", "\u202e\u05d0\u05d1", 'a,"b"\nc', "' or 1=1; --"]
NAMES = ("größe, 😀", "\u05e9\u05dd", 'kind\n"2"', "id\x1b[31m")
SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [1]}, t: {shape: [], dtype: int32}}
  nodes:
    e: {from: t, embedding: {input_dim: 4, output_dim: 2}}
    kind: {from: [x, e], layers: [concatenate, dense: {units: 4, activation: softmax}]}
  outputs: [kind]
data:
  source: {csv: DATA}
  inputs:
    x: {array: {column: "größe, 😀", shape: [1]}}
    t: {category: {column: "\\u05e9\\u05dd", vocabulary: 4}}
  targets: {kind: {category: {column: "kind\\n\\"2\\"", classes: CLASSES}}}
  validation: 0.2
train: {loss: cross_entropy, metrics: [accuracy], optimizer: adam, epochs: 1, batch_size: 4}
"""
ROWS = [(row / 2, ["\u05d0\u05d1", "👩‍👩‍👧", "x"][row % 3], CLASSES[row % 4], f"\u202e{row}") for row in range(20)]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an odd name, a table with odd names and values, and a run."""
    folder = tmp_path_factory.mktemp("odd") / 'ä b\'s "c"\n😀'
    folder.mkdir()
    path = "dätä 'x'; drop table rows [1]*.csv"
    classes = json.dumps(CLASSES, ensure_ascii=False).replace("\u202e", "\\u202e")
    spec = SPEC.replace("DATA", json.dumps(path, ensure_ascii=False)).replace("CLASSES", classes)
    (folder / "s.yaml").write_text(spec, encoding="utf-8")
    with (folder / path).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([NAMES, *ROWS])
    for command in (("validate", "--data", "s.yaml"), ("summary", "s.yaml"), ("train", "s.yaml", "--run-dir", "run")):
        ended = modelc(*command, cwd=folder)
        assert ended.code == 0 and is_harmless(ended), ended.err
    return folder


def is_harmless(ended: Ended) -> bool:
    """Whether nothing that was printed acts on a terminal, or turns a line around."""
    return not set(ended.out + ended.err) & {"\x1b", "\u202e", "\r", "\0"}


def test_classes_with_odd_names_are_learnt_and_scored(odd: Path) -> None:
    ended = modelc("evaluate", "run", "--format", "json", cwd=odd)
    assert ended.code == 0 and is_harmless(ended) and json.loads(ended.out)["rows"] == 4
    learnt = json.loads((odd / "run" / "readers.json").read_text(encoding="utf-8"))
    assert {ROWS[row][1] for row in range(3)} <= set(str_values(learnt))


def str_values(value: Any) -> Iterator[str]:
    """All texts in data of JSON."""
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from str_values(item)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_predictions_have_odd_names_as_they_are(odd: Path, ending: str) -> None:
    path = next(path.name for path in odd.glob("*.csv") if path.name.startswith("d"))
    ended = modelc("predict", "run", path, "-o", f"p.{ending}", cwd=odd)
    assert ended.code == 0 and is_harmless(ended), ended.err
    ended = modelc("predict", "run", path, "-o", f"q.{ending}", "--columns", f"{NAMES[3]}, kind", cwd=odd)
    assert ended.code == 0 and is_harmless(ended), ended.err
    whole, chosen = (table(odd / f"{name}.{ending}") for name in "pq")
    assert [*whole] == ["kind", *(f"kind/probability/{name}" for name in CLASSES)]
    assert set(whole["kind"]) <= set(CLASSES) and len(whole["kind"]) == 20
    assert chosen == {NAMES[3]: [row[3] for row in ROWS], "kind": whole["kind"]}


def table(path: Path) -> dict[str, list[Any]]:
    """The columns of a table, as others than modelc read them."""
    names: Sequence[str]
    if path.suffix == ".parquet":
        with duckdb.connect() as connection:
            found = connection.execute("from read_parquet($path)", {"path": str(path)})
            names, rows = [column[0] for column in found.description or ()], found.fetchall()
    elif path.suffix == ".jsonl":
        objects = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        names, rows = [*objects[0]], [tuple(one.values()) for one in objects]
    else:
        with path.open(newline="", encoding="utf-8") as file:
            names, *rows = map(tuple, csv.reader(file))
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


HELD = """\
modelc: 1
model:
  inputs: {x: {shape: [1]}, d: {shape: [3]}}
  nodes: {y: {from: [x, d], layers: [concatenate, dense: {units: 3, activation: softmax}]}}
  outputs: [y]
data:
  source: {csv: rows.csv}
  inputs:
    x: {array: {column: x, shape: [1]}}
    d: {date: {column: DATE, parts: [day, month, year], format: FORMAT}}
  targets: {y: {category: {column: y, classes: [a, b, c]}}}
  SPLIT
train: {loss: cross_entropy, optimizer: adam, epochs: 1, batch_size: 4}
"""
COLUMNS = {
    "x": [*range(12)],
    "y": [*"abababababab"],
    "iso": [f"2026-01-{day:02}" for day in range(1, 13)],
    "german": [f"{day:02}.01.2026" for day in range(1, 13)],
    "american": [f"1/{day}/2026" for day in range(1, 13)],
    "group": [*"aaabbbcccddd"],
    "part": ["seen"] * 8 + ["held"] * 4,
}


def held(folder: Path, split: str, changed: dict[str, str], date: str = "iso", format: str = "null") -> Path:
    """The folder with a spec, and a table whose row 9 stands in line 12, with what is `changed` of it."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
    rows[9] |= changed
    lines = [",".join(map(str, row.values())) for row in rows]
    (folder / "rows.csv").write_text("\n".join([",".join(COLUMNS), *lines[:3], "", *lines[3:]]) + "\n")
    spec = HELD.replace("SPLIT", split).replace("DATE", date)
    (folder / "s.yaml").write_text(
        spec.replace(", format: FORMAT", "" if format == "null" else f', format: "{format}"')
    )
    return folder


@pytest.mark.parametrize(("date", "format"), [("iso", "null"), ("german", "%d.%m.%Y"), ("american", "%m/%d/%Y")])
def test_dates_in_three_notations_are_the_same_days(tmp_path: Path, date: str, format: str) -> None:
    weights = []
    for name, given in (("one", ("iso", "null")), ("other", (date, format))):
        folder = tmp_path / name
        folder.mkdir()
        held(folder, "validation: {after: {column: iso, value: 2026-01-09}}", {}, *given)
        ended = modelc("train", "s.yaml", "--run-dir", "run", cwd=folder)
        assert ended.code == 0 and "8 training, 4 validation" in ended.out, ended.err
        weights.append((folder / "run" / "weights" / "last" / "params.safetensors").read_bytes())
    assert weights[0] == weights[1]


MISTAKES = {
    "a date in another notation": ("validation: {after: {column: iso, value: 2026-01-09}}", {"iso": "10.01.2026"}, "E403", "`iso` has `10.01.2026` in row 9, line 12 of 'rows.csv', which is no date as ISO 8601 writes it"),
    "no day": ("test: {after: {column: iso, value: 2026-01-09}}", {"iso": "2026-02-30"}, "E403", "`2026-02-30` in row 9, line 12 of 'rows.csv', which is no day of the calendar"),
    "another zone": ("test: {after: {column: iso, value: 2026-01-09}}", {"iso": "2026-01-10T01:00Z"}, "E403", "in row 9, line 12 of 'rows.csv', which ends otherwise than other dates"),
    "no part": ("validation: {where: {column: part, equals: held}}", {"part": ""}, "E402", "`part` has 1 missing value, the first in row 9, line 12 of 'rows.csv'"),
    "no date": ("validation: {after: {column: iso, value: 2026-01-09}}", {"iso": ""}, "E402", "`iso` has 1 missing value, the first in row 9, line 12 of 'rows.csv'"),
    "no group": ("validation: {fraction: 0.3, group_by: group}", {"group": ""}, "E402", "`group` has 1 missing value, the first in row 9, line 12 of 'rows.csv'"),
    "no class to stratify": ("test: {fraction: 0.3, stratify: group}", {"group": ""}, "E402", "`group` has 1 missing value, the first in row 9, line 12 of 'rows.csv'"),
    "a class that is none, held out": ("validation: {last: 4}", {"y": "z"}, "E403", "`y` has 1 string not among its 3 `classes`: 'z', the first in row 9, line 12 of 'rows.csv'"),
    "a date that is none, held out": ("test: {last: 4}", {"iso": "yesterday"}, "E403", "the first 'yesterday' in row 9, line 12 of 'rows.csv'"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_a_split_or_a_reader_cannot_take_is_named_with_its_line(tmp_path: Path, mistake: str) -> None:
    split, changed, code, words = MISTAKES[mistake]
    held(tmp_path, split, changed)
    for command in (("validate", "--data", "s.yaml"), ("train", "s.yaml")):
        ended = modelc(*command, cwd=tmp_path)
        said = " ".join((ended.out + ended.err).split())
        assert ended.code != 0 and said.count("error[") == 1
        assert f"error[{code}]" in said and words in said, said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_class_that_only_rows_that_are_held_out_have_is_one(tmp_path: Path, part: str) -> None:
    held(tmp_path, f"{part}: {{where: {{column: part, equals: held}}}}", {"y": "c"})
    ended = modelc("train", "s.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 0, ended.err
    found = json.loads(modelc("evaluate", "run", "--split", part, "--format", "json", cwd=tmp_path).out)
    assert found["rows"] == 4 and found["values"]["loss"] > 0


def test_a_group_that_is_in_two_parts_is_said(tmp_path: Path) -> None:
    held(tmp_path, "validation: {fraction: 0.3, group_by: group}\n  test: {where: {column: part, equals: held}}", {})
    ended = modelc("train", "s.yaml", cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert "1 group of `group` has test rows and others" in " ".join((ended.out + ended.err).split())


@pytest.fixture
def strange(tmp_path: Path) -> Iterator[Path]:
    """A folder with what looks like files and is none, in its folder `in`."""
    inner = tmp_path / "in"
    inner.mkdir()
    (tmp_path / "secret").write_text("x,y\n1,2\n")
    for ending in ("csv", "jsonl", "parquet", "npz"):
        (inner / f"folder.{ending}").mkdir()
        os.mkfifo(inner / f"pipe.{ending}")
        (inner / f"device.{ending}").symlink_to("/dev/zero")
        (inner / f"circle.{ending}").symlink_to(f"circle.{ending}")
        (inner / f"nowhere.{ending}").symlink_to("nothing")
        (inner / f"outside.{ending}").symlink_to(tmp_path / "secret")
    (inner / "up").symlink_to(".")
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(inner)
        listening.bind("socket.csv")
        os.chdir(before)
        yield inner


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "npz"])
def test_what_is_no_file_is_refused_and_not_waited_for(strange: Path, ending: str, odd: Path) -> None:
    kinds = {
        "folder": "is a folder",
        "pipe": "is a pipe",
        "device": "points outside",
        "circle": "symbolic links",
        "nowhere": "there is no file",
        "outside": "points outside",
        "socket": "is a socket",
        "up/pipe": "is a pipe",
        "socket.csv/a": "cannot be read",
        "folder.csv/*": "no file fits the pattern",
    }
    for name, words in kinds.items():
        # The only socket is one for csv, and an npz source is a single file.
        if (name == "socket" and ending != "csv") or ("*" in name and ending == "npz"):
            continue
        (strange / "s.yaml").write_text(
            "modelc: 1\nmodel: {inputs: {x: {shape: [1]}}, layers: [{dense: 1, name: y}]}\n"
            f'data: {{source: {{{ending}: "{name}.{ending}"}}}}\n'
            "train: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
        )
        ended = modelc("validate", "--data", "s.yaml", cwd=strange)
        assert ended.code == 1 and ended.out.count("error[") == 1, (name, ended.out)
        assert "error[E405]" in ended.out and words in " ".join(ended.out.split()), (name, ended.out)
    for command in ("predict", "evaluate"):
        for name in ("folder", "pipe", "circle", "nowhere", "device"):
            output = ("-o", "out.csv") if command == "predict" else ()
            ended = modelc(command, str(odd / "run"), f"{name}.{ending}", *output, cwd=strange)
            assert ended.code in (2, 4) and ended.err.count("error[") == 1, (command, name, ended.err)
            assert "Traceback" not in ended.err and not (strange / "out.csv").exists()


def test_other_files_are_no_matter_of_a_pattern(strange: Path) -> None:
    (strange / "s.yaml").write_text(
        "modelc: 1\nmodel: {inputs: {x: {shape: [1]}}, layers: [{dense: 1, name: y}]}\n"
        'data: {source: {csv: "[ab.csv"}}\ntrain: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n'
    )
    ended = modelc("validate", "--data", "s.yaml", cwd=strange)
    assert ended.code == 1 and "no file fits the pattern '[ab.csv'" in " ".join(ended.out.split())
