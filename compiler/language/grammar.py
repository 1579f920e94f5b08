"""The language as a value: which keys stand where, and what their values may be. Reads and checks nothing.

For whoever walks a spec from outside: `--set`, the JSON Schema, the reference. The readers beside this file say what is
wrong with a spec; a test holds their keys and this tree together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic.fields import FieldInfo

from modelc.compiler.language.ast import LARGEST_REPEAT, PRECISIONS, InputSpec, Section, Settings
from modelc.compiler.language.field_schema import RATIO, Schema, field_schema, merged, positive_number
from modelc.compiler.library.base.registry import NAME, FromRegistry, Registered, Registry
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.metrics import METRICS
from modelc.compiler.library.optimizers import OPTIMIZERS
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.schedules import SCHEDULES, RateOrSchedule
from modelc.compiler.library.sources import SOURCES


@dataclass(frozen=True, slots=True)
class Value:
    """A plain value, as far as JSON Schema can say what it may be."""

    schema: Schema
    description: str = ""


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping with these keys and no others."""

    what: str
    keys: Mapping[str, "Shape"]
    required: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """A mapping from names that the spec chooses.

    `open` says that an entry that is left out means something too; `given` that one from outside would mean nothing; `empty`
    that nothing may stand in its place.
    """

    what: str
    of: "Shape"
    open: bool = False
    given: bool = False
    empty: bool = False
    description: str = ""
    pattern: str = f"^{NAME.pattern}$"


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    of: "Shape"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """One named thing of a table, with sibling keys beside it; where `number` is set, a number will do as well.

    `instead` holds sibling keys that may stand in the place of the name (`layers` in a node). `others` are things that are
    named like those of the table but are none of them (`residual`), and with `blocks` so is every block of the spec.
    Where it is `optional`, nothing (null) will do as well.
    """

    table: Registry[Any]
    siblings: Mapping[str, "Shape"] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    number: Schema | None = None
    instead: tuple[str, ...] = ()
    others: Mapping[str, "Shape"] = field(default_factory=dict)
    blocks: bool = False
    optional: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Either:
    """A list or a mapping or a plain value: told apart by what is there. Kinds that are not allowed are None."""

    mapping: "Shape | None" = None
    items: "Items | None" = None
    value: Value | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """One of `recurring`, by its name: a shape that stands inside itself."""

    name: str
    description: str = ""

    @property
    def shape(self) -> "Shape":
        return recurring()[self.name]


BLOCK = "^[A-Z][A-Za-z0-9_-]*$"
"""The names of blocks: what tells them from layers."""
VARIABLE = "^[A-Za-z_][A-Za-z0-9_]*$"
Shape = Value | Keys | Names | Items | Thing | Either | Again
ANYTHING = Value({"type": ["null", "boolean", "number", "string", "array", "object"]})


def language() -> Keys:
    """The whole language, from the top level of a spec down."""
    return Keys(
        "a spec",
        {
            "modelc": Value({"type": "integer", "enum": [1]}, "Version of the language."),
            "name": Value(
                {"type": "string", "pattern": f"^{NAME.pattern}$", "maxLength": 100},
                "Name of the model; its runs are kept below a folder of this name.",
            ),
            "description": Value({"type": "string"}, "What the model is for, in words."),
            "extends": Either(
                Keys(
                    "`extends`",
                    {
                        "file": Value({"type": "string"}, "The file, below the folder of the spec."),
                        "remove": Items(Value({"type": "string"}), "Paths of what is not taken over."),
                    },
                    ("file",),
                ),
                value=Value({"type": "string"}),
                description="The file that this one is laid over: mappings are merged, lists and values replaced.",
            ),
            "vars": Names(
                "`vars`",
                ANYTHING,
                given=True,
                empty=True,
                description="Values by name, for `$name` and `${expression}` anywhere below.",
                pattern=VARIABLE,
            ),
            "blocks": Names(
                "`blocks`",
                block(),
                empty=True,
                description="Bricks with parameters, used like layers; CamelCase names.",
                pattern=BLOCK,
            ),
            "model": model(),
            "data": data(),
            "train": train(),
        },
        ("modelc", "model"),
    )


