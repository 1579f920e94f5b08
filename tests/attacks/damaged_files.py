"""Draws files of rows and damages them: cut off, bits flipped, blocks twice or gone, bytes that anything could have written."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np

NAMES = ("n", "x", "t")
"""Columns of integers, of numbers with a fraction, of texts."""
TEXTS = ("a", "b, c", 'd "e"', "f\ng", "😀", "\u05d0\u05d1", "00712", "'; drop table rows; --", "", "NA")
LONGEST = 400
"""As many rows at most."""


def made_rows(random: Random) -> list[tuple[int, float, str]]:
    return [
        (random.randrange(-(2**40), 2**40), random.randrange(-(10**6), 10**6) / 8 + 0.125, random.choice(TEXTS))
        for _ in range(random.randrange(1, random.choice((4, 40, LONGEST))))
    ]


def csv_file(random: Random, folder: Path) -> bytes:
    def field(value: Any) -> str:
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text

    end = random.choice(("\n", "\n", "\r\n"))
    rows = (NAMES, *made_rows(random))
    return end.join(",".join(map(field, row)) for row in rows).encode() + random.choice((b"", end.encode()))


def jsonl_file(random: Random, folder: Path) -> bytes:
    ascii = random.random() < 0.5
    lines = (json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=ascii) for row in made_rows(random))
    return "".join(line + "\n" for line in lines).encode()


def parquet_file(random: Random, folder: Path) -> bytes:
    path, rows = folder / "intact.parquet", made_rows(random)
    packed = random.choice(("uncompressed", "snappy", "zstd", "gzip"))
    with duckdb.connect() as connection:
        connection.execute("create table t (n bigint, x double, t varchar)")
        connection.execute(
            "insert into t select unnest($n), unnest($x), unnest($t)",
            {name: list(column) for name, column in zip(NAMES, zip(*rows, strict=True), strict=True)},
        )
        connection.execute(f"copy t to '{path}' (format parquet, compression {packed}, row_group_size 128)")
    return path.read_bytes()


def npz_file(random: Random, folder: Path) -> bytes:
    rows = made_rows(random)
    columns: dict[str, Any] = {
        name: np.array(column) for name, column in zip(NAMES, zip(*rows, strict=True), strict=True)
    }
    stream = io.BytesIO()
    random.choice((np.savez, np.savez_compressed))(stream, **columns)
    return stream.getvalue()


MAKERS: dict[str, Callable[[Random, Path], bytes]] = {
    "csv": csv_file,
    "jsonl": jsonl_file,
    "parquet": parquet_file,
    "npz": npz_file,
}


def span(random: Random, content: bytes) -> tuple[int, int]:
    """A part of `content`, which is short or long."""
    begin = random.randrange(len(content))
    return begin, min(len(content), begin + random.choice((1, 2, 4, 16, 64, 512)))


def truncated(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content))]


def flipped(random: Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        # The end of a file says most, where it is none of text.
        place = random.randrange(len(found)) if random.random() < 0.7 else -1 - random.randrange(min(len(found), 400))
        found[place] ^= 1 << random.randrange(8)
    return bytes(found)


def doubled(random: Random, content: bytes) -> bytes:
    begin, end = span(random, content)
    return content[:end] + content[begin:end] + content[end:]


def removed(random: Random, content: bytes) -> bytes:
    begin, end = span(random, content)
    return content[:begin] + content[end:]


def overwritten(random: Random, content: bytes) -> bytes:
    begin, end = span(random, content)
    return content[:begin] + random.randbytes(end - begin) + content[end:]


def zeroed(random: Random, content: bytes) -> bytes:
    begin, end = span(random, content)
    return content[:begin] + bytes(end - begin) + content[end:]


def unfounded(random: Random, content: bytes) -> bytes:
    """Bytes of which a part is from nowhere, behind a beginning that is right."""
    return content[: random.randrange(16)] + random.randbytes(random.randrange(512))


DAMAGES = (truncated, flipped, doubled, removed, overwritten, zeroed, unfounded)


def damaged_files(kind: str, count: int, folder: Path, seed: int = 0) -> Iterator[tuple[str, bytes, bytes]]:
    """`count` files of a kind, each with the name of its damage and what it was before; the same for the same seed."""
    random = Random(f"{kind} {seed}")
    intact = b""
    for number in range(count):
        if number % 10 == 0:
            intact = MAKERS[kind](random, folder)
        damage = random.choice(DAMAGES)
        yield damage.__name__, damage(random, intact), intact
