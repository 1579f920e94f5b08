"""Names of the encodings of text."""

import codecs
from typing import Any

from pydantic_core import PydanticCustomError


def read_encoding(value: Any) -> Any:
    """The name of an encoding of text that Python knows. Raises for others."""
    if value is None or not isinstance(value, str):
        return value
    try:
        found = codecs.lookup(value)
        b"".decode(value)
    except (LookupError, ValueError):
        raise PydanticCustomError(
            "encoding",
            "there is no encoding {given}",
            {
                "given": value,
                "help": "for example `utf-8`, `latin-1`, `cp1252` or `utf-16`",
                "label": "no such encoding",
            },
        ) from None
    # A mark at the beginning is no character anyway.
    return found.name.removesuffix("-sig")
