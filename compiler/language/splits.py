"""Splits: the values of `data.validation` and `data.test`, as far as they say which rows of the source are held out."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.base.registry import refuse

WAYS = ("fraction", "rows", "first", "last", "where", "after", "folds")
"""The ways to say which rows are held out, of which a split has one."""
DRAWN = ("fraction", "rows", "folds")
"""Those in which the seed has a part: beside them may stand one of `COLUMNS`."""
COLUMNS = ("group_by", "stratify")
Count = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(min_length=1)]
Scalar = str | bool | int | float
CONFIG = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)


def as_values(raw: Any) -> Any:
    """One value, or a list of values, as a tuple."""
    return tuple(raw) if isinstance(raw, list) else (raw,)


class Where(BaseModel):
    """The rows whose `column` has one of the values `equals`."""

    model_config = CONFIG

    column: Name
    equals: Annotated[tuple[Scalar, ...], Field(min_length=1), BeforeValidator(as_values)]


class After(BaseModel):
    """The rows whose `column` is at least `value`: a number, or a date, as ISO 8601 writes it."""

    model_config = CONFIG

    column: Name
    value: str | int | float


class Folds(BaseModel):
    """The rows of one `fold`, counted from 1, of `count` that have all rows among them."""

    model_config = CONFIG

    count: Annotated[int, Field(ge=2)]
    fold: Count = 1

    @model_validator(mode="after")
    def need_fold(self) -> Self:
        if self.fold > self.count:
            message = f"fold {self.fold} is not there: {self.count} folds are counted from 1"
            refuse("split_fold", message, ("fold",), self.fold)
        return self


class Split(BaseModel):
    """`0.1` or `5000` (a fraction or a number of rows, drawn by the seed), or a mapping with one of the `WAYS`.

    `model_dump()` gives the notation back, the shorter one where there are two.
    """

    model_config = CONFIG

    fraction: float | None = None
    rows: Count | None = None
    first: Count | None = None
    last: Count | None = None
    where: Where | None = None
    after: After | None = None
    folds: Folds | None = None
    group_by: Name | None = None
    stratify: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def read(cls, raw: Any) -> Any:
        """The notation as fields. Raises a custom error for anything but a fraction, a count or a mapping of one way."""
        raw = read_ratio(raw)
        if isinstance(raw, dict):
            raw = {**raw, "fraction": read_ratio(raw["fraction"])} if "fraction" in raw else raw
            ways = [key for key in raw if key in WAYS]
            if raw.keys() <= cls.model_fields.keys() and len(ways) != 1:
                label = {"label": "how are the rows chosen?"}
                raise PydanticCustomError("split_keys", f"expected exactly one of {listed(WAYS)}", label)
            if "fraction" in raw:
                check_fraction(raw["fraction"], ("fraction",))
            return raw
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise PydanticCustomError(
                "split",
                "expected a fraction such as 0.1, a count of rows, `{first: N}` or `{last: N}`",
                {"label": "no fraction or count"},
            )
        if isinstance(raw, float):
            check_fraction(raw)
            return {"fraction": raw}
        if raw < 1:
            raise PydanticCustomError("split_count", "expected at least 1 row; remove the key for none")
        return {"rows": raw}

    @model_validator(mode="after")
    def need_one(self) -> Self:
        if self.way is None:
            raise PydanticCustomError("split_keys", f"expected a value after one of {listed(WAYS)}")
        return self

    @model_serializer
    def dump(self) -> float | int | dict[str, Any] | None:
        given = {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        return next(iter(given.values())) if given.keys() <= {"fraction", "rows"} else given

    @property
    def way(self) -> str | None:
        """Which of the `WAYS` it is."""
        return next((name for name in WAYS if getattr(self, name) is not None), None)

    @property
    def is_drawn(self) -> bool:
        """Whether the seed has a part in which rows these are."""
        return self.way in DRAWN

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The columns that it goes by, each with its place below the split."""
        found: dict[str, tuple[str, ...]] = {}
        for name, part in (("where", self.where), ("after", self.after)):
            found |= {part.column: (name, "column")} if part is not None else {}
        beside = {name: column for name in COLUMNS if (column := getattr(self, name)) is not None}
        return found | {column: (name,) for name, column in beside.items()}

    def size(self, rows: int, left: int) -> int | None:
        """How many rows it takes of a source of `rows` rows, of which so many are `left`: of a fraction, which is rounded, at
        least 1. None where only the columns tell.
        """
        if self.group_by is not None or (self.stratify is not None and self.rows is None):
            return None
        if self.fraction is not None:
            return max(round(rows * self.fraction), 1)
        if self.folds is not None:
            return left // self.folds.count + (self.folds.fold <= left % self.folds.count)
        return self.rows or self.first or self.last

    def misfit(self, kind: str) -> tuple[tuple[str, ...], str, str] | None:
        """Where a column of a `kind`, `texts`, `numbers`, `booleans` or `dates`, is compared with another: the place below the
        split, what is wrong, and what to do.
        """
        if self.where is not None:
            value = next((one for one in self.where.equals if kind_of(one) != kind), None)
            at, column = ("where", "equals"), self.where.column
        elif self.after is not None:
            value = (
                self.after.value if kind_of(self.after.value) not in (kind, *(["texts"] * (kind == "dates"))) else None
            )
            at, column = ("after", "value"), self.after.column
        else:
            return None
        if value is None:
            return None
        help = f'write `"{value}"` in quotes' if kind == "texts" else f"write a value as the {kind} of the column are"
        return at, f"`{column}` has {kind}, which are not compared with `{value}`, one of {kind_of(value)}", help


