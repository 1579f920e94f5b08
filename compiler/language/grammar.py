"""The language as a value: which keys stand where, which must be there, what their values may be and what they are for.

The parser walks it, and so do `--set`, `extends`, the JSON Schema, `modelc format` and the pages of `modelc explain`.
"""

from collections.abc import Mapping

from modelc.compiler.language.ast import DTYPES, LARGEST_REPEAT, PRECISIONS, Parallel, Residual, Share, Unembed
from modelc.compiler.language.field_schema import RATIO, merged, positive_number
from modelc.compiler.language.shapes import (
    Again,
    Either,
    Exclusion,
    Items,
    Keys,
    Names,
    Need,
    Shape,
    Thing,
    Value,
    boolean,
    integer,
    text,
)
from modelc.compiler.language.suggestions import wrong_kinds as instead
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.metrics import METRICS
from modelc.compiler.library.optimizers import OPTIMIZERS
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.sources import SOURCES

BLOCK_NAME = "^[A-Z][A-Za-z0-9_-]*$"
"""The names of blocks: what tells them from layers."""
VARIABLE_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
ANYTHING = Value({"type": ["null", "boolean", "number", "string", "array", "object"]})
NODE_NAME = "the name of a node"
REFERENCE = text("Name of an input or a node, or `node.port`.", NODE_NAME)
OUTPUTS = Either(
    Names("`outputs`", REFERENCE, each="output"),
    Items(REFERENCE),
    description="The nodes whose values are given: a list, or a mapping from names of outputs.",
    help=instead.as_outputs,
    if_empty=("no output", "list at least one node"),
)
NODES = "the name of an input or node, or a list of names"
FROM = Either(
    Names("`from`", Either(items=Items(REFERENCE), value=REFERENCE, expected=NODES), refers=True),
    Items(REFERENCE),
    REFERENCE,
    description="The inputs or nodes that feed this one: a name, a list in order, or a mapping by input name.",
    expected=NODES,
)
LAYERS_OF = Again("layers", "The layers of a chain, each fed by the one before.")
NODES_OF = Names(
    "`nodes`",
    Again("node"),
    description="The nodes of a graph by name, in any order.",
    each="node",
    if_empty=("no node", "add a node"),
    help=instead.as_nodes,
)
TIMES = integer("How often.", 0, LARGEST_REPEAT, range=f"from 0 to {LARGEST_REPEAT}")
REPEAT = Either(
    Keys(
        "`repeat`",
        {"times": TIMES, "tied": boolean("Whether all use one set of weights.")},
        (Need(("times",), "write `repeat: {times: 4, tied: true}`", "how often?"),),
    ),
    value=TIMES,
    description="How often this stands, one behind the other: a number, or `{times: N, tied: true}`.",
)
LIKE_THIS = "write `parallel: {join: concatenate, branches: {a: [...], b: [...]}}`"
JOIN = Thing(LAYERS, description="The layer that joins the branches.")
PARALLEL = Keys(
    "`parallel`",
    {
        "join": JOIN,
        "branches": Names(
            "`branches`",
            LAYERS_OF._replace(empty=True),
            description="Chains of layers by name; `[]` is the identity.",
            help=LIKE_THIS,
        ),
    },
    (Need(("join",), LIKE_THIS), Need(("branches",), LIKE_THIS)),
    "Chains that all get the same input, joined at their ends.",
    help=LIKE_THIS,
)
STRUCTURES: Mapping[str, Shape] = {
    Share.key: text("A node whose layers are used here again, with its weights.", NODE_NAME),
    Unembed.key: text("An embedding whose table maps vectors back to a number for each id.", NODE_NAME),
    Residual.key: Again("layers", "Layers whose output is added to their input."),
    Parallel.key: PARALLEL,
}
"""What stands in the place of a layer's name, beside the names of blocks."""
ITEM = Thing(
    LAYERS,
    {"name": text("Name of the layer, in paths; of the last layer, that of the output."), "repeat": REPEAT},
    others=STRUCTURES,
    blocks=True,
)
NODE = Thing(
    LAYERS,
    {"from": FROM, "layers": LAYERS_OF, "repeat": REPEAT},
    ("from",),
    instead=("layers",),
    others=STRUCTURES,
    blocks=True,
)
CHAIN = Items(ITEM, if_empty=("no layer", "add a layer: `- dense: 10`"), help="begin each layer with `- `")
RECURRING: Mapping[str, Items | Thing] = {"layers": CHAIN, "node": NODE}
"""The shapes that stand inside themselves."""

