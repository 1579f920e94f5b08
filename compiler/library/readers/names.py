"""The names in a column: how frequent each is, the most frequent, and the place of each in a list of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.distinct import distinct
from modelc.compiler.library.base.lazy import NumpyArray, np

SHOWN = 40
"""As many characters of a name are shown in a message."""


def names_in(values: NumpyArray) -> tuple[list[str], NumpyArray]:
    """The distinct names among texts, integers or booleans `values`, and the place of each value in them, of the same shape.

    Integers are their decimal digits, booleans `false` and `true`, bytes UTF-8.
    """
    found = distinct(values)
    return [name_of(item) for item in found.values.tolist()], found.among.reshape(values.shape)


def name_of(item: object) -> str:
    """One value of a column as a name."""
    if isinstance(item, bytes):
        return item.decode(errors="replace")
    return str(item).lower() if isinstance(item, bool) else str(item)


def count_names(values: NumpyArray) -> Counter[str]:
    """The number of times that each name stands in `values`."""
    names, inverse = names_in(values)
    counts: Counter[str] = Counter()
    # Bytes that are no UTF-8 may have the same name.
    for name, count in zip(names, np.bincount(inverse.reshape(-1), minlength=len(names)).tolist(), strict=True):
        counts[name] += count
    return counts


def most_frequent(counts: Mapping[str, int], most: int) -> list[str]:
    """The `most` names that are counted most often, from the most frequent on; of two that are as frequent, in their order."""
    return sorted(counts, key=lambda name: (-counts[name], name))[:most]


def look_up(values: NumpyArray, names: Sequence[str], other: int | None) -> NumpyArray:
    """The place of each name of `values` in `names`, as int32: of those that are not there `other`, or -1 where it is None."""
    there, inverse = names_in(values)
    places = {name: place for place, name in enumerate(names)}
    found = np.array([places.get(name, -1 if other is None else other) for name in there], np.int32)
    labels: NumpyArray = found[inverse]
    return labels


def unknown_names(unknown: Sequence[str], row: int, column: str, among: str, helps: Iterable[str]) -> RunError:
    """The error E403 for names of a `column` that are not `among` those that are known, the first of them in `row`."""
    shown = ", ".join(repr(shortened(name)) for name in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
    message = f"`{column}` has {counted(len(unknown), 'string')} not among {among}: {shown}, the first in row {row}"
    return RunError("E403", message, helps=tuple(helps), row=row)


def shortened(name: str) -> str:
    """`name` as a message shows it."""
    return name if len(name) <= SHOWN else name[: SHOWN - 3] + "..."


def first_names(names: Sequence[str], most: int = 10) -> str:
    """The first of `names`, each cut where it is long, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(shortened, names[:most])) + more
