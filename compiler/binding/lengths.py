"""Checks how long a training is, and in which epochs it is evaluated, against its data and its schedule."""

from collections.abc import Iterator, Sequence

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.phases import PhaseSpec
from modelc.compiler.language.settings import Settings
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.contracts.optimizer import Optimizer, Schedule
from modelc.compiler.library.optimizers import OPTIMIZERS
from modelc.compiler.library.schedules import SCHEDULES


def check_evaluations(reporter: Reporter, task: Task, *, validates: bool) -> None:
    """Warn of validation rows that are to be evaluated every few epochs where there are none."""
    path = ("train", "validate_every")
    if validates or task.data is None or not task.data.complete or path not in reporter.document.values:
        return
    message, help = (
        "`validate_every` has no effect without validation rows",
        "add `validation: 0.2` to `data`, or remove it",
    )
    reporter.add("W912", message, path, key=True, label="no rows to evaluate", help=help)


def check_waiting(reporter: Reporter, phases: Sequence[PhaseSpec], monitor: str, rows: int | None) -> None:
    """Warn where validation rows are evaluated so seldom that what goes by the `monitor` never acts: early stopping, a schedule
    that waits for it, the choice of the best weights. Nothing is said where it is not known how many epochs there are.
    """
    before, useless, every = 0, dict[str, int](), phases[0].settings.validate_every
    for phase in phases:
        settings = phase.settings
        if not settings.is_seldom(monitor) or not settings.has_end or (settings.epochs is None and rows is None):
            return
        epochs = settings.epochs or settings.total_epochs(rows or 0)
        for name, start, patience in waiting(phase):
            # Nothing is left to be done after the last epoch.
            turns = (before + epochs - 1) // every - (before + start) // every
            enough = (epochs - 1 - start) // (patience + 1)
            if turns <= patience and enough > 0:
                of = f" of the phase `{phase.name}`" if phase.name else ""
                useless[f"`{name}`{of} needs {patience + 1:,} evaluations before the last epoch"] = enough
        before += epochs
    if 1 < before < every:
        useless["with a single one there is no choice of the best weights"] = before // 2
    if not useless:
        return
    message = f"`validate_every: {every}` is too seldom for {counted(before, 'epoch')}: {', and '.join(useless)}"
    help = f"evaluate more often, such as `validate_every: {min(useless.values())}`"
    reporter.add("W912", message, ("train", "validate_every"), label="too few evaluations", help=help)


def waiting(phase: PhaseSpec) -> Iterator[tuple[str, int, int]]:
    """What waits for a better monitor in a phase: its name, how many epochs do not count, and how many evaluations it waits."""
    early = phase.settings.early_stopping
    if early is not None:
        yield "early_stopping", early.start, early.patience
    schedule = getattr(phase.optimizer, "learning_rate", None)
    if isinstance(schedule, Schedule) and (patience := getattr(schedule, "patience", None)) is not None:
        yield SCHEDULES.name_of(schedule), 0, patience


def fits(reporter: Reporter, phase: PhaseSpec, rows: int | None) -> bool:
    """Whether the schedule of a phase fits into it, as far as its number of steps is known; warns of one that does not."""
    optimizer, settings, at = phase.optimizer, phase.settings, phase.at("optimizer")
    schedule = getattr(optimizer, "learning_rate", None)
    epochs = None if rows is None or settings.epochs is None else settings.total_steps(rows)
    total = settings.steps or epochs
    if optimizer is None or not isinstance(schedule, Schedule) or not total:
        return True
    if (caution := schedule.caution(total)) is None:
        return True
    kind, named = SCHEDULES.name_of(schedule), place_of_schedule(reporter, optimizer, schedule, at)
    where = f" in the phase `{phase.name}`, a run by itself" if phase.name else ""
    reporter.caution(caution, f"`{kind}`{where}: {caution.message}", named, "does not fit into the run")
    return False


def check_clock(reporter: Reporter, optimizer: Optimizer, settings: Settings, at: Path, time: Path) -> None:
    """Report a schedule, of the optimizer at a path, that is as long as its training, where only the clock ends that: the path
    `time` says when.
    """
    schedule = getattr(optimizer, "learning_rate", None)
    if settings.has_end or settings.time is None or not isinstance(schedule, Schedule) or not schedule.length:
        return
    # Beside phases it is reported itself.
    is_beside = time == ("train", "time") and ("train", "phases") in reporter.document.values
    if is_beside or getattr(schedule, schedule.length) is not None:
        return
    kind, length = SCHEDULES.name_of(schedule), schedule.length
    message = f"`{kind}` needs `{length}`: `time` alone does not say how many steps there are"
    help = f"write `{length}` in `{kind}`, or `epochs` or `steps` beside `time`"
    path, related = place_of_schedule(reporter, optimizer, schedule, at), [(time, "how long to train")]
    reporter.add("E104", message, path, key=True, label=f"`{length}` is missing", help=help, related=related)


def place_of_schedule(reporter: Reporter, optimizer: Optimizer, schedule: Schedule, at: Path) -> Path:
    """Where the schedule of the optimizer at a path stands; it may be the bare value of the optimizer."""
    kind, path = SCHEDULES.name_of(schedule), (*at, OPTIMIZERS.name_of(optimizer))
    places = ((*path, "learning_rate", kind), (*path, kind), (*path, "learning_rate"))
    return next((place for place in places if place in reporter.document.values), path)
