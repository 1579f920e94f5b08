"""How the arguments that say which classes there are may be written, and what to write for others."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.phrases import listed


def read_classes(value: Any) -> Any:
    """A count of classes, or their names as a tuple. Raises for anything else; a tuple was checked where it was read."""
    if isinstance(value, tuple):
        return value
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 2 <= value < 2**31):
        return value
    if not isinstance(value, list):
        message = "expected a count of at least 2, a list of names, or a file of names"
        raise PydanticCustomError("classes", message, {"help": help_for_classes(value), "label": "no classes"})
    if not all(isinstance(name, str) and name for name in value):
        message = "class names are strings: put quotes around numbers, `true` and `false`"
        raise PydanticCustomError("classes", message, {"label": "not only strings"})
    if len(set(value)) < len(value):
        again = Counter(value).most_common(1)[0][0]
        raise PydanticCustomError(
            "classes", "the class `{again}` is named twice", {"again": again, "label": "a name twice"}
        )
    if len(value) < 2:
        help = help_for_classes(value[0]) if value and value[0].endswith(".txt") else FOR_EXAMPLE
        raise PydanticCustomError("classes", "expected at least two class names", {"label": "too few", "help": help})
    return tuple(value)


FOR_EXAMPLE = (
    "for example `classes: 10`, `classes: [cat, dog]`, or `classes: {file: names.txt}` with one name on each line"
)


def help_for_classes(value: Any) -> str:
    """What to write for a value that is neither a count nor names."""
    if isinstance(value, str):
        path = value.removeprefix("file:").strip()
        return f"for names in a text file, one on each line: `classes: {{file: {path}}}`"
    if isinstance(value, Mapping) and len(value) == 1:
        (inside,) = value.values()
        if isinstance(inside, str) and ("." in inside or "/" in inside):
            return help_for_classes(inside)
        if isinstance(inside, list) and inside and all(isinstance(name, str) for name in inside):
            return f"write the list itself: `classes: [{listed(inside)}]`"
    if isinstance(value, Mapping) and len(value) > 1:
        numbered = all(type(item) is int for item in value.values())
        names = sorted(value, key=value.__getitem__) if numbered else value.values()
        if all(isinstance(name, str) for name in names):
            return f"list them in the order of their labels: `classes: [{listed([*names])}]`"
    return FOR_EXAMPLE


def read_vocabulary(value: Any) -> Any:
    """A count of classes of which the names are learnt. Raises for anything else."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 2 <= value < 2**31):
        return value
    names = isinstance(value, list) and len(value) > 1 and all(isinstance(name, str) for name in value)
    known = f"write `classes: [{listed(value)}]`" if names else ""
    file = value.get("file") if isinstance(value, Mapping) else value
    if isinstance(file, str):
        known = help_for_classes(file)
    message = "expected how many classes there are at most, at least 2: their names are learnt"
    help = known or "for example `vocabulary: 100`: the 99 most frequent names, and one class for all others"
    raise PydanticCustomError("vocabulary", message, {"label": "no count", "help": help})
