"""`modelc evaluate RUN FILE`: new rows score as test rows of the same values do, and what does not fit is named with its line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import Ended, modelc
from tests.cli.test_tables import keep

SPEC = """\
modelc: 1
model:
  inputs: {size: {shape: [2]}}
  nodes:
    body: {from: size, layers: [dense: 8, relu]}
    price: {from: body, dense: 1}
    kind: {from: body, dense: {units: 3, activation: softmax}}
  outputs: [price, kind]
data:
  source: {csv: rows.csv}
  inputs: {size: {numbers: {columns: [rooms, area], standardize: true}}}
  targets:
    price: {number: {column: price, standardize: true}}
    kind: {category: {column: kind, classes: [farm, flat, house]}}
  validation: {where: {column: part, equals: held}}
  test: {csv: later.csv}
train:
  losses: {price: mean_squared_error, kind: cross_entropy}
  metrics: {price: [mean_absolute_error], kind: [accuracy]}
  optimizer: {adam: 0.01}
  epochs: 2
"""


def houses(count: int, seed: int) -> list[dict[str, Any]]:
    """Houses, with the part that a row is of."""
    draw = np.random.default_rng(seed)
    return [
        {
            "rooms": int(draw.integers(1, 9)),
            "area": float(draw.integers(200, 2_000)) / 8,
            "price": float(draw.integers(1_000, 9_000)) / 4,
            "kind": ("farm", "flat", "house")[row % 3],
            "part": "held" if row % 5 == 0 else "seen",
        }
        for row in range(count)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("houses")
    (folder / "houses.yaml").write_text(SPEC)
    keep(folder, houses(60, 0))
    keep(folder, houses(20, 1), "later")
    trained = modelc("train", "houses.yaml", "--run-dir", "run", cwd=folder)
    assert trained.code == 0, trained.err
    return folder


def scores(folder: Path, *arguments: str) -> dict[str, Any]:
    ended = modelc("evaluate", "run", *arguments, "--format", "json", cwd=folder)
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "npz"])
def test_a_file_scores_as_the_test_rows_that_it_has(folder: Path, kind: str) -> None:
    of_test, of_file = scores(folder), scores(folder, f"later.{kind}")
    assert of_file["values"] == of_test["values"]
    assert (of_test["split"], of_test["data"]) == ("test", None)
    assert (of_file["split"], of_file["data"], of_file["rows"]) == (None, f"later.{kind}", 20)
    said = modelc("evaluate", "run", f"later.{kind}", cwd=folder).out.splitlines()
    assert said[1].startswith(f"20 rows of later.{kind}, best weights")


def test_a_single_row_is_called_one(folder: Path) -> None:
    keep(folder, houses(20, 1)[:1], "single")
    assert modelc("evaluate", "run", "single.csv", cwd=folder).out.splitlines()[1].startswith("1 row of single.csv, ")
    assert modelc("predict", "run", "single.csv", "-o", "-", cwd=folder).err.startswith("1 prediction for single.csv: ")


def test_rows_that_training_saw_are_called_so(folder: Path) -> None:
    for kind in ("csv", "parquet"):
        said = modelc("evaluate", "run", f"rows.{kind}", cwd=folder).out.splitlines()[1]
        assert said.startswith(f"60 rows of rows.{kind}, which training saw but for those held out, best weights")
    assert "training saw" not in modelc("evaluate", "run", "later.csv", cwd=folder).out


def test_files_that_training_saw_are_called_so_while_they_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    rows = [(f"texts/{number}.txt", number % 2) for number in range(6)]
    for path, kind in rows:
        (tmp_path / path).write_text("good day" if kind else "bad day")
    (tmp_path / "texts.csv").write_text("file,kind\n" + "".join(f"{path},{kind}\n" for path, kind in rows))
    (tmp_path / "spec.yaml").write_text("""\
modelc: 1
model:
  inputs: {review: {shape: [2], dtype: int32}}
  layers: [embedding: {input_dim: "${vocabulary(review)}", output_dim: 2}, flatten, {dense: {units: 2, activation: softmax}, name: kind}]