EXTENDS_KEYS = Keys(
    "`extends`",
    {
        "file": text("The file, below the folder of the spec.", "the path of a file"),
        "remove": Items(text("", "the path of what is not taken over"), "Paths of what is not taken over."),
    },
    (Need(("file",), "write `extends: {file: base.yaml, remove: [train.early_stopping]}`"),),
)
EXTENDS = Either(
    EXTENDS_KEYS,
    value=text("", "the path of a file"),
    description="The file that this one is laid over: mappings are merged, lists and values replaced.",
)
BLOCK = Keys(
    "a block",
    {
        "params": Names(
            "`params`",
            ANYTHING,
            open=True,
            nullable=True,
            description="Parameters: a type (int, float, bool, str, ints, floats) or a default.",
            pattern=VARIABLE_NAME,
        ),
        "layers": LAYERS_OF,
        "inputs": Either(
            items=Items(REFERENCE),
            value=REFERENCE,
            description="The names of what comes into a graph, in order.",
            expected=NODES,
            if_empty=("no input", "write `inputs: [x]`"),
        ),
        "nodes": NODES_OF,
        "outputs": OUTPUTS,
        "use": text("A file whose model is the block."),
        "output": text("The node of that model whose value the block gives; else its outputs."),
    },
    description="A brick: `layers` for a chain, or `inputs`, `nodes` and `outputs` for a graph.",
)
FROM_FILE = ("use", "output")
"""The keys of a block that is the model of another file."""
INPUT = Keys(
    "an input",
    {
        "shape": Value(
            {"type": "array", "items": {"type": "integer", "minimum": 1, "exclusiveMaximum": 2**31}},
            "Sizes of one example's axes, without the batch axis.",
        ),
        "dtype": Value({"type": "string", "enum": list(DTYPES)}, "Type of the values the model receives."),
    },
    (Need(("shape",), "add `shape: ...`"),),
    expected="a mapping with its shape",
    help=instead.as_shape,
)
ONE_BODY = "keep `layers` for a chain of layers, or `nodes` and `outputs` for a graph"
NO_OUTPUTS = "`outputs` goes with `nodes`, not with `layers`"
OUTPUT_OF_CHAIN = "the output of a chain is called by the `name` of its last layer, else `output`"
MODEL = Keys(
    "`model`",
    {
        "inputs": Names(
            "`inputs`",
            INPUT,
            description="The inputs by name.",
            each="input",
            if_empty=("no input", "name at least one input"),
            help=instead.as_input,
        ),
        "layers": LAYERS_OF,
        "nodes": NODES_OF,
        "outputs": OUTPUTS,
        "precision": Value(
            {"type": "string", "enum": list(PRECISIONS)},
            "Type of the values in between; weights, statistics, losses and outputs are float32 in any case.",
        ),
    },
    (
        Need(("inputs",), "name each input and the shape of one example: `inputs: {image: {shape: [28, 28]}}`"),
        Need(
            ("layers", "nodes"),
            "add `layers:` with a list for a chain of layers, or `nodes:` and `outputs:` for a graph",
            "no layers",
        ),
        Need(
            ("outputs",),
            "list the nodes whose values the model gives: `outputs: [digit]`",
            beside="nodes",
            owner="a graph",
        ),
    ),
    "Inputs, and `layers` for a chain or `nodes` and `outputs` for a graph.",
    (
        Exclusion("layers", "nodes", help=ONE_BODY, labels=("a chain", "a graph")),
        Exclusion("layers", "outputs", help=OUTPUT_OF_CHAIN, labels=("", "not used here"), message=NO_OUTPUTS),
    ),
)
READER = Thing(READERS, bare=instead.as_reader)
VALIDATION = Keys(
    "`validation`",
    {"first": integer("So many, from the first on.", 1), "last": integer("The last ones, so many.", 1)},
    excluded=(Exclusion("first", "last", "the rows for validation are the first ones, or the last ones"),),
)
DATA = Keys(
    "`data`",
    {
        "source": Thing(SOURCES, description="Where the rows come from."),
        "inputs": Names(
            "`inputs`", READER, True, description="How each model input is read.", help=instead.as_inputs_of_data
        ),
        "targets": Names("`targets`", READER, True, description="How each target is read.", help=instead.as_targets),
        "sample_weight": READER._replace(description="How much each row counts in the loss, or each step of it."),
        "validation": Either(
            VALIDATION,
            value=Value(positive_number()),
            description="Rows kept for validation: a share, a count, `{first: N}` or `{last: N}`.",
        ),
        "test": Thing(SOURCES, description="Rows for the final score, where the source brings none."),
        "seed": integer("Of the draw of validation rows.", 0, below=2**63, range="at least 0 and below 2^63"),
    },
    (Need(("source",), "name where the rows come from, such as `source: digits`; sources: {names}"),),
    "What the model is trained on.",
    later=("augment",),
    help=instead.as_source,
)
TERM = Thing(
    LOSSES,
    {
        "of": FROM._replace(
            mapping=Names("`of`", text("", NODE_NAME), refers=True),
            description="The outputs or nodes that the loss is of: one, a list in order, or a mapping by name.",
            if_empty=("of nothing", "name an output or a node"),
        ),
        "target": text("Name of the target; by default that of the term.", "the name of a target"),
        "weight": Value(
            merged([{"type": "number", "minimum": 0}, RATIO]), "Factor of this term in the total loss.", read=read_ratio
        ),
        "mask": text(
            "A target, an input or a node: where it is false, nothing counts.",
            "the name of a target, an input or a node",
        ),
    },
)
METRICS_OF = Items(Thing(METRICS), help=instead.as_metrics)
TRAIN = Keys(
    "`train`",
    {
        "loss": Thing(LOSSES, description="The loss of a model with one output."),
        "losses": Names(
            "`losses`",
            TERM,
            description="The terms of the loss by name.",
            if_empty=("no term", "add a term: `losses: {digit: cross_entropy}`"),
        ),
        "metrics": Either(
            Names("`metrics`", METRICS_OF, refers=True, each="the metrics of"),
            METRICS_OF,
            description="Metrics: a list, or a mapping from outputs to lists.",
            expected="a list",
            help=instead.as_metrics,
        ),
        "optimizer": Thing(OPTIMIZERS, description="How weights follow gradients."),
        "batch_size": integer("Rows per step.", 1, 2**24),
        "epochs": integer("Passes over the training rows.", 1, 10**6, nullable=True),
        "steps": integer("Steps in all, instead of `epochs`.", 1, 10**9, nullable=True),
        "seed": integer("Of initial weights, dropout and the order of rows.", 0, below=2**63),
        "shuffle": boolean("Whether each epoch takes the rows in an order of its own, not in that of the data."),
        "monitor": Value({"type": ["string", "null"]}, "The log key that decides which weights are best."),
        "early_stopping": integer("Epochs without a better `monitor` before training stops.", 1, 10**6, nullable=True),
    },
    (
        Need(("loss", "losses"), "add `loss: cross_entropy` for classes or `loss: mean_squared_error` for numbers"),
        Need(("optimizer",), "add `optimizer: adam`; optimizers: {names}"),
        Need(("epochs", "steps"), "add `epochs: 10`, the passes over the training rows, or `steps`"),
    ),
    "How the model is trained.",
    (
        Exclusion("loss", "losses", "`losses` is a mapping of several terms, `loss` is the only one"),
        Exclusion("epochs", "steps", "both say how long to train"),
    ),
    ("freeze", "phases", "start_from", "clip_norm", "mesh"),
)
LANGUAGE = Keys(
    "a spec",
    {
        "modelc": Value({"type": "integer", "enum": [1]}, "Version of the language."),
        "name": Value(
            {"type": "string", "pattern": f"^{NAME.pattern}$", "maxLength": 100},
            "Name of the model; its runs are kept below a folder of this name.",
        ),
        "description": text("What the model is for, in words."),
        "extends": EXTENDS,
        "vars": Names(
            "`vars`",
            ANYTHING,
            given=True,
            nullable=True,
            description="Values by name, for `$name` and `${expression}` anywhere below.",
            pattern=VARIABLE_NAME,
        ),
        "blocks": Names(
            "`blocks`",
            BLOCK,
            nullable=True,
            description="Bricks with parameters, used like layers; CamelCase names.",
            pattern=BLOCK_NAME,
        ),
        "model": MODEL,
        "data": DATA,
        "train": TRAIN,
    },
    (
        Need(("modelc",), "add `modelc: 1` as the first line"),
        Need(("model",), "add `model:` with `inputs` and `layers`"),
    ),
)
"""The whole language, from the top level of a spec down."""
SECTIONS: Mapping[str, Keys] = {name: shape for name, shape in LANGUAGE.keys.items() if isinstance(shape, Keys)}

BESIDE: Mapping[str, frozenset[str]] = {
    "layer": frozenset({*ITEM.siblings, *NODE.siblings} - {*NODE.instead}),
    "loss": frozenset(TERM.siblings),
}
"""Keys that stand beside a thing of a kind, in one place or another."""
