"""One array of a user's .npy or .npz file, for a weight: its header checked without numpy, its values read and cast exactly."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.base.exact_casts import changed_by_cast
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import FLOATS, INTEGERS, show_shape
from modelc.compiler.library.contracts.weight_rules import ArrayFile
from modelc.compiler.library.sources.archive import FIRST, need_room, read_array, read_arrays, read_headers
from modelc.compiler.library.sources.npy_header import MAGIC, BadHeader, Header, read_header
from modelc.compiler.syntax.file_root import Root


def need_array(root: Root, file: ArrayFile, shape: tuple[int, ...], dtype: str) -> None:
    """Raise RunError E405 unless `file` holds an array for a weight of `shape` and `dtype`, as far as its header tells."""
    with opened(root, file) as (_, header):
        need_fit(header, file, shape, dtype)


def read_values(root: Root, file: ArrayFile, shape: tuple[int, ...], dtype: str) -> NumpyArray:
    """The array in `file` as one of `shape` and `dtype`.

    Raises RunError E405 as `need_array` does, E403 for values that `dtype` does not hold, E502 where they do not fit into
    memory.
    """
    with opened(root, file) as (source, header):
        need_fit(header, file, shape, dtype)
        need_room({file.name or file.path: header}, file.path)
        if source.read(4) == MAGIC[:4]:
            source.seek(0)
            array = read_array(source, header)
        else:
            found = read_arrays(source, file.path, None if file.name is None else (file.name,))
            (array,) = found.values()
    return as_weight(array, file, dtype)


@contextmanager
def opened(root: Root, file: ArrayFile) -> Iterator[tuple[BinaryIO, Header]]:
    """The file, at its beginning, and the header of the array. Raises RunError E405."""
    with root.open(file.path) as source:
        begin = source.read(4)
        source.seek(0)
        header = header_of_npy(source, file) if begin == MAGIC[:4] else header_of_npz(source, file, begin)
        source.seek(0)
        yield source, header


def header_of_npy(source: BinaryIO, file: ArrayFile) -> Header:
    """The header of the only array of an .npy file. Raises RunError E405."""
    if file.name is not None:
        message = f"{file.path!r} is an .npy file, which holds one array without a name"
        raise RunError("E405", message, helps=("remove `array`",))
    try:
        header = read_header(source)
        if header.start + header.bytes != os.fstat(source.fileno()).st_size:
            raise BadHeader("does not have the length in its header")
    except BadHeader as error:
        helps = ("save numbers by `numpy.save`",)
        raise RunError("E405", f"the array in {file.path!r} {error}", helps=helps) from None
    return header


def header_of_npz(source: BinaryIO, file: ArrayFile, begin: bytes) -> Header:
    """The header of the array of an .npz file. Raises RunError E405."""
    if begin not in FIRST:
        helps = ("write it by `numpy.save` or `numpy.savez_compressed`",)
        raise RunError("E405", f"{file.path!r} is no .npy or .npz file", helps=helps)
    headers, refused = read_headers(source, file.path)
    if file.name is None and len(headers) == 1 and not refused:
        return next(iter(headers.values()))
    there = f"it has {listed([f'`{name}`' for name in headers])}"
    if file.name is None:
        message = f"{file.path!r} has {len(headers) + len(refused):,} arrays"
        raise RunError("E405", message, notes=(there,), helps=("say which as `array: NAME`",))
    if file.name in refused:
        raise refused[file.name]
    if file.name not in headers:
        raise RunError("E405", f"{file.path!r} has no array `{file.name}`", helps=(there,))
    return headers[file.name]


def need_fit(header: Header, file: ArrayFile, shape: tuple[int, ...], dtype: str) -> None:
    """Raise RunError E405 unless the header is that of numbers of `shape` that `dtype` may hold."""
    name = file.described()
    if header.shape != shape:
        message = f"{name} has the shape {show_shape(header.shape)}, and the weight {show_shape(shape)}"
        help = f"give both one shape, by the arguments of the layer, or save the array as {show_shape(shape)}"
        if prod(header.shape) == prod(shape):
            help = f"save it as {show_shape(shape)}: `array.reshape({', '.join(map(str, shape))})`"
        raise RunError("E405", message, helps=(help,))
    if header.dtype not in (*FLOATS, *INTEGERS, "bool") or (dtype in INTEGERS and header.dtype in FLOATS):
        message = f"{name} holds {header.dtype}, and the weight is {dtype}"
        raise RunError("E405", message, helps=(f"save it as {dtype}",))


def as_weight(array: NumpyArray, file: ArrayFile, dtype: str) -> NumpyArray:
    """`array` in `dtype`. Raises RunError E403 for a value that is not finite, or an integer that it does not hold."""
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            found = array.astype(dtype)
        bad = ~np.isfinite(found)
        what = f"is no finite {dtype}"
    else:
        found = array.astype(dtype)
        bad = changed_by_cast(array, found)
        what = f"is not exact in {dtype}"
    if bad.any():
        place = [int(index) for index in np.argwhere(bad)[0]] if bad.ndim else []
        message = f"the value at {show_shape(tuple(place))} of the array in {file.path!r} {what}"
        raise RunError("E403", message, helps=("mend the values before they are saved",))
    return found
