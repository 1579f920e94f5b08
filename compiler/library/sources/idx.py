"""Reads gzipped IDX files, the format of MNIST and of what follows it (yann.lecun.com/exdb/mnist)."""

import gzip
import struct
from math import prod
from typing import BinaryIO

from modelc.compiler.library.base.lazy import NumpyArray, np

UNSIGNED_BYTES = 8
"""The code of the type of the values."""


def read_idx(packed: BinaryIO, shape: tuple[int, ...]) -> NumpyArray:
    """The array of bytes in a gzipped IDX file, which must have this `shape`. Raises ValueError, OSError, EOFError."""
    header = bytes([0, 0, UNSIGNED_BYTES, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    length = len(header) + prod(shape)
    with gzip.open(packed) as unpacked:
        # The byte behind the last one is read so that the checksum is compared.
        content = unpacked.read(length + 1)
    if len(content) != length or not content.startswith(header):
        raise ValueError("not an IDX file of this shape")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape).copy()
