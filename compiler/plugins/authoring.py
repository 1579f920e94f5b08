"""Helpers for authors of plug-ins: enabling a class without a file, and the notation of specs.

`modelc.plugin` publishes it; no command uses it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from modelc.compiler.diagnostics.exceptions import PluginError
from modelc.compiler.library.base.plugin_context import Plugin, Provided, enabled, using
from modelc.compiler.library.base.registry import Registered, Registry
from modelc.compiler.library.registries import TABLES, table_of
from modelc.compiler.plugins.conformance import kind_of
from modelc.compiler.plugins.loader import checked, joined, open_plugins, split
from modelc.compiler.syntax.document import read

T = TypeVar("T", bound=Registered)


@contextmanager
def enable(*plugins: str | Path | type[Registered]) -> Iterator[None]:
    """Enable plug-ins for what happens inside, beside those that are enabled already.

    Each is what `--plugin` takes, or a class, whose name is then the one that its `example` uses. Raises PluginError
    for what cannot be used: code that does not import, a class that breaks the contract of its kind, a name that is
    taken.
    """
    opened = open_plugins([plugin for plugin in plugins if not isinstance(plugin, type)]).plugins
    classes = [plugin_of(plugin) for plugin in plugins if isinstance(plugin, type) and not is_enabled(plugin)]
    by_name = {plugin.name: plugin for plugin in (*enabled().plugins, *opened, *classes)}
    with using(joined(by_name.values())):
        yield


def is_enabled(cls: type[Registered]) -> bool:
    """Whether specs can name `cls`."""
    try:
        return bool(name_of(cls))
    except LookupError:
        return False


def plugin_of(cls: type[Registered]) -> Plugin:
    """The plug-in that provides `cls` alone. Raises PluginError."""
    kind = kind_of(cls)
    if kind is None:
        message = f"`{cls.__qualname__}` is not a subclass of any kind"
        raise PluginError(message, helps=("derive it from `modelc.plugin.Layer`, or from another kind",))
    notation = example(cls)
    name = next(iter(notation), None) if isinstance(notation, Mapping) else notation
    if not isinstance(name, str) or (isinstance(notation, Mapping) and len(notation) != 1):
        message = f"the example of `{cls.__qualname__}` must be one {kind} as a spec writes it"
        raise PluginError(message, notes=(f"its example: {cls.example!r}",))
    split(f"{kind}.{name}", cls.__qualname__, cls)
    checked(kind, name, cls, cls.__qualname__)
    provided = Provided(kind, name, lambda: cls)
    assert provided.cls is cls
    return Plugin(cls.__qualname__, None, None, frozenset({cls.__module__}), (provided,))


def example(cls: type[Registered]) -> Any:
    """The `example` of `cls` as data, in the notation that `build` reads. Raises PluginError where it cannot be read."""
    document, problems = read(f"example:\n  {cls.example}\n", "example")
    if document is None or problems:
        raise PluginError(f"the example of `{cls.__qualname__}` cannot be read: {cls.example!r}")
    return document.data["example"]


def find(kind: type[T], name: str) -> type[T]:
    """The class that specs call `name`, of modelc or of an enabled plug-in; `kind` is its base, such as `Layer`.

    Raises LookupError where there is none.
    """
    table = table_for(kind)
    if name not in table:
        raise LookupError(f"there is no {table.kind} `{name}`: enable its plug-in, or give its class")
    return table.find(name)


def name_of(cls: type[Registered]) -> str:
    """The name that specs call `cls` by. Raises LookupError for a class of a plug-in that is not enabled."""
    return table_of_class(cls).name_of(cls)


def build(kind: type[T], notation: Any) -> T:
    """The thing that `notation` stands for: `"relu"`, `{"dense": 10}` or `{"dense": {"units": 10}}`, as a spec has it.

    Raises pydantic's ValidationError for an unknown name and for arguments that do not fit.
    """
    return table_for(kind).build(notation)


def dump(value: Registered) -> Any:
    """`value` in the notation that `build` reads, with all arguments. Raises LookupError as `name_of` does."""
    return table_of_class(type(value)).dump(value)


def table_of_class(cls: type[Registered]) -> Registry[Any]:
    """The table that `cls` would be in. Raises LookupError for a class of no kind."""
    kind = kind_of(cls)
    if kind is None:
        raise LookupError(f"`{cls.__qualname__}` is not a subclass of any kind")
    return table_of(kind)


def table_for(kind: type[T]) -> Registry[T]:
    """The table of the things that have the base `kind`. Raises LookupError where no kind has it."""
    for table in TABLES:
        if table.base is kind:
            return table
    raise LookupError(f"`{kind.__qualname__}` is not a kind, such as `modelc.plugin.Layer`")
