"""The prediction that an output means: yes or no for each value if its loss has a sigmoid, else one class of several.

Checks that the target can say whether the answers are right. Computes no metric.
"""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Number
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.metric import Link, Metric, need, need_comparable

PerClass = Annotated[bool, Field(description="Whether the log has the value of each class too, as `KEY[CLASS]`.")]


class AnswerMetric(Metric):
    """Abstract: a metric of answers that are right or wrong."""

    of_answers = True

    def bounds(self, output: TensorType, target: TensorType) -> tuple[float, float] | None:
        return (0.0, 1.0) if target.shape == output.shape else None


class ThresholdedMetric(AnswerMetric):
    """Abstract: a metric of answers, which a yes-or-no output gives by a threshold."""

    threshold: Annotated[
        Number, Field(gt=0, lt=1, description="Probability above which a binary output means yes.")
    ] = 0.5

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        return need_answers(output, target, link, threshold="threshold" in self.model_fields_set)


def need_answers(output: TensorType, target: TensorType, link: Link, *, threshold: bool = False) -> tuple[int, ...]:
    """The shape of the answers. Raises PlanError E306 unless `target` says which are right; `threshold` says that one
    was given.
    """
    if link == "sigmoid":
        need_comparable(output, target)
        return output.shape
    message = "`threshold` is for binary outputs, but this one predicts the class of its greatest value"
    help = "remove `threshold`, or train the output with `binary_cross_entropy`"
    need(not threshold, message, help=help, argument="threshold", code="E306")
    need_class_target(output, target)
    return output.shape[:-1]


def need_class_output(output: TensorType) -> None:
    """Raise PlanError E306 unless `output` is `[..., classes]`, of two classes or more."""
    message = f"an output of shape {show_shape(output.shape)} has no classes to choose from"
    help = "use `mean_absolute_error`, or train a binary output with `binary_cross_entropy`"
    need(output.rank >= 1 and output.shape[-1] > 1, message, help=help, code="E306")
    need_steps_apart(output)


def need_class_target(output: TensorType, target: TensorType) -> None:
    """Raise PlanError E306 unless `output` is `[..., classes]` and `target` has labels `[...]` or rows `[...,
    classes]`."""
    need_class_output(output)
    if target.shape == output.shape:
        return
    need(
        target.shape == output.shape[:-1],
        f"output has shape {show_shape(output.shape)}, target has shape {show_shape(target.shape)}: expected labels "
        f"of shape {show_shape(output.shape[:-1])} or one-hot rows of shape {show_shape(output.shape)}",
        help="give the output one value per class on its last axis, or name the right target",
        code="E306",
    )
    help = "read the target with `category`"
    need(target.is_integer, f"labels must be integers, the target is {target}", help=help, code="E306")


def need_steps_apart(output: TensorType) -> None:
    """Raise PlanError E306 where the axis a metric is taken over, the last, is that of masked steps."""
    message = f"the metric reduces the last axis, which is the axis of the mask of the output {output}"
    help = "give each step its own values, on an axis after that of the steps"
    need(not output.mask or output.rank > 1, message, help=help, code="E306")


def need_probabilities(link: Link, *kinds: Link) -> None:
    """Raise PlanError E306 unless the output is trained as probabilities of one of the `kinds`."""
    losses = {"softmax": "`cross_entropy`", "sigmoid": "`binary_cross_entropy`"}
    wanted = " or ".join(losses[kind] for kind in kinds if kind is not None)
    what = "class probabilities" if kinds == ("softmax",) else "probabilities"
    help = f"train the output with {wanted}, or choose another metric"
    message = f"the metric needs {what}, as from {wanted}, but this output has a loss of another kind"
    need(link in kinds, message, help=help, code="E306")


def need_class(class_id: int | None, output: TensorType, *, average: bool = False) -> None:
    """Raise PlanError E306 unless the output has the class that a metric asks for; `average` says that it has one."""
    width = width_of(output)
    message = f"`class_id` is {class_id}, but the output has {width} {'value' if width == 1 else 'values'}"
    help = f"classes count from 0 to {width - 1}"
    need(class_id is None or class_id < width, message, help=help, argument="class_id", code="E306")
    message = "`average` has no effect for one class"
    help = "remove `average` or `class_id`"
    need(class_id is None or not average, message, help=help, argument="average", code="E306")


def width_of(output: TensorType) -> int:
    """How many classes, or values, an output has on its last axis."""
    return output.shape[-1] if output.rank else 1


def need_several(output: TensorType, class_id: int | None) -> None:
    """Raise PlanError E306 for a value of each class where there is one alone."""
    message = "`per_class` is for several classes, and this metric is of one"
    help = "remove `per_class`" + (" or `class_id`" if class_id is not None else "")
    need(class_id is None and width_of(output) > 1, message, help=help, argument="per_class", code="E306")


def labels_of(prediction: Array, target: Array) -> Array:
    """The true class of each answer: `target` itself, or the greatest value of its rows."""
    return jnp.argmax(target, axis=-1) if target.shape == prediction.shape else target


def spread(weight: Array, values: Array) -> Array:
    """`weight`, `[batch, ...]`, for each of `values`."""
    return jnp.broadcast_to(weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim)), values.shape)
