"""The grammar of models and blocks: layers, nodes, their inputs and outputs."""

from collections.abc import Mapping

from modelc.compiler.language.ast import LARGEST_REPEAT, Layers, Parallel, Residual, Share, Unembed
from modelc.compiler.language.shapes import (
    Again,
    Either,
    Items,
    Keys,
    Names,
    Need,
    Shape,
    Thing,
    boolean,
    integer,
    text,
)
from modelc.compiler.language.suggestions import wrong_kinds as instead
from modelc.compiler.library.layers import LAYERS

NODE_NAME = "the name of a node"
REFERENCE = text("Name of an input or a node, or `node.port`.", NODE_NAME)
OUTPUTS = Either(
    Names("`outputs`", REFERENCE, each="output", ordered=True),
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
LAYERS_OF = Items(
    Again("item"),
    "The layers of a chain, each fed by the one before.",
    ("no layer", "add a layer: `- dense: 10`"),
    instead.as_chain,
)
IN_ANY_ORDER = "The nodes of a graph by name, in any order."
NODES_OF = Names("`nodes`", Again("node"), IN_ANY_ORDER, "node", ("no node", "add a node"), instead.as_nodes)
AS_INDEX = "write `index: i`, and `$i` for the number inside"
TIMES = integer("Number of repetitions.", 0, LARGEST_REPEAT, range=f"from 0 to {LARGEST_REPEAT}")._replace(
    help=instead.as_times
)
REPEAT_KEYS: Mapping[str, Shape] = {
    "times": TIMES,
    "tied": boolean("Whether all use one set of weights."),
    "index": text("The name of a variable inside: the number of the copy, from 0.", "a name", AS_INDEX),
}
REPEAT = Either(
    Keys(
        "`repeat`",
        REPEAT_KEYS,
        (Need(("times",), "write `repeat: {times: 4, tied: true}`", "number of repetitions?"),),
    ),
    value=TIMES,
    description="Number of repetitions, in sequence: a number, `{times: N, tied: true}`, or `{times: N, index: i}`.",
    alone="times",
)
LIKE_THIS = "write `parallel: {join: concatenate, branches: {a: [...], b: [...]}}`"
JOIN = Thing(LAYERS, description="The layer that joins the values: any that takes several.")
PARALLEL = Keys(
    "`parallel`",
    {
        "join": JOIN,
        "branches": Names(
            "`branches`",
            LAYERS_OF._replace(if_empty=None),
            description="Chains of layers by name; `[]` is the identity.",
            help=instead.as_branches,
            ordered=True,
        ),
    },
    (Need(("join",), LIKE_THIS), Need(("branches",), LIKE_THIS)),
    "Chains that all get the same input, joined at their ends.",
    help=LIKE_THIS,
)
SHORTCUT = "Layers that the input goes through on its way around; `[]`, and none, are the identity."
RESIDUAL = Keys(
    "`residual`",
    {
        "layers": LAYERS_OF._replace(description="The layers that the input goes around."),
        "shortcut": LAYERS_OF._replace(description=SHORTCUT, if_empty=None),
        "join": JOIN._replace(description="The layer that joins the shortcut and the output of the layers; `add`."),
    },
    (Need(("layers",), "write `residual: {layers: [...], shortcut: [...]}`"),),
)
STRUCTURES: Mapping[str, Shape] = {
    Share.key: text("A node whose layers are used here again, with its weights.", NODE_NAME, instead.as_name),
    Unembed.key: text(
        "An embedding whose table maps vectors back to a number for each id.", NODE_NAME, instead.as_name
    ),
    Layers.key: LAYERS_OF._replace(description="Layers in sequence as one, with one name and one `repeat`."),
    Residual.key: Either(
        RESIDUAL,
        LAYERS_OF,
        description="Layers whose output is added to their input: a list, or a mapping with a `shortcut` and a `join`.",
        expected="a list",
        help=LAYERS_OF.help,
        if_empty=LAYERS_OF.if_empty,
        alone="layers",
    ),
    Parallel.key: PARALLEL,
}
"""What stands in place of a layer's name, beside the names of blocks."""
TRAINABLE = boolean(
    "Whether training changes its weights and statistics; `false` also holds for all that is inside of it."
)
ITEM = Thing(
    LAYERS,
    {
        "name": text("Name of the layer, in paths; of the last layer, that of the output."),
        "repeat": REPEAT,
        "trainable": TRAINABLE,
    },
    others=STRUCTURES,
    blocks=True,
)
NODE = Thing(
    LAYERS,
    {"from": FROM, "repeat": REPEAT, "trainable": TRAINABLE},
    (Need(("from",), "name the input or node it takes its values from: `from: {}`"),),
    others=STRUCTURES,
    blocks=True,
)
RECURRING: Mapping[str, Thing] = {"item": ITEM, "node": NODE}
"""The shapes that stand inside themselves."""