REFERENCE = Value({"type": "string"}, "Name of an input or a node, or `node.port`.")
OUTPUTS = Either(
    Names("`outputs`", REFERENCE),
    Items(REFERENCE),
    description="The nodes whose values are given: a list, or a mapping from names of outputs.",
)
LAYERS_OF = Again("layers", "The layers of a chain, each fed by the one before.")
NODES_OF = Names("`nodes`", Again("node"), description="The nodes of a graph by name, in any order.")


def recurring() -> Mapping[str, Shape]:
    """The shapes that stand inside themselves."""
    name = Value({"type": "string"}, "Name of the layer, in paths; of the last layer, that of the output.")
    times = {"type": "integer", "minimum": 0, "maximum": LARGEST_REPEAT}
    repeat = Either(
        Keys(
            "`repeat`",
            {
                "times": Value(times, "How often."),
                "tied": Value({"type": "boolean"}, "Whether all use one set of weights."),
            },
            ("times",),
        ),
        value=Value(times),
        description="How often this stands, one behind the other: a number, or `{times: N, tied: true}`.",
    )
    sources = Either(
        Names("`from`", Either(items=Items(REFERENCE), value=REFERENCE)),
        Items(REFERENCE),
        REFERENCE,
        description="The inputs or nodes that feed this one: a name, a list in order, or a mapping by input name.",
    )
    branches = Names("`branches`", LAYERS_OF, description="Chains of layers by name; `[]` is the identity.")
    others: Mapping[str, Shape] = {
        "share": Value({"type": "string"}, "A node whose layers are used here again, with its weights."),
        "unembed": Value({"type": "string"}, "An embedding whose table maps vectors back to a number for each id."),
        "residual": Again("layers", "Layers whose output is added to their input."),
        "parallel": Keys(
            "`parallel`",
            {"join": Thing(LAYERS, description="The layer that joins the branches."), "branches": branches},
            ("join", "branches"),
            "Chains that all get the same input, joined at their ends.",
        ),
    }
    item = Thing(LAYERS, {"name": name, "repeat": repeat}, others=others, blocks=True)
    siblings: Mapping[str, Shape] = {"from": sources, "layers": LAYERS_OF, "repeat": repeat}
    node = Thing(LAYERS, siblings, ("from",), instead=("layers",), others=others, blocks=True)
    return {"layers": Items(item), "node": node}


def block() -> Keys:
    return Keys(
        "a block",
        {
            "params": Names(
                "`params`",
                ANYTHING,
                open=True,
                empty=True,
                description="Parameters: a type (int, float, bool, str, ints, floats) or a default.",
                pattern=VARIABLE,
            ),
            "layers": LAYERS_OF,
            "inputs": Items(REFERENCE, "The names of what comes into a graph, in order."),
            "nodes": NODES_OF,
            "outputs": OUTPUTS,
            "use": Value({"type": "string"}, "A file whose model is the block."),
            "output": Value(
                {"type": "string"}, "The node of that model whose value the block gives; else its outputs."
            ),
        },
        (),
        "A brick: `layers` for a chain, or `inputs`, `nodes` and `outputs` for a graph.",
    )


def model() -> Keys:
    return Keys(
        "`model`",
        {
            "inputs": Names("`inputs`", section(InputSpec, "an input"), description="The inputs by name."),
            "layers": LAYERS_OF,
            "nodes": NODES_OF,
            "outputs": OUTPUTS,
            "precision": Value(
                {"type": "string", "enum": list(PRECISIONS)},
                "Type of the values in between; weights, statistics, losses and outputs are float32 in any case.",
            ),
        },
        ("inputs",),
        "Inputs, and `layers` for a chain or `nodes` and `outputs` for a graph.",
    )


