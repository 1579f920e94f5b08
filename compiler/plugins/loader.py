"""Loads plug-ins: from the values of `--plugin` to a frozen value with everything that they provide.

A plug-in is an installed distribution, whose entry points are known from metadata and whose classes are imported when a
spec names them, or one Python file, which is run. Both happen only here, and only for what the user has enabled by
name: nothing that a spec says leads to this module.
"""

import importlib.abc
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from modelc.compiler.diagnostics.exceptions import PluginError
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article
from modelc.compiler.library.base.plugin_context import NONE, Plugin, Plugins, Provided
from modelc.compiler.library.base.plugin_metadata import GROUP, distributions
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.library.registries import TABLES, table_of
from modelc.compiler.plugins.conformance import contract_of, kind_of, violations
from modelc.compiler.syntax.beneath import NotRegularError
from modelc.compiler.syntax.file_root import read_text, reason_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

KINDS = tuple(table.kind for table in TABLES)
MAX_PLUGIN_BYTES = 2**24
"""The most bytes of the text of a plug-in: far more than anyone writes."""
EXAMPLE = 'PLUGIN = {"layer.shift": Shift}'


def open_plugins(given: str | Path | Sequence[str | Path]) -> Plugins:
    """The plug-ins that `given` names, one or several: distributions, and files by a path that ends in `.py`.

    Raises PluginError for what is not there, cannot be imported, or has a name that something else has; TypeError for
    what is no name.
    """
    plugins: dict[str, Plugin] = {}
    for name in given if isinstance(given, Iterable) and not isinstance(given, str) else [given]:
        if not isinstance(name, str | Path):
            raise TypeError(
                f"a plug-in is the name of an installed one or the path of a file, not {type(name).__name__}"
            )
        plugin = open_file(Path(name)) if str(name).endswith(".py") else open_distribution(str(name))
        plugins[plugin.name] = plugin
    return joined(plugins.values()) if plugins else NONE


def joined(plugins: Iterable[Plugin]) -> Plugins:
    """Everything that `plugins` provide. Raises PluginError if two provide the same name."""
    plugins = tuple(plugins)
    things: dict[str, dict[str, Provided]] = {}
    owners: dict[tuple[str, str], Plugin] = {}
    for plugin in plugins:
        for thing in plugin.provides:
            for kind in kinds(thing.kind):
                other = owners.setdefault((kind, thing.name), plugin)
                if thing.name in things.setdefault(kind, {}):
                    both = f"the plug-ins `{other.name}` and `{plugin.name}` both have {article(kind)} `{thing.name}`"
                    twice = f"the plug-in `{plugin.name}` has {article(kind)} `{thing.name}` twice"
                    message = twice if other is plugin else both
                    helps = ("rename one of them" if other is plugin else "enable one of them",)
                    raise PluginError(message, helps=helps)
                things[kind][thing.name] = thing
    return Plugins(plugins, things)


def kinds(kind: str) -> tuple[str, ...]:
    """The tables that a thing of one kind is in: an activation is a layer too."""
    return ("activation", "layer") if kind == "activation" else (kind,)


def open_distribution(name: str) -> Plugin:
    """The plug-in of the installed distribution `name`, without importing it. Raises PluginError."""
    from importlib.metadata import PackageNotFoundError, distribution

    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
        message = f"`{name}` is neither the name of a package nor a path that ends in `.py`"
        raise PluginError(message, helps=("name an installed plug-in, or a Python file",))
    try:
        found = distribution(name)
    except PackageNotFoundError:
        known = distributions()
        close = suggest(name, known).new
        message = f"there is no installed plug-in `{name}`"
        notes = (f"installed plug-ins: {', '.join(known)}",) if known and not close else ()
        helps = (f"did you mean `{close}`?" if close else "install it into this environment, or name a `.py` file",)
        raise PluginError(message, notes=notes, helps=helps) from None
    points = [point for point in found.entry_points if point.group == GROUP]
    if not points:
        message = f"the package `{found.name}` is installed but is not a plug-in"
        raise PluginError(message, notes=(f"a plug-in has entry points in the group `{GROUP}`",))
    provides = []
    for point in points:
        kind, thing = split(point.name, found.name)
        provides.append(Provided(kind, thing, partial(imported, point, kind, thing, found.name)))
    modules = frozenset(point.module.partition(".")[0] for point in points)
    return Plugin(found.name, found.version, None, modules, tuple(provides))


def imported(point: "EntryPoint", kind: str, name: str, plugin: str) -> type[Any]:
    """The class of an entry point. Raises PluginError."""
    try:
        cls = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # code of others, which may raise anything
        raise not_imported(f"the {kind} `{name}` of the plug-in `{plugin}`", error) from error
    return checked(kind, name, cls, plugin)


