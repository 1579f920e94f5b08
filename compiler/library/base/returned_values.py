"""Checks the results of a class against the contract of its kind, so that a fault of a plug-in is attributed to the plug-in."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.library.base.tensor_type import DTYPES, TensorType, show_shape


class ContractViolation(Exception):
    """Raised where a method gives what it must not; `cls` is the class that it is of."""

    def __init__(self, thing: Any, message: str) -> None:
        super().__init__(message)
        self.cls = type(thing)


def need_a(thing: Any, method: str, value: Any, wanted: type) -> None:
    """Raise ContractViolation unless `value`, which `method` of `thing` gave, is a `wanted`."""
    if not isinstance(value, wanted):
        expected = wanted.__name__.lower() if wanted in (tuple, Mapping) else f"`{wanted.__name__}`"
        raise ContractViolation(
            thing, f"`{type(thing).__name__}.{method}` gave a `{type(value).__name__}`, expected a {expected}"
        )


def need_types(thing: Any, method: str, types: Any) -> None:
    """Raise ContractViolation unless `types`, which `method` of `thing` gave by port, are types of arrays."""
    for port, type_ in types.items() if isinstance(types, Mapping) else [("output", types)]:
        if not (
            isinstance(type_, TensorType)
            and type_.dtype in DTYPES
            and isinstance(type_.shape, tuple)
            and all(isinstance(size, int) and type(size) is not bool and size >= 0 for size in type_.shape)
        ):
            given = f"shape {type_.shape} and dtype {type_.dtype}" if isinstance(type_, TensorType) else f"{type_!r}"
            raise ContractViolation(
                thing, f"`{type(thing).__name__}.{method}` gave {given} at `{port}`, which no array has"
            )


def need_shape(
    thing: Any, method: str, value: Any, shape: tuple[int, ...], port: str = "", *, rows: bool = True
) -> None:
    """Raise ContractViolation unless the array that `method` of `thing` gave has the planned `shape`: a batch of such `rows`,
    or the whole. Else it might be broadcast."""
    given = getattr(value, "shape", None)
    if given is None or given[rows:] != shape or len(given) != len(shape) + rows:
        came = f"a `{type(value).__name__}`" if given is None else f"an array {show_shape(given)}"
        planned = ", ".join(map(str, ("rows", *shape) if rows else shape))
        where = f" at `{port}`" if port else ""
        raise ContractViolation(thing, f"`{type(thing).__name__}.{method}` gave {came}{where}, expected [{planned}]")


def need_kind(thing: Any, method: str, value: Any, dtype: str, port: str = "") -> None:
    """Raise ContractViolation unless the array that `method` of `thing` gave holds the kind of values that is planned: floats
    of any width, integers, or bools. Else gradients would end there."""
    given = str(value.dtype)
    if kind_of(given) != kind_of(dtype):
        where = f" at `{port}`" if port else ""
        raise ContractViolation(thing, f"`{type(thing).__name__}.{method}` gave {given}{where}, expected {dtype}")


def kind_of(dtype: str) -> str:
    """The kind of values of a dtype, without their width."""
    return dtype.removeprefix("b").removeprefix("u").rstrip("0123456789") if dtype != "bool" else dtype
