"""The enabled plug-ins: a frozen value that registries search besides their own entries.

Nothing here opens a plug-in: `modelc.compiler.plugins.loader` makes the value, for a command or a call that asks for
it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Provided:
    """One thing of a plug-in, found in the table of its `kind` by `name`; `load` imports its class and checks it."""

    kind: str
    name: str
    load: Callable[[], type[Any]] = field(compare=False)

    @cached_property
    def cls(self) -> type[Any]:
        """The class, imported when it is first asked for. Raises PluginError where it cannot be used."""
        return self.load()

    @property
    def is_loaded(self) -> bool:
        return "cls" in vars(self)


class Plugin(NamedTuple):
    """One plug-in: `name` is that of an installed distribution with its `version`, or the path of a file with its
    digest.

    `modules` are the names, up to a dot, of the modules that are its code.
    """

    name: str
    version: str | None
    sha256: str | None
    modules: frozenset[str]
    provides: tuple[Provided, ...]


@dataclass(frozen=True, slots=True)
class Plugins:
    """Plug-ins, and what they provide: by kind, then by name."""

    plugins: tuple[Plugin, ...] = ()
    things: Mapping[str, Mapping[str, Provided]] = field(default_factory=dict)

    def of(self, kind: str) -> Mapping[str, Provided]:
        """What there is of one kind, by name."""
        return self.things.get(kind, {})


NONE = Plugins()
ENABLED: ContextVar[Plugins] = ContextVar("modelc_plugins", default=NONE)


def enabled() -> Plugins:
    """The plug-ins that are enabled where this is called."""
    return ENABLED.get()


@contextmanager
def using(plugins: Plugins) -> Iterator[None]:
    """Enable `plugins`, and no others, for what happens inside."""
    token = ENABLED.set(plugins)
    try:
        yield
    finally:
        ENABLED.reset(token)
