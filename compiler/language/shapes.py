"""The building blocks of the grammar: shapes of values, with their names in messages. Reads and checks nothing."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from modelc.compiler.language.field_schema import Schema, listed
from modelc.compiler.library.base.registry import NAME, Registry

# Named tuples: classes of frozen fields take six times as long to make, in every start of a command.

Help = str | Callable[[str, Any, Mapping[str, Any]], str]
"""What to do about a value of the wrong kind: a text, or a function of its key, the value and the whole spec."""


class Value(NamedTuple):
    """A plain value, as far as JSON Schema can say what it may be.

    Messages call it as `expected` says instead of by its type, with this `help`, and its bounds by `range`. `read`
    gives the value that another form of it stands for, as `1/3` does for a number.
    """

    schema: Schema
    description: str = ""
    expected: str = ""
    range: str = ""
    read: Callable[[Any], Any] | None = None
    help: Help = ""


class Need(NamedTuple):
    """One of `keys` must be there; with `beside`, where that key is. Messages say that `owner` needs it.

    Any unknown key may be what is missing; with `always`, only one that is like it. `{names}` in the help are the names
    of the table that the value is of.
    """

    keys: tuple[str, ...]
    help: str
    label: str = ""
    beside: str = ""
    owner: str = ""
    always: bool = False


class Exclusion(NamedTuple):
    """Two keys that cannot stand together, `unless` a third one is there; `labels` are the words at the first, empty
    for none, and at the second.
    """

    first: str
    second: str
    note: str = ""
    help: str = ""
    labels: tuple[str, str] = ("`{}`", "keep one")
    message: str = ""
    unless: str = ""


class Keys(NamedTuple):
    """A mapping with these keys and no others."""

    what: str
    keys: Mapping[str, "Shape"]
    needs: tuple[Need, ...] = ()
    description: str = ""
    excluded: tuple[Exclusion, ...] = ()
    expected: str = "a mapping"
    help: Help = ""

    @property
    def required(self) -> tuple[str, ...]:
        """The keys that must be there, whatever else is."""
        return tuple(need.keys[0] for need in self.needs if len(need.keys) == 1 and not need.beside)


class Names(NamedTuple):
    """A mapping from names: such as the spec chooses, or with `refers` such as it has elsewhere.

    `open` says that an entry that is left out means something too; `given` that one from outside would mean nothing;
    `nullable` that nothing may stand in its place; `ordered` that the order of the entries means something. `if_empty`
    has the label and the help where it must have an entry. Messages call an entry by `each` and its name.
    """

    what: str
    of: "Shape"
    description: str = ""
    each: str = ""
    if_empty: tuple[str, str] | None = None
    help: Help = ""
    open: bool = False
    given: bool = False
    nullable: bool = False
    ordered: bool = False
    pattern: str = f"^{NAME.pattern}$"
    refers: bool = False


class Items(NamedTuple):
    """A list; `if_empty` has the label and the help where it must have an item."""

    of: "Shape"
    description: str = ""
    if_empty: tuple[str, str] | None = None
    help: Help = ""


class Thing(NamedTuple):
    """One named thing of a table, with sibling keys beside it; where `number` is set, a number will do as well.

    `others` are things that are named like those of the table but are none of them (`residual`), and with `blocks` so is
    every block of the spec. Where it is `optional`, nothing (null) will do as well. `bare` is the help for a text that is
    no name of the table.
    """

    table: Registry[Any]
    siblings: Mapping[str, "Shape"] = {}
    needs: tuple[Need, ...] = ()
    number: Schema | None = None
    others: Mapping[str, "Shape"] = {}
    blocks: bool = False
    optional: bool = False
    description: str = ""
    bare: Help = ""

    @property
    def required(self) -> tuple[str, ...]:
        """The siblings that must be there."""
        return tuple(need.keys[0] for need in self.needs)


class Either(NamedTuple):
    """A list or a mapping or a plain value, whichever is there. Kinds that are not allowed are None.

    What is no mapping is short for a mapping with it under the key `alone`, where there is such a key. Messages call it
    as `expected` says.
    """

    mapping: "Shape | None" = None
    items: "Items | None" = None
    value: Value | None = None
    description: str = ""
    expected: str = ""
    help: Help = ""
    if_empty: tuple[str, str] | None = None
    alone: str = ""


class Again(NamedTuple):
    """One of the grammar's `RECURRING`, by its name: a shape that stands inside itself."""

    name: str
    description: str = ""


Shape = Value | Keys | Names | Items | Thing | Either | Again


def text(description: str, expected: str = "", help: Help = "") -> Value:
    return Value({"type": "string"}, description, expected, help=help)


def integer(
    description: str, least: int, most: int = 0, below: int = 0, range: str = "", nullable: bool = False
) -> Value:
    """An integer of at least `least` and, if given, at most `most` and below `below`."""
    bounds = {"minimum": least} | ({"maximum": most} if most else {}) | ({"exclusiveMaximum": below} if below else {})
    return Value({"type": ["integer", "null"] if nullable else "integer", **bounds}, description, range=range)


def boolean(description: str) -> Value:
    return Value({"type": "boolean"}, description)


def accepts_nothing(shape: Shape) -> bool:
    """Whether nothing (null) may stand as a plain value."""
    if isinstance(shape, Either):
        return shape.value is not None and accepts_nothing(shape.value)
    return isinstance(shape, Value) and "null" in listed(shape.schema["type"])