def kind_of(value: Scalar) -> str:
    """What a column has in which this may be a value."""
    return "texts" if isinstance(value, str) else "booleans" if isinstance(value, bool) else "numbers"


def check_fraction(value: Any, at: tuple[str, ...] = ()) -> None:
    """Raise a custom error for a number that is no fraction of rows."""
    if isinstance(value, float | int) and not isinstance(value, bool) and not 0 < value < 1:
        message = "a fraction of the rows is between 0 and 1, a count is an integer"
        if at:
            refuse("split_share", message, at, value)
        raise PydanticCustomError("split_share", message)


def read_split(raw: Any) -> Split:
    """The value of `data.validation` or `data.test`. Raises pydantic's ValidationError, whose locations are paths below `raw`."""
    return Split.model_validate(raw)


HELD_OUT = ("test", "validation")
"""The keys of rows that are not trained on, in the order in which rows of `source` are drawn for them."""
Splits = Mapping[str, Split]
"""The splits of a data section by their keys, in the order in which they are drawn."""


def sizes(splits: Splits, rows: int) -> dict[str, int]:
    """How many of `rows` rows each of the `splits` takes, by its key, in the order in which they are drawn: up to the first
    of which only the columns tell it.

    Raises RunError E404, `at` the split to blame, where no row is left to train on, or none is held out.
    """
    taken: dict[str, int] = {}
    for key, split in splits.items():
        left = rows - sum(taken.values())
        size = split.size(rows, left)
        if size is None:
            break
        taken[key] = size
        check_taken(key, taken, rows)
    return taken


def check_taken(key: str, taken: dict[str, int], rows: int) -> None:
    """Raise RunError E404 where the split under `key`, the last of those that have `taken` rows, has none or leaves none."""
    if not taken[key]:
        raise RunError("E404", f"`{key}` takes none of {rows:,} rows", at=("data", key))
    if sum(taken.values()) >= rows:
        counts = [f"`{name}` takes {count:,}" for name, count in taken.items()]
        raise RunError(
            "E404",
            f"{' and '.join(counts)} of {rows:,} rows, which leaves none to train on",
            helps=("give a smaller count, or a fraction such as `0.1`",) if rows > 1 else (),
            at=("data", key),
        )