data:
  source: {csv: texts.csv}
  inputs: {review: {text_file: {column: file, length: 2, vocabulary: 5}}}
  targets: {kind: {category: {column: kind, classes: 2}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
""")
    trained = modelc("train", "spec.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert "6 rows of texts.csv, which training saw" in modelc("evaluate", "run", "texts.csv", cwd=tmp_path).out
    (tmp_path / "texts/3.txt").write_text("good night")
    changed = modelc("evaluate", "run", "texts.csv", cwd=tmp_path)
    assert "6 rows of texts.csv, best weights" in changed.out, changed.err


def test_the_columns_of_splits_need_not_be_there(folder: Path) -> None:
    rows = [{name: value for name, value in row.items() if name != "part"} for row in houses(20, 1)]
    keep(folder, rows, "without")
    assert scores(folder, "without.csv")["values"] == scores(folder)["values"]


def refused(folder: Path, name: str, text: str) -> Ended:
    (folder / name).write_text(text)
    ended = modelc("evaluate", "run", name, cwd=folder)
    assert ended.code in (1, 4) and ended.out == "" and ended.err.count("error[") == 1, ended.err
    return Ended(ended.code, "", " ".join(ended.err.split()))


def test_a_target_that_is_not_there_is_named(folder: Path) -> None:
    said = refused(folder, "bad.csv", "rooms,area,kind\n3,50,flat\n").err
    assert "error[E401]: the data has no column `price` for `price`" in said
    assert "columns: rooms, area, kind" in said and "`modelc predict RUN FILE` does without" in said
    said = refused(folder, "bad.csv", "rooms,kind,price\n3,flat,100\n").err
    assert "no column `area` for `size`" in said and "modelc predict" not in said


def test_values_that_do_not_fit_are_named_with_their_line(folder: Path) -> None:
    begin = "rooms,area,kind,price\n3,50,flat,100\n\n"
    said = refused(folder, "bad.csv", 'rooms,area,kind,price\n3,50,flat,100\n3,50,"castle",100\n').err
    assert "error[E403]: `kind` has 1 string not among its 3 `classes`: 'castle'" in said
    assert "the first in row 1, line 3 of 'bad.csv'" in said and "the run stays as it was trained" in said
    said = refused(folder, "bad.csv", begin.replace("\n\n", "\n") + "3,50,flat,\n").err
    assert "`price` has 1 missing value, the first in row 1, line 3 of 'bad.csv'" in said
    said = refused(folder, "bad.csv", begin.replace("\n\n", "\n") + "3,50,flat,cheap\n").err
    assert "`price` was numbers in the training rows" in said and "'cheap' in line 3" in said


def test_a_file_without_rows_is_refused(folder: Path) -> None:
    said = refused(folder, "bad.csv", "rooms,area,kind,price\n").err
    assert "error[E404]" in said and "rows" in said


def test_a_file_and_a_split_are_refused(folder: Path) -> None:
    ended = modelc("evaluate", "run", "later.csv", "--split", "test", cwd=folder)
    assert ended.code == 2 and "both `later.csv` and `--split test` choose the rows" in ended.err


def test_arrays_of_another_shape_are_refused(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "modelc: 1\nmodel: {inputs: {x: {shape: [3]}}, layers: [{dense: 2, name: y}]}\n"
        "data: {source: {npz: rows.npz}}\ntrain: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
    )
    x = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=x[:, :2])
    np.savez(tmp_path / "wide.npz", x=x, y=x)
    np.savez(tmp_path / "long.npz", x=x, y=x[:9, :2])
    trained = modelc("train", "s.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    ended = modelc("evaluate", "run", "wide.npz", cwd=tmp_path)
    assert ended.code == 1 and ended.err.count("error[") == 1 and "[3]" in ended.err, ended.err
    ended = modelc("evaluate", "run", "long.npz", cwd=tmp_path)
    assert ended.code == 4 and "error[E404]" in ended.err and ended.err.count("error[") == 1


def test_rows_for_a_data_set_that_has_a_name_are_scored(tmp_path: Path) -> None:
    from modelc.compiler.library.sources import SOURCES
    from modelc.compiler.syntax.file_root import spec_root

    (tmp_path / "s.yaml").write_text(
        "modelc: 1\nmodel: {inputs: {image: {shape: [8, 8]}}, layers: [flatten, {dense: {units: 10, activation: softmax}, "
        "name: digit}]}\ndata: {source: digits, targets: {digit: {category: label}}, validation: {last: 300}}\n"
        "train: {loss: cross_entropy, metrics: [accuracy], optimizer: adam, epochs: 1}\n"
    )
    assert modelc("train", "s.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    columns = SOURCES.find("digits")().load(spec_root(None, None)).train
    np.savez(tmp_path / "last.npz", image=columns["image"][-300:], label=columns["label"][-300:])
    assert scores(tmp_path, "last.npz")["values"] == scores(tmp_path)["values"]
    np.savez(tmp_path / "flat.npz", image=columns["image"][:9, 0], label=columns["label"][:9])
    ended = modelc("evaluate", "run", "flat.npz", cwd=tmp_path)
    assert ended.code in (1, 4) and ended.err.count("error[") == 1 and "[8, 8]" in ended.err, ended.err
