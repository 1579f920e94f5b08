"""The grammar of specs as a value: which keys are allowed where, which are required, their values and descriptions.

The parser walks it, and so do `--set`, `extends`, the JSON Schema, `modelc format` and the pages of `modelc explain`. A new
key begins here, or in the grammar of its section.
"""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.ast import DTYPES, PRECISIONS
from modelc.compiler.language.augment_grammar import AUGMENT
from modelc.compiler.language.layer_grammar import (
    ITEM,
    LAYERS_OF,
    NODE,
    NODES,
    NODES_OF,
    OUTPUTS,
    REFERENCE,
)
from modelc.compiler.language.shapes import (
    Either,
    Exclusion,
    Items,
    Keys,
    Names,
    Need,
    Thing,
    Value,
    integer,
    text,
)
from modelc.compiler.language.split_grammar import HELD_OUT_ROWS
from modelc.compiler.language.suggestions import wrong_kinds as instead
from modelc.compiler.language.train_grammar import METRIC, TERM, TRAIN
from modelc.compiler.language.window_grammar import SPANS, WINDOWS
from modelc.compiler.library.base.registry import NAME
from modelc.compiler.library.base.tensor_type import MAX_RANK
from modelc.compiler.library.contracts.mesh_axes import MESH_AXES, RULES, WHOLE
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.sources import SOURCES

BLOCK_NAME = "^[A-Z][A-Za-z0-9_-]*$"
"""The names of blocks: what tells them from layers."""
ANYTHING = Value({"type": ["null", "boolean", "number", "string", "array", "object"]})
VARIABLES = Names("", ANYTHING, nullable=True, pattern="^[A-Za-z_][A-Za-z0-9_]*$")
PATH = "the path of a file"
REMOVED = text("", "a key path to remove from the base")
EXTENDS = Either(
    Keys(
        "`extends`",
        {
            "file": text("The file, below the folder of the spec.", PATH, instead.as_path),
            "remove": Items(
                REMOVED, "Key paths to remove from the base.", help="write `remove: [train.early_stopping]`"
            ),
        },
        (Need(("file",), "write `extends: {file: base.yaml, remove: [train.early_stopping]}`"),),
    ),
    value=text("", PATH, instead.as_path),
    description="The base file that this spec overrides: mappings are merged, lists and values replaced.",
)


def only_of_graph(key: str, help: str) -> Exclusion:
    """That a chain has no such `key`."""
    message = f"`{key}` goes with `nodes`, not with `layers`"
    return Exclusion("layers", key, "", help, ("", "not used here"), message, "nodes")


