"""The reference entry of a layer, loss, ..., read from its class: docstring, arguments, inputs, example, equivalents.

One source for `modelc explain` and for pages of documentation. Values first (`Entry`), then text; nothing here prints.
"""

import re
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.explain.pretty_printer import show_value, simple
from modelc.compiler.language.argument_shapes import field_shape, summary_of
from modelc.compiler.language.field_schema import Schema, listed
from modelc.compiler.language.shapes import Either, Items, Thing, Value
from modelc.compiler.language.suggestions.spelling import like
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article
from modelc.compiler.library.base.registry import Registered, Registry, bare, fold
from modelc.compiler.library.base.returned_values import need_a
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Layer, Plan
from modelc.compiler.library.contracts.loss import Loss
from modelc.compiler.library.layers import ACTIVATIONS
from modelc.compiler.library.registries import TABLES, table_of
from modelc.compiler.syntax.document import read

LARGE = 2**31
"""Bounds from here on only catch typos, and are not shown."""
BOUNDS = {"minimum": "of at least", "exclusiveMinimum": "above", "maximum": "of at most", "exclusiveMaximum": "below"}
SAMPLES = [TensorType(shape) for shape in ((8,), (8, 8, 3), (16, 8), (8, 8), (28, 28))]
SAMPLES += [TensorType((16,), "int32"), TensorType((784,))]
"""Types of inputs to try a layer's example on, to tell its ports."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: `takes` describes its values in words, `default` is as a spec has it, None if it is required."""

    name: str
    takes: str
    default: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One named thing. `kind` is that of its table, `primary` the argument that a bare value is enough for, None where
    it is not; `inputs` and `ports` are empty for what is no layer. `same` has the name of each other framework and what
    the same thing is called there, `none` where there is no such thing; data is read otherwise everywhere.
    """

    name: str
    kind: str
    doc: str
    arguments: tuple[Argument, ...]
    primary: str | None
    inputs: tuple[str, ...]
    ports: tuple[str, ...]
    example: str
    same: tuple[tuple[str, str], ...]
    spellings: tuple[str, ...]
    related: tuple[str, ...]
    precision: str = ""
    """What a layer does to digits under `mixed_bfloat16`, in a sentence; empty for what is no layer."""
    masks: str = ""
    """What becomes of masks at a layer, in a sentence; empty for what is no layer."""

    @property
    def headline(self) -> str:
        """The first sentence of the docstring."""
        first = " ".join(self.doc.partition("\n\n")[0].split())
        return first.partition(". ")[0].rstrip(".")


def entries(name: str) -> tuple[Entry, ...]:
    """All entries called `name`: a name may be, say, both a loss and a metric. Empty for an unknown name."""
    return tuple(entry_of(table, name) for table in TABLES if name in table and not hidden(table, name))


def names() -> dict[str, tuple[str, ...]]:
    """The names of each kind, an activation under its own kind only."""
    return {table.kind: tuple(sorted(name for name in table if not hidden(table, name))) for table in TABLES}


def hidden(table: Registry[Any], name: str) -> bool:
    """Whether the entry is shown under another kind: activations are also layers."""
    return name in ACTIVATIONS and table.kind == "layer"


def named_elsewhere(name: str) -> str | None:
    """The entry that another framework calls `name`, with its module or without."""
    if bare(name) != name:
        # One framework's name with its module is that of one thing.
        for entry, cls in ((entry, table.find(entry)) for table in TABLES for entry in table):
            if any(own and f".{own}".endswith(f".{name}") for own in (cls.keras, cls.torch)):
                return entry
        name = bare(name.rpartition(".")[2])
    for table in TABLES:
        if (found := suggest(name, table)).is_synonym:
            return found.new
    return None


def suggest_entry(name: str) -> str | None:
    """The name that `name` probably means: that of the equivalent in another framework, else the most similar."""
    if same := named_elsewhere(name):
        return same
    return like(name.lower(), sorted({entry for table in TABLES for entry in table})) or None


def arguments_called(name: str) -> tuple[tuple[str, str], ...]:
    """All entries that have an argument called `name`, each with that argument."""
    found = [(entry, table.find(entry)) for table in TABLES for entry in sorted(table) if not hidden(table, entry)]
    fields = [(entry, cls.model_fields.get(name)) for entry, cls in found]
    return tuple((entry, field.description or "") for entry, field in fields if field is not None)


def values_called(word: str) -> tuple[tuple[str, str], ...]:
    """All entries with an argument that can have the value `word`, one of a few, each with its name."""
    found = [(entry, table.find(entry)) for table in TABLES for entry in sorted(table) if not hidden(table, entry)]
    choices = (
        (entry, name, argument_of(name, info).takes) for entry, cls in found for name, info in cls.model_fields.items()
    )
    return tuple(
        (entry, f"`{name}`")
        for entry, name, takes in choices
        if word in re.split(", | or ", takes.removeprefix("one of "))
    )


def plural(kind: str) -> str:
    """The plural of a kind."""
    return {"loss": "losses"}.get(kind, f"{kind}s")


def headline(kind: str, name: str) -> str:
    """One entry in a line."""
    return summary_of(table_of(kind).find(name)).partition(". ")[0].rstrip(".")


def entry_of(table: Registry[Any], name: str) -> Entry:
    cls: type[Registered] = table.find(name)
    required = [argument for argument, info in cls.model_fields.items() if info.is_required()]
    equivalents = (("Keras", "keras", cls.keras), ("PyTorch", "torch", cls.torch))
    same = tuple((framework, f"{module}.{name}" if name else "none") for framework, module, name in equivalents)
    return Entry(
        name,
        table.kind,
        cleandoc(cls.__doc__ or ""),
        tuple(argument_of(argument, info) for argument, info in cls.model_fields.items()),
        cls.primary if all(argument == cls.primary for argument in required) else None,
        inputs_of(cls),
        ports_of(table, cls) if issubclass(cls, Layer) else (),
        cls.example,
        () if table.kind in ("source", "reader") else same,
        tuple(spelling for spelling in cls.spellings if fold(spelling) != fold(name)),
        (*cls.related, *cls.values_of_words),
        precision_of(cls) if issubclass(cls, Layer) else "",
        masks_of(cls) if issubclass(cls, Layer) else "",
    )


def masks_of(cls: type[Layer]) -> str:
    """What a layer does with the mask of its input, from what its class says of itself."""
    if cls.masking == "use":
        return "used by the layer itself, as described above"
    if cls.masking == "pass":
        return "passed on unchanged"
    return "dropped, with the warning W904" + (f"; `{cls.instead}` uses them" if cls.instead else "")


def precision_of(cls: type[Layer]) -> str:
    """Whether mixed precision rounds in front of a layer, from what its class says of itself."""
    if cls.exact:
        return "takes values unrounded"
    if cls.keeps_digits is not Layer.keeps_digits:
        return "keeps digits where the layer inside it does"
    if cls.keeps == "values" or cls.idle:
        return "keeps digits"
    return "computes in bfloat16" if cls.moves is Layer.moves else "keeps digits where its arguments only let it select"


def inputs_of(cls: type[Registered]) -> tuple[str, ...]:
    """The inputs of a layer, and those of a loss that takes several, in words."""
    if issubclass(cls, Loss) and len(cls.slots) > 1:
        return cls.slots
    stated = cls.slots if issubclass(cls, Layer) else ()
    slots = [(slot, f" ({slot.least} or more)" if slot.many else "") for slot in stated]
    return tuple(f"{slot.name}{number}{'' if slot.required else ', optional'}" for slot, number in slots)


def argument_of(name: str, info: FieldInfo) -> Argument:
    shape = field_shape(info)
    if isinstance(shape, Thing):
        takes = article(shape.table.kind) + (", or a number above 0" if shape.number else "")
    elif isinstance(shape, Items):
        assert isinstance(shape.of, Thing), "lists of plain values are plain values"
        takes = f"a list of {plural(shape.of.table.kind)}"
    elif isinstance(shape, Either):
        assert isinstance(shape.mapping, Thing), "the field takes one thing, or several in sequence"
        takes = f"{article(shape.mapping.table.kind)}, or a list of {plural(shape.mapping.table.kind)}"
    else:
        assert isinstance(shape, Value), "arguments are plain values or named things"
        takes = in_words(shape.schema)
    default = None if info.is_required() else show_value(simple(info, info.get_default(call_default_factory=True)))
    return Argument(name, takes, default, info.description or "")


def in_words(schema: Schema) -> str:
    """The values of a field in words: `an integer of at least 1`."""
    if "enum" in schema:
        return "one of " + ", ".join(show_value(choice) for choice in schema["enum"])
    words = [word for kind in listed(schema["type"]) if (word := in_word(kind, schema))]
    return " or ".join(words) if len(words) < 3 else ", ".join(words[:-1]) + " or " + words[-1]


def in_word(kind: str, schema: Schema) -> str:
    """One type of a schema in words; empty for strings that are only another way to write a number."""
    if kind == "string":
        pattern = schema.get("pattern", "")
        if pattern.startswith("^("):
            return ", ".join(pattern[2:-2].split("|"))
        return "" if pattern else "a string"
    if kind == "array":
        plural = in_plural(schema["items"])
        count = schema.get("minItems")
        fixed = count is not None and count == schema.get("maxItems")
        return f"a list of {count} {plural}" if fixed else f"a list of {plural}"
    if kind == "object" and "properties" in schema:
        return f"`{{{', '.join(f'{key}: ...' for key in schema['properties'])}}}`"
    if kind == "object":
        return f"a mapping from names to {in_plural(schema['additionalProperties'])}"
    plain = {"integer": "an integer", "number": "a number", "boolean": "true or false", "null": "null"}[kind]
    return plain + bounds(schema) if kind in ("integer", "number") else plain


def in_plural(schema: Schema) -> str:
    """The values of a list in words: `integers of at least 1`."""
    items = in_words(schema).removeprefix("an ").removeprefix("a ")
    return re.sub(r"\b(integer|number|string)\b", r"\1s", items)


def bounds(schema: Schema) -> str:
    """The bounds of a number in words."""
    least, most = schema.get("minimum"), schema.get("maximum", LARGE)
    if least is not None and most < LARGE:
        return f" from {least:g} to {most:g}"
    stated = [(words, schema[key]) for key, words in BOUNDS.items() if key in schema]
    found = [f"{words} {bound:g}" for words, bound in stated if bound < LARGE]
    return " " + " and ".join(found) if found else ""


def ports_of(table: Registry[Any], cls: type[Layer]) -> tuple[str, ...]:
    """The names of a layer's outputs, from planning its example on the first input that it takes."""
    document, _ = read(f"example:\n  {cls.example}\n" if ":" in cls.example else f"example: {cls.example}\n", "example")
    try:
        layer = table.build(None if document is None else document.data.get("example"))
    except ValidationError:
        # Of a plug-in; those of modelc have a test.
        return ("output",)
    if type(layer) is not cls:
        return ("output",)
    slots = [slot for slot in cls.slots if slot.required]
    for sample in SAMPLES:
        try:
            plan = layer.plan(**{slot.name: (sample,) * slot.least if slot.many else sample for slot in slots})
        except PlanError:
            continue
        need_a(layer, "plan", plan, Plan)
        return tuple(plan.outputs)
    return ("output",)
