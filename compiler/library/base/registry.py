"""The one notation for everything chosen by name: `name`, `name: scalar` or `name: {argument: value}`.

`Registered` is the base of layers, losses, metrics, optimizers and the rest; a `Registry` is the visible list of one kind.
Classes are imported when they are first named, so that a spec pays only for what it uses.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Generic, NoReturn, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from modelc.compiler.library.base.plugin_context import enabled

MODULES = {
    "F", "Keras", "activations", "constraints", "flax", "functional", "init", "initializers", "jax", "jnp", "keras", "layers",
    "linen", "losses", "metrics", "nn", "optax", "optim", "optimizers", "regularizers", "sklearn", "tensorflow", "tf", "tfa",
    "torch", "torchmetrics", "torchvision",
}  # fmt: skip
"""What begins the names of other frameworks with their modules."""
VERSION = re.compile(r"\.v\d+$")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""What a name in a spec may look like."""


class Registered(BaseModel):
    """A frozen value with arguments; the docstring, the fields' descriptions and `example` are its documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    primary: ClassVar[str | None] = None
    """The argument that a bare scalar goes to: `dense: 10` is `dense: {units: 10}`."""
    keras: ClassVar[str] = ""
    """The same thing in Keras, below `keras`: `layers.Dense`. Empty where there is none."""
    torch: ClassVar[str] = ""
    """The same thing in PyTorch, below `torch`: `nn.Linear`. Empty where there is none."""
    spellings: ClassVar[tuple[str, ...]] = ()
    """What else it is called (`bn`, `fc`)."""
    related: ClassVar[tuple[str, ...]] = ()
    """What others call something near: another form of it, or the same with other defaults (`one_hot`, `instance_norm`)."""
    foreign_arguments: ClassVar[Mapping[str, str]] = {}
    """Arguments that the same thing has elsewhere and not here, each with what to write instead; `{value}` in it is the
    value that was given."""
    foreign_value: ClassVar[tuple[type, str] | None] = None
    """What a bare value of a type, or a list of such, is elsewhere for the same thing, which takes none here."""
    values_of_words: ClassVar[Mapping[str, Any]] = {}
    """What else it is called, with the arguments that make it that, or the value of the primary one: `square` is `power: 2`. A tuple
    has several values, where it may be each of these."""
    example: ClassVar[str] = ""
    """YAML of one use, as it stands in a spec."""

    @classmethod
    def wraps(cls) -> "FromRegistry | None":
        """What its primary argument is chosen from, where that is itself one named thing, as that of a wrapper."""
        marks = cls.model_fields[cls.primary].metadata if cls.primary else ()
        return next((mark for mark in marks if isinstance(mark, FromRegistry) and not mark.several), None)

    @classmethod
    def bare_in(cls, names: Iterable[str]) -> str | None:
        """The one of the `names` in its arguments that is the primary argument itself, and no argument: `lstm` in
        `bidirectional: {lstm: 64}`. None where there is none, or another unknown name.
        """
        keys, fields = list(names), cls.model_fields
        unknown = [name for name in keys if name not in fields]
        if len(unknown) != 1 or cls.primary in keys:
            return None
        wraps = cls.wraps()
        return unknown[0] if wraps is not None and unknown[0] in wraps.table else None

    @classmethod
    def is_bare(cls, arguments: Mapping[str, Any]) -> bool:
        """Whether `arguments` are the primary one alone, and its value may be written without its name: a mapping may not,
        which would be one of arguments, unless it is a named thing.
        """
        if cls.primary is None or [*arguments] != [cls.primary]:
            return False
        return not isinstance(arguments[cls.primary], Mapping) or cls.wraps() is not None

    @classmethod
    def from_elsewhere(cls, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments that mean what those of the same thing elsewhere do, where these mean several things; the rest as
        they are.
        """
        return arguments

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """All that others call the same thing; answered with the right name, never accepted."""
        same = (name.rpartition(".")[2] for name in (cls.keras, cls.torch) if name)
        return (*same, *cls.spellings, *cls.related, *cls.values_of_words)

    @classmethod
    def arguments_of_word(cls, word: str) -> tuple[Mapping[str, Any], ...]:
        """The arguments that make it what others call `word`, each of the ways; empty for a word that says none."""
        value = next((value for known, value in cls.values_of_words.items() if fold(known) == fold(word)), ())
        ways = value if isinstance(value, tuple) else (value,)
        return tuple(way if isinstance(way, Mapping) else {cls.primary or "": way} for way in ways)

    @classmethod
    def foreign_argument(cls, name: str, beside: Collection[str] = ()) -> str:
        """What to write for an argument that the same thing has elsewhere and not here, `beside` these others; empty where
        nothing is known.
        """
        known = (vars(base).get("foreign_arguments", {}) for base in cls.__mro__)
        return next((text for words in known for word, text in words.items() if fold(word) == fold(name)), "")


