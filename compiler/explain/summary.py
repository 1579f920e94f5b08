"""The summary of a task before it runs: nodes, weights, losses, data. Values only; nothing here prints."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod

from modelc.compiler.binding.task import Task, Term
from modelc.compiler.diagnostics.phrases import MOST_LISTED, counted
from modelc.compiler.explain.pretty_printer import show_named
from modelc.compiler.explain.training_facts import own_facts, training_facts
from modelc.compiler.graph.graph import Node
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.durations import duration_of
from modelc.compiler.language.settings import Settings
from modelc.compiler.language.splits import Split
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Plan, State, Weight
from modelc.compiler.library.contracts.reader import Reader
from modelc.compiler.library.layers import MADE, kind_of
from modelc.compiler.lowering.passes.drop_unused import drop_unused
from modelc.compiler.lowering.precision import Precision, precision_of
from modelc.compiler.lowering.prepared_task import PreparedTask, as_trained, prepare

BYTES = {"bool": 1, "int8": 1, "uint8": 1, "bfloat16": 2, "float16": 2, "int16": 2, "uint16": 2, "float64": 8}
"""Of one value; four for every other dtype of the language, eight for 64-bit integers."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number of values and the bytes they take."""

    values: int = 0
    bytes: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.values + other.values, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class Row:
    """One input or node. `layer` is `input` for an input; `notation` is the layer as a spec writes it.

    `ports` has the types of all outputs where there are several; `inputs` the edges into it, `node` or `node.port`.
    `mask` says what becomes of masks here, empty where there is none; `computes_in` which floats are computed with, empty
    unless precision is mixed. `frozen` is how many values nothing ever changes: those of constant arrays, of what is not trainable, and of what
    the training freezes from its first step to its last. `state` has weights that are frozen, too.
    """

    path: str
    layer: str
    notation: str
    output: TensorType
    ports: tuple[tuple[str, TensorType], ...]
    trainable: Count
    state: Count
    inputs: tuple[str, ...]
    owner: str = ""
    mask: str = ""
    computes_in: str = ""
    frozen: int = 0

    @property
    def parameters(self) -> int:
        return self.trainable.values + self.state.values


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One phase of the training: its name, its `length` in words, how many of all parameters it trains, its optimizer, and what else
    it does otherwise than the whole training, each a name and a text.
    """

    name: str
    length: str
    trainable: Count
    optimizer: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TermRow:
    """One term of the loss. `activation` is the one before which the loss takes its values, empty where it takes logits
    or plain values; `link` is what it takes logits for. `repaired` says that a target of shape `[]` meets an output
    `[1]`. `subject` says in words which column or input the target comes from, `mask` which target or edge leaves
    elements out.
    """

    name: str
    loss: str
    of: str
    output: TensorType | None
    activation: str
    link: str
    target: str
    reader: str
    subject: str
    target_type: TensorType | None
    classes: tuple[str, ...] | int | None
    repaired: bool
    weight: float
    mask: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A task as a table. `inputs` has the reader of each model input; texts are empty where the spec says nothing."""

    name: str
    rows: tuple[Row, ...]
    outputs: tuple[tuple[str, str], ...]
    trainable: Count
    state: Count
    terms: tuple[TermRow, ...]
    metrics: tuple[str, ...]
    monitor: str
    better: str
    optimizer: str
    length: str
    batch_size: int
    facts: tuple[tuple[str, str], ...]
    """What the training does beside its optimizer, each a name and a text."""
    phases: tuple[PhaseRow, ...]
    source: str
    inputs: tuple[tuple[str, str], ...]
    compared: tuple[tuple[str, str], ...]
    """The targets that only metrics take, with their readers."""
    validation: str
    test: str
    """The test rows of the source, in words; empty where there are none or they have a source of their own."""
    loops: tuple[tuple[str, int], ...]
    sample_weight: str
    weighed: str
    """What the sample weights count in, in words."""
    precision: str

    @property
    def total(self) -> Count:
        return self.trainable + self.state


