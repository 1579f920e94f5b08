"""Field types for numbers as the spec language writes them: ratios such as `1/255`, and sizes given once or per axis."""

import re
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any

import pydantic
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError, core_schema

Field = pydantic.Field
"""Describes and bounds a field; here, so that what fields are made of comes from one module."""

RATIO = re.compile(r"\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*/\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*")


def read_ratio(value: Any) -> Any:
    """`"1/255"` as a float; anything that is not a ratio unchanged. Raises for one by zero, or beyond all numbers."""
    match = RATIO.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    try:
        ratio = float(match[1]) / float(match[2])
    except ZeroDivisionError:
        raise PydanticCustomError("ratio_by_zero", "a ratio cannot divide by zero") from None
    except ValueError:
        return value
    if not isfinite(ratio):
        raise PydanticCustomError("ratio_not_finite", "a ratio must be a finite number")
    return ratio


@dataclass(frozen=True, slots=True)
class ReadSizes:
    """A validator that turns one size into `count` equal ones, and a list of `count` into a tuple."""

    count: int

    def __call__(self, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return (value,) * self.count
        if isinstance(value, list) and len(value) != self.count:
            raise PydanticCustomError(
                "wrong_count",
                "expected one size or a list of {count}, got a list of {given}",
                {"count": self.count, "given": len(value)},
            )
        return read_axes(value)


@dataclass(frozen=True, slots=True)
class ReadRange:
    """A validator that turns one number into a range, from as much below zero, but no less than `least`, up to it.

    With `twice` it stands for both of two numbers that are no range. A list of two becomes a tuple. All numbers lie from
    `least` to `most`.
    """

    least: float
    most: float = 1
    twice: bool = False

    def __call__(self, value: Any) -> Any:
        given = [read_ratio(part) for part in value] if isinstance(value, list) else [read_ratio(value)]
        numbers = [part for part in given if isinstance(part, int | float) and not isinstance(part, bool)]
        if len(given) not in (1, 2) or (isinstance(value, list) and len(given) == 1):
            raise PydanticCustomError(
                "wrong_count", "expected one number or a list of 2, got a list of {given}", {"given": len(given)}
            )
        if len(numbers) < len(given):
            if isinstance(value, list | tuple):
                return read_tuple(value)
            raise PydanticCustomError("no_number", "expected a number or a list of 2")
        for number in numbers:
            if not self.least <= number <= self.most:
                raise PydanticCustomError(
                    "out_of_range",
                    "expected numbers from {least} to {most}, got {given}",
                    {"least": f"{self.least:g}", "most": f"{self.most:g}", "given": f"{number:g}"},
                )
        if len(numbers) == 1:
            (number,) = numbers
            return (number, number) if self.twice else (max(-abs(number), self.least), abs(number))
        if not self.twice and numbers[0] > numbers[1]:
            raise PydanticCustomError("wrong_order", "expected the smaller number first")
        return tuple(numbers)


@dataclass(frozen=True, slots=True)
class OrWord:
    """Annotation of a field that takes one word beside values of the type `other`."""

    word: str
    other: Any

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        def validate(raw: Any, inner: Any) -> Any:
            return raw if isinstance(raw, str) and raw == self.word else inner(raw)

        # Not a union: the places of its errors would name its parts.
        return core_schema.no_info_wrap_validator_function(
            validate,
            handler.generate_schema(self.other),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value),
        )


def read_tuple(value: Any) -> Any:
    """A list as a tuple: strict pydantic would refuse it."""
    return tuple(value) if isinstance(value, list) else value


def read_numbers(value: Any) -> Any:
    """One number or ratio, or a list of them, as a tuple."""
    return (value,) if isinstance(value, int | float | str) and not isinstance(value, bool) else read_tuple(value)


def read_names(value: Any) -> Any:
    """One name or a list of them, as a tuple."""
    return (value,) if isinstance(value, str) else read_tuple(value)


def read_axes(value: Any) -> Any:
    """One axis or a list of axes as a tuple; `sizes_type` for what is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if not isinstance(value, list | tuple):
        raise PydanticCustomError("sizes_type", "expected an integer or a list of integers")
    return tuple(value)


Number = Annotated[float, BeforeValidator(read_ratio)]
"""A number, or a ratio such as `1/255`."""
Positive = Annotated[Number, Field(gt=0)]
"""A number above 0."""
Numbers = Annotated[tuple[Number, ...], BeforeValidator(read_numbers), Field(min_length=1)]
"""One number or a list of them."""
NonNegative = Annotated[Number, Field(ge=0)]
"""A number of 0 or more."""
Fraction = Annotated[Number, Field(ge=0, lt=1)]
"""A rate in [0, 1)."""
Size = Annotated[int, Field(ge=1, lt=2**31)]
"""An integer of at least 1."""
Sizes1 = Annotated[tuple[Size], BeforeValidator(ReadSizes(1))]
"""The size along one axis, or a list with it."""
Sizes2 = Annotated[tuple[Size, Size], BeforeValidator(ReadSizes(2))]
"""One size for two axes, or a list of two."""
Sizes3 = Annotated[tuple[Size, Size, Size], BeforeValidator(ReadSizes(3))]
"""One size for three axes, or a list of three."""
Count = Annotated[int, Field(ge=0, lt=2**31)]
"""An integer of at least 0."""
Counts1 = Annotated[tuple[Count], BeforeValidator(ReadSizes(1))]
Counts2 = Annotated[tuple[Count, Count], BeforeValidator(ReadSizes(2))]
Counts3 = Annotated[tuple[Count, Count, Count], BeforeValidator(ReadSizes(3))]
Edges2 = Annotated[tuple[Counts2, Counts2], BeforeValidator(ReadSizes(2))]
"""Before and after each of two axes: one number for all four, one for each axis, or a pair for each axis."""
Edges3 = Annotated[tuple[Counts2, Counts2, Counts2], BeforeValidator(ReadSizes(3))]
Shape = Annotated[tuple[Size, ...], BeforeValidator(read_tuple)]
"""A list of sizes."""
Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(read_names)]
"""One name or a list of them."""
Axis = Annotated[int, Field(ge=-8, le=8, json_schema_extra={"maximum": -1})]
"""Counted from the end. A positive one is read too, so that `plan`, which knows the rank, can name the right one."""
Axes = Annotated[tuple[Axis, ...], BeforeValidator(read_axes), Field(min_length=1)]
"""One axis or a list of them."""
