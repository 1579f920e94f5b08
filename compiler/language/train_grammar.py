"""The grammar of `train`: loss terms, metrics, the optimizer and the settings. A plain setting is a field of `settings.Settings`."""

from collections.abc import Mapping

from modelc.compiler.language.field_schema import RATIO, merged
from modelc.compiler.language.initial_weights_grammar import INITIAL_WEIGHTS
from modelc.compiler.language.layer_grammar import FROM, NODE_NAME
from modelc.compiler.language.length_grammar import LENGTHS
from modelc.compiler.language.shapes import (
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
from modelc.compiler.language.suggestions.foreign_keys import as_monitor
from modelc.compiler.language.update_grammar import UPDATE
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.metrics import METRICS
from modelc.compiler.library.optimizers import OPTIMIZERS

HOW_LONG = ("epochs", "steps", "time")
"""The keys that say how long a training is, or where it has phases, each of them."""
BY_BLOCKS = "write `shuffle: {blocks: 100000}`, or `shuffle: true`"
OF_A_BLOCK = (
    "Rows of a block: blocks of neighbouring rows come in an order that is drawn, several of them shuffled together."
)
TERM = Thing(
    LOSSES,
    {
        "of": FROM._replace(
            mapping=Names("`of`", text("", NODE_NAME), refers=True),
            description="The outputs or nodes that the loss is computed from: one, a list in order, or a mapping by name.",
            if_empty=("empty", "name an output or a node"),
        ),
        "target": text("The name of the target; by default that of the term.", "the name of a target"),
        "weight": Value(
            merged([{"type": "number", "minimum": 0}, RATIO]), "Factor of this term in the total loss.", read=read_ratio
        ),
        "mask": text(
            "A target, an input or a node: elements where it is false do not count.",
            "the name of a target, an input or a node",
        ),
    },
)
ADD_A_TERM = "add a term: `losses: {digit: cross_entropy}`"
METRIC = Thing(
    METRICS,
    {
        "name": text("Its log key; by default the name of the metric. So one metric can stand there twice."),
        "of": TERM.siblings["of"]._replace(description="The output or node that the metric is computed from."),
        "target": text(
            "The name of the target; by default that of the loss of the same value.", "the name of a target"
        ),
        "weighted": boolean("Whether it takes the sample weights; by default all rows count alike."),
    },
)
METRICS_OF = Items(METRIC, help=instead.as_metrics)
PATTERN = text("Weights: a node, block or weight by its path, with `*` and `**`.", "a pattern of weights")
FREEZE = Items(
    PATTERN, "Weights that training leaves as they are, by patterns of their paths.", help="write `freeze: [backbone]`"
)
AS_GROUPS = 'write `param_groups: [{paths: ["backbone/**"], learning_rate_factor: 0.1}]`'
GROUP = Keys(
    "a group of weights",
    {
        "paths": FREEZE._replace(description="The weights of the group, by patterns of their paths.", help=AS_GROUPS),
        "learning_rate_factor": Value(
            {"type": "number", "minimum": 0}, "Their learning rate is that of the optimizer times this number."
        ),
        "weight_decay": Value(
            {"type": "number", "minimum": 0}, "Their weight decay, in place of that of the optimizer."
        ),
    },
    (
        Need(("paths",), 'add the weights it is of: `paths: ["backbone/**"]`', always=True),
        Need(("learning_rate_factor", "weight_decay"), "add `learning_rate_factor: 0.1` or `weight_decay: 0`"),
    ),
    help=AS_GROUPS,
)
GROUPS = Items(GROUP, "Weights with a learning rate or a weight decay of their own; later groups win.", help=AS_GROUPS)
SETTINGS: Mapping[str, Shape] = {
    "loss": Thing(LOSSES, description="The loss of a model with one output."),
    "losses": Names(
        "`losses`", TERM, "The loss terms by name.", "loss term", ("no term", ADD_A_TERM), instead.as_losses
    ),
    "metrics": Either(
        Names("`metrics`", METRICS_OF, refers=True, each="the metrics of"),
        METRICS_OF,
        description="Metrics: a list, or a mapping from outputs to lists.",
        expected="a list",
        help=instead.as_metrics,
    ),
    "optimizer": Thing(OPTIMIZERS, description="The optimizer that updates the weights."),
    "batch_size": integer("Rows per step.", 1, 2**24),
    **{key: LENGTHS[key] for key in HOW_LONG},
    "seed": integer("Seed of initial weights, dropout and the order of rows.", 0, below=2**63),
    "initial_weights": INITIAL_WEIGHTS,
    "shuffle": Either(
        Keys("`shuffle`", {"blocks": integer(OF_A_BLOCK, 1, 2**31 - 1)}, (Need(("blocks",), BY_BLOCKS),)),
        value=boolean("Whether to shuffle the rows in each epoch."),
        description="Whether to shuffle the rows in each epoch; `{blocks: 100000}` does so for rows that do not fit into memory.",
    ),
    "monitor": Value({"type": ["string", "null"]}, "The log key that decides which weights are best.", help=as_monitor),
    **{key: LENGTHS[key] for key in ("early_stopping", "validate_every")},
    "freeze": FREEZE,
    "param_groups": GROUPS,
    **UPDATE,
}
AS_PHASES = (
    "write `phases: [{name: head, epochs: 5, freeze: [backbone]}, {name: all, epochs: 10, optimizer: {adam: 1e-5}}]`"
)
IN_PHASES = ("optimizer", "freeze", "param_groups", "clip_gradients", "early_stopping")
"""The keys of `train` that a phase can have too."""
PHASE = Keys(
    "a phase",
    {
        "name": text("The name of the phase, in the log.", "a name"),
        "from": Value(
            {"type": "string", "enum": ["last", "best"]},
            "Which weights it begins with: those of the last step before, or the best so far.",
        ),
        **{key: LENGTHS[key] for key in HOW_LONG},
        **{key: SETTINGS[key] for key in IN_PHASES},
    },
    (
        Need(("name",), "add a name: `name: head`", always=True),
        Need(HOW_LONG, "add `epochs: 5`, its passes over the training rows"),
    ),
    excluded=(Exclusion("epochs", "steps", "both say how long the phase is"),),
    help=AS_PHASES,
)
PHASES = Items(
    PHASE,
    "Parts of the training, one after the other, each with its own length and what it does otherwise than `train` says.",
    ("no phase", AS_PHASES),
    AS_PHASES,
)
TRAIN = Keys(
    "`train`",
    {**SETTINGS, "phases": PHASES},
    (
        Need(("loss", "losses"), "add `loss: cross_entropy` for classes or `loss: mean_squared_error` for numbers"),
        Need(("optimizer",), "add `optimizer: adam`; `modelc explain` has all others"),
        Need(
            (*HOW_LONG, "phases"),
            "add `epochs: 10`, the passes over the training rows, or `steps`, or `time: 10 min`",
        ),
    ),
    "How the model is trained.",
    (
        Exclusion("loss", "losses", "`losses` is a mapping of loss terms, `loss` is a single one"),
        Exclusion("epochs", "steps", "both say how long to train"),
        *(
            Exclusion(key, "phases", "each phase says how long it is", f"write `{key}` in each phase alone")
            for key in HOW_LONG
        ),
    ),
    help=instead.as_training,
)
