"""What `modelc train` prints before and after training."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelc.cli.baseline_lines import lines_beside
from modelc.cli.console import Line, Styled, columns
from modelc.compiler.library.base.lazy import jax

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.compiler.library.contracts.optimizer import Optimizer
    from modelc.compiler.lowering.prepared_task import PreparedTask
    from modelc.runtime.baselines.baseline import Baseline
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.runs.recorder import Recorder
    from modelc.runtime.training.execution import Execution
    from modelc.runtime.training.observer import Outcome


def header(
    task: "Task",
    prepared: "PreparedTask",
    name: str,
    path: Path,
    dataset: "Dataset",
    execution: "Execution",
    folder: Path,
) -> list[Line]:
    """What is about to be trained, on what, and how."""
    from modelc.compiler.explain.training_facts import training_facts

    assert task.training is not None
    trainable, fixed = parameters(prepared)
    parts = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    rows = ", ".join(f"{part.rows:,} {word}" for word, part in parts.items() if part is not None)
    seed = task.training.settings.seed
    facts = {
        "parameters": f"{trainable:,} trainable" + (f", {fixed:,} not" if fixed else ""),
        "rows": rows,
        **split_lines(task),
        "feed": f"{execution.feeding.way}: {execution.feeding.reason}",
        **device_lines(prepared, execution),
        "optimizer": optimizer_line(task.training.optimizer),
        **dict(training_facts(task.training.settings, task.training.monitor)),
        **phase_lines(prepared),
        "best weights": f"by {task.training.monitor}, {task.training.better} is better",
        **unit_lines(task),
        **class_weights(task),
        **weights_line(task),
        **initial_lines(task),
        "seed": str(seed),
        "run": str(folder),
    }
    width = max(map(len, facts))
    lines: list[Line] = [(Styled("strong", name), Styled("dim", f"  {path}"))]
    lines += [f"  {key:<{width}}  {value}" for key, value in facts.items()]
    lines += [f"  note: {note}" for note in (*dataset.notes, *dataset.of_cache)]
    return [*lines, ""]


def phase_lines(prepared: "PreparedTask") -> dict[str, str]:
    """What each phase trains, how, and for how long."""
    from modelc.compiler.diagnostics.render.printable import printable
    from modelc.compiler.explain.summary import phase_row

    found = {}
    for phase in prepared.phases:
        assert phase.training is not None and prepared.training is not None
        row, optimizer = phase_row(phase, prepared.training.settings), optimizer_line(phase.training.optimizer)
        said = f"{row.length}, {row.trainable.values:,} trainable, {optimizer}"
        found[f"phase {printable(row.name)}"] = "; ".join((said, *(f"{key} {text}" for key, text in row.facts)))
    return found


def split_lines(task: "Task") -> dict[str, str]:
    """Which rows are held out, in words."""
    from modelc.compiler.explain.summary import show_split

    data = task.data
    return {} if data is None else {key: show_split(data, key) for key in data.held_out}


def unit_lines(task: "Task") -> dict[str, str]:
    """The targets whose readers have made other numbers of them, by which mean and deviation."""
    from modelc.compiler.library.contracts.reader import UnitOfGroups

    units = {output.target: output.unit for output in task.outputs.values() if output.unit is not None}
    shown = [
        f"{target}: mean and deviation of each of {len(unit.units):,} groups"
        if isinstance(unit, UnitOfGroups)
        else f"{target}: mean {numbers(unit.offset)}, deviation {numbers(unit.scale)}"
        for target, unit in units.items()
    ]
    said = "; losses are of these, metrics and predictions in the unit of the data"
    return {"standardized": "; ".join(shown) + said} if shown else {}


def numbers(values: Sequence[float]) -> str:
    """The first of some numbers."""
    return ", ".join(f"{value:.6g}" for value in values[:5]) + (", ..." if len(values) > 5 else "")


def class_weights(task: "Task") -> dict[str, str]:
    """The class weights of all losses; those of `balanced` are known only after reading the data."""
    from modelc.compiler.library.losses.class_weight import WeighsClasses

    found = []
    for term in task.terms:
        weights = term.loss.class_weight if isinstance(term.loss, WeighsClasses) else None
        if isinstance(weights, dict) and weights:
            classes = (task.targets or {})[term.target or ""].classes
            names = classes if isinstance(classes, tuple) else ()
            shown = [f"{names[int(key)] if names else key} {weight:.4g}" for key, weight in weights.items()]
            more = f", ... ({len(shown)} in all)" if len(shown) > 10 else ""
            found.append(f"{term.name}: {', '.join(shown[:10])}{more}")
    return {"class weights": "; ".join(found)} if found else {}


def device_lines(task: "PreparedTask", execution: "Execution") -> dict[str, str]:
    """On which devices, how steps are executed there, and which weights lie whole on each though they are to be divided."""
    from modelc.runtime.training.weight_axes import replicated, rules_shown, weight_axes

    parallelism = execution.parallelism
    device = f"{jax.devices()[0].device_kind}, {execution.mode}: {execution.reason}"
    rules = {"axes": shown} if (shown := rules_shown(task, parallelism)) else {}
    if parallelism.devices == 1:
        return {"device": device, **rules}
    sharded = {
        "none": "",
        "optimizer": "; the optimizer state is sharded",
        "params": "; weights and optimizer state are sharded",
    }
    mesh = parallelism.mesh + sharded[parallelism.shard]
    lines = {"devices": f"{parallelism.devices} x {device}", "mesh": mesh, **rules}
    if whole := replicated(task, parallelism, weight_axes(task, parallelism)):
        more = f" and {len(whole) - 5:,} more" if len(whole) > 5 else ""
        lines["on each device"] = f"{', '.join(whole[:5])}{more}: no axis can be divided"
    return lines


def weights_line(task: "Task") -> dict[str, str]:
    """The line about sample weights, if there are any."""
    if task.data is None or task.data.sample_weight is None:
        return {}
    return {"sample weights": f"{task.data.sample_weight.subject}, in {task.weighed}"}


def initial_lines(task: "Task") -> dict[str, str]:
    """Where weights are taken from, and which begin anew."""
    if task.training is None or task.training.initial is None:
        return {}
    from modelc.runtime.initial.begun import lines_of

    return lines_of(task.training.initial.report)


def parameters(task: "PreparedTask") -> tuple[int, int]:
    """The numbers of trainable and of non-trainable parameters."""
    from math import prod

    trainable = fixed = 0
    for _, plan in task.planned.owned():
        trainable += sum(prod(weight.shape) for weight in plan.params.values() if weight.trainable)
        fixed += sum(prod(weight.shape) for weight in plan.params.values() if not weight.trainable)
        fixed += sum(prod(entry.shape) for entry in plan.state.values() if not entry.per_row)
    return trainable, fixed


def optimizer_line(optimizer: "Optimizer") -> str:
    """`adamw, learning rate 0.001, weight decay 0.004 (not of biases and scales)`."""
    from modelc.compiler.library.optimizers import OPTIMIZERS

    dumped = OPTIMIZERS.dump(optimizer)
    arguments = next(iter(dumped.values())) if isinstance(dumped, dict) else {}
    rate = arguments.get("learning_rate")
    shown = f"by {next(iter(rate))}" if isinstance(rate, dict) else str(rate)
    line = f"{OPTIMIZERS.name_of(optimizer)}, learning rate {shown}"
    if arguments.get("weight_decay"):
        line += f", weight decay {arguments['weight_decay']} (not of biases and scales)"
    return line


def unscored_lines(monitor: str, outcome: "Outcome") -> list[Line]:
    """What follows from epochs in which the monitor had no value."""
    if outcome.last is None:
        return []
    epochs = outcome.last.epoch
    if outcome.best is None:
        found = "was NaN in the only epoch" if epochs == 1 else f"had no finite value in any of the {epochs:,} epochs"
        return [
            f"no best weights: `{monitor}` {found}; `evaluate` and `predict` use the last ones, of epoch {epochs:,}"
        ]
    return [f"`{monitor}` was NaN in {outcome.unscored:,} of {epochs:,} epochs"] if outcome.unscored else []


def skipped_lines(outcome: "Outcome") -> list[Line]:
    """How many updates were skipped, and why."""
    if not outcome.skipped or outcome.last is None:
        return []
    count = f"{outcome.skipped:,} of {outcome.last.step:,} updates were skipped"
    return [f"{count}, since gradients overflowed float16: the scale of the loss is halved then"]


def ending(
    recorder: "Recorder", outcome: "Outcome", dataset: "Dataset", seconds: float, baselines: "Sequence[Baseline]" = ()
) -> list[Line]:
    """The outcome of training, the best epoch, baselines beside it, the run directory, and the next commands."""
    from modelc.compiler.diagnostics.command_line import command
    from modelc.runtime.runs.plugins import options_of
    from modelc.runtime.training.progress_text import best_of, ended_text

    record, best = recorder.record, outcome.best
    lines: list[Line] = ["", ended_text(outcome, record.epoch, seconds)]
    if best is not None:
        first, *more = best_of(best, record.monitor, columns())
        lines += [Styled("good", first), *more]
    lines += [*unscored_lines(record.monitor, outcome), *skipped_lines(outcome)]
    if dataset.validation is not None:
        lines += lines_beside(baselines, dataset.validation.rows, dataset.train.rows)
    plugins = options_of(record.plugins)
    names = [f"{recorder.folder}", *(f"{recorder.folder.parent}:{tag}" for tag in record.tags)]
    lines += [f"run: {', also '.join(names)}", "", "next:"]
    if outcome.reason == "interrupted":
        lines.append("  " + command("train", "--resume", recorder.folder, *plugins))
    if dataset.test is not None or dataset.validation is not None:
        lines.append("  " + command("evaluate", recorder.folder, *plugins))
        lines.append("  " + command("predict", recorder.folder, *plugins, "--output", "predictions.csv"))
    else:
        lines.append("  " + command("predict", recorder.folder, "DATA", *plugins, "--output", "predictions.csv"))
    return lines
