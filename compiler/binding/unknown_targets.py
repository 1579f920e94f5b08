"""What is known of a target before any file says its type: what its loss takes, and what its reader makes of any column.

An error is what no column could mend, since training could never start; what most columns could not is a warning.
"""

from collections.abc import Callable

from modelc.compiler.binding.loss_terms import last_activation
from modelc.compiler.binding.task import Binding, Columns, Task, Term
from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge
from modelc.compiler.language.ast import MetricSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.losses import LOSSES


def stated_type(task: Task, term: Term, binding: Binding, columns: Columns) -> TensorType | None:
    """A type of the target as its reader states it, where columns are not known and the loss takes none of that shape."""
    shape = binding.stated_shape
    outputs = types_of(task, term)
    if columns is not None or shape is None or not outputs:
        return None
    if shape == () and len(outputs) == 1 and outputs[0].shape == (1,) and term.loss.activation != "softmax":
        shape = (1,)
    dtypes = ("int32",) if binding.reader.gives_labels else ("float32", "int32")
    return refused(lambda target: term.loss.plan(*outputs, target), [TensorType(shape, dtype) for dtype in dtypes])


def supposed_targets(task: Task, target: str | None, edge: Edge) -> tuple[TensorType, ...]:
    """All types that the target of this name can have, as the loss of the values on `edge` says; empty where it does not."""
    term = next((term for term in task.terms if term.target == target and term.of == (edge,)), None)
    outputs = () if term is None else types_of(task, term)
    if term is None or not outputs:
        return ()
    found, binding = term.loss.targets(*outputs), (task.targets or {}).get(target or "")
    if binding is not None and binding.reader.gives_labels and term.loss.activation == "softmax":
        found = tuple(type_ for type_ in found if type_.shape != outputs[0].shape)
    return found


def refused(
    plan: Callable[[TensorType], object], targets: "list[TensorType] | tuple[TensorType, ...]"
) -> TensorType | None:
    """The first of `targets` if `plan` takes none of them."""
    for target in targets:
        try:
            plan(target)
        except PlanError:
            continue
        return None
    return next(iter(targets), None)


def types_of(task: Task, term: Term) -> tuple[TensorType, ...]:
    """The types of the values that a term is of; empty where one is not known."""
    types = [task.planned.type(edge) for edge in term.of]
    known = tuple(type_ for type_ in types if type_ is not None)
    return known if len(known) == len(types) else ()


def warn_of_labels(reporter: Reporter, task: Task, term: Term, binding: Binding, columns: Columns) -> None:
    """Warn of labels that a term can hardly be meant for: one for several values, or of more classes than it tells apart."""
    outputs = types_of(task, term)
    if not binding.reader.gives_labels or len(outputs) != 1:
        return
    output, kind = outputs[0], LOSSES.name_of(term.loss)
    node = task.planned.graph.node(term.of[0].node)
    related: list[tuple[Path, str]] = [(node.at, f"`{term.of[0]}` gives {show_shape(output.shape)}")] if node else []
    elementwise = {type_.shape for type_ in term.loss.targets(output)} == {output.shape}
    count = binding.classes if isinstance(binding.classes, int | None) else len(binding.classes)
    unknown = columns is None and binding.reader.row_shape is None and binding.steps is None
    if elementwise and unknown and output.rank == 1 and output.shape[0] > 1:
        width = output.shape[0]
        message = (
            f"`{kind}` of `{term.name}` compares each of {width} values with a label of its own, and most columns of labels "
            "have one for a row"
        )
        one = f"for one of {count or width} classes use `softmax` and the loss `cross_entropy`"
        pair = ["for yes or no use one unit"] if width == 2 and term.loss.activation == "sigmoid" else []
        many = f"if each row of `{binding.subject}` has {width} labels, say so with `shape: [{width}]`"
        reporter.add("W915", message, term.at, label=f"{width} values", help=[one, *pair, many], related=related)
        return
    bounds = term.loss.bounds(output, TensorType(output.shape, "int32"))
    if elementwise and bounds is not None and count is not None and count - 1 > bounds[1]:
        message = (
            f"`{kind}` of `{term.name}` takes targets from {bounds[0]:g} to {bounds[1]:g}, and the labels of its target go "
            f"from 0 to {count - 1}"
        )
        help = f"for one of {count} classes give the output {count} units with `softmax`, and the loss `cross_entropy`"
        reporter.add("W916", message, term.at, label=f"not for {count} classes", help=help, related=related)


def gives_probabilities(task: Task, edge: Edge) -> bool:
    """Whether the values on `edge` are those of an activation that gives probabilities."""
    _, direct, activation, _ = last_activation(task.planned.graph, edge)
    return direct and activation is not None and activation.gives_probabilities


def warn_of_numbers(
    reporter: Reporter, task: Task, spec: MetricSpec, edge: Edge, target: str | None, about: str
) -> None:
    """Warn of a metric of right and wrong answers that compares the values on `edge` with the `target` of a loss of numbers."""
    term = next((one for one in task.terms if one.of == (edge,) and one.target == target and one.loss.of_numbers), None)
    if term is None or not spec.metric.of_answers or gives_probabilities(task, edge):
        return
    kind = LOSSES.name_of(term.loss)
    message = f"{about} takes the greatest value for a class, but `{kind}` is a loss of numbers"
    help = [
        "for numbers use a metric of errors, such as `mean_absolute_error` or `r2`",
        "for classes use `softmax` and the loss `cross_entropy`",
    ]
    reporter.add("W914", message, spec.path, label="counts right classes", help=help, related=[(term.at, "the loss")])
