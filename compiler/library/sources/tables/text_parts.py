"""Columns that are parts of the texts of another: `parts: {image: "{file}#{number}"}` of a table with such names."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted, listed
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.contracts.bad_row import shown_value
from modelc.compiler.library.contracts.data_source import Column, FileColumns
from modelc.compiler.library.sources.tables.column_arrays import array_of_texts
from modelc.compiler.library.sources.tables.column_types import Counts, Kind, Notation, row_type
from modelc.compiler.library.sources.tables.kinds import Misfit, kind_of
from modelc.compiler.library.sources.tables.made_paths import PLACE

EXAMPLE = 'for example `parts: {image: "{file}#{number}"}`, where `image` is a column that has `a.jpg#0`'


def read_parts(value: Any) -> Any:
    """Patterns by the column whose texts they divide. Raises for anything else, and for those that do not say where."""
    if not isinstance(value, dict) or not all(isinstance(pattern, str) for pattern in value.values()):
        refuse_parts("expected a pattern for each column that is divided into parts")
    for name, pattern in value.items():
        between = PLACE.split(pattern)[::2]
        if set("".join(between)) & set("{}") or len(between) == 1:
            refuse_parts(f"the pattern of `{name}` has no part in it, or a brace that does not end: {pattern!r}")
        if not all(between[1:-1]) or not any(between):
            refuse_parts(f"nothing stands between two parts of `{name}`, or around the only one: {pattern!r}")
    named = Counter(part_names(value))
    if twice := [name for name, count in named.items() if count > 1 or name in value]:
        refuse_parts(f"{listed(twice)} names two columns: each part has a name of its own")
    return value


def refuse_parts(message: str) -> None:
    """Raise for parts that are none."""
    raise PydanticCustomError("parts", "{message}", {"message": message, "help": EXAMPLE, "label": "no parts"})


Parts = Annotated[
    dict[str, str],
    BeforeValidator(read_parts),
    Field(
        description='Columns that are parts of the texts of another: `{image: "{file}#{number}"}` makes `file` and `number` of the '
        "column `image`. Each part is as short as the pattern allows."
    ),
]


def part_names(parts: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that `parts` makes."""
    return tuple(name for pattern in parts.values() for name in PLACE.findall(pattern))


def divided_for(parts: Mapping[str, str], names: Collection[str] | None) -> Collection[str] | None:
    """The columns of a file that those called `names` are parts of, or that they are; None for all."""
    if names is None:
        return None
    owners = {part: name for name, pattern in parts.items() for part in PLACE.findall(pattern)}
    return [*dict.fromkeys(owners.get(name, name) for name in names)]


def with_parts(columns: FileColumns, parts: Mapping[str, str], shown: str, *, all_needed: bool) -> FileColumns:
    """The `columns` of the file called `shown`, and those of their parts; where not `all_needed`, of columns that are there.
    Raises RunError E401, E404.
    """
    made: dict[str, Column] = {}
    for name, pattern in parts.items():
        there = name in columns or name in columns.refused
        if not there and all_needed:
            message = f"`parts` divides the column `{name}`, which {shown!r} does not have"
            raise RunError("E401", message, notes=(f"columns: {listed([*columns])}",))
        for part in PLACE.findall(pattern) if there else ():
            if part in columns or part in columns.refused:
                message = f"`parts` makes the column `{part}`, and {shown!r} has one that is called so"
                raise RunError("E404", message, helps=("give the part another name",))
            made[part] = Column(None, rows=columns[name].rows if name in columns else None)
    return FileColumns({**columns, **made}, columns.refused)


def divided(name: str, pattern: str, column: NumpyArray, *, skips: bool) -> dict[str, list[str | None]]:
    """The parts of each text of the `column` called `name`, None where it is missing, or, where rows are skipped, does not fit.

    Raises RunError E402 for columns of others than texts, and for a text that does not fit.
    """
    values = np.ma.getdata(column)
    if values.dtype.kind not in "TU" or values.ndim != 1:
        message = f"`{name}` has {values.dtype.name}, and `parts` divides texts"
        raise RunError("E402", message, helps=(f"read it as it is written: `types: {{{name}: text}}`",))
    between, names = PLACE.split(pattern)[::2], PLACE.findall(pattern)
    gone, texts = np.ma.getmaskarray(column), values.tolist()
    found = [None if missing else parts_in(text, between) for text, missing in zip(texts, gone, strict=True)]
    wrong = [row for row, parts in enumerate(found) if parts is None and not gone[row]]
    if wrong and not skips:
        row, several = wrong[0], len(wrong) > 1
        raise RunError(
            "E402",
            f"`{name}` in row {row} does not fit {pattern!r}: {shown_value(texts[row])!r}",
            notes=(f"so it is with {counted(len(wrong), 'value')} of {len(found):,}",) if several else (),
            helps=("correct the pattern in `parts`, or these values", "or leave these rows out: `on_bad_row: skip`"),
            row=row,
        )
    return {name: [None if parts is None else parts[place] for parts in found] for place, name in enumerate(names)}


def parts_in(text: str, between: Sequence[str]) -> list[str] | None:
    """The parts of a text that stand between these others, each as short as it can be; None where it does not fit."""
    first, *middle, last = between
    if not text.startswith(first) or not text.endswith(last):
        return None
    parts, place, end = list[str](), len(first), max(len(text) - len(last), 0)
    for other in middle:
        stop = text.find(other, place, end)
        if stop < 0:
            return None
        parts.append(text[place:stop])
        place = stop + len(other)
    return [*parts, text[place:end]] if place <= end else None


def columns_of_parts(
    texts: Mapping[str, list[str | None]],
    notation: Notation,
    declared: Mapping[str, Kind],
    trained: Mapping[str, Kind],
) -> dict[str, NumpyArray]:
    """The columns of parts, each of the kind that all of its `texts` are, masked where one is missing. Raises RunError E402."""
    found: dict[str, NumpyArray] = {}
    for name, values in texts.items():
        written = ["" if text is None else text for text in values]
        notation_of_parts = Notation(("", *notation.missing_values), notation.decimal)
        sorts = Counter[str]()
        for text, count in Counter(written).items():
            sorts[notation_of_parts.sort_of(text)] += count
        kind = kind_of(name, Counts(**sorts), declared.get(name), trained.get(name))
        if isinstance(kind, Misfit):
            row = next(row for row, text in enumerate(written) if notation_of_parts.sort_of(text) in kind.sorts)
            message = f"`{name}` {kind.what}, in row {row} {shown_value(written[row])!r}"
            raise RunError("E402", message, helps=kind.helps, row=row)
        found[name] = array_of_texts(written, row_type(kind), notation_of_parts)
    return found
