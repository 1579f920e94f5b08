"""Reads the rows of a source range by range into whole columns, and compares each with what the source has said of it."""

from collections.abc import Collection, Mapping
from math import prod

from modelc.compiler.diagnostics.exceptions import PluginError, RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.memory import available_memory, gigabytes
from modelc.compiler.library.base.plugin_context import enabled
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import TEXTS, Rows, Source, columns_of, type_of

AT_ONCE = 2**16
"""Rows that are asked for together."""


def read_all(
    source: Source, rows: Rows, names: Collection[str] | None, *, of_test: bool = False
) -> dict[str, NumpyArray]:
    """The columns of `rows` called `names`, or all: `[rows.count, ...]` each.

    Raises PluginError where rows are others than `source` has said, E502 where there is no room for them.
    """
    columns = columns_of(source, rows)
    types = {
        name: one.type for name, one in columns.items() if one.type is not None and (names is None or name in names)
    }
    need_memory(types, rows.count)
    parts: dict[str, list[NumpyArray]] = {name: [] for name in types}
    for start in range(0, rows.count, AT_ONCE) if types else ():
        stop = min(start + AT_ONCE, rows.count)
        given = rows.read(tuple(types), start, stop)
        for name, type_ in types.items():
            check(source, name, type_, given, start, stop, of_test=of_test)
            parts[name].append(given[name])
    return {name: joined(found, types[name]) for name, found in parts.items()}


def joined(parts: list[NumpyArray], type_: TensorType) -> NumpyArray:
    """Ranges of one column as one array; none of them is kept."""
    if not parts:
        dtype = {"str": np.dtypes.StringDType(), "bytes": np.dtype("S1")}.get(type_.dtype)
        return np.zeros((0, *type_.shape), dtype or type_.dtype)
    if len(parts) == 1:
        return parts.pop()
    values = np.concatenate([np.ma.getdata(part) for part in parts])
    mask = (
        np.concatenate([np.ma.getmaskarray(part) for part in parts]) if any(map(np.ma.isMaskedArray, parts)) else None
    )
    parts.clear()
    return values if mask is None else np.ma.MaskedArray(values, mask)


def check(
    source: Source,
    name: str,
    type_: TensorType,
    given: Mapping[str, NumpyArray],
    start: int,
    stop: int,
    *,
    of_test: bool,
) -> None:
    """Raise PluginError unless what was `given` for the rows from `start` to `stop` is a column of this type."""
    where = f"for the rows {start:,} to {stop:,}"
    if not isinstance(given, Mapping) or name not in given:
        raise fault_of(source, f"gives no `{name}` {where}", of_test=of_test)
    array = given[name]
    if not isinstance(array, np.ndarray):
        raise fault_of(source, f"gives a {type(array).__name__} as `{name}`, expected an array", of_test=of_test)
    if array.shape[:1] != (stop - start,):
        got = counted(len(array) if array.ndim else 0, "row")
        raise fault_of(source, f"gives {got} of `{name}` {where}", of_test=of_test)
    found = type_of(array)
    if (found.shape, found.dtype) != (type_.shape, type_.dtype):
        fault = f"gives rows of type {found} of `{name}` {where}, and says that they are of type {type_}"
        raise fault_of(source, fault, of_test=of_test)


def need_memory(types: Mapping[str, TensorType], count: int) -> None:
    """Raise RunError E502 unless so many rows of the numbers among these types fit into the memory that is left."""
    widths = [
        prod(one.shape) * np.dtype(one.dtype).itemsize for one in types.values() if one.dtype not in TEXTS.values()
    ]
    needed, there = sum(widths) * count, available_memory()
    if there is not None and needed > there:
        raise RunError("E502", f"the columns take {gigabytes(needed)} of memory, and {gigabytes(there)} are left")


def fault_of(source: Source, fault: str, *, of_test: bool = False) -> PluginError:
    """The error for a `source` whose code does not do what it says."""
    cls = type(source)
    found = [
        (plugin.name, provided.name)
        for plugin in enabled().plugins
        for provided in plugin.provides
        if provided.kind == "source" and provided.is_loaded and provided.cls is cls
    ]
    named = (
        f"the source `{found[0][1]}` of the plug-in `{found[0][0]}`" if found else f"the source `{cls.__qualname__}`"
    )
    rows = "of the test rows: " if of_test else ""
    helps = ("tell its author; `modelc.testing.check_source` finds it",)
    return PluginError(f"{rows}{named} {fault}", helps=helps)
