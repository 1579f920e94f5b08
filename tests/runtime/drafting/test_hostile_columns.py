"""Columns and files with names that mean something in YAML, in specs or on a terminal become specs that read them."""

import csv
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.api import check_file
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.dataset import complete, read_dataset
from modelc.runtime.drafting.draft import draft
from tests.hostile_names import COLUMN, NAME

NAMES = [
    "a: b", "a #b", "'a'", '"b"', "{x}", "[y]", "$x", "$$x", "${1 + 1}", "true", "no", "null", "1", "1.5", "-", "~", "*", "x?", "&a",
    "!b", "%c", "@d", "`e`", "a\tb", "a\nb", " x ", "größe", "日本", "عدد", "😀", "a/b", "a.b", "\u202e", COLUMN, NAME,
    "numbers", "categories", "row", "hidden", "y",
]  # fmt: skip


def write(path: Path, names: list[str], target: str) -> None:
    g = np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, target])
        for row in range(60):
            cells = [f"{g.normal():.3f}" if k % 2 else "xyz"[int(g.integers(0, 3))] for k in range(len(names))]
            writer.writerow([*cells, "ab"[row % 2]])


def drafted_inputs(folder: Path, name: str, target: str) -> set[str]:
    """The columns that the inputs of the drafted spec are read from, once they have been."""
    (folder / "spec.yaml").write_text(draft(Root(folder, folder), name, target), encoding="utf-8")
    checked = check_file(folder / "spec.yaml")
    assert checked.problems == () and checked.task is not None, checked.problems
    task, problems = complete(checked.task, Root(folder, folder))
    assert problems == ()
    read_dataset(task, Root(folder, folder))
    return {column for binding in (task.inputs or {}).values() for column in binding.names}


def test_all_at_once(tmp_path: Path) -> None:
    # A control character has no place in a spec.
    write(tmp_path / "rows.csv", [*NAMES, "\x1b[31m"], "target")
    # Nor has a dollar in front of the key that a column of categories is.
    kept = {name for place, name in enumerate(NAMES) if place % 2 or not name.startswith("$")}
    assert drafted_inputs(tmp_path, "rows.csv", "target") == kept


@pytest.mark.parametrize("target", NAMES)
def test_as_a_target(target: str, tmp_path: Path) -> None:
    write(tmp_path / "rows.csv", ["u", "v"], target)
    assert drafted_inputs(tmp_path, "rows.csv", target) == {"u", "v"}


@pytest.mark.parametrize("stem", ["a b", "größe", "a*b", "x[1]", "$x", "a#b", "true", "-x", "'"])
def test_as_a_file(stem: str, tmp_path: Path) -> None:
    write(tmp_path / f"{stem}.csv", ["u", "v"], "y")
    assert drafted_inputs(tmp_path, f"{stem}.csv", "y") == {"u", "v"}


def test_a_target_that_no_spec_can_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "rows.csv", ["u", "v"], "\x1b[31m")
    with pytest.raises(RunError, match="control characters") as refused:
        draft(Root(tmp_path, tmp_path), "rows.csv", "\x1b[31m")
    assert (refused.value.code, refused.value.helps) == ("E405", ("give the column another name",))
