"""What a target is, by all of its values."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from modelc.compiler.api import check_file
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.dataset import complete, read_dataset
from modelc.runtime.drafting.draft import draft


def write(folder: Path, values: list[Any], kind: str) -> tuple[Root, str]:
    """A table with a column of numbers, and `y` with `values`, again and again."""
    rows = [{"x": index / 7, "y": values[index % len(values)]} for index in range(120)]
    path = folder / f"rows.{kind}"
    if kind == "csv":
        path.write_text("x,y\n" + "".join(f"{row['x']},{row['y']}\n" for row in rows))
    else:
        lines = folder / "rows.jsonl"
        lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
        if kind == "parquet":
            duckdb.sql(f"copy (select * from read_json('{lines}')) to '{path}' (format parquet)")
    return Root(folder, folder), path.name


def classes_of(folder: Path, values: list[Any], kind: str) -> Any:
    """The classes of the target in the drafted spec, once it has been read with its data; None for a number."""
    root, name = write(folder, values, kind)
    (folder / "spec.yaml").write_text(draft(root, name, "y"))
    checked = check_file(folder / "spec.yaml")
    assert checked.problems == () and checked.task is not None
    task, problems = complete(checked.task, root)
    assert problems == ()
    dataset = read_dataset(task, root)
    assert dataset.validation is not None
    binding = (task.targets or {})["y"]
    learnt = binding.reader.classes_learnt(dataset.train.learnt.of(binding))
    return learnt or binding.classes


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["cat", "dog"], ("cat", "dog")),
        (["no", "yes", "null", "1"], ("1", "no", "null", "yes")),
        ([0, 1], 2),
        ([0, 1, 2, 3], 4),
        ([k / 3 for k in range(120)], None),
        ([300_000 + 7 * k for k in range(120)], None),
        ([k * 10 for k in range(15)], None),
    ],
)
def test_what_it_is(values: list[Any], classes: Any, kind: str, tmp_path: Path) -> None:
    assert classes_of(tmp_path, values, kind) == classes


@pytest.mark.parametrize(("kind", "classes"), [("csv", ("3", "5", "10")), ("parquet", ("10", "3", "5", "unknown"))])
def test_integers_that_do_not_count_from_0_are_names(kind: str, classes: Any, tmp_path: Path) -> None:
    found = classes_of(tmp_path, [3, 5, 10], kind)
    assert found == classes or set(found) == set(classes)


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_yes_and_no_are_classes(kind: str, tmp_path: Path) -> None:
    assert classes_of(tmp_path, [True, False, False], kind) == ("false", "true")


def test_texts_that_numpy_itself_cannot_sort_are_told(tmp_path: Path) -> None:
    names = sorted(f"{number % 4}_{number}" for number in range(1_500)) * 2
    rows = "".join(f"{name},{index % 2}\n" for index, name in enumerate(names))
    (tmp_path / "rows.csv").write_text("name,y\n" + rows)
    assert "y: " in draft(Root(tmp_path, tmp_path), "rows.csv", "y")
    with pytest.raises(RunError, match="different values"):
        draft(Root(tmp_path, tmp_path), "rows.csv", "name")
