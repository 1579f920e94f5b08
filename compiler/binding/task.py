"""A `Task`: a graph with everything needed to train and use it. Frozen; passes map one to the next."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.ast import DataSpec, Spec
from modelc.compiler.language.initial_weights import InitialWeights
from modelc.compiler.language.settings import Settings
from modelc.compiler.language.windows import WindowsSpec
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.augmentation import Augmentation, Augmented
from modelc.compiler.library.contracts.data_source import Column, Source
from modelc.compiler.library.contracts.loss import Loss
from modelc.compiler.library.contracts.mesh_axes import RULES
from modelc.compiler.library.contracts.metric import Link, Metric
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.contracts.reader import Reader, Unit, UnitOfGroups
from modelc.compiler.library.losses.without_target import NoLoss

GROUP = "data.group"
"""The key of the number of the group of each row among the targets of a part: no target can have this name."""
SAMPLE_WEIGHT = "data.sample_weight"
"""The key of the sample weights among the targets of a task: no target can have this name."""
Columns = Mapping[str, Column] | None
"""The columns of the source by name; None where they are not known."""
Classes = tuple[str, ...] | int | None
"""The names of the classes of a label, or their number where they have no names."""


class Output(NamedTuple):
    """One output of the model.

    `link` is the link function of its loss, and `logits` says that its values still are logits, to which the link
    function must be applied to get probabilities. `unit` is that of the columns of its target, where their reader has made
    other numbers of them: losses compare these, metrics and predictions are in the unit. `target` and `mask` are those of its loss, and of its metrics too.
    `before` is the edge of the logits that its last activation makes probabilities of, known once the passes have run.
    """

    name: str
    edge: Edge
    type: TensorType
    link: Link = None
    logits: bool = False
    target: str | None = None
    classes: Classes = None
    mask: Edge | str | None = None
    before: Edge | None = None
    unit: Unit | UnitOfGroups | None = None

    @property
    def logits_edge(self) -> Edge | None:
        """The edge of the logits of its probabilities, None where they are not known."""
        return self.edge if self.logits else self.before


class Term(NamedTuple):
    """One loss term, computed from the values on the edges `of`, one for each slot of the loss.

    Its loss takes the outputs themselves, or, once the passes have run, the values before their last
    activation. `shape` is that of the elements of one row. Elements count where `mask` is true: the values of an edge,
    or the target of this name; and, with `leaves_out`, where the target is not `LEFT_OUT`.
    """

    name: str
    loss: Loss
    of: tuple[Edge, ...]
    target: str | None
    weight: float
    at: Path
    mask: Edge | str | None = None
    shape: tuple[int, ...] = ()
    leaves_out: bool = False

    @property
    def shown(self) -> str:
        """The inputs of the term, in words."""
        return ", ".join(map(str, self.of))


class Measure(NamedTuple):
    """One metric; `key` is its log key without `train/` or `validation/`.

    `value` names what it is computed from in `Task.values`. `shape` is that of the elements of the metric in one row.
    `target` is None for a metric without a target; `unit` is that of its columns, see `Output`, and `leaves_out` as in `Term`.
    `weighted` says that sample weights count in it. `classes` names those that have a value of their own in the log.
    """

    key: str
    metric: Metric
    value: str
    target: str | None
    shape: tuple[int, ...] = ()
    unit: Unit | UnitOfGroups | None = None
    leaves_out: bool = False
    weighted: bool = False
    classes: tuple[str, ...] = ()

    @property
    def class_keys(self) -> tuple[str, ...]:
        """The log keys of the values of classes, such as `recall[cat]`: neither metrics nor outputs have brackets in their names."""
        return tuple(f"{self.key}[{name}]" for name in self.classes)

    @property
    def keys(self) -> tuple[str, ...]:
        """All its log keys."""
        return (self.key, *self.class_keys)


def is_of_class(key: str, keys: Collection[str]) -> bool:
    """Whether a log key is that of one class of the metric that another of the `keys` is of."""
    return key.endswith("]") and key.partition("[")[0] in keys


class Binding(NamedTuple):
    """How one input or target is read. `subject` is a column, or the input whose array is copied.

    `columns` are the names of all columns that it is read from, None until those of the source are known. `wanted` is the type that the model needs (None for a target), `type` that of the reader, None until the data is
    read. `squeeze` marks the only shape repair: a target of shape `[]` for an output `[1]`. `steps` is how many rows of the source
    are read for each row of the task, its first axis; None without windows, and for one value a series. `groups` is the column of the groups that its reader learns of by
    themselves, None where it learns of all rows together.
    """

    name: str
    reader: Reader
    wanted: TensorType | None
    type: TensorType | None
    at: Path
    classes: Classes = None
    squeeze: bool = False
    columns: tuple[str, ...] | None = None
    steps: int | None = None
    groups: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it is read from, with patterns as they are written where columns are not known."""
        return self.reader.names_among(()) if self.columns is None else self.columns

    @property
    def wanted_of_row(self) -> TensorType | None:
        """What the model needs of one row of the source."""
        return (
            self.wanted if self.wanted is None or self.steps is None else self.wanted.with_shape(*self.wanted.shape[1:])
        )

    @property
    def stated_shape(self) -> tuple[int, ...] | None:
        """The shape of one row of the task where the reader itself says it, whatever its columns have."""
        shape = self.reader.row_shape
        return shape if shape is None or self.steps is None else (self.steps, *shape)

    @property
    def given_type(self) -> TensorType | None:
        """The type of the values that a loss or metric is given, after the repair."""
        return self.type.with_shape(1) if self.type is not None and self.squeeze else self.type

    @property
    def subject(self) -> str:
        return self.reader.subject

    @property
    def copies_input(self) -> bool:
        return self.reader.origin == "input"