def data() -> Keys:
    rows = {"type": "integer", "minimum": 1}
    split = Value(positive_number())
    return Keys(
        "`data`",
        {
            "source": Thing(SOURCES, description="Where the rows come from."),
            "inputs": Names("`inputs`", Thing(READERS), open=True, description="How each model input is read."),
            "targets": Names("`targets`", Thing(READERS), open=True, description="How each target is read."),
            "sample_weight": Thing(READERS, description="How much each row counts in the loss, or each step of it."),
            "validation": Either(
                Keys(
                    "`validation`",
                    {
                        "first": Value(rows, "So many, from the first on."),
                        "last": Value(rows, "The last ones, so many."),
                    },
                ),
                value=split,
                description="Rows kept for validation: a share, a count, `{first: N}` or `{last: N}`.",
            ),
            "test": Thing(SOURCES, description="Rows for the final score, where the source brings none."),
            "seed": Value(
                {"type": "integer", "minimum": 0, "exclusiveMaximum": 2**63}, "Of the draw of validation rows."
            ),
        },
        ("source",),
        "What the model is trained on.",
    )


def train() -> Keys:
    metrics = Items(Thing(METRICS))
    siblings: dict[str, Shape] = {
        "of": Either(
            Names("`of`", Value({"type": "string"})),
            Items(Value({"type": "string"})),
            Value({"type": "string"}),
            description="The outputs or nodes that the loss is of: one, a list in order, or a mapping by name.",
        ),
        "target": Value({"type": "string"}, "Name of the target; by default that of the term."),
        "weight": Value(merged([{"type": "number", "minimum": 0}, RATIO]), "Factor of this term in the total loss."),
        "mask": Value({"type": "string"}, "A target, an input or a node: where it is false, nothing counts."),
    }
    return Keys(
        "`train`",
        {
            "loss": Thing(LOSSES, description="The loss of a model with one output."),
            "losses": Names("`losses`", Thing(LOSSES, siblings), description="The terms of the loss by name."),
            "metrics": Either(
                Names("`metrics`", metrics), metrics, description="Metrics: a list, or a mapping from outputs to lists."
            ),
            "optimizer": Thing(OPTIMIZERS, description="How weights follow gradients."),
            **section(Settings, "`train`").keys,
        },
        (),
        "How the model is trained.",
    )


def section(cls: type[Section], what: str) -> Keys:
    """The keys of a section whose keys are fields."""
    keys = {name: field_shape(info) for name, info in cls.model_fields.items()}
    return Keys(what, keys, tuple(name for name, info in cls.model_fields.items() if info.is_required()))


def arguments(table: Registry[Any], name: str) -> Keys:
    """What may stand inside the thing called `name`. Raises KeyError for a name that is not in the table."""
    cls: type[Registered] = table.find(name)
    keys = {argument: field_shape(info) for argument, info in cls.model_fields.items()}
    required = tuple(argument for argument, info in cls.model_fields.items() if info.is_required())
    return Keys(f"`{name}`", keys, required, summary_of(cls))


def summary_of(cls: type) -> str:
    """The first paragraph of a class's docstring, on one line."""
    return " ".join((cls.__doc__ or "").strip().partition("\n\n")[0].split())


def field_shape(info: FieldInfo) -> Shape:
    """What a field takes in a spec."""
    description = info.description or ""
    for mark in info.metadata:
        if isinstance(mark, FromRegistry):
            thing = Thing(mark.table, optional=mark.optional, description="" if mark.several else description)
            return Items(thing, description) if mark.several else thing
        if isinstance(mark, RateOrSchedule):
            return Thing(SCHEDULES, number=positive_number(), description=description)
    return Value(field_schema(info.annotation, info.metadata, info.json_schema_extra), description)
