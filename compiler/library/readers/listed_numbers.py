"""Numbers in texts, such as `0.5 0.25` or `[1, 2, 3]`: several in each value of a column."""

import re
from collections.abc import Iterator

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.number_notation import INTEGER, number_pattern
from modelc.compiler.library.readers.casts import COUNTED
from modelc.compiler.library.readers.names import name_of, shortened

BRACKETS = str.maketrans("[]", "  ")
"""What is around lists, and of which nothing is left."""
INNERMOST = re.compile(r"\[([^\[\]]*)\]")
"""A list without lists in it."""


def listed_numbers(
    column: NumpyArray, name: str, separator: str, count: int, first: int, *, integers: bool
) -> NumpyArray:
    """The numbers in each text of a column called `name`, `[rows, count]` in int64 if they are to be `integers`, else in float64.

    Raises RunError E402 for texts that have others, or whose lists are cut off or uneven, E404 for those that have more or fewer; rows are counted from `first`.
    """
    pattern = re.compile(INTEGER if integers else number_pattern("."))
    result = np.zeros((len(column), count), "int64" if integers else "float64")
    for row, value in enumerate(column.tolist()):
        text = name_of(value)
        parts = [*parts_of(text, separator)]
        wrong = next((part for part in parts if not pattern.fullmatch(part)), None)
        if wrong is not None:
            raise refused(name, wrong, text, first + row, integers=integers)
        if len(parts) != count:
            raise other_count(name, len(parts), count, text, first + row)
        if "[" in text or "]" in text:
            check_lists(name, text, separator, count, first + row)
        numbers = [int(part) for part in parts] if integers else [float(part) for part in parts]
        if any(abs(number) >= COUNTED for number in numbers):
            check_exact(name, parts, text, first + row, integers=integers)
        result[row] = numbers
    return result


def parts_of(text: str, separator: str) -> Iterator[str]:
    """The texts between the separators, without brackets and spaces around them."""
    bare = text.translate(BRACKETS).strip()
    if separator.isspace():
        yield from bare.split()
    else:
        yield from (part.strip() for part in bare.split(separator)) if bare else ()


def check_lists(name: str, text: str, separator: str, count: int, row: int) -> None:
    """Raise RunError E402 unless each bracket in a text with so many numbers has its other one, and all innermost lists are as long."""
    if INNERMOST.fullmatch(text.strip()):
        return
    lengths = [len([*parts_of(inside, separator)]) for inside in INNERMOST.findall(text)]
    left = text
    while (less := INNERMOST.sub("", left)) != left:
        left = less
    if "[" in left or "]" in left:
        message = f"`{name}` in row {row} has a bracket without its other one: {shortened(text)!r}"
        raise RunError(
            "E402", message, helps=("write the whole list: what is cut off may be part of a number",), row=row
        )
    if len({*lengths}) > 1 or sum(lengths) != count:
        message = f"`{name}` in row {row} has lists of different lengths: {shortened(text)!r}"
        raise RunError("E402", message, helps=("write lists of one length, or one list of all numbers",), row=row)


def refused(name: str, part: str, text: str, row: int, *, integers: bool) -> RunError:
    """The error for a part of a text that is no number."""
    what = f"{shortened(part)!r}" if part else "nothing"
    message = f"`{name}` in row {row} has {what} where a {'whole ' * integers}number is expected: {shortened(text)!r}"
    helps = ["write what stands between the numbers as `separator`"]
    if integers and re.fullmatch(number_pattern("."), part):
        helps = ["give the input `dtype: float32`"]
    return RunError("E402", message, helps=tuple(helps), row=row)


def other_count(name: str, found: int, count: int, text: str, row: int) -> RunError:
    """The error for a text with more or fewer numbers than the shape has."""
    message = f"`{name}` in row {row} has {counted(found, 'number')}, and `shape` has {count:,}: {shortened(text)!r}"
    helps = ("say in `shape` how many each row has, and in `separator` what stands between them",)
    return RunError("E404", message, helps=helps, row=row)


def check_exact(name: str, parts: list[str], text: str, row: int, *, integers: bool) -> None:
    """Raise RunError E402 for an integer that int64, or float64, cannot hold."""
    for part in parts:
        if re.fullmatch(INTEGER, part):
            value = int(part)
            held = -(2**63) <= value < 2**63 if integers else abs(value) < 2**1023 and int(float(value)) == value
        else:
            value, held = 0, float(part) not in (float("inf"), float("-inf"))
        if not held:
            beyond = "beyond int64" if integers else "that float64 cannot hold"
            message = f"`{name}` in row {row} has a number {beyond}: {shortened(part)!r}"
            raise RunError(
                "E402", message, helps=("save smaller numbers, such as the differences to one of them",), row=row
            )