def open_file(path: Path) -> Plugin:
    """The plug-in of the Python file at `path`, which is run. Raises PluginError."""
    try:
        code = read_text(path, MAX_PLUGIN_BYTES + 1)
    except OSError as error:
        raise PluginError(f"the plug-in `{path}` cannot be read: {reason_of(error)}") from None
    except NotRegularError as error:
        raise PluginError(f"the plug-in `{path}` is {error.kind}, expected a Python file") from None
    if len(code) > MAX_PLUGIN_BYTES:
        raise PluginError(f"the plug-in `{path}` has more than {MAX_PLUGIN_BYTES:,} bytes")
    name = str(path.resolve())
    digest = sha256(code).hexdigest()
    # The same file and text are the same module, however often they are enabled: classes stay the same.
    module_name = f"modelc_plugin_{sha256(os.fsencode(name) + code).hexdigest()[:16]}"
    module = sys.modules.get(module_name) or run(module_name, name, code, str(path))
    stated = getattr(module, "PLUGIN", None)
    if not isinstance(stated, Mapping) or not stated:
        message = f"the plug-in `{path}` does not declare what it provides"
        helps = (f"end it with a mapping from kinds and names to classes, such as `{EXAMPLE}`",)
        raise PluginError(message, helps=helps)
    provides = []
    for key, cls in stated.items():
        kind, thing = split(key, str(path), cls)
        provides.append(Provided(kind, thing, partial(checked, kind, thing, cls, str(path))))
    for provided in provides:
        # Asked for at once: the class is there, and a fault in it is reported before any spec is read.
        assert provided.cls
    return Plugin(name, None, digest, frozenset({module_name}), tuple(provides))


class FileLoader(importlib.abc.InspectLoader):
    """Runs source text that is already in memory, so that exactly the digested text is run; writes no bytecode."""

    def __init__(self, path: str, code: bytes) -> None:
        self.path = path
        self.code = code

    def get_source(self, fullname: str) -> str:
        return importlib.util.decode_source(self.code)

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.code, self.path)


def run(module_name: str, path: str, code: bytes, shown: str) -> ModuleType:
    """The module made by running `code`, the text of the file at `path`. Raises PluginError with the traceback."""
    spec = importlib.util.spec_from_loader(module_name, FileLoader(path, code), origin=path)
    assert spec is not None and spec.loader is not None
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    # Pydantic looks there for the names that annotations are made of.
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # code of others, which may raise anything
        del sys.modules[module_name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise not_imported(f"the plug-in `{shown}`", error) from error
    return module


def not_imported(what: str, error: BaseException) -> PluginError:
    """The error for code of a plug-in that raised `error` while it was imported: where, in its own files."""
    try:
        text = (error.msg if isinstance(error, SyntaxError) else str(error)).strip().partition("\n")[0]
    except Exception:  # noqa: BLE001 - what it says of itself is code of others too
        text = ""
    message = f"{what} cannot be imported: {type(error).__name__}" + (f": {text}" if text else "")
    if isinstance(error, SyntaxError):
        frames = [(error.filename, error.lineno, error.text or "")] if error.filename else []
    else:
        here = ("importlib", str(Path(__file__).parent.parent))
        frames = [
            (frame.filename, frame.lineno, frame.line or "")
            for frame in traceback.extract_tb(error.__traceback__)
            if not any(part in frame.filename for part in here)
        ]
    notes = tuple(f"{file}:{line}: {text.strip()}" for file, line, text in frames[-3:])
    internal = isinstance(error, ImportError) and (error.name or "").startswith("modelc.compiler")
    return PluginError(message, notes=notes, helps=("plug-ins import from `modelc.plugin`",) if internal else ())


def split(key: Any, plugin: str, cls: Any = None) -> tuple[str, str]:
    """The kind and the name in a key such as `layer.shift`. Raises PluginError, also for a name of modelc itself."""
    kind, dot, name = key.partition(".") if isinstance(key, str) else (str(key), "", "")
    if kind not in KINDS or not NAME.fullmatch(name):
        bare = name if dot else kind
        close = kind_of(cls) or suggest(kind, KINDS).new or "layer"
        message = f"the plug-in `{plugin}` has an entry `{key}`, not KIND.NAME"
        helps = (f"write the kind and the name, such as `{close}.{bare if NAME.fullmatch(bare) else 'shift'}`",)
        raise PluginError(message, notes=(f"kinds: {', '.join(KINDS)}",), helps=helps)
    for each in kinds(kind):
        if name in table_of(each).entries:
            message = f"the plug-in `{plugin}` has {article(each)} `{name}`, a name that modelc itself uses"
            raise PluginError(message, helps=(f"give the {kind} another name in the plug-in",))
    return kind, name


def checked(kind: str, name: str, cls: Any, plugin: str) -> type[Any]:
    """`cls`, if it meets the contract of its kind. Raises PluginError with all violations."""
    found = violations(table_of(kind), name, cls)
    if found:
        message = f"the {kind} `{name}` of the plug-in `{plugin}` violates the contract of its kind"
        raise PluginError(message, notes=tuple(found), helps=(f"`{contract_of(table_of(kind))}` has the contract",))
    assert isinstance(cls, type)
    return cls
