"""Labels in JSON in a cell: the values or keys of an object, or a field of each object of a list."""

import json
from ast import literal_eval
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.library.base.fields import Field


def read_json_labels(value: Any) -> Any:
    """Where labels are in JSON. Raises for anything else."""
    is_field = isinstance(value, dict) and [*value] == ["field"] and isinstance(value["field"], str)
    if value is None or value in ("values", "keys") or is_field:
        return value
    message = "expected `values`, `keys`, or `{field: NAME}`"
    help = 'for example `in_json: values` for {"a1": "news"}, `in_json: {field: name}` for [{"id": 7, "name": "news"}]'
    if isinstance(value, str):
        help = f"for the field `{value}` of each object in a list: `in_json: {{field: {value}}}`"
    raise PydanticCustomError("json_labels", message, {"help": help, "label": "no place in JSON"})


JsonLabels = Annotated[
    Literal["values", "keys"] | dict[Literal["field"], str] | None,
    BeforeValidator(read_json_labels),
    Field(
        description="Where labels are in JSON: the `values` of an object or list, the `keys` of an object, or a `field` of each "
        "object in a list, `{field: name}`."
    ),
]


def labels_in_json(text: str, place: Literal["values", "keys"] | dict[Literal["field"], str]) -> list[str] | None:
    """The labels at a place in JSON, or in what Python writes for it; None for a text that is none, or has others than names there.
    An empty text has no labels.
    """
    if not text.strip():
        return []
    found = read_written(text)
    if isinstance(place, dict):
        field = place["field"]
        objects = [found] if isinstance(found, dict) else found
        if not isinstance(objects, list) or not all(isinstance(one, dict) and field in one for one in objects):
            return None
        labels = [one[field] for one in objects]
    elif isinstance(found, dict):
        labels = [*(found if place == "keys" else found.values())]
    elif isinstance(found, list) and place == "values":
        labels = found
    else:
        return None
    if not all(isinstance(label, str | int) and not isinstance(label, bool) for label in labels):
        return None
    return [label for one in labels if (label := str(one).strip())]


def read_written(text: str) -> Any:
    """What a text stands for that JSON, or Python, has written; None for others."""
    for read in (json.loads, literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            pass
    return None