def summarize(task: Task) -> Summary:
    """The summary of a task that has no errors: of what is computed and trained of it."""
    task = drop_unused(task)
    types = task.planned.graph.inputs.items()
    inputs = [
        Row(name, "input", "input", known, (), Count(), Count(), ()) for name, known in types if known is not None
    ]
    prepared = prepare(task)
    precision = precision_of(prepared)
    training, data = task.training, task.data
    if training is not None:
        task = replace(task, planned=as_trained(task.planned, training))
    rows = (*inputs, *(node_row(task, precision, node) for node in task.planned.graph.nodes))
    settings = training.settings if training else None
    return Summary(
        name=task.spec.name,
        rows=rows,
        outputs=tuple((name, str(output.edge)) for name, output in task.outputs.items()),
        trainable=total(row.trainable for row in rows),
        state=total(row.state for row in rows),
        terms=tuple(term_row(task, term) for term in task.terms),
        metrics=tuple(measure.key for measure in task.measures),
        monitor=training.monitor if training else "",
        better=training.better if training else "",
        optimizer=show_named(training.optimizer) if training else "",
        length="" if settings is None else show_length(settings),
        batch_size=settings.batch_size if settings else 0,
        facts=training_facts(settings, training.monitor) if training and settings else (),
        phases=tuple(phase_row(phase, settings) for phase in prepared.phases) if settings else (),
        source=show_named(data.source) if data and data.source else "",
        inputs=tuple((name, show_reader(binding.reader)) for name, binding in (task.inputs or {}).items()),
        compared=tuple(
            (name, show_reader(binding.reader))
            for name, binding in (task.targets or {}).items()
            if name in [measure.target for measure in task.measures]
            and name not in [term.target for term in task.terms]
        ),
        validation=show_split(data, "validation") if data else "",
        test=show_split(data, "test") if data else "",
        loops=tuple((roll.path, roll.times) for roll in prepared.rolls),
        sample_weight=show_reader(data.sample_weight) if data and data.sample_weight else "",
        weighed=task.weighed,
        precision=f"mixed_{precision.half}" if precision.half else "float32",
    )


def node_row(task: Task, precision: Precision, node: Node) -> Row:
    """The row of one node; shared weights are counted at the node that owns them."""
    plan, owns = task.planned.plans[node.path], node.owner == node.path
    assert node.layer is not None and node.feeds is not None, "a task without errors has no holes"
    kind = kind_of(node.layer)
    main = plan.outputs.get("output") or next(iter(plan.outputs.values()))
    return Row(
        node.path,
        kind,
        show_named(node.layer) if kind not in MADE.entries else f"{kind}: {node.owner}",
        main,
        tuple(plan.outputs.items()) if len(plan.outputs) > 1 else (),
        count(weight for weight in plan.params.values() if weight.trainable) if owns else Count(),
        count([*(weight for weight in plan.params.values() if not weight.trainable), *plan.state.values()])
        if owns
        else Count(),
        tuple(str(feed.edge) for feed in node.feeds),
        "" if owns or kind in MADE.entries or not plan.params else node.owner,
        mask_at(task, node, plan),
        precision.computes_in(node.path),
        count(frozen_entries(plan)).values if owns else 0,
    )


def show_length(settings: Settings) -> str:
    """How long a training is: `10 epochs`, `500 steps, at most 10 min`; of all phases together, where they all count epochs."""
    phases = settings.phases or (settings,)
    if all(phase.epochs is not None and phase.time is None for phase in phases):
        return counted(sum(phase.epochs or 0 for phase in phases), "epoch")
    return ", then ".join(map(show_own_length, phases))


def show_own_length(settings: Settings) -> str:
    """How long a phase is, or a training without phases."""
    counts = ((settings.epochs, "epoch"), (settings.steps, "step"))
    parts = [counted(count, word) for count, word in counts if count is not None]
    if settings.time is not None:
        parts.append(f"{'at most ' if parts else ''}{duration_of(settings.time)}")
    return ", ".join(parts)


def phase_row(phase: PreparedTask, whole: Settings) -> PhaseRow:
    """The row of a phase of a training with the settings `whole`."""
    training = phase.training
    assert training is not None, "only a training has phases"
    weights = (weight for _, plan in phase.planned.owned() for weight in plan.params.values() if weight.trainable)
    begins = ", from the best weights" if training.from_best else ""
    return PhaseRow(
        training.name,
        show_length(training.settings) + begins,
        count(weights),
        show_named(training.optimizer),
        own_facts(training.settings, training.monitor, whole),
    )


