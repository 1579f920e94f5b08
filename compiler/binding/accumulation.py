"""Whether the rows of a batch can be cut into parts, as `gradient_accumulation` asks: what mixes the rows of a batch is not of parts."""

from modelc.compiler.binding.task import Task
from modelc.compiler.language.settings import Settings
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.losses import LOSSES

AT = ("train", "gradient_accumulation")


def check_accumulation(reporter: Reporter, task: Task, settings: Settings, frozen: frozenset[tuple[str, str]]) -> None:
    """Report parts that are not equal, and losses that compare rows; warn of layers whose statistics are then those of parts. The
    `frozen` weights and statistics are each an owner and a name.
    """
    parts, rows = settings.gradient_accumulation, settings.batch_size
    if parts == 1:
        return
    related = [(AT, f"in {parts:,} parts")]
    if rows % parts:
        fitting = rows // parts * parts or parts
        message = f"a batch of {rows:,} rows cannot be cut into {parts:,} equal parts"
        help = f"write a `batch_size` that is a multiple of {parts:,}, such as {fitting:,}: it counts the rows of an update"
        reporter.add("E108", message, AT, label="parts of a batch", help=help)
        return
    for term in task.terms:
        if term.loss.mixes_rows:
            message = f"`{LOSSES.name_of(term.loss)}` compares the rows of a batch with each other, and `gradient_accumulation` cuts them"
            help = "remove `gradient_accumulation`: rows of different parts would not be compared"
            reporter.add("E108", message, term.at, key=True, label="compares rows", help=help, related=related)
    for node in task.planned.graph.nodes:
        plan = task.planned.plans.get(node.path)
        if node.layer is None or plan is None or not any(part.mixes_rows for part in node.layer.layers()):
            continue
        if all(entry.fixed or (node.owner, name) in frozen for name, entry in plan.state.items()):
            continue
        count = f"{settings.rows_at_once:,} row{'s' * (settings.rows_at_once > 1)}"
        message = f"`{node.path}` normalizes each part of {count} by its own statistics, not the batch of {rows:,}"
        help = "use `group_norm` or `layer_norm`, which know no other rows, or a larger `batch_size`"
        reporter.add("W923", message, node.at, label="mixes the rows of a part", help=help, related=related)
