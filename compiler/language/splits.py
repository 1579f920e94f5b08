"""Splits: the values of `data.validation` and `data.test`, as far as they say which rows of the source are held out."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.base.registry import refuse

WAYS = ("fraction", "rows", "first", "last")
"""The ways to say which rows are held out, of which a split has one."""
Count = Annotated[int, Field(ge=1)]


class Split(BaseModel):
    """`0.1` or `5000` (a fraction or a number of rows, drawn by the seed), or a mapping with one of the `WAYS`.

    `model_dump()` gives the notation back, the shorter one where there are two.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    fraction: float | None = None
    rows: Count | None = None
    first: Count | None = None
    last: Count | None = None

    @model_validator(mode="before")
    @classmethod
    def read(cls, raw: Any) -> Any:
        """The notation as fields. Raises a custom error for anything but a fraction, a count or a mapping of one way."""
        raw = read_ratio(raw)
        if isinstance(raw, dict):
            raw = {**raw, "fraction": read_ratio(raw["fraction"])} if "fraction" in raw else raw
            ways = [key for key in raw if key in WAYS]
            if raw.keys() <= cls.model_fields.keys() and len(ways) != 1:
                raise PydanticCustomError("split_keys", f"expected exactly one of {listed(WAYS)}")
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
        return self.way in ("fraction", "rows")

    def size(self, rows: int) -> int:
        """How many rows it takes of a source of `rows` rows: of a fraction, which is rounded, at least 1."""
        if self.fraction is not None:
            return max(round(rows * self.fraction), 1)
        return self.rows or self.first or self.last or 0


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


def sizes(splits: "Splits", rows: int) -> dict[str, int]:
    """How many of `rows` rows each of the `splits` takes, by its key, in the order in which they are drawn.

    Raises RunError E404, `at` the split to blame, where no row is left to train on.
    """
    taken: dict[str, int] = {}
    for key, split in splits.items():
        taken[key] = split.size(rows)
        if sum(taken.values()) >= rows:
            counts = [f"`{name}` takes {count:,}" for name, count in taken.items()]
            raise RunError(
                "E404",
                f"{' and '.join(counts)} of {rows:,} rows, which leaves none to train on",
                helps=("give a smaller count, or a fraction such as `0.1`",) if rows > 1 else (),
                at=("data", key),
            )
    return taken


Splits = dict[str, Split]
"""The splits of a data section by their keys, in the order in which they are drawn."""
