"""Checks the class of a plug-in against the contract of its kind, which the built-in classes meet too.

Inspects the class and calls none of its methods: `modelc.testing` tests what they do.
"""

from collections.abc import Iterator
from inspect import Parameter, isfunction, signature
from typing import Any

from pydantic import PydanticUserError

from modelc.compiler.language.argument_shapes import field_shape
from modelc.compiler.library.base.registry import Registered, Registry
from modelc.compiler.library.contracts.augmentation import Augmentation
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.library.contracts.layer import Layer, Slot
from modelc.compiler.library.registries import TABLES

CONFIG = {"frozen": True, "extra": "forbid", "strict": True, "allow_inf_nan": False}
"""Settings of pydantic that no class may change: values are frozen, and nothing is ignored or converted in silence."""


def kind_of(cls: Any) -> str | None:
    """The kind of a class, by its base class; None for a class of no kind."""
    if not isinstance(cls, type):
        return None
    found = [table for table in TABLES if issubclass(cls, table.base)]
    # An activation is a layer as well.
    return max(found, key=lambda table: len(table.base.__mro__)).kind if found else None


def violations(table: Registry[Any], name: str, cls: Any) -> list[str]:
    """The contract violations of `cls` as the entry `name` of `table`, a line each."""
    # A layer that changes images in training is an augmentation as well.
    changes_images = isinstance(cls, type) and issubclass(cls, Augmentation)
    is_one = kind_of(cls) == table.kind or (table.base is Augmentation and changes_images)
    if not is_one or cls is table.base:
        what = f"`{cls.__qualname__}`" if isinstance(cls, type) else f"`{cls!r}`"
        kind = kind_of(cls) if cls is not table.base else None
        other = f", the base class of the kind `{kind}`" if kind else ""
        return [f"{what} is not a subclass of `{contract_of(table)}`{other}"]
    return list(violations_of(name, cls))


def contract_of(table: Registry[Any]) -> str:
    """The name that plug-ins import the base of a table by. One is not in `modelc.plugin` yet."""
    base = table.base
    return f"{'modelc.plugin' if base is not Augmentation else base.__module__}.{base.__name__}"


def violations_of(name: str, cls: type[Registered]) -> Iterator[str]:
    """The contract violations of `cls`, a subclass of the base class of its kind."""
    own = f"`{cls.__qualname__}`"
    if not (vars(cls).get("__doc__") or "").strip():
        yield f"{own} has no docstring"
    if not isinstance(cls.example, str) or name not in cls.example:
        yield f"{own} has no `example` that uses `{name}`"
    for key, value in CONFIG.items():
        if cls.model_config.get(key) != value:
            yield f"`model_config` of {own} changes `{key}`"
    for variable in sorted(cls.__class_vars__):
        if not hasattr(cls, variable):
            yield f"{own} does not say its `{variable}`"
    missing = list(unwritten(cls))
    for method in missing:
        yield f"{own} has no `{method}`"
    if issubclass(cls, Source) and cls.endings and cls.primary is None:
        yield f"{own} has `endings`, and no `primary` for the path of such a file"
    if issubclass(cls, Layer) and not missing:
        yield from without_slots(cls)
    try:
        cls.model_rebuild()
    except (PydanticUserError, NameError) as error:
        yield f"the fields of {own} cannot be evaluated: {str(error).partition(chr(10))[0]}"
        return
    if cls.primary is not None and cls.primary not in cls.model_fields:
        yield f"the `primary` of {own}, `{cls.primary}`, is not one of its fields"
    for field, info in cls.model_fields.items():
        if not info.description:
            yield f"the field `{field}` of {own} has no description"
        try:
            field_shape(info)
        except TypeError:
            yield f"the field `{field}` of {own} has a type that a spec cannot express"


def without_slots(cls: type[Layer]) -> Iterator[str]:
    """The inputs of a layer that one of its methods does not take: they are passed by name, after the `call` of `apply`."""
    for method, before in (("plan", ["self"]), ("apply", ["self", "call"])):
        parameters = signature(getattr(cls, method)).parameters
        if [name for name in parameters if name not in [slot.name for slot in slots_of(cls)]][: len(before)] != before:
            yield f"`{cls.__qualname__}.{method}` does not begin with `{', '.join(before)}`"
        if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values()):
            continue
        for slot in slots_of(cls):
            if slot.name not in parameters:
                yield f"`{cls.__qualname__}.{method}` does not take its input `{slot.name}`"


def slots_of(cls: type[Layer]) -> tuple[Slot, ...]:
    """The inputs of a layer, unless they depend on its arguments."""
    return cls.slots if isinstance(cls.slots, tuple) else ()


def unwritten(cls: type[Registered]) -> Iterator[str]:
    """The methods that bases leave to every subclass, by doing nothing but a bare `raise NotImplementedError`, and `cls` too.

    One that only some subclasses need, as `Layer.fit`, raises it with a message. A source has `open` or `load`, of which each is made
    of the other.
    """
    if issubclass(cls, Source) and (cls.open, cls.load) == (Source.open, Source.load):
        yield "open"
    seen = {name for base in cls.__mro__ for name in vars(base) if not name.startswith("__")}
    for name in sorted(seen - set(dir(Registered))):
        value = next(vars(base)[name] for base in cls.__mro__ if name in vars(base))
        function = value.fget if isinstance(value, property) else value
        if isfunction(function) and function.__code__.co_names == ("NotImplementedError",):
            yield name
