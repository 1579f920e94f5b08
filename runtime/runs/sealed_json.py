"""JSON with a seal: a mapping whose last key is the sha256 of the whole text, taken with that value empty.

A seal is of the bytes and not of what they mean, so what an older version has written is checked as it was written.
"""

import json
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.runtime.runs.unsound import UnknownFormatError, UnsoundError

SEAL = "seal"


class Sealed(BaseModel):
    """Abstract: what is kept with a seal, or a part of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Kept = TypeVar("Kept", bound=Sealed)


def entry(seal: str) -> bytes:
    return f'"{SEAL}": "{seal}"'.encode()


def sealed(value: Mapping[str, Any], encode: Callable[[Any], str] = json_text) -> bytes:
    """`value` as JSON, by `encode`, with its seal."""
    bare = encode({**value, SEAL: ""}).encode() + b"\n"
    head, _, tail = bare.rpartition(entry(""))
    return head + entry(sha256(bare).hexdigest()) + tail


def has_seal(data: bytes, seal: object) -> bool:
    """Whether `seal`, which was read from `data`, is its seal."""
    if not isinstance(seal, str) or not seal.isascii():
        return False
    head, found, tail = data.rpartition(entry(seal))
    return bool(found) and sha256(head + entry("") + tail).hexdigest() == seal


def mapping_in(data: bytes) -> dict[str, Any]:
    """The mapping that `data` is as JSON. Raises UnsoundError if it is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UnsoundError("is damaged")
    return found


def read_sealed(data: bytes, kind: type[Kept], formats: Collection[int], unsealed: Collection[int] = ()) -> Kept:
    """What `sealed` has written as `data`, in one of the `formats`, of which the `unsealed` ones have no seal.

    Raises UnsoundError if it has changed since, UnknownFormatError if it is in another format.
    """
    found = mapping_in(data)
    version = found.get("format")
    if SEAL in found:
        if not has_seal(data, found.pop(SEAL)):
            raise UnsoundError("has changed since it was written")
    elif version in formats and version not in unsealed:
        raise UnsoundError("is damaged")
    if type(version) is int and version not in formats:
        raise UnknownFormatError(f"is in format {version}, this version of modelc reads {shown(formats)}")
    try:
        # Not by pydantic's own parser, which refuses the surrogates of a path that is no UTF-8.
        return kind.model_validate(found)
    except (ValidationError, RecursionError):
        raise UnsoundError("is damaged, or was written by another version of modelc") from None


def shown(formats: Collection[int]) -> str:
    return "format " + " and ".join(map(str, formats))
