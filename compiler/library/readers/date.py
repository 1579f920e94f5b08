"""The reader of dates and times as numbers: the month, the weekday, the hour."""

from calendar import isleap, monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import cos, pi, sin
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.fields import Field, read_names
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt, Reader
from modelc.compiler.library.readers.casts import plan_arrays
from modelc.compiler.library.readers.faults import strange_in
from modelc.compiler.library.readers.names import names_in, shortened

Name = Literal["year", "quarter", "month", "day", "day_of_year", "weekday", "hour", "minute", "second"]
"""The parts of a date."""


class Part(NamedTuple):
    """How a part is found in a date: its number, of which the `first` begins anew after `period` of them; None if never."""

    number: Callable[[datetime], int]
    first: int = 0
    period: Callable[[datetime], int] | None = None


PARTS: Mapping[str, Part] = {
    "year": Part(lambda date: date.year),
    "quarter": Part(lambda date: (date.month + 2) // 3, 1, lambda date: 4),
    "month": Part(lambda date: date.month, 1, lambda date: 12),
    "day": Part(lambda date: date.day, 1, lambda date: monthrange(date.year, date.month)[1]),
    "day_of_year": Part(lambda date: date.timetuple().tm_yday, 1, lambda date: 365 + isleap(date.year)),
    "weekday": Part(lambda date: date.weekday(), 0, lambda date: 7),
    "hour": Part(lambda date: date.hour, 0, lambda date: 24),
    "minute": Part(lambda date: date.minute, 0, lambda date: 60),
    "second": Part(lambda date: date.second, 0, lambda date: 60),
}
USUAL = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y",
    "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
"""Formats that people use besides ISO 8601."""
TRIED = 1000
"""As many wrong dates are tried in the usual formats."""
EXAMPLE = datetime(1999, 12, 31, 23, 58, 59)
SIGNS = "%Y year, %m month, %d day, %H hour, %M minute, %S second"


def read_format(value: Any) -> Any:
    """A format of dates, as Python's `strptime` takes it. Raises for one that can read no date."""
    if not isinstance(value, str):
        return value
    try:
        datetime.strptime(EXAMPLE.strftime(value), value)
        right = "%" in value
    except ValueError:
        right = False
    if not right:
        message = "expected a format of dates, as Python's `strptime` has it"
        help = f'for example `format: "%d.%m.%Y"`, with {SIGNS}'
        raise PydanticCustomError("format", message, {"label": "no format", "help": help})
    return value


class DateReader(Reader):
    """A column of dates or times as numbers, `[parts]` in float32, in the order of `parts`.

    `month`, `day`, `day_of_year` and `quarter` count from 1, `weekday` from 0 for Monday to 6, hours, minutes and seconds from 0.
    With `cyclic`, each part is two numbers, `[2 * parts]`: sine and cosine of its angle in a circle that closes after the last
    one, so that December is beside January: `sin(2 pi (month - 1) / 12)`; the circle of `day` has as many days as the month,
    that of `day_of_year` as the year. A `year` does not come again, and is none of these.

    Dates are texts of ISO 8601, such as `2026-01-31`, `2026-01-31 17:30` or `20260131`, or of another `format`. A date without
    a time is at midnight; of a time with an offset, such as `+02:00`, the parts are as it is written.
    """

    primary = "column"
    spellings = ("datetime", "timestamp", "dates", "time")
    example = "date: {column: sold, parts: [month, weekday], cyclic: true}"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("features", "components", "fields", "extract", "units"), "write `parts: [month, weekday]`"),
        **dict.fromkeys(("date_format", "fmt", "datetime_format", "pattern", "strptime"), 'write `format: "{value}"`'),
        **dict.fromkeys(("dayfirst", "yearfirst"), 'say it by the format: `format: "%d/%m/%Y"`'),
        **dict.fromkeys(("sin_cos", "periodic", "circular", "encoding"), "write `cyclic: true`"),
        **dict.fromkeys(("timezone", "tz", "utc"), "remove it: parts are those of the time as it is written"),
    }

    column: Annotated[str, Field(min_length=1, description="Name of the column.")]
    parts: Annotated[
        tuple[Name, ...], BeforeValidator(read_names), Field(min_length=1, description="What is read of each date.")
    ]
    cyclic: Annotated[bool, Field(description="Sine and cosine of each part in place of its number.")] = False
    format: Annotated[
        str | None,
        BeforeValidator(read_format),
        Field(description="How dates are written, as in Python's `strptime`: `%d.%m.%Y`. ISO 8601 if there is none."),
    ] = None

    @property
    def subject(self) -> str:
        return self.column

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (len(self.parts) * (2 if self.cyclic else 1),)

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        message = f"`date` returns floats, but the input takes {wanted and wanted.dtype}"
        need(wanted is None or wanted.is_float, message, help="give the input `dtype: float32`", code="E402")
        twice = next((part for part in self.parts if self.parts.count(part) > 1), None)
        message = f"`{twice}` is twice among the `parts`"
        need(twice is None, message, help="remove one of them", argument="parts", code="E403")
        message = "with `cyclic`, every part begins anew after the last, and a year does not"
        help = "remove `year`, or read it as an input of its own: `date: {column: ..., parts: year}`"
        need(not self.cyclic or "year" not in self.parts, message, help=help, argument="parts", code="E403")
        type_ = None if columns is None else columns[self.column].type
        if type_ is not None:
            message = f"`{self.column}` has {type_.dtype}, expected dates as texts"
            help = "write dates as `2026-01-31`; read numbers, such as seconds, with `number`"
            need(type_.dtype in ("str", "bytes") or type_.is_integer, message, help=help, code="E402")
            message = f"one row of `{self.column}` has {type_.rank} axes, expected one date"
            need(type_.rank == 0, message, help="save each date as a column of its own", code="E402")
        return TensorType(self.row_shape, "float32" if wanted is None else wanted.dtype)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        texts, inverse = names_in(columns[self.column])
        numbers = np.zeros((len(texts), *planned.shape), "float64")
        wrong: dict[int, str] = {}
        for place, text in enumerate(texts):
            date = date_in(text, self.format)
            if date is None:
                wrong[place] = text
            else:
                numbers[place] = self.numbers_of(date)
        if wrong:
            row = int(np.flatnonzero(np.isin(inverse, [*wrong]))[0])
            raise self.no_dates([*wrong.values()], texts[inverse[row]], row)
        return numbers[inverse].astype(planned.dtype)

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        texts, inverse = names_in(columns[self.column])
        wrong = [place for place, text in enumerate(texts) if date_in(text, self.format) is None]
        reason = f"is no date in the format {self.format!r}" if self.format else "is no date of ISO 8601"
        return strange_in(self.column, columns[self.column], np.isin(inverse, wrong), reason)

    def numbers_of(self, date: datetime) -> list[float]:
        """The numbers of one row."""
        found: list[float] = []
        for part in map(PARTS.__getitem__, self.parts):
            number = part.number(date)
            if not self.cyclic:
                found.append(number)
            elif part.period is not None:
                angle = 2 * pi * (number - part.first) / part.period(date)
                found += [sin(angle), cos(angle)]
        return found

    def no_dates(self, wrong: Sequence[str], first: str, row: int) -> RunError:
        """The error for texts that are no dates, of which the `first` is in `row`."""
        count = counted(len(wrong), "different text")
        message = f"`{self.column}` has {count} that {'is' if len(wrong) == 1 else 'are'} no date"
        message += f" in the format {self.format!r}" if self.format else " of ISO 8601"
        fitting = [one for one in USUAL if all(date_in(text, one) is not None for text in wrong[:TRIED])]
        formats = " or ".join(f'`format: "{one}"`' for one in fitting)
        way = f"write {formats}" + (", as they are meant" if len(fitting) > 1 else "")
        if not fitting:
            way = (
                "correct them: ISO dates are `2026-01-31` and `2026-01-31 17:30`; " + f"others have a `format`: {SIGNS}"
            )
        return RunError("E403", f"{message}, the first {shortened(first)!r} in row {row}", helps=(way,), row=row)


def date_in(text: str, format: str | None) -> datetime | None:
    """The date that `text` says; None for one that is no date."""
    try:
        return datetime.fromisoformat(text.strip()) if format is None else datetime.strptime(text.strip(), format)
    except ValueError:
        return None
