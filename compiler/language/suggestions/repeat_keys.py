"""What stands for keys and values of `repeat` as others count copies: `{times: 2, start: 1}`, `{for: w, in: [8, 16]}`, a list."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.syntax.document import COPIES as COPIED

COPIES = 'copies that differ are counted: `repeat: {times: 3, index: i}`, with values such as `"${[1, 2, 4][i]}"`'
STEPS = ("by", "step", "stride")
STARTS = ("begin", "first", "from", "offset", "start")


def counted(repeat: Any) -> str:
    """What to write for the unknown keys of a `repeat`."""
    given = {key: one for key, one in repeat.items() if key != COPIED} if isinstance(repeat, Mapping) else {}
    words = [one for name, one in given.items() if isinstance(one, str) and NAME.fullmatch(one) and name != "tied"]
    index = words[0] if words else "i"
    used = f"`${index}`" if words else "the value"
    values = next((one for one in given.values() if isinstance(one, list)), None)
    if values:
        return of_values(values, used)
    start = next((one for name, one in given.items() if name in STARTS and is_count(one)), 0)
    step = next((one for name, one in given.items() if name in STEPS and is_count(one)), 1)
    if not start and step == 1:
        return COPIES
    number = index if step == 1 else f"{step} * {index}"
    number = f"{number} + {start}" if start else number
    return f'copies are counted from 0, as `index: {index}`: write `"${{{number}}}"` where the number is used'


def of_values(values: list[Any], used: str = "the value") -> str:
    """How copies get one each of `values`, as what is now `used`."""
    written = f'`"${{{flow(values)}[i]}}"`'
    return f"copies are counted: write `repeat: {{times: {len(values)}, index: i}}` and {written} where {used} is used"


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
