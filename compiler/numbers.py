"""Field types for numbers as the spec language writes them: ratios such as `1/255`, and sizes given once or per axis."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

RATIO = re.compile(r"\s*([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)\s*/\s*([0-9.]+(?:e[-+]?[0-9]+)?)\s*", re.IGNORECASE)


def read_ratio(value: Any) -> Any:
    """`"1/255"` as a float; anything that is not a ratio unchanged. Raises for a ratio by zero."""
    match = RATIO.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    try:
        return float(match[1]) / float(match[2])
    except ZeroDivisionError:
        raise PydanticCustomError("ratio_by_zero", "a ratio cannot divide by zero") from None
    except ValueError:
        return value


def read_sizes(count: int) -> Any:
    """A validator that turns one size into `count` equal ones, and a list of `count` into a tuple."""

    def read(value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return (value,) * count
        return tuple(value) if isinstance(value, list) else value

    return BeforeValidator(read)


def read_tuple(value: Any) -> Any:
    """A list as a tuple: strict pydantic would refuse it."""
    return tuple(value) if isinstance(value, list) else value


Number = Annotated[float, BeforeValidator(read_ratio)]
Positive = Annotated[Number, Field(gt=0)]
NonNegative = Annotated[Number, Field(ge=0)]
Fraction = Annotated[Number, Field(ge=0, lt=1)]
"""In [0, 1): a rate that leaves something over."""
Size = Annotated[int, Field(ge=1, lt=2**31)]
Sizes2 = Annotated[tuple[Size, Size], read_sizes(2)]
Shape = Annotated[tuple[Size, ...], BeforeValidator(read_tuple)]
Axis = Annotated[int, Field(le=-1, ge=-8)]
"""Counted from the end: the batch axis is never written, so a positive axis would be ambiguous."""
