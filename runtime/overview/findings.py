"""What is odd about the rows of a task: rows in two parts, columns that say nothing or everything, classes that are missing."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.task import SAMPLE_WEIGHT, Task
from modelc.compiler.diagnostics.phrases import counted
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.learning import of_columns
from modelc.runtime.data.variables import Counted, Variable, count_values
from modelc.runtime.data.windows import span_of
from modelc.runtime.overview.class_counts import ClassCounts
from modelc.runtime.overview.giveaways import Candidate, giveaways
from modelc.runtime.overview.outliers import outside
from modelc.runtime.overview.repeated_rows import repeated_rows
from modelc.runtime.overview.row_parts import PartRows

MOST_TARGETS = 20
"""Of more targets the first are looked at."""
SHOWN = 3
"""As many rows, places or names of a finding are named."""

REPEATED = "repeated rows"


class Finding(NamedTuple):
    """One thing that is odd: its kind, a word for programs, the sentence that says what to do, and what it is about.

    `rows` are the numbers of the first rows that it is about, in their source, counted from 0.
    """

    kind: str
    text: str
    columns: tuple[str, ...] = ()
    number: int = 0
    rows: tuple[int, ...] = ()


class Studied(NamedTuple):
    """A variable of the training rows, with its distinct values."""

    variable: Variable
    counted: Counted


def findings(task: Task, parts: Sequence[PartRows], classes: Sequence[ClassCounts]) -> tuple[Finding, ...]:
    """All that is odd, what is worst first."""
    train = parts[0]
    studied = [study(variable.take(train.rows)) for variable in train.source.variables]
    # Rows of series differ in their times.
    repeated = [] if task.windows is not None else list(repetitions(parts))
    return (
        *(one for one in repeated if one.kind != REPEATED),
        *giving_away(task, studied),
        *missing_classes(task, classes),
        *single_classes(classes),
        *(one for one in repeated if one.kind == REPEATED),
        *constants(task, studied, classes),
        *numbers_outside(studied),
    )


def study(variable: Variable) -> Studied:
    return Studied(variable, count_values(variable.present))


def repetitions(parts: Sequence[PartRows]) -> Iterator[Finding]:
    """Rows of one part that are among those of another, and training rows that are there more than once."""
    tables = list({id(part.source): part.source.compared for part in parts}.values())
    found = repeated_rows(tables)
    starts = dict(
        zip(map(id, tables), np.cumsum([0, *(len(next(iter(table.values()))) for table in tables)]), strict=False)
    )
    # Of each part, which of its rows have an equal anywhere, and the first row of all that each is equal to.
    equal: list[tuple[Array, Array]] = []
    for part in parts:
        numbers = part.rows + starts[id(part.source.compared)]
        places = np.searchsorted(found.rows, numbers)
        there = np.flatnonzero(np.isin(numbers, found.rows))
        equal.append((there, found.first[places[there]]))
    again = equal[0][0][~is_first(equal[0][1])]
    # Columns of few values repeat by themselves.
    natural = 2 * len(again) > len(parts[0].rows)
    if not natural:
        for place, part in enumerate(parts):
            for before in range(place):
                yield from in_two_parts(part, parts[before], equal[place], equal[before])
    if len(again):
        yield repeated_in_training(parts[0], again, equal[0], natural=natural)


def is_first(values: Array) -> Array:
    """Of each of `values`, whether no equal one stands before it."""
    mark = np.zeros(len(values), bool)
    mark[np.unique(values, return_index=True)[1]] = True
    return mark


def in_two_parts(
    part: PartRows, other: PartRows, equal: tuple[Array, Array], others: tuple[Array, Array]
) -> Iterator[Finding]:
    """The rows of `part` that are among those of the `other` part too."""
    chosen = np.isin(equal[1], others[1])
    rows = equal[0][chosen]
    if not len(rows):
        return
    twin = others[0][np.flatnonzero(others[1] == equal[1][chosen][0])[0]]
    one, first = part.called(int(rows[0]), place=True), other.called(int(twin), place=True)
    verb = "is" if len(rows) == 1 else "are"
    text = (
        f"{len(rows):,} of {counted(len(part.rows), f'{part.name} row')} {verb} among the {other.name} rows too, equal in all "
        f"columns that are read, as {one} is to {first}: remove them from one of the two, or keep rows that belong together in "
        "one part by `group_by`"
    )
    numbers = tuple(part.number_of(int(row)) for row in rows[:SHOWN])
    yield Finding(f"rows in {other.name} and {part.name}", text, (), len(rows), numbers)


def repeated_in_training(train: PartRows, again: Array, equal: tuple[Array, Array], *, natural: bool) -> Finding:
    """Training rows that are there more than once: those of `again` have an equal before them."""
    numbers = tuple(train.number_of(int(row)) for row in again[:SHOWN])
    count, total = len(again), len(train.rows)
    if natural:
        text = f"the {total:,} training rows have {total - count:,} different ones: their columns have few values, or rows are repeated"
        return Finding(REPEATED, text, (), count, numbers)
    firsts = equal[1][np.searchsorted(equal[0], again[0])]
    twin = equal[0][np.flatnonzero(equal[1] == firsts)[0]]
    one, first = train.called(int(again[0]), place=True), train.called(int(twin), place=True)
    text = (
        f"{counted(count, 'training row')} {'repeats' if count == 1 else 'repeat'} one before, as {one} does {first}: "
        "remove what was saved twice, which counts twice in the loss"
    )
    return Finding(REPEATED, text, (), count, numbers)


def giving_away(task: Task, studied: Sequence[Studied]) -> Iterator[Finding]:
    """Columns that give a target away, and columns that an input and a target read both."""
    # Of windows, what stands before the rows of the target tells nothing that is not known.
    given = [one for one in (task.inputs or {}).values() if task.windows is None or span_of(task, one) == "horizon"]
    inputs = {name for binding in given for name in binding.names}
    # What is known ahead is nothing to be made again.
    is_series = task.windows is not None
    reads = set() if is_series else {frozenset(binding.names) for binding in given}
    wanted = [one for one in of_columns(task) if one.wanted is None and one.name != SAMPLE_WEIGHT]
    for binding in wanted:
        # An input that reads the very same columns is to be made again from itself, as by an autoencoder.
        for name in binding.names if frozenset(binding.names) not in reads else ():
            if name in inputs:
                reader = next(one for one in given if name in one.names)
                text = (
                    f"the input `{reader.name}` reads `{name}`, which is what the target `{binding.name}` is read from: leave it "
                    "out of the input"
                )
                yield Finding("gives the target away", text, (name,))
    targets = {name for binding in wanted for name in binding.names}
    candidates = [
        Candidate(one.variable, len(one.counted.values))
        for one in studied
        if one.variable.column in inputs and one.variable.column not in targets
    ]
    several = [one.variable for one in studied if one.variable.column in targets and len(one.counted.values) > 1]
    for target in several[:MOST_TARGETS]:
        for found in giveaways(candidates, target):
            text = f"{found.how}, in {found.rows:,} training rows: leave it out of the inputs if new rows do not have it yet"
            yield Finding("gives the target away", text, (found.variable, found.target), found.rows)


def missing_classes(task: Task, classes: Sequence[ClassCounts]) -> Iterator[Finding]:
    """Classes that validation or test rows have and training rows lack."""
    drawn = task.data is not None and any(
        split.fraction or split.rows or split.folds for split in task.data.splits.values()
    )
    for one in classes:
        trained = one.counts["training"]
        for part, counts in one.counts.items():
            lacking = [place for place, count in enumerate(counts) if count and not trained[place]]
            if not lacking:
                continue
            names = ", ".join(f"`{one.names[place]}`" for place in lacking[:SHOWN])
            more = f" and {len(lacking) - SHOWN:,} more" if len(lacking) > SHOWN else ""
            rows = sum(counts[place] for place in lacking)
            way = f"`stratify: {one.column}` puts rows of each class into both" if drawn and one.column else ""
            text = (
                f"{counted(rows, f'{part} row')} of `{one.target}` {'is' if rows == 1 else 'are'} of "
                f"{'a class' if len(lacking) == 1 else 'classes'} without training rows, {names}{more}: "
                f"{way or 'choose the rows so that training has some of each class'}"
            )
            yield Finding("class without training rows", text, (one.column,), rows)


def single_classes(classes: Sequence[ClassCounts]) -> Iterator[Finding]:
    """Targets with one class in all training rows."""
    for one in classes:
        there = [name for name, count in zip(one.names, one.counts["training"], strict=True) if count]
        if len(there) == 1:
            text = (
                f"all training rows of the target `{one.target}` are of the class `{there[0]}`: there is nothing to learn; look at "
                "how rows are chosen, and at the column"
            )
            yield Finding("one class", text, (one.column,))


def constants(task: Task, studied: Sequence[Studied], classes: Sequence[ClassCounts]) -> Iterator[Finding]:
    """Columns, or places of their rows, with one value in all training rows."""
    known = {one.column for one in classes}
    by_column: dict[str, list[Studied]] = {}
    for one in studied:
        by_column.setdefault(one.variable.column, []).append(one)
    for column, places in by_column.items():
        same = [one for one in places if len(one.counted.values) == 1 and one.variable.missing is None]
        empty = [one for one in places if not len(one.counted.values)]
        if empty and column not in known:
            text = f"`{column}` has no value in the training rows: leave it out"
            yield Finding("constant column", text, (column,))
        elif same and column not in known:
            value = f"{same[0].counted.values[0]}"
            where = (
                ""
                if len(places) == 1
                else f" at {len(same):,} of the {len(places):,} places of its rows, {listed_places(same)}"
            )
            text = f"`{column}` has the same value in all training rows{where or f', {value}'}: nothing can be learnt of it, leave it out"
            yield Finding("constant column", text, (column,), len(same))


def listed_places(studied: Sequence[Studied]) -> str:
    """The first of the places of variables of one column."""
    names = [one.variable.name.rpartition("[")[2].rstrip("]") for one in studied]
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def numbers_outside(studied: Sequence[Studied]) -> Iterator[Finding]:
    """Numbers far outside of the others."""
    for variable, values in studied:
        if variable.kind not in ("integer", "number") or (found := outside(values)) is None:
            continue
        which = f"{found.least:,.6g}" if found.least == found.most else f"{found.least:,.6g} to {found.most:,.6g}"
        text = (
            f"`{variable.name}` has {counted(found.number, 'value')} far outside, {which}, where all others are "
            f"{found.inner_least:,.6g} to {found.inner_most:,.6g}: correct {'it' if found.number == 1 else 'them'}, or name what "
            "stands for a missing value among the `missing_values` of the source"
        )
        yield Finding("far outside", text, (variable.name,), found.number)
