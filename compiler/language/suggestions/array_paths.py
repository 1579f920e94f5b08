"""Answers paths of arrays that stand where an initializer, or a layer's arguments, are wanted."""

import re
from typing import Any

from modelc.compiler.library.base.registry import Registered

ARRAY = re.compile(r"\S+\.np[yz]")
"""The path of a file that numpy has saved."""


def array_help(key: object, value: object) -> str:
    """What to write for the value of `key` that is the path of an array in place of an initializer; empty for all else."""
    if not isinstance(value, str) or not ARRAY.fullmatch(value):
        return ""
    return f"values are read from a file by `from_file`: write `{key}: {{from_file: {value}}}`"


def initialized_from(cls: type[Registered], value: object) -> dict[str, Any]:
    """The arguments that are meant by the path of an array in place of those of a layer with weights: what it needs, and
    the initializer of the first. Empty for all else.
    """
    first = next((field for field in cls.model_fields if field.endswith("_initializer")), "")
    if not first or not isinstance(value, str) or not ARRAY.fullmatch(value):
        return {}
    needed = [field for field, info in cls.model_fields.items() if info.is_required() and field != first]
    return {**dict.fromkeys(needed, "..."), first: {"from_file": value}}
