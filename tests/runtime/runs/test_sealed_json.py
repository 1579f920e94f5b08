"""Seals: of the bytes that were written, whatever they mean to a later version."""

import json
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

import pytest

from modelc.runtime.runs.sealed_json import Sealed, read_sealed, sealed
from modelc.runtime.runs.unsound import UnknownFormatError, UnsoundError


class Kept(Sealed):
    """What a later version reads: `later` was not there when the text was written."""

    format: int
    name: str
    rate: float = 0.0
    inner: dict[str, Any] = {}  # noqa: RUF012 - copied for each instance by pydantic
    later: int = 7


VALUE = {"format": 2, "name": "a"}


def read(data: bytes) -> Kept:
    return read_sealed(data, Kept, (1, 2), (1,))


@pytest.mark.parametrize(
    "value",
    [
        VALUE,
        {**VALUE, "inner": {"seal": "", "x": {"seal": '"seal": ""'}}},
        {**VALUE, "name": '", "seal": "'},
        {**VALUE, "name": "\udcff \x7f ž ##[x]"},
    ],
)
def test_what_was_sealed_comes_back(value: dict[str, Any]) -> None:
    found = read(sealed(value))
    assert (found.name, found.inner, found.later) == (value["name"], value.get("inner", {}), 7)


def test_the_seal_is_the_digest_of_the_text_with_an_empty_one() -> None:
    text = sealed(VALUE).decode()
    seal = json.loads(text)["seal"]
    assert sha256(text.replace(seal, "").encode()).hexdigest() == seal


@pytest.mark.parametrize("encode", [json.dumps, partial(json.dumps, indent=1), partial(json.dumps, ensure_ascii=False)])
def test_how_the_text_was_written_does_not_matter(encode: Callable[[Any], str]) -> None:
    data = sealed({**VALUE, "name": "ž", "rate": float("nan")}, encode)
    assert read(data).rate != read(data).rate and read(data).name == "ž"


def test_a_text_of_the_same_meaning_is_another() -> None:
    data = sealed(VALUE)
    for other in (
        json.dumps(json.loads(data)).encode(),
        data + b"\n",
        data.replace(b'"format": 2', b'"format":  2'),
        data.replace(b'"name": "a"', b'"name": "\\u0061"'),
        data.replace(b'"format"', b'"name": "b", "format"'),
        data.upper(),
    ):
        with pytest.raises(UnsoundError):
            read(other)


@pytest.mark.parametrize("seal", [None, 3, [], "", "ž", "\udcff", "0" * 64])
def test_another_seal_is_none(seal: object) -> None:
    with pytest.raises(UnsoundError, match="has changed since it was written"):
        read(json.dumps({**VALUE, "seal": seal}).encode())


def test_only_formats_of_before_have_no_seal() -> None:
    assert read(json.dumps({**VALUE, "format": 1}).encode()).name == "a"
    with pytest.raises(UnsoundError, match="is damaged"):
        read(json.dumps(VALUE).encode())
    for data in (sealed({**VALUE, "format": 3}), json.dumps({"format": 3}).encode()):
        with pytest.raises(UnknownFormatError, match="is in format 3, this version of modelc reads format 1 and 2"):
            read(data)


@pytest.mark.parametrize("data", [b"", b"[]", b"3", b"\xff", b"[" * 100_000, b'{"format": true}', b'{"format": 2.0}'])
def test_what_is_no_such_text_is_damaged(data: bytes) -> None:
    with pytest.raises(UnsoundError, match="is damaged"):
        read(data)
