"""The syntax tree of a spec: its sections as values, before names are resolved in the graph.

A part that could not be read is None (a hole): its problem has been reported, and whatever meets it stays silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.expressions.deferred import Deferred
from modelc.compiler.language.phases import PhaseSpec
from modelc.compiler.language.settings import Settings
from modelc.compiler.language.splits import Split, Splits
from modelc.compiler.language.windows import SpanName, WindowsSpec
from modelc.compiler.library.base.plugin_context import NONE, Plugins
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.augmentation import Augmentation
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.library.contracts.layer import Layer
from modelc.compiler.library.contracts.loss import Loss
from modelc.compiler.library.contracts.metric import Metric
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.contracts.reader import Reader
from modelc.compiler.syntax.document import Document

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
"""What values are computed in; weights, statistics, losses and outputs are float32 in all."""
DTYPES = ("float32", "int32", "uint8", "bool")
"""The types of inputs."""
LARGEST_REPEAT = 1000
MAX_LAYERS = 5_000
"""Layers and blocks of one model, each use of a block and each copy of a repeat counted."""


class InputSpec(NamedTuple):
    """One model input: the type of one example, without the batch axis."""

    shape: tuple[int, ...]
    dtype: str = "float32"

    @property
    def type(self) -> TensorType:
        return TensorType(self.shape, self.dtype)


class Repeat(NamedTuple):
    """The number of repetitions of an item, in sequence; `tied` copies share the weights of the first.

    Where copies differ, those after the first are here, each as one item or as those of a chain.
    """

    times: int
    tied: bool
    path: Path
    copies: "tuple[tuple[Item, ...], ...]" = ()


@dataclass(frozen=True, slots=True, eq=False)
class Unbuilt:
    """A layer whose arguments ask for shapes of the model, so that only type inference can build it.

    `arguments` are plain data with a `Deferred` at each of `places`, and stand below `path` and the name `kind`. With
    `unembeds`, the layer is an embedding and its table is used the other way round.
    """

    kind: str
    cls: type[Layer]
    arguments: Mapping[str, Any]
    places: Mapping[Path, Deferred]
    path: Path
    unembeds: bool = False


class Item(NamedTuple):
    """One entry of a `layers` list, or what a node is made of. `kind` is its name in the text, if it has one.

    `layer` is the layer that it is, `unbuilt` one that waits for shapes, `body` what stands in place of one; with
    none of them it is a hole.
    """

    kind: str
    layer: Layer | None
    name: str | None
    path: Path
    """Of the arguments; `path` up to the item's name is the way to the key."""
    body: "Body | None" = None
    repeat: Repeat | None = None
    unbuilt: Unbuilt | None = None
    trainable: bool = True
    """Whether training changes its weights, unless what it stands in says otherwise."""

    @property
    def cls(self) -> type[Layer] | None:
        """The class of the layer that it is; None where it is none."""
        return self.unbuilt.cls if self.unbuilt is not None else None if self.layer is None else type(self.layer)

    @property
    def is_hole(self) -> bool:
        return self.cls is None and self.body is None


class Reference(NamedTuple):
    """A text that names a node or one of its ports, as it stands in a `from`, `outputs`, `of`, `mask` or `share`."""

    text: str
    path: Path
    slot: str | None = None

    @property
    def node(self) -> str:
        return self.text.partition(".")[0]

    @property
    def port(self) -> str:
        return self.text.partition(".")[2] if "." in self.text else "output"


class NodeSpec(NamedTuple):
    """One node of a graph: `items` is None where they could not be read; `chain` says that it is written with `layers`.

    `repeat` and `trainable` are those of a chain as a whole; a node of one item has them there.
    """

    name: str
    sources: tuple[Reference, ...] | None
    items: tuple[Item, ...] | None
    chain: bool
    path: Path
    repeat: Repeat | None = None
    trainable: bool = True


