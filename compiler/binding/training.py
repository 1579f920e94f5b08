"""Binds the settings of `train` as a whole: what to monitor, and whether the settings are compatible."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from modelc.compiler.binding.accumulation import check_accumulation
from modelc.compiler.binding.checkpointing import check_checkpointing
from modelc.compiler.binding.freezing import frozen_entries
from modelc.compiler.binding.lengths import check_clock, check_evaluations, check_waiting, fits
from modelc.compiler.binding.param_groups import bound_groups, check_trained, excluded_entries
from modelc.compiler.binding.task import Columns, Group, Task, Training
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.parser.named_item import nearest_name
from modelc.compiler.language.phases import PhaseSpec
from modelc.compiler.language.settings import Settings
from modelc.compiler.language.splits import sizes
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import synonyms
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.contracts.layer import Plan
from modelc.compiler.library.contracts.optimizer import Optimizer
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.losses.without_target import NoLoss
from modelc.compiler.library.metrics import METRICS
from modelc.compiler.library.optimizers import OPTIMIZERS

VALIDATION_WORDS = ("dev", "eval", "val", "valid", "validate", "validation")
"""What the validation rows are called in the logs of others."""

FEW_KEYS = 12
"""Keys of the log that a message shows in one line; of more, those of each output have one."""


def bind_training(reporter: Reporter, task: Task, columns: Columns) -> Task:
    """The task with its training, if the optimizer, the settings and the monitor are known."""
    train = task.spec.train
    assert train is not None
    if train.terms and all(isinstance(term.loss, NoLoss) for term in train.terms):
        message = "every loss is `none`, so there is nothing to train"
        help = "give at least one output a loss, such as `cross_entropy` or `mean_squared_error`"
        path = ("train", "losses") if "losses" in reporter.document.data["train"] else ("train", "loss")
        reporter.add("E104", message, path, key=True, label="no loss", help=help)
        return task
    if train.optimizer is None or train.settings is None:
        return task
    validates = task.data is not None and ("validation" in task.data.held_out or "validation" in stated_keys(task))
    check_evaluations(reporter, task, validates=validates)
    prefix = "validation/" if validates else "train/"
    monitor = train.settings.monitor or f"{prefix}loss"
    better = "lower"
    keys = keys_of_log(task, task.log_keys())
    if monitor in keys:
        metric = next((measure.metric for measure in task.measures if monitor.partition("/")[2] in measure.keys), None)
        better = "lower" if metric is None else metric.better
        if (
            task.data is not None
            and not validates
            # A key that stands in the wrong place may be the one that keeps rows for validation.
            and train.unread_metrics is not None
            and task.data.complete
            and (monitor.startswith("validation/") or train.settings.early_stopping)
        ):
            report_unvalidated(reporter, task, monitor)
    elif (faulty := faulty_metrics(task)) is not None:
        report_monitor(reporter, task, monitor, prefix, faulty)
        return task
    rows = check_rows(reporter, task, columns)
    check_order(reporter, task)
    check_compared_rows(reporter, task, train.settings)
    if train.settings.initial_weights:
        from modelc.compiler.binding.initial_weights import check_takes

        check_takes(reporter, task.planned, train.settings.initial_weights)
    whole = PhaseSpec("", train.optimizer, train.settings, frozenset(), ("train", "phases", 0))
    if task.data is not None and task.data.complete and validates:
        check_waiting(reporter, train.phases or (whole,), monitor, rows)
    bound = bound_phases(
        reporter, task, train.phases or (whole,), rows, Training(train.optimizer, train.settings, monitor, better)
    )
    if bound is None:
        return task
    frozen = frozenset.intersection(*(phase.frozen for phase in bound))
    check_accumulation(reporter, task, train.settings, frozen)
    check_checkpointing(reporter, task, train.settings)
    if not train.phases:
        return replace(task, training=bound[0])
    return replace(task, training=Training(train.optimizer, train.settings, monitor, better, frozen, phases=bound))


def bound_phases(
    reporter: Reporter, task: Task, phases: Sequence[PhaseSpec], rows: int | None, training: Training
) -> tuple[Training, ...] | None:
    """Each phase as a training by itself; None where the optimizer of one is not known. What several have of `train` is checked once."""
    frozen: dict[Path, frozenset[tuple[str, str]]] = {}
    groups: dict[tuple[Path, type[Optimizer]], Mapping[tuple[str, str], Group]] = {}
    excluded: dict[Path, frozenset[tuple[str, str]]] = {}
    misfitting = set[Path]()
    found = []
    for phase in phases:
        at, optimizer = phase.at("optimizer"), phase.optimizer
        if optimizer is None:
            return None
        if at not in excluded:
            excluded[at] = excluded_entries(reporter, task.planned, optimizer, at)
            check_averages(reporter, optimizer, phase.settings, at)
            if (caution := optimizer.caution()) is not None:
                kind = OPTIMIZERS.name_of(optimizer)
                reporter.caution(caution, f"`{kind}`: {caution.message}", (*at, kind))
        if at not in misfitting and not fits(reporter, phase, rows):
            misfitting.add(at)
        check_clock(reporter, optimizer, phase.settings, at, phase.at("time"))
        if (key := phase.at("freeze")) not in frozen:
            frozen[key] = frozen_entries(reporter, task.planned, phase.settings.freeze, key)
        at_groups = phase.at("param_groups")
        if (used := (at_groups, type(optimizer))) not in groups:
            groups[used] = bound_groups(reporter, task.planned, optimizer, phase.settings.param_groups, at_groups)
        found.append(
            training._replace(
                optimizer=optimizer,
                settings=phase.settings,
                frozen=frozen[phase.at("freeze")],
                groups=with_excluded(groups[used], excluded[at]),
                name=phase.name,
                from_best=phase.from_best,
            )
        )
    for path, groups_there in {phase.at("param_groups"): phase.settings.param_groups for phase in phases}.items():
        where = [frozen[phase.at("freeze")] for phase in phases if phase.at("param_groups") == path]
        check_trained(reporter, task.planned, groups_there, frozenset.intersection(*where), path)
    return tuple(found)


def with_excluded(
    groups: Mapping[tuple[str, str], Group], excluded: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], Group]:
    """The groups of weights, in which those are marked that the optimizer excludes."""
    return {**groups, **{entry: groups.get(entry, Group())._replace(excluded=True) for entry in excluded}}


def keys_of_log(task: Task, names: Iterable[str]) -> list[str]:
    """The keys of the log for values of these names."""
    return [
        f"{part}/{name}"
        for part in ("train", "validation")
        for name in names
        if part != "train" or name not in task.unmeasured
    ]


def faulty_metrics(task: Task) -> dict[str, str] | None:
    """The log names of metrics in which something is wrong, each with what it may be meant as; None where losses may be
    missing, of which nothing is known.
    """
    train = task.spec.train
    assert train is not None
    if len(task.terms) != len(train.terms) or train.unread_metrics is None:
        return None
    bound = {measure.key.rpartition("/")[2] for measure in task.measures}
    unbound = [metric.name or metric.kind for metric in train.metrics if (metric.name or metric.kind) not in bound]
    return {name: name for name in unbound} | {
        name: suggest(name, METRICS).new or name for name in train.unread_metrics
    }


def report_monitor(reporter: Reporter, task: Task, monitor: str, prefix: str, faulty: Mapping[str, str]) -> None:
    """Report a monitor that is no key of the log, unless it may be that of one of the `faulty` metrics; `prefix` is that of
    the rows that a monitor is for.
    """
    names = list(dict.fromkeys((*task.log_keys(), *faulty.values())))
    keys = keys_of_log(task, names)
    part, plain = part_and_value(monitor, prefix)
    value = plain.rpartition("/")[2]
    # A name that cannot be one is written here as it stands there.
    meant_by = {value, nearest_name(value), nearest_name(plain)}
    if not meant_by.isdisjoint((*faulty, *faulty.values())) and monitor.startswith(("train/", "validation/")):
        return
    words = (plain, *(plain.removesuffix(value) + right for right in synonyms(value, METRICS)))
    meant = next((key for key in names for word in words if key == word or key.endswith(f"/{word}")), None)
    found = suggest(monitor, keys) or (suggest(f"{part}{plain}", keys))._replace(written=monitor, is_safe=False)
    if meant:
        key = f"{part}{meant}"
        found = found._replace(new=key, help=f"did you mean `{key}`?", is_safe=found.is_safe and found.new == key)
    elif faulty and not found:
        return
    elif not found:
        found = found._replace(help=as_metric(task, part, plain))
    message = f"`{monitor}` is not a key of the log"
    notes = (f"keys of the log: {listed(keys)}",) if len(keys) <= FEW_KEYS else by_output(task, names)
    reporter.add("E503", message, ("train", "monitor"), label="no such key", note=notes, suggestion=found)


def as_metric(task: Task, part: str, plain: str) -> str:
    """How a metric is added that the log has not, for a monitor that is the value `plain` of it; empty for what is no metric."""
    of, _, value = plain.rpartition("/")
    name = next(iter([value] if value in METRICS else synonyms(value, METRICS)), "")
    outputs = [term.name for term in task.terms]
    if not name or not outputs:
        return ""
    output = of if of in outputs else outputs[0]
    alone = len(outputs) == 1
    added = f"`metrics: [{name}]`" if alone else f"`{output}: [{name}]` to `metrics`"
    help = f"the log has no `{name}`: add {added}, and write `monitor: {part}{'' if alone else f'{output}/'}{name}`"
    losses = [term for term in task.terms if LOSSES.name_of(term.loss) == name and (alone or term.name == of)]
    return f"{help}; as the loss it is `{part}{'' if alone else f'{of}/'}loss`" if losses else help


def by_output(task: Task, names: Iterable[str]) -> tuple[str, ...]:
    """The keys of the log for values of these names, those of each output, and of the whole, in a line."""
    lines: dict[str, list[str]] = {}
    for name in names:
        lines.setdefault(name.rpartition("/")[0], []).append(name)
    shown = (
        listed([f"{name} (validation)" if name in task.unmeasured else name for name in of]) for of in lines.values()
    )
    first, *more = shown
    return (f"keys of the log, each behind `train/` and `validation/`: {first}", *more)


def part_and_value(monitor: str, prefix: str) -> tuple[str, str]:
    """The rows that a `monitor` is probably about, and the value of them: it may be written as `val_loss`, `valid/loss`, or
    without rows, which then are those of the `prefix`.
    """
    first, _, rest = monitor.partition("/")
    if rest and first in ("train", *VALIDATION_WORDS):
        return ("train/" if first == "train" else "validation/"), rest
    plain = monitor.removeprefix("val_")
    return (prefix if plain == monitor else "validation/"), plain


def check_rows(reporter: Reporter, task: Task, columns: Columns) -> int | None:
    """The number of training rows, None where it is not known; reports a split that leaves none, and batches larger than
    what it leaves.
    """
    data, settings = task.data, task.spec.train.settings if task.spec.train else None
    binding = next(iter((task.inputs or {}).values()), None)
    column = None if binding is None or columns is None else columns.get(binding.names[0])
    if (
        data is None
        or data.windows is not None
        or settings is None
        or binding is None
        or column is None
        or column.rows is None
    ):
        return None
    chosen = getattr(binding.reader, "rows", None)
    rows = chosen[1] - chosen[0] if chosen else column.rows
    try:
        taken = sizes(data.splits, rows)
    except RunError as error:
        reporter.add(error.code, error.message, error.at, label="too many", help=error.helps, note=error.notes)
        return None
    if len(taken) < len(data.splits):
        return None
    rows -= sum(taken.values())
    # Only where it is written: the usual size is no decision that could be wrong.
    if settings.batch_size > rows and ("train", "batch_size") in reporter.document.values:
        count = "is 1 row" if rows == 1 else f"are {rows:,} rows"
        message = f"`batch_size` is {settings.batch_size:,}, but there {count} to train on"
        help = f"give a `batch_size` of at most {rows:,}"
        reporter.add("W906", message, ("train", "batch_size"), label="one step per epoch", help=help)
    return rows


def check_compared_rows(reporter: Reporter, task: Task, settings: Settings) -> None:
    """Report batches of a single row for a loss that compares its one vector of each row with those of the others."""
    term = next((term for term in task.terms if term.loss.mixes_rows and not term.shape), None)
    if term is None or settings.batch_size > 1:
        return
    message = f"`{LOSSES.name_of(term.loss)}` compares the rows of a batch with each other, and `batch_size` is 1"
    help, related = "choose a larger one: the more rows, the more there is to tell apart", [(term.at, "the loss")]
    reporter.add("E108", message, ("train", "batch_size"), label="nothing to compare", help=help, related=related)


def check_averages(reporter: Reporter, optimizer: Optimizer, settings: Settings, at: Path) -> None:
    """Report weights that are averaged twice, by an optimizer at a path."""
    if optimizer.is_averaging and settings.weight_averaging is not None:
        kind = OPTIMIZERS.name_of(optimizer)
        message = f"`{kind}` averages weights itself, and `weight_averaging` would average others"
        help = "remove `weight_averaging`, or take another optimizer, such as `adamw`"
        related = [((*at, kind), "averages weights")]
        reporter.add(
            "E108", message, ("train", "weight_averaging"), label="a second average", help=help, related=related
        )


def check_order(reporter: Reporter, task: Task) -> None:
    """Report shuffled rows for a layer that carries its state from batch to batch."""
    settings, graph = task.spec.train.settings if task.spec.train else None, task.planned.graph
    node = next((node for node in graph.nodes if carries_state(task.planned.plans.get(node.path))), None)
    drawn = task.data.balanced if task.data is not None else None
    if node is None and settings is not None and drawn is not None and settings.shuffle is not True:
        message = "`sampling` draws the rows of each epoch at random, and `shuffle` gives them another order"
        help = "remove `shuffle`, or remove `sampling` to take each row once"
        where = [(("data", "sampling"), "rows are drawn")]
        reporter.add("E108", message, ("train", "shuffle"), label="of rows that are drawn", help=help, related=where)
    if node is None or settings is None:
        return
    carries, related = f"`{node.path}` carries its state from batch to batch", [(node.at, "stateful")]
    if drawn is not None:
        message, help = (
            f"{carries}, but the rows are drawn at random",
            "remove `sampling`, and add `shuffle: false` to `train`",
        )
        reporter.add("E504", message, ("data", "sampling"), label="draws rows", help=help, related=related)
    elif settings.shuffle:
        message = f"{carries}, but the rows are shuffled"
        if ("train", "shuffle") in reporter.document.values:
            label, help = "the order changes in each epoch", "write `shuffle: false`"
            reporter.add("E504", message, ("train", "shuffle"), label=label, help=help, related=related)
        else:
            label, help = "rows are shuffled by default", "add `shuffle: false` to `train`"
            reporter.add("E504", message, ("train",), key=True, label=label, help=help, related=related)
    for key, split in task.data.splits.items() if task.data is not None else ():
        if not split.is_drawn:
            continue
        message = f"{carries}, but the {key} rows are drawn at random"
        last = f"`{key}: {{last: {split.rows or 1000}}}`"
        label, help = "leaves gaps between the training rows", f"take them from one end, for example {last}"
        reporter.add("E504", message, ("data", key), label=label, help=help, related=related)


def carries_state(plan: Plan | None) -> bool:
    """Whether a node carries per-row state from one batch to the next."""
    return plan is not None and any(entry.per_row for entry in plan.state.values())


def stated_keys(task: Task) -> frozenset[str]:
    """The keys of `data` in the text, readable or not."""
    document = task.spec.document
    keys = document.data.get("data", {})
    return frozenset(keys) | {str(hole[1]) for hole in document.holes if len(hole) > 1 and hole[0] == "data"}


def report_unvalidated(reporter: Reporter, task: Task, monitor: str) -> None:
    """Report a monitor of missing validation rows, and early stopping on training rows."""
    if monitor.startswith("validation/"):
        message = f"`monitor` is `{monitor}`, but there are no validation rows"
        help = "add `validation: 0.2` to `data`, or monitor a `train/...` key"
        reporter.add("E503", message, ("train", "monitor"), label="never computed", help=help)
    else:
        message = f"`early_stopping` uses `{monitor}`, but there are no validation rows"
        label, help = "cannot detect overfitting", "add `validation: 0.2` to `data`"
        reporter.add("W905", message, ("train", "early_stopping"), key=True, label=label, help=help)
