"""The reader of several columns of numbers as one input."""

from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Names
from modelc.compiler.library.contracts.reader import is_pattern
from modelc.compiler.library.readers.numeric import NumericReader


class NumbersReader(NumericReader):
    """Several columns of numbers side by side, `[values]` in float32, in the order in which they are named.

    A name may be a pattern, as `room_*` or `q?`: `*` stands for any characters, `?` for one; it is all columns that fit and are
    not named before, in the order of the data. The columns are those of the training rows; they are kept in the run, so
    that a new file may have more. A column with several values in each row gives all of them. `missing` and
    `standardize` are said of each column by itself, as for `number`.
    """

    primary = "columns"
    spellings = ("columns", "features", "numeric_columns", "numerical_columns")
    example = 'numbers: {columns: ["room_*", age, income], missing: median, standardize: true}'

    columns: Annotated[Names, Field(min_length=1, description="Names of the columns, or patterns of them.")]
    without: Annotated[Names, Field(description="Names or patterns of columns that the patterns leave out.")] = ()
    indicate: Annotated[
        bool,
        Field(description="Add as many values again, behind all others: 1 where one was missing, else 0."),
    ] = False

    @property
    def subject(self) -> str:
        return self.columns[0]

    @property
    def indicates(self) -> bool:
        return self.indicate

    def names_among(self, there: Collection[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in self.columns:
            fitting = [name] if name in there or not is_pattern(name) else [one for one in there if fits(one, name)]
            others = [one for one in fitting if one == name or not (one in self.columns or self.leaves_out(one))]
            found |= dict.fromkeys(others if fitting else [name])
        return tuple(found)

    def leaves_out(self, name: str) -> bool:
        """Whether patterns do not stand for the column of this name."""
        return any(name == out or fits(name, out) for out in self.without)


def fits(name: str, pattern: str) -> bool:
    """Whether `pattern` stands for `name`: `*` for any characters, `?` for one, all others for themselves."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))
