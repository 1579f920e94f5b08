"""The grammar of splits: what may stand under `data.validation` and `data.test`."""

from itertools import combinations

from modelc.compiler.language.field_schema import RATIO, merged, positive_number
from modelc.compiler.language.shapes import Either, Exclusion, Keys, Shape, Thing, Value, integer
from modelc.compiler.language.suggestions.held_out_rows import as_split
from modelc.compiler.language.suggestions.planned import reserved
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.sources import SOURCES

FRACTION = merged([{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, RATIO])
WAYS: dict[str, Shape] = {
    "fraction": Value(FRACTION, "A fraction of all rows, drawn by the seed.", read=read_ratio),
    "rows": integer("A number of rows, drawn by the seed.", 1),
    "first": integer("The first N rows.", 1),
    "last": integer("The last N rows.", 1),
}
"""The ways to say which rows are held out: a split has one of them."""
ENDS = "validation rows are either the first or the last ones"


def split_keys(key: str) -> Keys:
    """What may stand in the mapping under `key`, `validation` or `test`."""
    both = [
        Exclusion(one, two, ENDS if {one, two} == {"first", "last"} else "each says which rows are held out")
        for one, two in combinations(WAYS, 2)
    ]
    return Keys(f"`{key}`", WAYS, help=as_split, later=reserved("data.validation"), excluded=tuple(both))


NUMBER = positive_number()
VALIDATION = Either(
    split_keys("validation"),
    value=Value(NUMBER),
    description="Validation rows: a fraction, a count, or how they are chosen, as in `{last: N}`; drawn after `test`.",
)
TEST = Thing(
    SOURCES,
    others=WAYS,
    number=NUMBER,
    description="Test rows: a source of their own, or rows of `source`: a fraction, a count, or as in `{last: N}`.",
)