T = TypeVar("T", bound=Registered)


@dataclass(frozen=True, slots=True)
class Registry(Generic[T]):
    """One kind of named things: the subclasses of `base` that `entries` lists, and those of the enabled plug-ins.

    `entries` maps each name to `module:Class`, the module below `modelc.compiler.library`.
    """

    base: type[T]
    entries: Mapping[str, str]

    @property
    def kind(self) -> str:
        """The word for one of them: `layer`."""
        return self.base.__name__.lower()

    def __iter__(self) -> Iterator[str]:
        yield from self.entries
        yield from enabled().of(self.kind)

    def __contains__(self, name: object) -> bool:
        return name in self.entries or name in enabled().of(self.kind)

    def find(self, name: str) -> type[T]:
        """The class called `name`. Raises KeyError for a name that is not in the table."""
        if name not in self.entries:
            return enabled().of(self.kind)[name].cls
        return cast("type[T]", class_at(self.entries[name]))

    def name_of(self, value: T | type[T]) -> str:
        """The name under which the class of `value` stands in the table. Raises LookupError where it does not."""
        cls = value if isinstance(value, type) else type(value)
        entry = f"{cls.__module__.removeprefix('modelc.compiler.library.')}:{cls.__qualname__}"
        for name, text in self.entries.items():
            if text == entry:
                return name
        for name, provided in enabled().of(self.kind).items():
            if provided.is_loaded and provided.cls is cls:
                return name
        raise LookupError(f"{cls.__qualname__} is not a {self.kind} of modelc or of an enabled plug-in")

    def dump(self, value: T) -> Any:
        """`value` in the notation, with every argument spelt out: what a resolved spec shows."""
        arguments = value.model_dump(mode="json")
        return {self.name_of(value): arguments} if arguments else self.name_of(value)

    def build(self, raw: Any) -> T:
        """The value that `raw`, a part of a document, stands for.

        Raises pydantic's ValidationError, whose locations are paths below `raw`.
        """
        if isinstance(raw, str):
            return self.make(raw, None, ())
        if not isinstance(raw, Mapping):
            refuse("not_named", f"expected the name of a {self.kind}", (), raw, kind=self.kind)
        if len(raw) != 1:
            refuse("one_name", f"expected exactly one {self.kind}", (), raw, kind=self.kind)
        ((name, arguments),) = raw.items()
        return self.make(name, arguments, (name,))

    def make(self, name: str, arguments: Any, at: tuple[str | int, ...]) -> T:
        """The thing called `name` with `arguments` (None, a scalar or list for the primary one, or a mapping).

        A mapping may hold the primary argument itself, where that is a named thing (`bidirectional: {lstm: 64}`). Error
        locations start with `at`, the way from the value being built to the arguments.
        """
        if name not in self:
            refuse("unknown_name", f"unknown {self.kind} {name}", at, name, kind=self.kind, name=name)
        cls, bare = self.find(name), None
        if arguments is None:
            arguments = {}
        elif not isinstance(arguments, Mapping):
            if cls.primary is None:
                refuse("no_primary", f"{name} takes no bare value", at, arguments, kind=self.kind, name=name)
            arguments = {cls.primary: arguments}
        elif (bare := cls.bare_in(arguments)) is not None and cls.primary is not None:
            others = {key: value for key, value in arguments.items() if key != bare}
            arguments = {cls.primary: {bare: arguments[bare]}, **others}
        try:
            return cls.model_validate(dict(arguments))
        except ValidationError as error:
            left_out = "" if bare is None else cls.primary or ""
            raise relocate(error, at, owner={"kind": self.kind, "name": name}, left_out=left_out) from None


