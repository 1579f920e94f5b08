"""`modelc debug`: computes one step of a run again, value by value, and shows what is in each layer and in its gradients."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from modelc.cli.checking import DataFolder, DataRoot
from modelc.cli.console import Line, Styled, inform, say, say_document, start_device, warn
from modelc.cli.plugins import PluginNames, enable, task_of

if TYPE_CHECKING:
    from modelc.compiler.lowering.prepared_task import PreparedTask
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.runs.checkpoints import Stored
    from modelc.runtime.runs.run_directory import Run
    from modelc.runtime.training.examination import Summary
    from modelc.runtime.training.replay import Replayed

HEADER = ("node", "layer", "values", "gradient")
GAP = "  "
NOT_FAILED = "no failed step is kept of this run: this is the step after its newest checkpoint"


def debug(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A run directory, `runs/NAME` for its latest, or `runs/NAME:TAG`; no spec."),
    ],
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="A table, or JSON for programs.")
    ] = "text",
    root: DataFolder = None,
    data_root: DataRoot = None,
    plugins: PluginNames = None,
) -> None:
    """Look into one step of a run, layer by layer: the one that failed, else the one after the newest checkpoint.

    Shows the values of each layer and their gradients, and the first of them that is NaN or infinite. Changes nothing.
    """
    enable(plugins)
    from modelc.runtime.runs.find_run import run_to_resume

    found, notes = run_to_resume(run, "there is no run to look into")
    inform(*notes)
    task = task_of(found)
    stored, failed = state_of(found)

    start_device()
    from modelc.cli.feeding import AskedRows, reading_of
    from modelc.cli.resuming import same_data
    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.runs.environment import environment
    from modelc.runtime.runs.kept_spec import notes_on_arrays
    from modelc.runtime.runs.resumption import differences, recorded_execution
    from modelc.runtime.training.device import computing
    from modelc.runtime.training.parallelism import ONE_DEVICE

    where, remarks = found.find_root(root, task.source, data_root)
    inform(*remarks, *notes_on_arrays(found, task, where))
    task, dataset = same_data(found, task, where, reading_of(AskedRows(), task, ONE_DEVICE))
    now = environment(task, recorded_execution(found), [], dataset.digests, {})
    if differs := differences(found.environment(), now):
        warn("the environment is another than that of the run: its last digits may be others", notes=differs)
    prepared = prepare(task)
    with computing():
        replayed = replay(prepared, dataset, stored, failed=failed)
    if output_format == "json":
        say_document(as_json(found, prepared, replayed, failed=failed))
    else:
        say(*as_lines(found, prepared, replayed, failed=failed))


def state_of(run: "Run") -> "tuple[Stored, bool]":
    """The state that training failed from, if it failed, else that of the newest checkpoint; and which of the two it is."""
    from modelc.runtime.runs.checkpoints import failed_checkpoint, newest_checkpoint
    from modelc.runtime.runs.ways_on import without_checkpoint

    kept = failed_checkpoint(run.folder, run.record.id)
    if kept is not None:
        return kept, True
    purpose = "to look into, and has kept no failed step"
    stored, notes = newest_checkpoint(run.folder, run.record.id, purpose, without_checkpoint(run))
    inform(*notes)
    return stored, False


def replay(task: "PreparedTask", dataset: "Dataset", stored: "Stored", *, failed: bool) -> "Replayed":
    """The step after a state; of one that failed after an epoch, the first batch of the validation rows that is at fault."""
    from modelc.runtime.training.loop_state import has_no_step_left, steps_before, used_weights_of
    from modelc.runtime.training.phases import next_step
    from modelc.runtime.training.replay import At, replay_step, replay_validation

    checkpoint = stored.checkpoint
    assert task.training is not None
    per_epoch = task.training.settings.steps_per_epoch(dataset.train.rows)
    epoch, batch = checkpoint.epoch, checkpoint.step - steps_before(checkpoint, per_epoch)[1]
    is_after_epoch = failed and has_no_step_left(checkpoint, task.training.settings, per_epoch)
    task, params, state = next_step(task, checkpoint, per_epoch)
    if is_after_epoch and dataset.validation is not None:
        found = replay_validation(task, dataset.validation, used_weights_of(checkpoint), state)
        if found is not None:
            return found
    if epoch == checkpoint.ended or batch == per_epoch:
        epoch, batch = epoch + 1, 0
    return replay_step(task, dataset.train, params, state, At(checkpoint.step, epoch, batch))


def as_lines(run: "Run", task: "PreparedTask", replayed: "Replayed", *, failed: bool) -> list[Line]:
    """The table of nodes, the weights that are not finite, and what is wrong first."""
    cells = [HEADER, *rows_of(task, replayed)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    aligned = [GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    losses = [f"  loss `{name}`: sum {total:.6g}" for name, total in replayed.examined.losses.items()]
    lines: list[Line] = [
        Styled("strong", str(run.folder)),
        f"{replayed.place}, {replayed.valid:,} rows",
        *(() if failed else (NOT_FAILED,)),
        "",
        Styled("strong", aligned[0]),
        *aligned[1:],
        "",
        *losses,
        "",
    ]
    first, *more = replayed.notes
    if not replayed.diagnosis.found:
        return [*lines, first]
    return [
        *lines,
        Styled("error", first),
        *(f"  = note: {note}" for note in more),
        f"  = help: {replayed.diagnosis.help}",
    ]


def rows_of(task: "PreparedTask", replayed: "Replayed") -> Iterator[tuple[str, ...]]:
    """The cells of each input and node, in the order of computation; several outputs of a node are several rows."""
    from modelc.compiler.graph.graph import Edge
    from modelc.compiler.library.layers import LAYERS

    examined = replayed.examined
    edges = [(Edge(name), "input") for name in task.planned.graph.inputs]
    for node in task.planned.graph.nodes:
        layer = "" if node.layer is None else LAYERS.name_of(node.layer)
        edges += [(Edge(node.path, port), layer) for port in task.planned.plans[node.path].outputs]
    for edge, layer in edges:
        if edge in examined.values:
            yield str(edge), layer, shown(examined.values[edge]), shown(examined.gradients.get(edge))


def shown(found: "Summary | None") -> str:
    """The numbers of a value in words: the least and greatest that is finite, and in how many rows there are others."""
    from modelc.compiler.diagnostics.phrases import counted

    if found is None:
        return ""
    span = f"{float(found.low):.4g} to {float(found.high):.4g}" if found.low <= found.high else "none finite"
    if found.is_finite:
        return span
    kinds = [kind for kind, there in (("NaN", found.nan), ("infinite", found.infinite)) if there]
    return f"{span}; {' and '.join(kinds)} in {counted(int(found.bad.sum()), 'row')}"


def as_json(run: "Run", task: "PreparedTask", replayed: "Replayed", *, failed: bool) -> str:
    from modelc.compiler.diagnostics.render.json_text import json_text
    from modelc.compiler.lowering.lower import Incoming

    examined, diagnosis = replayed.examined, replayed.diagnosis
    nodes = [
        {"node": str(spot), "values": plain(found), "gradient": plain(examined.gradients.get(spot))}
        for spot, found in examined.values.items()
        if not isinstance(spot, Incoming)
    ]
    weights = [
        {
            "node": path,
            "name": name,
            "values": plain(found),
            "gradient": plain(examined.weight_gradients.get((path, name))),
        }
        for (path, name), found in examined.weights.items()
    ]
    first = None
    if diagnosis.found:
        rows = [int(replayed.numbers[row]) for row in diagnosis.rows]
        first = {"message": diagnosis.message, "help": diagnosis.help, "at": list(diagnosis.at), "rows": rows}
    facts = {"version": 1, "run": str(run.folder), "id": run.record.id, "failed": failed, "step": replayed.place}
    return (
        json_text(
            {
                **facts,
                "rows": replayed.valid,
                "nodes": nodes,
                "weights": weights,
                "losses": dict(examined.losses),
                "first": first,
            }
        )
        + "\n"
    )


def plain(found: "Summary | None") -> dict[str, Any] | None:
    """A summary as plain data; `rows` is the number of those with a number that is not finite."""
    if found is None:
        return None
    span = {"low": float(found.low), "high": float(found.high)}
    return {**span, "nan": bool(found.nan), "infinite": bool(found.infinite), "rows": int(found.bad.sum())}
