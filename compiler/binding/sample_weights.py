"""Binds the sample weights, `data.sample_weight`, and checks them against the elements of every loss."""

from dataclasses import replace

from modelc.compiler.binding.columns import bind_column
from modelc.compiler.binding.task import SAMPLE_WEIGHT, Binding, Columns, Measure, Task, Term
from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.losses.without_target import NoLoss

AT: Path = ("data", "sample_weight")


def bind_weights(reporter: Reporter, task: Task, columns: Columns) -> Task:
    """The task with a binding of its sample weights, if there are any."""
    reader = None if task.data is None else task.data.sample_weight
    if reader is None:
        return task
    if reader.origin == "input":
        message = "`sample_weight` cannot be a copy of an input"
        help = "read the column itself: `sample_weight: {array: ...}`"
        reporter.add("E205", message, AT, label="`same_as` is only for targets", help=help)
        return task
    binding = bind_column(reporter, task, "sample_weight", reader, None, columns, AT)
    if binding.type is not None and not check_weights(reporter, task, binding, binding.type):
        return task
    return replace(task, targets={**(task.targets or {}), SAMPLE_WEIGHT: binding})


def check_weights(reporter: Reporter, task: Task, binding: Binding, weights: TensorType) -> bool:
    """Whether sample weights are numbers that fit the elements of every loss; reports them if not."""
    if binding.classes is not None:
        message = "`sample_weight` needs numbers, but its reader returns labels"
        help = f"read the column as numbers: `sample_weight: {{array: {binding.subject}}}`"
        reporter.add("E402", message, AT, label="labels", help=help)
        return False
    for term in task.terms:
        if isinstance(term.loss, NoLoss) or fits(term, weights):
            continue
        elements = "one value per row" if term.loss.masking != "each" else f"elements of shape {show_shape(term.shape)}"
        loss = f"`{LOSSES.name_of(term.loss)}` of `{term.name}` is computed over {elements}"
        message = f"`sample_weight` has rows of shape {show_shape(weights.shape)}, and {loss}"
        help = "give one weight for each row, shape [], or one for each step where every loss has steps"
        reporter.add("E402", message, AT, label="does not fit", help=help, related=[(term.at, "the loss")])
        return False
    return True


def need_weights(task: Task, measure: Measure) -> None:
    """Raise PlanError E306 where a metric takes sample weights that are not of what it counts."""
    if not measure.weighted:
        return
    binding = (task.targets or {}).get(SAMPLE_WEIGHT)
    weights = None if binding is None else binding.type
    if weights is None:
        return
    message = f"`sample_weight` has rows of shape {show_shape(weights.shape)}, and what it counts of a row has {show_shape(measure.shape)}"
    help = "choose an elementwise metric, or remove `weighted`"
    need(weights.shape == measure.shape[: weights.rank], message, help=help, code="E306")


def fits(term: Term, weights: TensorType) -> bool:
    """Whether weights of this shape fit the elements of a term."""
    if term.loss.masking != "each" and weights.shape:
        return False
    return weights.shape == term.shape[: len(weights.shape)]
