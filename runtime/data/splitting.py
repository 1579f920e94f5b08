"""Which rows of a source are for training, validation and test: those of `test` are drawn first, those of `validation` from
what is left. What is drawn by the seed is said in `split_draws`, what columns mark in `split_columns`.
"""

from dataclasses import dataclass

import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted, listed
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.splits import Split, check_taken, sizes
from modelc.compiler.library.base.distinct import distinct
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.split_columns import marked_rows, split_column
from modelc.runtime.data.split_draws import drawn_groups, drawn_of_classes, drawn_rows, random_sort_keys


@dataclass(frozen=True, slots=True)
class Parts:
    """The places of the rows of each part in their source, ascending; None for a part that the splits do not have. `notes` are
    shown to the user.
    """

    train: Array
    validation: Array | None = None
    test: Array | None = None
    notes: tuple[str, ...] = ()


def split_rows(data: DataSpec, rows: int, columns: Arrays) -> Parts:
    """The parts of so many rows, with the columns that splits go by.

    Raises RunError E404, `at` the split that takes none or leaves none to train on, and E401 to E403 for its column.
    """
    sizes(data.splits, rows)
    left, parts, taken = np.arange(rows), dict[str, Array](), dict[str, int]()
    notes: list[str] = []
    for key, split in data.splits.items():
        chosen = np.zeros(rows, dtype=bool)
        chosen[chosen_rows(data, key, left, rows, columns)] = True
        parts[key], left = np.flatnonzero(chosen), left[~chosen[left]]
        taken[key] = len(parts[key])
        check_groups(split, key, columns, parts[key], left)
        check_taken(key, taken, rows)
        notes += notes_on(split, key, columns, parts, left)
    return Parts(left, parts.get("validation"), parts.get("test"), tuple(notes))


def chosen_rows(data: DataSpec, key: str, left: Array, rows: int, columns: Arrays) -> Array:
    """The rows that the split under `key` takes of those that are `left` of so many."""
    split = data.splits[key]
    size = split.size(rows, len(left))
    if split.first is not None:
        return left[:size]
    if split.last is not None:
        return left[max(len(left) - (size or 0), 0) :]
    if split.where is not None or split.after is not None:
        return left[marked_rows(split, columns, key)[left]]
    rate = rate_of(data, key, rows, len(left))
    if split.group_by is not None:
        values = split_column(columns, split.group_by, ("data", key, "group_by"))[left]
        return left[drawn_groups(split, values, rate, data.seed, key)] if len(left) else left
    if split.stratify is not None:
        values = split_column(columns, split.stratify, ("data", key, "stratify"))[left]
        check_classes(split, key, values)
        return left[drawn_of_classes(split, values, rate, data.seed, key)]
    return drawn_rows(split, left, size, random_sort_keys(rows, data.seed, key))


def rate_of(data: DataSpec, key: str, rows: int, left: int) -> float:
    """Which fraction of the rows that are `left` is the fraction of all rows under `key`. Where `test` is a fraction too, it
    does not depend on how many rows there are.
    """
    fraction, before = data.splits[key].fraction or 0.0, data.splits.get("test")
    if key == "test" or before is None:
        return fraction
    if before.fraction is not None:
        return fraction / (1 - before.fraction)
    return fraction * rows / left if left else 0.0


def check_groups(split: Split, key: str, columns: Arrays, held_out: Array, left: Array) -> None:
    """Raise RunError E404 for groups of which all are held out, or none."""
    if split.group_by is None or (len(held_out) and len(left)):
        return
    groups = len(distinct(np.ma.getdata(columns[split.group_by])[np.concatenate([held_out, left])]).values)
    message = f"`{split.group_by}` has {counted(groups, 'group')}, of which `{key}` takes {'all' if len(held_out) else 'none'}"
    help = "give another size, fewer folds or another `seed` in `data`, or group by a column with more values"
    raise RunError("E404", message, helps=(help,), at=("data", key, "group_by"))


def check_classes(split: Split, key: str, values: Array) -> None:
    """Raise RunError E404 for a column in which no value is there twice."""
    if len(values) > 1 and len(distinct(values).values) == len(values):
        message = f"`{split.stratify}` has another value in each of {len(values):,} rows, so there are no classes to draw from"
        help = "stratify by a column of classes, or remove `stratify`"
        raise RunError("E404", message, helps=(help,), at=("data", key, "stratify"))


def notes_on(split: Split, key: str, columns: Arrays, parts: dict[str, Array], left: Array) -> list[str]:
    """What to say of classes that are too small to be in each part, and of groups that another part has too."""
    if split.stratify is not None:
        names, _, _, counts = distinct(np.ma.getdata(columns[split.stratify])[np.concatenate([parts[key], left])])
        least = split.folds.count if split.folds is not None else 2
        small = [str(name) for name in names[counts < least].tolist()]
        found = f"{len(small):,} {'class' if len(small) == 1 else 'classes'} of `{split.stratify}`"
        fewer = f"has fewer than {least} rows" if len(small) == 1 else f"have fewer than {least} rows each"
        return [f"{found} {fewer}, so that a part has none of them: {listed(small)}"] if small else []
    other = parts.get("test") if key == "validation" else None
    if split.group_by is None or other is None:
        return []
    groups = np.ma.getdata(columns[split.group_by])
    both = np.intersect1d(groups[other], groups[np.concatenate([parts[key], left])])
    shared = f"{counted(len(both), 'group')} of `{split.group_by}` {'has' if len(both) == 1 else 'have'} test rows and others"
    return [f"{shared}: `group_by: {split.group_by}` in `test` too keeps them apart"] if len(both) else []
