"""`parts` of tables: columns that are parts of the texts of another, from each kind of file to predictions."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

import modelc
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.library.sources.tables.text_parts import divided
from modelc.compiler.syntax.file_root import Root
from tests.cli.commands import modelc as command

TEXTS = ["a b.jpg#0", "žluť/c.jpg#12", "d#e.jpg#7#", "#1"]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"image": text, "y": 1}) + "\n" for text in TEXTS))
    (tmp_path / "a.csv").write_text("image,y\n" + "".join(f"{text},1\n" for text in TEXTS))
    with duckdb.connect() as connection:
        connection.execute(f"copy (from read_json('{tmp_path / 'a.jsonl'}')) to '{tmp_path / 'a.parquet'}'")
    return Root(tmp_path, tmp_path / "cache")


def source(kind: str, parts: Any, **arguments: Any) -> Source:
    return SOURCES.build({kind: {"train": f"a.{kind}", "parts": parts, **arguments}})


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_texts_are_divided_where_the_pattern_first_fits(root: Root, kind: str) -> None:
    found = source(kind, {"image": "{file}#{rest}"}, paths={"photo": "photos/{file}"})
    loaded = found.load(root, ["file", "rest", "photo", "y"]).train
    assert {name: column.tolist() for name, column in loaded.items()} == {
        "file": ["a b.jpg", "žluť/c.jpg", "d", None],
        "rest": ["0", "12", "e.jpg#7#", "1"],
        "photo": ["photos/a b.jpg", "photos/žluť/c.jpg", "photos/d", None],
        "y": [1, 1, 1, 1],
    }
    assert {*found.load(root).train} == {"image", "y", "file", "rest", "photo"}
    columns = found.survey(root, ["rest", "photo"]).columns
    assert columns is not None and columns["photo"].has_paths
    assert (columns["rest"].type, columns["rest"].rows) == (columns["photo"].type, 4)


@pytest.mark.parametrize("pattern", ["{a}-{b}", "-{a}--{b}-", "{a}--{b}-{c}--", "{a}b{b}-b", "-{a}"])
def test_parts_are_those_of_the_shortest_match_of_a_regular_expression(pattern: str) -> None:
    names = re.findall("{(.)}", pattern)
    written = re.compile(re.sub("{.}", "(.*?)", pattern))
    texts = ["".join(signs) for length in range(8) for signs in itertools.product("-b", repeat=length)]
    fitting = [match for text in texts if (match := written.fullmatch(text))]
    found = divided("x", pattern, np.array([match[0] for match in fitting]), skips=False)
    assert found == {name: [match[place] for match in fitting] for place, name in enumerate(names, 1)}
    assert sum(one is not None for one in divided("x", pattern, np.array(texts), skips=True)["a"]) == len(fitting) > 9


def test_parts_are_integers_or_numbers_where_all_rows_say_so_or_the_spec(root: Root) -> None:
    (root.folder / "a.csv").write_text("at\n2026-01 1,5\n2027-12 7\n2028-03 NA\n")
    arguments = {"delimiter": ";", "decimal": ",", "missing_values": ["NA"]}
    parts = {"at": "{year}-{month} {price}"}
    loaded = source("csv", parts, **arguments).load(root, ["year", "month", "price"]).train
    assert {name: (str(column.dtype), column.tolist()) for name, column in loaded.items()} == {
        "year": ("int64", [2026, 2027, 2028]),
        "month": ("StringDType()", ["01", "12", "03"]),
        "price": ("float64", [1.5, 7.0, None]),
    }
    declared = source("csv", parts, **arguments, types={"year": "text"})
    assert declared.load(root, ["year"]).train["year"].tolist() == ["2026", "2027", "2028"]
    with pytest.raises(RunError) as caught:
        source("csv", parts, **arguments, types={"month": "integer"}).load(root, ["month"])
    assert "in row 0, line 2 of 'a.csv' '01'" in caught.value.message


def refused(root: Root, text: str, parts: Any) -> RunError:
    (root.folder / "a.csv").write_text(text)
    with pytest.raises(RunError) as caught:
        look_everywhere(root, source("csv", parts))
    return caught.value


def look_everywhere(root: Root, found: Source) -> None:
    found.inspect(root)
    found.load(root, ["number"])


def test_texts_that_do_not_fit_and_columns_that_cannot_be_divided_are_refused(root: Root) -> None:
    parts = {"image": "{file}#{number}"}
    found = refused(root, "image,y\na#1,0\nb,0\nc,0\n", parts)
    assert found.code == "E402"
    assert found.message == "`image` in row 1, line 3 of 'a.csv' does not fit '{file}#{number}': 'b'"
    assert found.notes == ("so it is with 2 values of 3",)
    found = refused(root, "photo,y\na#1,0\n", parts)
    assert found.code == "E401" and "divides the column `image`, which 'a.csv' does not have" in found.message
    found = refused(root, "image,number\na#1,0\n", parts)
    assert found.code == "E404" and "makes the column `number`" in found.message
    found = refused(root, "image,y\n1.5,0\n", {"image": "{file}.{number}"})
    assert found.code == "E402" and "types: {image: text}" in found.helps[0]


@pytest.mark.parametrize(
    "parts",
    [
        "a",
        {"a": "#"},
        {"a": "{b}"},
        {"a": "{b}{c}"},
        {"a": "{b}#{b}"},
        {"a": "{a}#"},
        {"a": "{b#{c}"},
        {"a": 3},
        {"a": "{b}.", "c": "{b}:"},
    ],
)
def test_other_parts_are_refused(parts: Any) -> None:
    with pytest.raises(ValidationError):
        source("csv", parts)


SPEC = """\
modelc: 1
model:
  inputs: {photo: {shape: [4, 4, 3]}}
  layers: [flatten, dense: 8, {repeat_vector: 6}, {dense: {units: "${vocabulary(words)}", activation: softmax}, name: words}]
