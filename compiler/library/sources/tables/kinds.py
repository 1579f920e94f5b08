"""Decides the kind of each column of a table from what all rows say, what the spec declares and what training has decided."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.sources.tables.column_types import Counts, Kind
from modelc.compiler.library.sources.tables.csv_faults import Found, shown_values

Sort = str
"""A field of `Counts`."""
WHOLE = ("integers", "long", "wide", "huge")
"""The sorts of integers."""


class Misfit(NamedTuple):
    """Why the values of some sorts cannot be read: the message goes on behind the name of the column."""

    sorts: tuple[Sort, ...]
    what: str
    helps: tuple[str, ...]


def kind_of(name: str, counts: Counts, declared: Kind | None, trained: Kind | None) -> Kind | Misfit:
    """The kind of a column, as the spec has `declared` it, or the rows of training, or as all its values are."""
    if declared is not None:
        return declared_kind(name, counts, declared)
    if trained == "text":
        return "text"
    if counts.missing == counts.rows:
        return trained or "number"
    if counts.texts and trained is not None:
        text = f"`types: {{{name}: text}}`"
        helps = (MISSING, f"or train with {text} in the source: then it is read as text, in both")
        return Misfit(("texts",), "was numbers in the training rows, and is no number here", helps)
    if counts.texts:
        return "text"
    if not counts.numbers and not counts.wide and not counts.huge:
        return "integer"
    rounded = tuple(sort for sort in ("long", "huge") if getattr(counts, sort))
    if not rounded:
        return "number"
    beside = "beside numbers with a fraction" if counts.numbers else "or that int64 has no room for"
    return Misfit(rounded, f"has integers that float64 would round, {beside}", ways(name))


def declared_kind(name: str, counts: Counts, declared: Kind) -> Kind | Misfit:
    """The kind that `types` declares, if all values are of it."""
    if declared == "text" or (declared == "number" and not counts.texts):
        return declared
    helps = (MISSING, f"or write `types: {{{name}: text}}`")
    if declared == "number":
        return Misfit(("texts",), "is declared as `number` in `types`, and has others", helps)
    others = tuple(sort for sort in ("numbers", "texts") if getattr(counts, sort))
    if others:
        helps = (MISSING, f"or write `types: {{{name}: {'text' if counts.texts else 'number'}}}`")
        return Misfit(others, "is declared as `integer` in `types`, and has others", helps)
    if counts.wide or counts.huge:
        return Misfit(("wide", "huge"), "is declared as `integer` in `types`, and has some beyond int64", ways(name))
    return "integer"


MISSING = 'correct these values; if they stand for missing ones, list them: `missing_values: ["", NA]`'


def ways(name: str) -> tuple[str, ...]:
    """What to do about integers that are too large."""
    return (
        f"read them as text: `types: {{{name}: text}}`, which `category` takes",
        f"or ask for the nearest numbers: `types: {{{name}: number}}`",
    )


def misfit_error(name: str, misfit: Misfit, counts: Counts, places: Mapping[str, Sequence[Found]]) -> RunError:
    """The error E402 for a column with values that do not fit; `places` are the first of them, by the file."""
    count = sum(getattr(counts, sort) for sort in misfit.sorts)
    ((shown, found),) = places.items()
    return RunError(
        "E402",
        f"`{name}` {misfit.what}: {counted(count, 'value')}, in {shown!r} {shown_values(found, count)}",
        helps=misfit.helps,
    )
