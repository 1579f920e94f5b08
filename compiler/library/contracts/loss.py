"""The contract of a loss: values per element from outputs and a target; the caller averages, weighs and masks.

A loss with an `activation` computes from logits, the values before that activation: the compiler hands them over.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from modelc.compiler.diagnostics.exceptions import PlanError, need
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp
from modelc.compiler.library.base.registry import Registered
from modelc.compiler.library.base.tensor_type import TensorType, show_shape

__all__ = ["Loss", "Masking", "PlanError", "need"]

Masking = Literal["each", "rows", "use"]


IGNORED = (
    "`mask` beside the loss leaves elements out: `losses: {NAME: {LOSS, mask: labelled}}`, with a target "
    "`labelled: {array: ...}` that is false where {value} stands"
)


class Loss(Registered):
    """Abstract: each subclass is one loss.

    `plan` and `elements` take one argument for each of `slots`, the values of the model that the loss is of, and then
    the target, None where there is none. `activation` names the activation whose inverse the loss contains (`softmax`,
    `sigmoid`): `elements` then takes logits. `takes_target` says whether there is a target.
    """

    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("ignore_class", "ignore_index"), IGNORED),
        "name": "remove it: a loss term is called by its key in `losses`",
        "from_logits": "remove it: a loss with an activation computes from the values before it, wherever the model ends in it",
        **dict.fromkeys(
            ("reduction", "size_average"),
            "remove it: a loss is the mean over the elements that count; `weight` beside it scales it",
        ),
    }
    slots: ClassVar[tuple[str, ...]] = ("output",)
    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = None
    takes_target: ClassVar[bool] = True
    of_numbers: ClassVar[bool] = False
    """Whether its targets are quantities, none of which stands for a class or a yes."""
    masking: ClassVar[Masking] = "each"
    """What can be left out. `each`: an element is of the value at its own place, and the caller leaves out those that a
    mask is false for. `rows`: an element mixes the places of a row, and only whole rows can be left out. `use`: as that,
    but `elements` takes as its last argument which rows `[batch]`, or steps `[batch, time]`, count."""

    mixes_rows: ClassVar[bool] = False
    """Whether an element depends on the other rows of its batch too, so that the loss of an epoch depends on how rows are cut into
    batches. Its `masking` is `use`, and says which rows count."""

    def plan(self, *values: Any, **named: Any) -> tuple[int, ...]:
        """The shape of the elements of one row; a target of None is not known yet.

        Raises `PlanError` for types that do not go together.
        """
        raise NotImplementedError

    def targets(self, *values: Any, **named: Any) -> tuple[TensorType, ...]:
        """The types of targets that `plan` takes beside these values, where they are few: float32 stands for all floats, int32
        for all integers. Empty where there are others.
        """
        return ()

    def classes(self, *values: Any, **named: Any) -> int | None:
        """How many classes integer targets are drawn from (`0 <= label < classes`); None where targets are no labels."""
        return None

    def bounds(self, *values: Any, **named: Any) -> tuple[float, float] | None:
        """The closed interval that target values must lie in; None where any finite value will do."""
        return None

    def check(self, target: NumpyArray, *outputs: TensorType) -> None:
        """Raise RunError E403 for targets `[rows, ...]` that this loss cannot be computed for, beyond what `classes`
        and `bounds` say."""

    def with_classes(self, names: tuple[str, ...], output: TensorType) -> Self:
        """This loss with its classes by index. `names` are those of the target's classes, empty where they have none.

        Raises `PlanError` for a class that is not there.
        """
        return self

    def element_weights(self, *values: Any, **named: Any) -> Array | None:
        """The factor, at least 0, that this loss itself gives each of its elements, `[batch, ...]`; None where it has none.

        Takes what `elements` takes. The elements are multiplied by it already; it tells where nothing but 0 is added.
        """
        return None

    def elements(self, *values: Any, **named: Any) -> Array:
        """Losses of shape `[batch, ...]`, in at least float32. The loss of a batch is their mean over real elements."""
        raise NotImplementedError


def of_the_shape(output: TensorType) -> tuple[TensorType, ...]:
    """What `targets` returns for a loss whose target has the shape of its output."""
    return TensorType(output.shape, "float32"), TensorType(output.shape, "int32")


def need_float_output(output: TensorType) -> None:
    """Raise a `PlanError` unless `output` holds floats: a loss is a function with a gradient."""
    help = "end the model with a layer that computes floats, such as `dense`"
    need(output.is_float, f"a loss needs float values, the output is {output}", help=help, code="E304")


def need_equal_shapes(output: TensorType, target: TensorType) -> None:
    """Raise a `PlanError` unless `target` has exactly the shape of `output`: a loss never broadcasts."""
    labels = target.is_integer and output.rank > 0 and target.shape == output.shape[:-1] and output.shape[-1] > 1
    need(
        output.shape == target.shape,
        f"output has shape {show_shape(output.shape)}, target has shape {show_shape(target.shape)}",
        help=f"labels of {output.shape[-1]} classes go with `cross_entropy`"
        if labels
        else "give both the same shape, by the size of the last layer or by `array: {shape: ...}` of the target",
        note="a loss is computed elementwise and never broadcasts",
        code="E304",
    )


def need_steps_apart(output: TensorType) -> None:
    """Raise a `PlanError` where the axis a loss is taken over, the last, is that of the steps which a mask leaves out."""
    message = f"the loss reduces the last axis, which is the axis of the mask of the output {output}"
    help = "give each step its own values, on an axis after that of the steps"
    need(not output.mask or output.rank > 1, message, help=help, code="E304")


def need_vectors(output: TensorType, target: TensorType | None, message: str, help: str) -> tuple[int, ...]:
    """The shape of elements that are one for each vector of the last axis, of which output and target are alike.

    Raises `PlanError` unless it is so, with `message` and `help` where there is no such axis.
    """
    need_float_output(output)
    need(output.rank >= 1 and output.shape[-1] > 1, message, help=help, code="E304")
    need_steps_apart(output)
    if target is not None:
        need_equal_shapes(output, target)
    return output.shape[:-1]


def at_least_float32(values: Array) -> Array:
    """`values` as float32, or as they are where they are wider: losses are never computed in half precision."""
    return values.astype(jnp.promote_types(values.dtype, jnp.float32))