data:
  source: {csv: {train: captions.txt, delimiter: "\\t", column_names: [image, caption], parts: {image: "{file}#{number}"}, paths: {photo: "photos/{file}"}}}
  inputs: {photo: {image: {column: photo, scale: 1/255}}}
  targets: {words: {text: {column: caption, length: 6, vocabulary: 12}}}
  validation: {fraction: 0.25, group_by: file}
  on_bad_row: skip
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""


def test_captions_of_photos_are_trained_from_the_file_as_it_is_published(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    draw = np.random.default_rng(0)
    lines = []
    for row in range(12):
        name = f"10{row}_69.png"
        Image.fromarray(draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)).save(tmp_path / "photos" / name)
        lines += [f"{name}#{number}\tA dog number {row} runs ." for number in range(3)]
    (tmp_path / "captions.txt").write_text("\n".join([*lines, "a.png\tNo number ."]) + "\n")
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert command("validate", "--data", "spec.yaml", cwd=tmp_path).code == 0
    trained = command("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    rows = [json.loads(line) for line in (tmp_path / "run" / "skipped_rows.jsonl").read_text().splitlines()]
    assert [row["line"] for row in rows] == [37]
    (tmp_path / "new.jsonl").write_text('{"image": "103_69.png#2"}\n')
    found = command("predict", "run", "new.jsonl", "--output", "-", cwd=tmp_path)
    assert found.code == 0 and len(found.out.splitlines()) == 1, found.err


SALES: dict[str, Any] = {
    "modelc": 1,
    "model": {
        "inputs": {"plot": {"shape": [1]}, "page": {"shape": [6], "dtype": "int32"}},
        "nodes": {
            "read": {"from": "page", "layers": [{"embedding": {"input_dim": 9, "output_dim": 2}}, "flatten"]},
            "price": {"from": ["plot", "read"], "layers": ["concatenate", {"dense": 1}]},
        },
        "outputs": ["price"],
    },
    "data": {
        "source": {
            "csv": {"train": "sales.csv", "parts": {"place": "{yard}#{plot}"}, "paths": {"page": "pages/{yard}.txt"}}
        },
        "inputs": {
            "plot": {"numbers": "plot"},
            "page": {"text_file": {"column": "page", "length": 6, "vocabulary": 9, "tokenizer": "characters"}},
        },
        "targets": {"price": {"number": "price"}},
        "on_bad_row": "skip",
    },
    "train": {"loss": "mean_squared_error", "optimizer": {"adam": 0.1}, "epochs": 1, "batch_size": 4},
}


def test_rows_that_a_program_gives_are_divided_as_those_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pages").mkdir()
    for yard in ("north", "south"):
        (tmp_path / "pages" / f"{yard}.txt").write_text(yard)
    places, prices = ["north#3", "south#12", "south#1", "north#7"] * 3, [float(row) for row in range(12)]
    lines = ["place,price", *(f"{place},{price}" for place, price in zip(places, prices, strict=True))]
    (tmp_path / "sales.csv").write_text("\n".join(lines) + "\n")
    run = modelc.train(SALES, run_dir="run")
    expected, scores = run.predict("sales.csv")["price"], run.evaluate("sales.csv")
    given = {"place": places, "price": prices}
    np.testing.assert_array_equal(run.predict(given)["price"], expected)
    assert run.evaluate(given) == scores
    with pytest.warns(UserWarning, match="1 of 13 rows"):
        assert run.evaluate({"place": [*places, "none"], "price": [*prices, 9.0]}) == scores
    np.savez("sales.npz", place=np.array(places), price=np.array(prices))
    np.testing.assert_array_equal(run.predict("sales.npz")["price"], expected)
    # What a program has divided itself is taken as it is.
    yards, plots = zip(*(place.split("#") for place in places), strict=True)
    own = {"plot": [int(plot) for plot in plots], "page": [f"pages/{yard}.txt" for yard in yards]}
    np.testing.assert_array_equal(run.predict(own)["price"], expected)
    for rows, code, said in (
        ({"place": places, "plot": own["plot"]}, "E404", "`parts` makes the column `plot`, and 'the data' has one"),
        ({"place": ["north"]}, "E402", "`place` in row 0 does not fit '{yard}#{plot}': 'north'"),
        ({"place": [3]}, "E402", "`place` has int64, and `parts` divides texts"),
        ({"place": ["north#1", 3]}, "E402", "`place` has texts"),
        ({"price": prices}, "E401", "the data has no column `plot`"),
    ):
        with pytest.raises(RunError) as caught:
            run.predict(rows)
        assert caught.value.code == code and said in caught.value.message, caught.value
