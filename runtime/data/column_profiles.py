"""What a run keeps of the columns that it was trained on, so that new rows can be compared with them: counts, bounded in number."""

from typing import Literal

import numpy as np

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.library.readers.checks import take_rows
from modelc.compiler.library.readers.date import DateReader
from modelc.compiler.library.readers.text import TextReader
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.learning import of_columns
from modelc.runtime.data.variables import Variable, count_names, kind_of, variables_of
from modelc.runtime.runs.sealed_json import Sealed

FORMAT = 1
MOST_ROWS = 200_000
"""Of more training rows a sample is counted, drawn by a seed of its own; least and most are of all of them."""
INTERVALS = 10
"""As many intervals of numbers are counted, between deciles."""
MOST_NAMES, ALL_NAMES = 1000, 20_000
"""Names of one column, and of all together, that are kept with their counts."""
LONGEST_NAME = 40
"""Where names have more characters on average, or more than half of the rows have names of their own, lengths are counted."""

VariableKind = Literal["number", "name", "length"]


class Numbers(Sealed):
    """How many numbers are in each interval: up to `edges[0]`, from there up to `edges[1]`, ..., above the last.

    Of lengths, those are numbers of characters.
    """

    least: float
    most: float
    edges: list[float]
    counts: list[int]


class Names(Sealed):
    """How many rows have each name: of the most frequent names, and together of the `others`, of which there are so many.

    `once` and `twice` are how many names are there once, and twice.
    """

    counts: dict[str, int]
    others: int
    other_names: int
    once: int
    twice: int


class VariableProfile(Sealed):
    """A column, or one place of its rows, in the training rows that were counted; the values are numbers, names or texts, whose
    lengths are counted. No `numbers` and no `names` where every value is missing.
    """

    kind: VariableKind
    rows: int
    missing: int
    numbers: Numbers | None = None
    names: Names | None = None


class ColumnProfile(Sealed):
    """A column: its type, the shape of one row, and its places; none of arrays of many values, such as images."""

    type: str
    shape: list[int]
    variables: list[VariableProfile]


class Profiles(Sealed):
    """All columns that inputs and targets are read from, in so many training rows."""

    format: int
    rows: int
    columns: dict[str, ColumnProfile]


def profile_columns(task: Task, columns: Arrays, training: Array | slice) -> Profiles:
    """The profiles of the columns that `task` reads, `[rows, ...]` each, in the rows `training`."""
    bindings = bindings_by_column(task)
    taken = {name: take_rows(columns[name], getattr(one.reader, "rows", None)) for name, one in bindings.items()}
    rows = len(np.arange(len(next(iter(taken.values()))))[training])
    kept = min(MOST_NAMES, ALL_NAMES // max(1, len(taken)))
    sampled = sample_of(training, rows)
    found = {}
    for name, column in taken.items():
        whole = variables_read(bindings[name], name, column)
        kind = kind_of(column)
        variables = [profile_of(one, training, sampled, bindings[name], kept) for one in whole]
        found[name] = ColumnProfile(type=kind, shape=list(column.shape[1:]), variables=variables)
    return Profiles(format=FORMAT, rows=rows, columns=found)


def bindings_by_column(task: Task) -> dict[str, Binding]:
    """The columns that are read, with the first input or target that reads each."""
    found: dict[str, Binding] = {}
    for binding in of_columns(task):
        for name in binding.names:
            found.setdefault(name, binding)
    return found


def variables_read(binding: Binding, name: str, column: Array) -> tuple[Variable, ...]:
    """The variables of the column called `name` that `binding` reads.

    Of the files that a reader opens, the paths say nothing; and the places of a row of ids, such as words, are not variables of
    their own.
    """
    is_measured = binding.wanted is not None and binding.wanted.is_float
    if binding.reader.opens_files or (column.ndim > 1 and column.dtype.kind != "f" and not is_measured):
        return ()
    return variables_of({name: column})


def sample_of(training: Array | slice, rows: int) -> Array | slice:
    """The places of the training rows that are counted, ascending."""
    if rows <= MOST_ROWS:
        return training
    chosen = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
    return chosen if isinstance(training, slice) else training[chosen]


def profile_of(
    variable: Variable, training: Array | slice, sampled: Array | slice, binding: Binding, most_names: int
) -> VariableProfile:
    """The profile of one variable of a column that `binding` reads."""
    shown = variable.take(sampled)
    present = shown.present
    rows, missing = len(shown.values), len(shown.values) - len(present)
    are_numbers = shown.kind in ("integer", "number")
    if shown.kind == "text" and isinstance(binding.reader, TextReader | DateReader):
        return VariableProfile(kind="length", rows=rows, missing=missing, numbers=lengths_of(present))
    names = None if are_numbers and binding.classes is None else names_of(present, most_names)
    if are_numbers and names is None:
        numbers = numbers_of(present, variable.take(training).present)
        return VariableProfile(kind="number", rows=rows, missing=missing, numbers=numbers)
    if names is None:
        return VariableProfile(kind="length", rows=rows, missing=missing, numbers=lengths_of(present))
    return VariableProfile(kind="name", rows=rows, missing=missing, names=names)


def numbers_of(counted: Array, every: Array) -> Numbers | None:
    """The intervals of the finite numbers among `counted`, and the range of `every` one; None where there are none."""
    counted, every = (values[np.isfinite(values)].astype("float64") for values in (counted, every))
    if not len(counted):
        return None
    quantiles = np.quantile(counted, np.arange(1, INTERVALS) / INTERVALS, method="inverted_cdf")
    edges = np.unique(quantiles[quantiles < counted.max()])
    return Numbers(
        least=float(every.min()),
        most=float(every.max()),
        edges=edges.tolist(),
        counts=counts_between(edges, counted).tolist(),
    )


def counts_between(edges: Array, values: Array) -> Array:
    """How many of `values` are in each interval between `edges`, the upper edge included."""
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)


def lengths_of(texts: Array) -> Numbers | None:
    """The intervals of the numbers of characters of texts, or of bytes."""
    lengths = np.strings.str_len(texts) if len(texts) else np.zeros(0)
    return numbers_of(lengths, lengths)


def names_of(values: Array, most: int) -> Names | None:
    """The `most` frequent names among `values`; None where they are texts and not names."""
    names, counts = count_names(values)
    total = int(counts.sum())
    characters = sum(len(name) * count for name, count in zip(names, counts.tolist(), strict=True))
    if total and (characters > LONGEST_NAME * total or (len(names) > 20 and 2 * len(names) > total)):
        return None
    order = np.argsort(-counts, kind="stable")
    kept = {names[place]: int(counts[place]) for place in order[:most].tolist()}
    return Names(
        counts=kept,
        others=total - sum(kept.values()),
        other_names=max(0, len(names) - most),
        once=int((counts == 1).sum()),
        twice=int((counts == 2).sum()),
    )