@cache
def class_at(entry: str) -> Any:
    """The class that an entry of a registry names, which is imported the first time."""
    module, _, cls = entry.partition(":")
    return getattr(import_module(f"modelc.compiler.library.{module}"), cls)


def bare(name: str) -> str:
    """`name` without the module of a framework that it comes from, as in `keras.layers.Dense`, and without the version that
    spaCy's have, as in `Adam.v1`; the module of others is kept.
    """
    name = VERSION.sub("", name)
    module, _, word = name.rpartition(".")
    return word if module.partition(".")[0] in MODULES else name


def fold(name: str) -> str:
    """`name` without case and separators, to compare spellings across frameworks."""
    return name.lower().replace("_", "").replace("-", "")


def refuse(type_: str, message: str, at: tuple[str | int, ...], value: Any, **context: Any) -> NoReturn:
    """Raise a ValidationError of one custom type at one location."""
    details = InitErrorDetails(
        type=PydanticCustomError(cast(Any, type_), cast(Any, message), context), loc=at, input=value
    )
    raise ValidationError.from_exception_data(message, [details])


def relocate(
    error: ValidationError, at: tuple[str | int, ...], owner: Mapping[str, str] | None = None, left_out: str = ""
) -> ValidationError:
    """`error` with every location moved below `at`; `owner` says whose arguments they are, unless already known.
    `left_out` is the argument whose value is written without its name.
    """
    lines = []
    for item in error.errors(include_url=False):
        context = {**item.get("ctx", {})}
        if owner is not None:
            context.setdefault("owner", dict(owner))
        kind = PydanticCustomError(
            cast(Any, item["type"]), cast(Any, item["msg"].replace("{", "(").replace("}", ")")), context
        )
        loc = item["loc"][1:] if left_out and item["loc"][:1] == (left_out,) else item["loc"]
        lines.append(InitErrorDetails(type=kind, loc=(*at, *loc), input=item["input"]))
    return ValidationError.from_exception_data(error.title, lines)


@dataclass(frozen=True, slots=True)
class FromRegistry:
    """Annotation of a field that holds a named thing: `Annotated[Initializer, Chosen(INITIALIZERS)]`.

    A field of such a type takes the notation in a spec, or a ready value in Python; an `optional` one also nothing, one
    of `several` a list, which becomes a tuple, and one of a `chain` either.
    """

    table: Registry[Any]
    optional: bool = False
    several: bool = False
    chain: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        def validate_one(raw: Any) -> Any:
            if isinstance(raw, Registered) or (raw is None and self.optional):
                return raw
            return self.table.build(raw)

        def validate(raw: Any) -> Any:
            return validate_all(raw) if self.chain and isinstance(raw, list | tuple) else validate_one(raw)

        def validate_all(raw: Any) -> Any:
            if not isinstance(raw, list | tuple):
                refuse("list_type", f"expected a list of {self.table.kind}s", (), raw)
            return tuple(at_place(place, item) for place, item in enumerate(raw))

        def at_place(place: int, raw: Any) -> Any:
            try:
                return validate_one(raw)
            except ValidationError as error:
                raise relocate(error, (place,)) from None

        def written(value: Any) -> Any:
            if self.chain and isinstance(value, tuple):
                return all_written(value)
            return None if value is None else self.table.dump(value)

        def all_written(values: Any) -> Any:
            return [written(value) for value in values]

        dump = core_schema.plain_serializer_function_ser_schema(all_written if self.several else written)
        return core_schema.no_info_plain_validator_function(
            validate_all if self.several else validate, serialization=dump
        )
