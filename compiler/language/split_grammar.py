"""The grammar of splits: what may stand under `data.validation` and `data.test`."""

from itertools import combinations

from modelc.compiler.language.field_schema import RATIO, merged, positive_number
from modelc.compiler.language.shapes import Either, Exclusion, Items, Keys, Need, Shape, Thing, Value, integer, text
from modelc.compiler.language.splits import DRAWN
from modelc.compiler.language.suggestions.held_out_rows import as_split
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.sources import SOURCES

FRACTION = merged([{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, RATIO])
COLUMN = text("The column of the source.")
SCALAR = Value({"type": ["boolean", "number", "string"]})
SPLIT_BY = "write `where: {column: split, equals: test}`"
FROM_ON = "write `after: {column: date, value: 2026-01-01}`"
WAYS: dict[str, Shape] = {
    "fraction": Value(FRACTION, "A fraction of all rows, drawn by the seed.", read=read_ratio),
    "rows": integer("A number of rows, drawn by the seed.", 1),
    "first": integer("The first N rows.", 1),
    "last": integer("The last N rows.", 1),
    "where": Keys(
        "`where`",
        {
            "column": COLUMN,
            "equals": Either(items=Items(SCALAR), value=SCALAR, description="The value, or the values, of these rows."),
        },
        (Need(("column",), SPLIT_BY), Need(("equals",), SPLIT_BY)),
        "The rows in which a column has a value: `{column: split, equals: test}`.",
        help=SPLIT_BY,
    ),
    "after": Keys(
        "`after`",
        {
            "column": COLUMN,
            "value": Value(
                {"type": ["number", "string"]},
                "The smallest value of these rows: a number, or a date as ISO 8601 writes it.",
            ),
        },
        (Need(("column",), FROM_ON), Need(("value",), FROM_ON)),
        "The rows from a value of a column on, itself included: `{column: date, value: 2026-01-01}`.",
        help=FROM_ON,
    ),
    "folds": Keys(
        "`folds`",
        {
            "count": integer("How many folds all rows that are left are divided into.", 2),
            "fold": integer("Which of them, counted from 1; by default the first. `modelc train --fold N` sets it.", 1),
        },
        (Need(("count",), "add `count: 5`"),),
        "One of several folds, drawn by the seed: `{count: 5, fold: 2}`.",
        help="write `folds: {count: 5, fold: 1}`",
    ),
}
"""The ways to say which rows are held out: a split has one of them."""
BESIDE: dict[str, Shape] = {
    "group_by": text("Beside `fraction`, `rows` or `folds`: the column whose equal values stay in one part."),
    "stratify": text("Beside `fraction`, `rows` or `folds`: the column whose values are held out in equal shares."),
}
ENDS = "validation rows are either the first or the last ones"


def split_keys(key: str) -> Keys:
    """What may stand in the mapping under `key`, `validation` or `test`."""
    both = [
        Exclusion(one, two, ENDS if {one, two} == {"first", "last"} else "each says which rows are held out")
        for one, two in combinations(WAYS, 2)
    ]
    goes = "`group_by` and `stratify` go with `fraction`, `rows` and `folds`, one of them with one of these"
    both += [Exclusion(way, beside, goes) for way in WAYS if way not in DRAWN for beside in BESIDE]
    both.append(Exclusion("group_by", "stratify", goes))
    return Keys(f"`{key}`", {**WAYS, **BESIDE}, help=as_split, excluded=tuple(both))


NUMBER = positive_number()
ROWS = "a source of their own, or rows of `source`: a fraction, a count, or as in `{last: N}`"
DESCRIPTIONS = {
    "validation": f"Validation rows: {ROWS}; drawn after `test`.",
    "test": f"Test rows: {ROWS}.",
}
HELD_OUT_ROWS = {
    key: Thing(SOURCES, BESIDE, others=WAYS, number=NUMBER, description=text) for key, text in DESCRIPTIONS.items()
}
"""What stands under the keys of rows that are held out."""