ADD_A_BODY = "add `layers` for a chain, or `inputs`, `nodes` and `outputs` for a graph"
NO_NAMES = "a chain has one input and one output, which need no names"
BLOCK = Keys(
    "a block",
    {
        "params": VARIABLES._replace(
            what="`params`",
            description="Parameters: a type (int, float, bool, str, ints, floats) or a default.",
            help=instead.as_params,
            open=True,
            ordered=True,
        ),
        "layers": LAYERS_OF,
        "inputs": Either(
            items=Items(REFERENCE),
            value=REFERENCE,
            description="The names of the inputs of a graph, in order.",
            expected=NODES,
            if_empty=("no input", "write `inputs: [x]`"),
        ),
        "nodes": NODES_OF,
        "outputs": OUTPUTS,
        "use": text("A file whose model is the block.", PATH, instead.as_path),
        "output": text("The node of that model whose value is the output of the block; by default its outputs."),
    },
    (
        Need(("layers", "nodes"), ADD_A_BODY, "no layers"),
        Need(("inputs",), "add `inputs: [x]`", beside="nodes", owner="a graph"),
        Need(("outputs",), "add `outputs: [{names}]`", beside="nodes", owner="a graph"),
    ),
    "A reusable block: `layers` for a chain, or `inputs`, `nodes` and `outputs` for a graph.",
    (
        Exclusion("layers", "nodes", help="keep one of the two", labels=("a chain", "a graph")),
        only_of_graph("inputs", NO_NAMES),
        only_of_graph("outputs", NO_NAMES),
    ),
    help=instead.as_block,
)
FROM_FILE = ("use", "output")
"""The keys of a block that is the model of another file."""
INPUT = Keys(
    "an input",
    {
        "shape": Value(
            {
                "type": "array",
                "items": {"type": "integer", "minimum": 1, "exclusiveMaximum": 2**31},
                "maxItems": MAX_RANK,
            },
            "Shape of one example, without the batch axis.",
            help=instead.as_sizes,
        ),
        "dtype": Value({"type": "string", "enum": list(DTYPES)}, "The dtype of the input."),
    },
    (Need(("shape",), "add `shape: ...`", always=True),),
    expected="a mapping with its shape",
    help=instead.as_shape,
)
ONE_BODY = "keep `layers` for a chain of layers, or `nodes` and `outputs` for a graph"
NAME_EACH_INPUT = "name each input and the shape of one example: `inputs: {image: {shape: [28, 28]}}`"
ADD_LAYERS = "add `layers:` with a list for a chain of layers, or `nodes:` and `outputs:` for a graph"
LIST_OUTPUTS = "list the nodes whose values are outputs: `outputs: [{names}]`"
OUTPUT_OF_CHAIN = "the output of a chain has the `name` of its last layer, else `output`"
MODEL = Keys(
    "`model`",
    {
        "inputs": Names(
            "`inputs`",
            INPUT,
            "The inputs by name.",
            "input",
            ("no input", "name at least one input"),
            instead.as_input,
            ordered=True,
        ),
        "layers": LAYERS_OF,
        "nodes": NODES_OF,
        "outputs": OUTPUTS,
        "precision": Value(
            {"type": "string", "enum": list(PRECISIONS)},
            "The dtype of values between layers; weights, statistics, losses and outputs are always float32.",
        ),
        "axes": Names(
            "`axes`",
            Value({"type": "string", "enum": [*MESH_AXES, WHOLE]}),
            f"Along which axis of a mesh of devices axes of weights lie ({', '.join(RULES)}), where not as by default.",
            "the axis",
            help=instead.as_axes,
            open=True,
            refers=True,
        ),
    },
    (
        Need(("inputs",), NAME_EACH_INPUT, always=True),
        Need(("layers", "nodes"), ADD_LAYERS, "no layers"),
        Need(("outputs",), LIST_OUTPUTS, beside="nodes", owner="a graph", always=True),
    ),
    "Inputs, and `layers` for a chain or `nodes` and `outputs` for a graph.",
    (
        Exclusion("layers", "nodes", help=ONE_BODY, labels=("a chain", "a graph")),
        only_of_graph("outputs", OUTPUT_OF_CHAIN),
    ),
)
DRAW_BY = "write `sampling: {balanced: COLUMN}`, the column whose values are to come equally often"
SAMPLING = Keys(
    "`sampling`",
    {"balanced": text("The column of the source whose values come equally often.", "the name of a column")},
    (Need(("balanced",), DRAW_BY),),
    "Training rows drawn with repetition, as many as there are: `{balanced: COLUMN}`.",
    help=DRAW_BY,
)
READER = Thing(READERS, SPANS, bare=instead.as_reader)
DATA = Keys(
    "`data`",
    {
        "source": Thing(SOURCES, description="The source of the rows."),
        "inputs": Names(
            "`inputs`", READER, "The reader of each model input.", "input", help=instead.as_inputs_of_data, open=True
        ),
        "targets": Names(
            "`targets`", READER, "The reader of each target.", "target", help=instead.as_targets, open=True
        ),
        "sample_weight": READER._replace(description="The weight of each row in the loss, or of each step of it."),
        **HELD_OUT_ROWS,
        "windows": WINDOWS,
        "sampling": SAMPLING,
        "augment": AUGMENT,
        "on_bad_row": Value(
            {"type": "string", "enum": ["error", "skip"]},
            "What becomes of a row that cannot be read: an error, or it is left out, counted and listed.",
        ),
        "seed": integer(
            "Seed of the choice of validation and test rows.", 0, below=2**63, range="at least 0 and below 2^63"
        ),
    },
    (Need(("source",), "name the source of the rows, such as `source: digits`; sources: {names}"),),
    "The data that the model is trained on.",
    help=instead.as_source,
)
LANGUAGE = Keys(
    "a spec",
    {
        "modelc": Value({"type": "integer", "enum": [1]}, "Version of the language."),
        "name": Value(
            {"type": "string", "pattern": f"^{NAME.pattern}$", "maxLength": 100},
            "Name of the model; its runs are kept in a folder of this name.",
        ),
        "description": text("The purpose of the model, in words."),
        "extends": EXTENDS,
        "vars": VARIABLES._replace(
            what="`vars`",
            given=True,
            description="Variables: values by name, for `$name` and `${expression}` in the spec.",
            help=instead.as_variables,
        ),
        "blocks": Names(
            "`blocks`",
            BLOCK,
            nullable=True,
            description="Reusable blocks with parameters, used like layers; names in CamelCase.",
            pattern=BLOCK_NAME,
            each="the block",
            help=instead.as_definitions,
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


def has_strange_keys(spec: Mapping[str, Any]) -> bool:
    """Whether a spec, or one of its sections, has a key that it does not know."""
    if not spec.keys() <= LANGUAGE.keys.keys():
        return True
    sections = ((shape, spec.get(name)) for name, shape in SECTIONS.items())
    return any(isinstance(below, Mapping) and not below.keys() <= shape.keys.keys() for shape, below in sections)


BESIDE: Mapping[str, frozenset[str]] = {
    "layer": frozenset({*ITEM.siblings, *NODE.siblings}),
    "loss": frozenset(TERM.siblings),
    "metric": frozenset(METRIC.siblings),
}
"""Keys that stand beside a thing of a kind, in one place or another."""
