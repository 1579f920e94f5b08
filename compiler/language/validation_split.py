"""The validation split: the value of `data.validation`, and the rows that it draws.

A row is drawn by (seed, row) alone: not by how many rows there are, their order in an epoch, or the batch size.
"""

from hashlib import blake2b
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.registry import refuse


class Validation(BaseModel):
    """`0.1` or `5000` (a share or a count of rows, drawn by the seed), `{first: 5000}` or `{last: 5000}`.

    Exactly one field is set: `drawn` is a share when it is a float, a count when it is an int. `model_dump()` gives the
    notation back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    first: Annotated[int, Field(ge=1)] | None = None
    last: Annotated[int, Field(ge=1)] | None = None
    drawn: int | float | None = None

    @model_validator(mode="before")
    @classmethod
    def read(cls, raw: Any) -> Any:
        """The notation as fields. Raises a custom error for anything but a share, a count or a mapping of one key."""
        raw = read_ratio(raw)
        if isinstance(raw, dict):
            if "drawn" in raw:
                refuse("extra_forbidden", "unknown key", ("drawn",), raw["drawn"])
            if len(raw) != 1 and raw.keys() <= {"first", "last"}:
                raise PydanticCustomError("split_keys", "expected exactly one of `first` and `last`")
            return raw
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise PydanticCustomError(
                "split",
                "expected a fraction such as 0.1, a count of rows, `{first: N}` or `{last: N}`",
                {"label": "no fraction or count"},
            )
        if isinstance(raw, float) and not 0 < raw < 1:
            raise PydanticCustomError("split_share", "a fraction of the rows is between 0 and 1, a count is an integer")
        if raw < 1 and isinstance(raw, int):
            raise PydanticCustomError("split_count", "expected at least 1 row; remove the key for no validation")
        return {"drawn": raw}

    @model_validator(mode="after")
    def need_one(self) -> Self:
        if self.first is None and self.last is None and self.drawn is None:
            raise PydanticCustomError("split_keys", "expected a count of rows after `first` or `last`")
        return self

    @model_serializer
    def dump(self) -> float | int | dict[str, int] | None:
        if self.first is not None:
            return {"first": self.first}
        return self.drawn if self.last is None else {"last": self.last}

    def size(self, rows: int) -> int:
        """How many of `rows` rows validate: a share is rounded, and at least 1.

        Raises RunError E404 when no row is left to train on.
        """
        if isinstance(self.drawn, float):
            size = max(round(rows * self.drawn), 1)
        else:
            size = self.first or self.last or self.drawn or 0
        if size >= rows:
            raise RunError(
                "E404",
                f"`validation` takes {size:,} of {rows:,} rows, which leaves none to train on",
                helps=("give a smaller count, or a fraction such as `0.1`",) if rows > 1 else (),
            )
        return size

    def choose(self, rows: int, seed: int) -> tuple[NumpyArray, NumpyArray]:
        """The rows to train on and the rows that validate, out of `rows`, both ascending.

        Raises RunError E404 when no row is left to train on.
        """
        size = self.size(rows)
        chosen = np.zeros(rows, dtype=bool)
        if self.first is not None:
            chosen[:size] = True
        elif self.last is not None:
            chosen[rows - size :] = True
        else:
            chosen[np.argsort(random_sort_keys(rows, seed), kind="stable")[:size]] = True
        return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def read_validation(raw: Any) -> Validation:
    """The value of `data.validation`. Raises pydantic's ValidationError, whose locations are paths below `raw`."""
    return Validation.model_validate(raw)


def random_sort_keys(rows: int, seed: int) -> NumpyArray:
    """A random 64-bit sort key for each row, a function of the seed and the row's number: the smallest keys are drawn.

    Philox counts (Salmon et al., 2011): its k-th value depends on nothing but the key and k.
    """
    key = int.from_bytes(blake2b(f"modelc/validation/{seed}".encode(), digest_size=16).digest(), "little")
    return np.random.Philox(key=key).random_raw(rows)
