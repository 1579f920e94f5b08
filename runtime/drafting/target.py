"""What the target is, by all of its values: a number, or classes with their names."""

from typing import NamedTuple

import numpy as np

from modelc.compiler.diagnostics.command_line import shell_word
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.likeness import most_alike
from modelc.compiler.diagnostics.phrases import counted, listed
from modelc.compiler.library.base.distinct import distinct
from modelc.compiler.library.readers.names import name_of
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array
from modelc.runtime.drafting.spec_text import is_writable
from modelc.runtime.drafting.tables import Table, as_text, mistake_in

FEW_CLASSES = 20
"""Integers of up to so many different values may be classes."""
MOST_CLASSES = 100
ROWS_OF_CLASS = 10
"""So many rows an integer has, on average, that is a class."""
RARE = 0.1
"""A smallest class of two with fewer of the rows makes them unbalanced."""


class Target(NamedTuple):
    """A target: `classes` are the names of its classes, or their number where these are learnt or count from 0, None for a
    number. `reason` is why, and how to change it, as a comment says it.
    """

    name: str
    reason: str
    classes: tuple[str, ...] | int | None = None
    learnt: bool = False
    unbalanced: bool = False

    @property
    def number_of_classes(self) -> int:
        """How many classes there are, 0 for a number."""
        return self.classes if isinstance(self.classes, int) else len(self.classes or ())


def need_target(root: Root, table: Table, name: str) -> None:
    """Raise RunError E401 to E403 unless the column called `name` can be a target: it is there, in all rows, and differs."""
    if name not in table.columns:
        close = most_alike(name, [*table.columns])
        advice = (f"did you mean `--target {shell_word(close)}`?",) if close else ()
        notes = (f"columns: {listed([*table.columns])}",)
        raise RunError("E401", f"`{table.arguments['train']}` has no column `{name}`", notes=notes, helps=advice)
    if not is_writable(name):
        message = f"the name of the target `{name}` has control characters, which no spec can have"
        raise RunError("E405", message, helps=("give the column another name",))
    column = table.columns[name]
    gone = np.ma.getmaskarray(column)
    values = np.ma.getdata(column)
    if values.ndim > 1:
        message = f"the target `{name}` has several values in each row"
        raise RunError("E402", message, helps=("choose a column with one value, or write the spec by hand",))
    if values.dtype.kind == "f":
        gone = gone | np.isnan(values)
    if gone.any():
        row = int(np.flatnonzero(gone)[0])
        source = SOURCES.find(table.kind)
        assert source is not None
        place = source.model_validate({"train": (table.arguments["train"],)}).place_of(root, row)
        missing = int(gone.sum())
        message = f"the target `{name}` has no value in {counted(missing, 'row')} of {table.rows:,}"
        message += f", the first in {place or f'row {row}'}"
        helps = (
            "remove these rows: a model cannot be compared with what is not there",
            f"to predict them, train on the others, and give them to `modelc predict` without `{name}`",
        )
        raise RunError("E402", message, helps=helps)
    if len(distinct(values).values) < 2:
        shown = name_of(values[0].item() if hasattr(values[0], "item") else values[0])
        message = f"the target `{name}` is `{shown}` in all rows: there is nothing to learn"
        raise RunError("E403", message, helps=("choose another column, or add rows with other values",))
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise RunError("E403", f"the target `{name}` is infinite in row {row}", helps=("remove such rows",))


def target_of(root: Root, table: Table, name: str) -> tuple[Target, Table]:
    """What the column called `name` is as a target, and the table, with it as text where its integers are names of classes.

    Raises RunError E401 to E403.
    """
    need_target(root, table, name)
    values = np.ma.getdata(table.columns[name])
    found, _, _, counts = distinct(values)
    if values.dtype.kind in "UTb":
        return of_names(root, table, name, found, counts), table
    number = "a number; for classes, read it with `category`, and end the model with a softmax"
    is_integral = values.dtype.kind in "iu" or bool((found == np.trunc(found)).all())
    few = len(found) <= FEW_CLASSES and len(values) >= ROWS_OF_CLASS * len(found)
    if not is_integral or not (len(found) == 2 or few):
        return Target(name, f"{len(found):,} different values: {number}"), table
    reason = (
        f"{len(found)} different integers, so classes. If they are amounts, read them with `number: {{column: ..., "
        "standardize: true}`, and end the model with `dense: 1`, with the loss `mean_squared_error`"
    )
    unbalanced = len(found) == 2 and counts.min() < RARE * len(values)
    if values.dtype.kind in "iu" and found[0] == 0 and found[-1] == len(found) - 1:
        return Target(name, reason, len(found), unbalanced=unbalanced), table
    read = as_text(root, table, name)
    names = np.ma.getdata(read.columns[name])
    if names.dtype.kind in "UT":
        ordered = tuple(sorted(distinct(names).values.tolist(), key=lambda text: float(text.replace(",", "."))))
        return Target(name, reason, ordered, unbalanced=unbalanced), read
    if values.dtype.kind == "f":
        return Target(name, f"{len(found):,} different values: {number}"), table
    reason += "; their names are learnt, and `unknown` is one more"
    return Target(name, reason, len(found) + 1, learnt=True, unbalanced=unbalanced), table


def of_names(root: Root, table: Table, name: str, found: Array, counts: Array) -> Target:
    """A target of texts or booleans."""
    names = tuple(name_of(value) for value in found.tolist())
    if len(names) > MOST_CLASSES or len(names) > table.rows / 2:
        message = f"the target `{name}` is a text with {len(names):,} different values in {table.rows:,} rows"
        note = "a text is taken for the name of a class, of which each needs several rows"
        helps = (
            "choose another column, or group its values",
            "if it is a number, correct what is none in it: `modelc init` lists templates for all else",
        )
        mistake = mistake_in(root, table, name)
        raise RunError("E403", message, notes=(note, *([mistake] if mistake else [])), helps=helps)
    unbalanced = len(names) == 2 and counts.min() < RARE * counts.sum()
    what = "yes and no" if found.dtype.kind == "b" else "texts"
    if not all(name and is_writable(name) for name in names):
        reason = (
            f"{what}, so classes, of which a spec cannot have the names: these are learnt, and `unknown` is one more"
        )
        return Target(name, reason, len(names) + 1, learnt=True, unbalanced=unbalanced)
    return Target(name, f"{what}, so classes, {len(names)} of them", names, unbalanced=unbalanced)
