"""Compares the memory that the rows of a task take with what is available, before they are read into the types of the model."""

from math import prod

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.memory import available_memory, gigabytes
from modelc.runtime.data.arrays import Arrays

WIDTHS = {"float64": 8, "int64": 8, "uint64": 8, "bfloat16": 2, "float16": 2, "int16": 2, "uint16": 2, "bool": 1}
WIDTHS |= {"int8": 1, "uint8": 1}


def size_of(shape: tuple[int, ...], dtype: str) -> int:
    """The size of an array in bytes."""
    return prod(shape) * WIDTHS.get(dtype, 4)


def bytes_of_row(task: Task) -> int | None:
    """The bytes of one row as the model takes it; None where the data alone tells its types."""
    bindings = [*(task.inputs or {}).values(), *(task.targets or {}).values()]
    types = [one.wanted or one.type for one in bindings if not one.copies_input]
    known = [type_ for type_ in types if type_ is not None]
    return sum(size_of(type_.shape, type_.dtype) for type_ in known) if len(known) == len(types) else None


def need_row_memory(task: Task, columns: Arrays, windows: int | None = None) -> None:
    """Raise RunError E502 unless the inputs and targets made of `columns` fit beside them into the memory that is left.

    A column that already is what the model takes is used as it is, and counts nothing. Of so many `windows` each has its own rows.
    """
    sizes = {}
    for name, binding in {**(task.inputs or {}), **(task.targets or {})}.items():
        first_column, type_ = columns.get(binding.names[0]), binding.wanted or binding.type
        if first_column is None or type_ is None:
            continue
        if windows is not None:
            sizes[name] = windows * size_of(type_.shape, type_.dtype)
        elif len(binding.names) > 1 or first_column.dtype.name != type_.dtype:
            first, last = getattr(binding.reader, "rows", None) or (0, len(first_column))
            sizes[name] = (last - first) * size_of(type_.shape, type_.dtype)
    there, needed = available_memory(), sum(sizes.values())
    if there is None or needed <= there:
        return
    largest = max(sizes, key=sizes.__getitem__)
    raise RunError(
        "E502",
        f"the rows take {gigabytes(needed)} of memory in the types of the model, but {gigabytes(there)} are left",
        notes=(f"the largest is `{largest}`: {gigabytes(sizes[largest])}",),
        helps=("choose some of them with `rows: [start, stop]`",) if windows is None else ("give a larger `stride`",),
        at=("data", "source") if windows is None else ("data", "windows"),
    )
