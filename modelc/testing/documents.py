"""Tests the documentation of a class: complete, with a working example, and a notation that round-trips."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any, TypeVar

from pydantic import ValidationError

from modelc.plugin import Activation, Layer, PluginError, Registered, build, dump, enable, example, find, name_of

T = TypeVar("T", bound=Registered)


@contextmanager
def thing(kind: type[T], given: type[T] | str, arguments: Any) -> Iterator[T]:
    """The thing called `given`, or of the class `given`, with `arguments`, once its text is as it should be.

    Inside, a class that specs cannot name yet is enabled under the name that its example uses.
    """
    with nullcontext() if isinstance(given, str) else enabled(given):
        try:
            name = given if isinstance(given, str) else name_of(given)
            cls = find(kind, name)
        except LookupError as error:
            raise AssertionError(error.args[0]) from None
        check_example(kind, name, cls)
        value = built(kind, {name: dict(arguments) if isinstance(arguments, Mapping) else arguments})
        dumped = dump(value)
        assert built(kind, dumped) == value, f"{value!r} is written as {dumped}, and read back as something else"
        yield value


@contextmanager
def enabled(cls: type[Registered]) -> Iterator[None]:
    """Enable `cls`; AssertionError with all that is wrong with its text where it cannot be."""
    with ExitStack() as stack:
        try:
            stack.enter_context(enable(cls))
        except PluginError as error:
            raise AssertionError("; ".join((error.message, *error.notes))) from None
        yield


def check_example(kind: type[Registered], name: str, cls: type[Registered]) -> None:
    """Raise AssertionError where the example of `cls` does not use it. Activations are shown inside other layers too."""
    shown = Layer if issubclass(cls, Activation) else kind
    notation = example(cls)
    value = built(shown, notation)
    assert name in str(notation), f"the example of `{name}` does not use it: {cls.example!r}"
    assert build(shown, dump(value)) == value


def built(kind: type[T], notation: Any) -> T:
    """The thing that `notation` stands for; AssertionError where it stands for none."""
    try:
        return build(kind, notation)
    except ValidationError as error:
        raise AssertionError(f"{notation} is no {kind.__name__.lower()}: {error.errors(include_url=False)}") from None
