"""The grammar of windows: what may stand under `data.windows`, and `span` beside a reader."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.shapes import Either, Keys, Names, Need, Shape, Value, integer, text
from modelc.compiler.language.windows import END, PREVIOUS, UNITS

EXAMPLE = "{context: 72, horizon: 24, time: date, group_by: store}"
FREQ = f"a number and a unit ({', '.join(words[0] for words in UNITS.values())}), a number alone for a column of numbers, or `any`"
LONGEST = 10**6
"""Rows of a context, or of a horizon."""


def as_windows(key: str, value: Any, spec: Mapping[str, Any]) -> str:
    """How windows of a length alone are written."""
    context = value if type(value) is int and value > 0 else "72"
    return f"write `{key}: {{context: {context}, horizon: 1}}`, the rows that the inputs and the targets read"


def as_gaps(key: str, value: Any, spec: Mapping[str, Any]) -> str:
    """How the filling of gaps is written that stands there as a word or a number alone."""
    word = value.lower().replace("_", "") if isinstance(value, str) else ""
    written = FILLED if key == "gaps" else f"fill: {PREVIOUS}"
    if "interpol" in word or word in AHEAD:
        return f"write `{written}`: what is behind a gap is not known yet where a forecast is made"
    number = 0 if word in ("zero", "zeros", "constant") else value
    if isinstance(number, int | float) and not isinstance(number, bool):
        numbers = f"fill: {{COLUMN: {number:g}}}"
        numbers = f"gaps: {{{numbers}, limit: 6}}" if key == "gaps" else numbers
        return f"write `{numbers}`, each column that is {number:g} where rows are missing"
    if key == "fill":
        return f"write `{written}`, the values of the row before, or numbers of columns, `fill: {{sales: 0}}`"
    return f"write `{written}`, so many missing rows at most, or `gaps: {END}`"


AHEAD = (
    "linear",
    "nearest",
    "cubic",
    "spline",
    "bfill",
    "backfill",
    "backwardfill",
    "backward",
    "next",
    "mean",
    "median",
)
"""Words for filling gaps by what comes later, without case and underscores."""
FILLED = f"gaps: {{fill: {PREVIOUS}, limit: 6}}"
NUMBERS = Names(
    "`fill`",
    Value({"type": "number"}, "The number of this column in rows that are missing."),
    "The numbers of columns in rows that are missing; all other columns have those of the row before.",
    "the column",
    pattern=r"^[\s\S]+$",
    refers=True,
    if_empty=("no column", f"write `fill: {PREVIOUS}`, or the number of a column, `fill: {{sales: 0}}`"),
)
GAPS = Either(
    Keys(
        "`gaps`",
        {
            "fill": Either(
                NUMBERS,
                value=Value({"type": "string", "enum": [PREVIOUS]}),
                description=f"What stands in missing rows: `{PREVIOUS}`, the values of the row before, or numbers of columns, `{{sales: 0}}`.",
                expected=f"the word `{PREVIOUS}`, or a mapping",
                help=as_gaps,
            ),
            "limit": integer(
                "How many rows that are missing together are filled; longer gaps end windows.", 1, LONGEST
            ),
        },
        (
            Need(("fill",), f"write `{FILLED}`"),
            Need(("limit",), "add `limit: 6`: longer gaps end windows"),
        ),
    ),
    value=Value({"type": "string", "enum": [END]}),
    description=f"What becomes of rows that are missing in a series: `{END}`, which is the default, ends windows; `{{fill: {PREVIOUS}, limit: 6}}` fills them.",
    expected=f"the word `{END}`, or a mapping",
    help=as_gaps,
)
WINDOWS = Keys(
    "`windows`",
    {
        "context": integer("How many rows of a series the inputs read.", 1, LONGEST),
        "horizon": integer("How many rows behind the context the targets read.", 1, LONGEST),
        "stride": integer("How many rows one window begins behind another; by default 1.", 1, LONGEST),
        "time": text(
            "The column by which the rows of a series are ordered: numbers, or dates as ISO 8601 writes them."
        ),
        "group_by": text("The column whose equal values make a series; without it all rows are one."),
        "freq": Value(
            {"type": ["string", "number"]},
            f"How far one row is from the next: {FREQ}; by default the distance that is found most often.",
        ),
        "gaps": GAPS,
    },
    (
        Need(("context",), f"write `windows: {EXAMPLE}`"),
        Need(("horizon",), "add `horizon: 1`, the rows behind the context that the targets read"),
        Need(("time",), "add `time: date`, the column that `freq` is about, or remove `freq`", beside="freq"),
        Need(("time",), "add `time: date`, the column that tells where rows are missing", beside="gaps"),
    ),
    f"How series are cut into windows: `{EXAMPLE}`.",
    help=as_windows,
)
SPANS: Mapping[str, Shape] = {
    "span": Value(
        {"type": "string", "enum": ["context", "horizon", "next", "static"]},
        "With `windows`, what is read of one: the context, the horizon for what is known ahead, or one value a series; `next` of a "
        "target is each row behind one of the context.",
    )
}
"""What may stand beside the reader of an input, of a target, or of the sample weights."""