class Augment(NamedTuple):
    """One change of rows in training, of these inputs and targets together."""

    by: Augmentation
    parts: tuple[Augmented, ...]

    @property
    def mixed(self) -> tuple[str, ...]:
        """The targets that it makes mixtures of."""
        return tuple(part.name for part in self.parts if part.is_target and self.by.mixes)


class Group(NamedTuple):
    """How the update of some weights differs from that of the others, see `Weight`."""

    rate_factor: float = 1.0
    decay: float | None = None
    excluded: bool = False


class Training(NamedTuple):
    """The settings of `train`. `monitor` is a log key, `better` the direction in which it improves, `initial` are
    weights that are taken from elsewhere, once they are read.

    `frozen` are the weights and statistics that it leaves as they are, each by its owner and its name; `groups` has the weights
    with a learning rate, a decay or an optimizer of their own. `phases` are the parts of it in order, where there are any, each as a training by
    itself with its `name`; it begins with the weights that are best so far where it is `from_best`.
    """

    optimizer: Optimizer
    settings: Settings
    monitor: str
    better: str
    frozen: frozenset[tuple[str, str]] = frozenset()
    groups: Mapping[tuple[str, str], Group] = {}
    initial: InitialWeights | None = None
    name: str = ""
    from_best: bool = False
    phases: "tuple[Training, ...]" = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A checked spec. `data` and `training` are None if the spec has no such section."""

    spec: Spec
    planned: TypedGraph
    outputs: Mapping[str, Output]
    terms: tuple[Term, ...] = ()
    measures: tuple[Measure, ...] = ()
    inputs: Mapping[str, Binding] | None = None
    targets: Mapping[str, Binding] | None = None
    data: DataSpec | None = None
    training: Training | None = None
    augment: tuple[Augment, ...] = ()
    measured: Mapping[str, Output] = field(default_factory=dict)
    """What metrics are computed from that is no output, or not as its loss takes it; by names that no output has."""

    @property
    def values(self) -> Mapping[str, Output]:
        """The outputs, and what else metrics are computed from."""
        return {**self.outputs, **self.measured}

    @property
    def axes(self) -> Mapping[str, str]:
        """Along which axis of a mesh each logical axis of weights lies, by default and as the spec says."""
        own = {} if self.spec.model is None else self.spec.model.axes
        return {**RULES, **{name: along for name, along in own.items() if along is not None}}

    def leaves_out(self, target: str | None) -> bool:
        """Whether the target of this name may have elements that no loss and no metric counts, see `Reader.may_leave_out`."""
        binding = (self.targets or {}).get(target or "")
        changed = self.data is not None and target in self.data.leaving_out
        return binding is not None and (binding.reader.may_leave_out or changed)

    @property
    def windows(self) -> WindowsSpec | None:
        """How series are cut into windows, each of which is a row; None where rows of the source are those of the task."""
        return None if self.data is None else self.data.windows

    @property
    def source(self) -> Source | None:
        """The source of the rows, if there is one."""
        return None if self.data is None else self.data.source

    @property
    def penalized(self) -> bool:
        """Whether a penalty is added to the loss terms: by regularizers of weights, or by layers."""
        weights = (weight for plan in self.planned.plans.values() for weight in plan.params.values())
        layers = (part for node in self.planned.graph.nodes if node.layer for part in node.layer.layers())
        return any(weight.regularizer for weight in weights) or any(layer.penalizes for layer in layers)

    def loss_keys(self) -> tuple[str, ...]:
        """The log keys of the losses without `train/` or `validation/`: the total with its penalty, and each term where
        there are several, and the penalty alone where there is one.

        `none` says that an output has no loss, so there is nothing to log of it.
        """
        names = [term.name for term in self.terms if not isinstance(term.loss, NoLoss)]
        penalty = ("penalty",) if self.penalized else ()
        return ("loss", *(f"{name}/loss" for name in names if len(names) > 1), *penalty)

    @property
    def weighed(self) -> str:
        """What sample weights count in, in words."""
        return "losses and weighted metrics" if any(one.weighted for one in self.measures) else "losses, not in metrics"

    @property
    def unmeasured(self) -> frozenset[str]:
        """The log keys, without `train/`, of metrics that training has none of, since it mixes their targets."""
        mixed = {name for change in self.augment for name in change.mixed}
        return frozenset(key for measure in self.measures if measure.target in mixed for key in measure.keys)

    def log_keys(self) -> tuple[str, ...]:
        """All log keys without `train/` or `validation/`."""
        return (*self.loss_keys(), *(key for measure in self.measures for key in measure.keys))
