"""Which columns a file of predictions has: those that `--columns "Id, SalePrice=price"` chooses and renames."""

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.likeness import most_alike
from modelc.compiler.diagnostics.phrases import listed
from modelc.runtime.data.arrays import Array, Arrays


class UnfitChoice(Exception):
    """What is wrong with a choice of columns, and what to do."""

    def __init__(self, message: str, *helps: str) -> None:
        super().__init__(message)
        self.message, self.helps = message, helps


class Chosen(NamedTuple):
    """A column of the written file, called `name`: a prediction, or, with `of_file`, a column of the file of the rows."""

    name: str
    column: str
    of_file: bool


def choose(text: str, predictions: Mapping[str, Sequence[str]], there: Collection[str] | None) -> tuple[Chosen, ...]:
    """The columns that `text` names: NAME or NEW=NAME, with commas between, in quotes where a name has a comma.

    `predictions` are the columns that each name of a prediction stands for, `there` the columns of the file of the rows, None
    where the rows are in none. A name of both is the prediction. Raises UnfitChoice.
    """
    items = [item.strip() for item in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(items) or not items:
        raise without_names()
    chosen = tuple(one for item in items for one in columns_of_item(item, predictions, there))
    again = next((name for name, count in Counter(one.name for one in chosen).items() if count > 1), None)
    if again is not None:
        raise UnfitChoice(f"`--columns` has two columns called `{again}`", f"give one another name: `NEW={again}`")
    return chosen


def columns_of_item(
    item: str, predictions: Mapping[str, Sequence[str]], there: Collection[str] | None
) -> Iterator[Chosen]:
    """What one item stands for. Raises UnfitChoice."""
    new, name = parsed(item, {*predictions, *(there or ())})
    if "" in (new, name):
        raise without_names()
    if name in predictions:
        parts = predictions[name]
        if new is not None and len(parts) > 1:
            way = f"name each of them: `NEW={parts[0]}`"
            raise UnfitChoice(f"`{name}` is {len(parts):,} columns, which cannot all be called `{new}`", way)
        yield from (Chosen(part if new is None else new, part, of_file=False) for part in parts)
    elif name in (there or ()):
        yield Chosen(name if new is None else new, name, of_file=True)
    else:
        raise UnfitChoice(f"there is no column `{name}` to write", *ways(name, predictions, there))


def parsed(item: str, known: Collection[str]) -> tuple[str | None, str]:
    """The new name, None for none, and the name of an item; both may have a `=` themselves."""
    if item in known or "=" not in item:
        return None, item
    places = [place for place, sign in enumerate(item) if sign == "="]
    place = next((place for place in places if item[place + 1 :].strip() in known), places[0])
    return item[:place].strip(), item[place + 1 :].strip()


def without_names() -> UnfitChoice:
    """What is wrong with a choice in which a name is empty."""
    example = 'for example `--columns "Id, SalePrice=price"`'
    return UnfitChoice("`--columns` names columns, with commas between", example)


def ways(name: str, predictions: Mapping[str, Sequence[str]], there: Collection[str] | None) -> Iterator[str]:
    """What to do about a name that nothing has."""
    if close := most_alike(name, [*predictions, *(there or ())]):
        yield f"did you mean `{close}`?"
    yield f"predictions: {listed(list(predictions))}"
    if there is None:
        yield "columns of the rows can be written where these are in a file: `modelc predict RUN FILE`"
    else:
        yield f"columns of the rows: {listed(list(there))}"


def both(chosen: Sequence[Chosen], there: Collection[str] | None) -> list[str]:
    """The chosen predictions that the file of the rows has a column of the same name of."""
    return [one.column for one in chosen if not one.of_file and one.column in (there or ())]


def picked(chosen: Sequence[Chosen], predictions: Arrays, rows: Arrays, form: str) -> dict[str, Array]:
    """The chosen columns by their new names. Raises RunError E604 for a column of rows that a file of this form cannot hold."""
    found = {one.name: (rows if one.of_file else predictions)[one.column] for one in chosen}
    for one in chosen:
        shape = list(found[one.name].shape[1:])
        if one.of_file and shape and form in ("csv", "parquet"):
            message = f"the column `{one.column}` is {shape} for each row, too many values for a table"
            raise RunError("E604", message, helps=("write a `.npz` or `.jsonl`, or leave it out of `--columns`",))
    return found
