"""Reads the records of CIFAR from a gzipped tar archive: each is its labels, a byte for each, and the values of its image.

Members are read by name and of known size, out of a stream that is bounded in length; nothing is written to the disk.
"""

import gzip
import tarfile
from collections.abc import Mapping
from typing import BinaryIO, cast

from modelc.compiler.library.base.lazy import NumpyArray, np

IMAGE = (3, 32, 32)
"""The channels come first in the archives, red, green and blue."""
VALUES = 3 * 32 * 32
LIMIT = 256 * 2**20
"""More bytes than either archive unpacks to."""


def read_records(
    archive: BinaryIO, rows: Mapping[str, int], labels: Mapping[str, int]
) -> tuple[dict[str, NumpyArray], ...]:
    """The columns `image` and those of the `labels` of each member of the `archive` that `rows` names.

    `rows` has the number of records of each member, `labels` the number of classes of each column. Raises ValueError,
    OSError or EOFError for an archive in which anything is otherwise.
    """
    width = len(labels) + VALUES
    contents = read_members(archive, {name: count * width for name, count in rows.items()})
    return tuple(columns_of(contents[name], labels) for name in rows)


def columns_of(content: bytes, labels: Mapping[str, int]) -> dict[str, NumpyArray]:
    records = np.frombuffer(content, np.uint8).reshape(-1, len(labels) + VALUES)
    images = records[:, len(labels) :].reshape(-1, *IMAGE)
    columns = {"image": np.ascontiguousarray(images.transpose(0, 2, 3, 1))}
    for place, (name, classes) in enumerate(labels.items()):
        columns[name] = records[:, place].copy()
        if columns[name].max() >= classes:
            raise ValueError(f"a label beyond {classes - 1}")
    return columns


def read_members(archive: BinaryIO, sizes: Mapping[str, int]) -> dict[str, bytes]:
    """The contents of the members that `sizes` names with their sizes. Raises ValueError, OSError or EOFError."""
    found: dict[str, bytes] = {}
    try:
        with (
            gzip.open(archive) as unpacked,
            tarfile.open(fileobj=cast("BinaryIO", Limited(unpacked)), mode="r|") as members,
        ):
            while len(found) < len(sizes):
                member = members.next()
                if member is None:
                    raise ValueError("a member is missing")
                if member.name not in sizes or member.name in found:
                    continue
                content = members.extractfile(member) if member.isreg() else None
                if content is None or member.size != sizes[member.name]:
                    raise ValueError("a member of another size or kind")
                found[member.name] = content.read()
                if len(found[member.name]) != member.size:
                    raise EOFError
    except tarfile.TarError:
        raise ValueError("not a tar archive") from None
    return found


class Limited:
    """A stream that ends after `LIMIT` bytes."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self.file = file
        self.left = LIMIT

    def read(self, count: int) -> bytes:
        found = self.file.read(min(count, self.left))
        self.left -= len(found)
        return found