def frozen_entries(plan: Plan) -> list[Weight | State]:
    """The weights and the state of a layer that nothing changes."""
    weights = (weight for weight in plan.params.values() if not weight.trainable)
    return [*weights, *(entry for entry in plan.state.values() if entry.fixed)]


def mask_at(task: Task, node: Node, plan: Plan) -> str:
    """What becomes of masks at a node: where they begin, are passed on, used, or dropped; empty where there is none."""
    assert node.layer is not None, "a task without errors has no holes"
    comes = any(known is not None and known.mask for known in map(task.planned.type, node.edges))
    goes = any(type_.mask for type_ in plan.outputs.values())
    if not comes:
        return "begins" if goes else ""
    if node.layer.masking == "use" and not plan.drops_mask:
        return "used, passed on" if goes else "used"
    return "passed on" if goes else "dropped"


def count(entries: Iterable[Weight | State]) -> Count:
    """The number of values in weights or state; per-row state is counted for one row."""
    sizes = [(prod(entry.shape), entry.dtype) for entry in entries]
    return total(Count(size, size * (8 if dtype.endswith("int64") else BYTES.get(dtype, 4))) for size, dtype in sizes)


def total(counts: Iterable[Count]) -> Count:
    return sum(counts, Count())


def term_row(task: Task, term: Term) -> TermRow:
    binding = (task.targets or {}).get(term.target or "")
    output = next((output for output in task.outputs.values() if (output.edge,) == term.of), None)
    link = term.loss.activation or ""
    classes = output.classes if output else None
    return TermRow(
        term.name,
        show_named(term.loss),
        term.shown,
        task.planned.type(term.of[0]) if len(term.of) == 1 else None,
        link if output is not None and not output.logits else "",
        link,
        term.target or "",
        show_reader(binding.reader) if binding else "",
        f"{binding.reader.origin} {binding.subject}" if binding else "",
        binding.type if binding else None,
        binding.classes if binding is not None and binding.classes is not None else classes,
        binding.squeeze if binding else False,
        term.weight,
        show_mask(task, term),
    )


def show_mask(task: Task, term: Term) -> str:
    """The mask of a term: a target, by its column, or an edge; empty for none."""
    binding = (task.targets or {}).get(term.mask) if isinstance(term.mask, str) else None
    where = "" if binding is None else f" ({binding.reader.origin} {binding.subject})"
    return "" if term.mask is None else f"{term.mask}{where}"


def show_split(data: DataSpec, key: str) -> str:
    """The rows that are held out under `key`, in words; empty for none."""
    split = data.held_out.get(key)
    if not isinstance(split, Split):
        return "" if split is None else show_named(split)
    of_each = " of each series" if data.windows is not None and data.windows.group_by is not None else ""
    if split.first is not None:
        return f"the first {counted(split.first, 'row')}{of_each}"
    if split.last is not None:
        return f"the last {counted(split.last, 'row')}{of_each}"
    if split.where is not None:
        values = " or ".join(map(str, split.where.equals))
        return f"the rows in which {split.where.column} is {values}"
    if split.after is not None:
        return f"the rows with {split.after.column} from {split.after.value} on"
    if split.folds is not None:
        share = f"fold {split.folds.fold} of {split.folds.count}"
    else:
        share = counted(split.rows or 0, "row") if split.fraction is None else f"{split.fraction:.4g} of the rows"
    by = f", of each {split.stratify} alike" if split.stratify else ""
    by = f", with each {split.group_by} in one part" if split.group_by else by
    return f"{share}, drawn by seed {data.seed}{by}"


def show_reader(reader: Reader) -> str:
    """A reader in the notation of specs, of very many class names the first ones."""
    long = {
        name: value
        for name in reader.model_fields_set
        if isinstance(value := getattr(reader, name), tuple) and len(value) > MOST_LISTED
    }
    if not long:
        return show_named(reader)
    more = {name: f"... {len(value) - MOST_LISTED:,} more" for name, value in long.items()}
    text = show_named(reader.model_copy(update={name: (*long[name][:MOST_LISTED], more[name]) for name in long}))
    for word in more.values():
        text = text.replace(f"'{word}'", word)
    return text