@dataclass(frozen=True, slots=True)
class Chain:
    """The body of a block that is a chain of layers. `types` has what the model of a file says of its input."""

    items: tuple[Item, ...] | None
    types: Mapping[str, InputSpec | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inner:
    """The body of a block that is a graph. Its first output is what the block gives, all of them are ports.

    `types` has what the model of a file says of its inputs.
    """

    inputs: tuple[str, ...]
    nodes: Mapping[str, NodeSpec]
    outputs: Mapping[str, Reference]
    complete: bool
    types: Mapping[str, InputSpec | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers in sequence as one item, with one name and one number of repetitions."""

    key: ClassVar[str] = "layers"
    items: tuple[Item, ...] | None


@dataclass(frozen=True, slots=True)
class Residual:
    """Layers whose output is joined with their input, which goes through the `shortcut`: `()` is the identity.

    `kind` is the name of the layer that joins the two.
    """

    key: ClassVar[str] = "residual"
    items: tuple[Item, ...] | None
    shortcut: tuple[Item, ...] | None
    join: Layer | None
    kind: str


@dataclass(frozen=True, slots=True)
class Parallel:
    """Chains of layers that all get the same input, and the layer that joins their outputs; `[]` is the identity."""

    key: ClassVar[str] = "parallel"
    join: Layer | None
    kind: str
    branches: Mapping[str, tuple[Item, ...] | None]


@dataclass(frozen=True, slots=True)
class Share:
    """The layers of another node, with its weights."""

    key: ClassVar[str] = "share"
    of: Reference


@dataclass(frozen=True, slots=True)
class Unembed:
    """The table of an embedding, used the other way round: from vectors to a number for each id."""

    key: ClassVar[str] = "unembed"
    of: Reference


Body = Chain | Inner | Layers | Residual | Parallel | Share | Unembed
STRUCTURES = tuple(cls.key for cls in (Share, Unembed, Layers, Residual, Parallel))
"""What stands in place of a layer's name, beside the names of blocks."""


class ModelSpec(NamedTuple):
    """The `model` section; a sequential model is one node called after its output."""

    inputs: Mapping[str, InputSpec | None]
    nodes: Mapping[str, NodeSpec]
    outputs: Mapping[str, Reference]
    sequential: bool
    precision: str
    complete: bool
    """Whether all inputs, nodes and outputs that the text names are here: a name that is missing may be a hole."""
    axes: Mapping[str, str | None] = {}
    """By the logical name of an axis of weights, the axis of the mesh along which it lies, where that is not the default."""


class AugmentSpec(NamedTuple):
    """One change of rows in training, of the inputs and targets `of`; None where the spec does not say which."""

    by: Augmentation
    of: tuple[str, ...] | None
    path: Path


class DataSpec(NamedTuple):
    """The `data` section. `held_out` has, by its key in this order, which rows test and validate: of `source`, or of their own."""

    source: Source | None
    inputs: Mapping[str, Reader | None]
    targets: Mapping[str, Reader | None]
    held_out: Mapping[str, Split | Source]
    seed: int
    complete: bool
    sample_weight: Reader | None = None
    windows: WindowsSpec | None = None
    spans: Mapping[str, SpanName] = {}
    """By the name of an input, what it reads of a window, where that is not the context."""
    shifted: frozenset[str] = frozenset()
    """The targets that are the rows of the context one later, and not those of the horizon."""
    balanced: str | None = None
    """The column whose values come equally often among the rows that are drawn for an epoch."""
    augment: tuple[AugmentSpec, ...] = ()
    skips: bool = False
    """Whether rows that cannot be read are left out."""

    @property
    def leaving_out(self) -> frozenset[str]:
        """The inputs and targets of changes that leave elements of targets out of losses and metrics."""
        return frozenset(name for one in self.augment if one.by.leaves_out for name in one.of or ())

    def span_of(self, name: str, *, target: bool) -> SpanName:
        """What an input, or a `target`, reads of a window."""
        if target:
            return "next" if name in self.shifted else "horizon"
        return self.spans.get(name, "context")

    @property
    def splits(self) -> Splits:
        """The splits of the rows of `source` by their keys, in the order in which they are drawn."""
        return {key: one for key, one in self.held_out.items() if isinstance(one, Split)}

    @property
    def own_sources(self) -> Mapping[str, Source]:
        """The sources of rows that are held out which are none of `source`, by their keys."""
        return {key: one for key, one in self.held_out.items() if isinstance(one, Source)}

    @property
    def sources(self) -> Mapping[Path, Source]:
        """All sources by their places, that of the training rows first."""
        first: dict[Path, Source] = {} if self.source is None else {("data", "source"): self.source}
        return first | {("data", key): one for key, one in self.own_sources.items()}


class TermSpec(NamedTuple):
    """One term of the loss. `name` is None for the one loss of a model with one output."""

    name: str | None
    loss: Loss | None
    of: tuple[Reference, ...] | None
    target: str | None
    weight: float
    path: Path
    mask: Reference | None = None


class MetricSpec(NamedTuple):
    """One metric: of the value `of`, of the output called `output` in whose list it stands, or of the only output.

    `name` is its log key, where it has one of its own; `weighted` says that it takes the sample weights.
    """

    output: str | None
    metric: Metric
    kind: str
    path: Path
    name: str | None = None
    of: tuple[Reference, ...] | None = None
    target: str | None = None
    weighted: bool = False


class TrainSpec(NamedTuple):
    """The `train` section. `unread_metrics` has the log names of metrics that could not be read; None where these may not be
    all that is missing.
    """

    terms: tuple[TermSpec, ...]
    metrics: tuple[MetricSpec, ...]
    optimizer: Optimizer | None
    settings: Settings | None
    complete: bool
    unread_metrics: tuple[str, ...] | None
    phases: tuple[PhaseSpec, ...] = ()


class Spec(NamedTuple):
    """A whole spec. Sections that are absent or unreadable are None; `stated` has the sections that the text has.

    `plugins` are those that its names were looked up in.
    """

    document: Document
    name: str
    description: str
    model: ModelSpec | None
    data: DataSpec | None
    train: TrainSpec | None
    stated: frozenset[str]
    plugins: Plugins = NONE
