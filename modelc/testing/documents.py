"""What the text of a class is held to: documented in full, an example that works, one notation there and back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from modelc.compiler.library.base.plugin_context import Plugin, Provided, enabled, using
from modelc.compiler.library.base.registry import Registered, Registry
from modelc.compiler.library.registries import table_of
from modelc.compiler.plugins.conformance import kind_of, violations
from modelc.compiler.plugins.loader import joined
from modelc.compiler.syntax.document import read


@contextmanager
def thing(kind: str, given: type[Registered] | str, arguments: Any) -> Iterator[Any]:
    """The thing called `given`, or of the class `given`, with `arguments`, once its text is as it should be.

    Inside, a class that is in no table is enabled under the name that its example uses.
    """
    table = table_of(kind)
    if isinstance(given, str):
        assert given in table, f"there is no {kind} `{given}`: enable its plug-in, or give its class"
        name, plugins = given, enabled()
    else:
        name, plugins = name_in_example(kind, given), enabled()
        if name not in table:
            provided = Provided(kind_of(given) or kind, name, lambda: given)
            assert provided.cls is given
            own = Plugin(given.__qualname__, None, None, frozenset({given.__module__}), (provided,))
            plugins = joined([*plugins.plugins, own])
    with using(plugins):
        cls = table.find(name)
        found = violations(table_of(kind_of(cls) or kind), name, cls)
        assert not found, f"`{name}` is not written as a {kind}: {'; '.join(found)}"
        check_example(table, name, cls)
        value = build(table, {name: dict(arguments) if isinstance(arguments, Mapping) else arguments})
        dumped = table.dump(value)
        assert build(table, dumped) == value, f"{value!r} is written as {dumped}, and read back as something else"
        yield value


def name_in_example(kind: str, cls: type[Registered]) -> str:
    """The name that the example of `cls` uses it by."""
    raw = example(cls)
    assert isinstance(raw, str) or (isinstance(raw, Mapping) and len(raw) == 1), (
        f"the example of `{cls.__qualname__}` must be one {kind} as a spec writes it: {cls.example!r}"
    )
    return raw if isinstance(raw, str) else str(next(iter(raw)))


def example(cls: type[Registered]) -> Any:
    """What the example of `cls` says, as data."""
    document, problems = read(f"example:\n  {cls.example}\n", "example")
    assert document is not None and not problems, f"the example of `{cls.__qualname__}` cannot be read: {cls.example!r}"
    return document.data["example"]


def check_example(table: Registry[Any], name: str, cls: type[Registered]) -> None:
    """Raise AssertionError where the example of `cls` is none of it. Activations are shown inside other layers too."""
    raw = example(cls)
    shown = table_of("layer") if table.kind == "activation" else table
    built = build(shown, raw)
    assert name in str(raw), f"the example of `{name}` does not use it: {cls.example!r}"
    assert build(shown, shown.dump(built)) == built


def build(table: Registry[Any], raw: Any) -> Any:
    """The thing that `raw` stands for; AssertionError where it stands for none."""
    try:
        return table.build(raw)
    except ValidationError as error:
        raise AssertionError(f"{raw} is no {table.kind}: {error.errors(include_url=False)}") from None
