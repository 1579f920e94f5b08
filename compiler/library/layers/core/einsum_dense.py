"""The dense layer with an einsum equation."""

import re
from math import prod
from typing import Annotated

from pydantic import BeforeValidator, Field

from modelc.compiler.library.base.fields import Size, read_axes
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, Result, TensorType, need, show_shape
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import ActivationField, ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.activations.functions import Linear
from modelc.compiler.library.layers.core.axis_projection import with_fans

EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+),([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)")
FORM = "write it as `...d,de->...e`, or with a letter for the batch first, as `btd,de->bte`"


class EinsumDense(Layer):
    """`y = activation(einsum(equation, x, kernel) + bias)`: a dense layer over any axes.

    `equation` names the axes of input, kernel and output: `...d,dhk->...hk`. The dots are the batch and all axes of the
    input that have no letter; without dots the first letter is the batch. `output_shape` has the sizes of the letters
    of the output that are not in the input, in order. The input is summed over the letters that the output has not.
    `kernel` has the axes of its letters, `bias` those of `bias_axes`, with 1 for letters of the output between them.
    The initial kernel follows the sizes of what is summed and of what is not.

    A mask is passed on where the first axis of the input stays the first, else dropped with a warning. Follows Keras 3
    `layers.EinsumDense`, whose `output_shape` also has the sizes that are known, or null for them.
    """

    keras = "layers.EinsumDense"
    spellings = ("einsum", "dense_general", "DenseGeneral")
    masking = "use"
    example = "einsum_dense: {equation: '...d,dhk->...hk', output_shape: [8, 64], bias_axes: hk}"

    equation: Annotated[str, Field(description="Axes of input, kernel and output, as `...d,de->...e`.")]
    output_shape: Annotated[
        tuple[Size, ...],
        BeforeValidator(read_axes),
        Field(description="Sizes of the output axes that the input does not have."),
    ]
    activation: Annotated[ActivationField, Field(description="Activation of the output.")] = Linear()
    bias_axes: Annotated[str | None, Field(description="Axes of the bias; null: no bias is added.")] = None
    kernel_initializer: Annotated[InitializerField, Field(description="Initializer of the kernel.")] = GlorotUniform()
    bias_initializer: Annotated[InitializerField, Field(description="Initializer of the bias.")] = Zeros()
    kernel_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the kernel.")] = None
    bias_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the bias.")] = None
    kernel_constraint: Annotated[ConstraintField, Field(description="Constraint on the kernel.")] = None
    bias_constraint: Annotated[ConstraintField, Field(description="Constraint on the bias.")] = None

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        inputs, kernel, outputs = self.letters()
        rest = self.check_rank(x, inputs)
        sizes = dict(zip(inputs, x.shape[rest:], strict=True))
        new = [letter for letter in outputs if letter not in inputs]
        need(
            len(new) == len(self.output_shape),
            f"`output_shape` {show_shape(self.output_shape)} has {len(self.output_shape)} sizes, but the output has "
            f"{len(new)} axes that the input does not have" + (f": {', '.join(new)}" if new else ""),
            help="give one size for each of these letters, in the order of the output",
            argument="output_shape",
        )
        sizes |= dict(zip(new, self.output_shape, strict=True))
        summed = prod(sizes[letter] for letter in kernel if letter not in outputs)
        kept = prod(sizes[letter] for letter in kernel if letter in outputs)
        names = tuple(self.logical(letter, kernel, outputs) for letter in kernel)
        weight = self.weight("kernel", tuple(sizes[letter] for letter in kernel), names)
        params = {"kernel": with_fans(weight, summed, kept)}
        if self.bias_axes is not None:
            axes = outputs[min(outputs.find(letter) for letter in self.bias_axes) :]
            shape = tuple(sizes[letter] if letter in self.bias_axes else 1 for letter in axes)
            params["bias"] = self.weight("bias", shape, (None,) * len(shape))
        output = x.with_shape(*x.shape[:rest], *(sizes[letter] for letter in outputs))
        kept = x.mask and self.keeps_time(x.rank)
        return Plan.of(self.activation.after(output.with_mask(kept)), params, drops_mask=x.mask and not kept)

    def letters(self) -> tuple[str, str, str]:
        """The letters of input, kernel and output after the batch. Raises PlanError for an equation that is none."""
        match = EQUATION.fullmatch(self.equation)
        message = f"`{self.equation}` is not an equation of input, kernel and output"
        need(match is not None, message, help=FORM, argument="equation")
        assert match is not None
        dots, inputs, kernel, more_dots, outputs = match.groups()
        need(dots == more_dots, f"`{self.equation}` has dots on one side only", help=FORM, argument="equation")
        twice = [part for part in (inputs, kernel, outputs) if len(set(part)) < len(part)]
        message = f"`{self.equation}` has a duplicate axis in `{twice[0] if twice else ''}`"
        need(not twice, message, help="give each axis its own letter", argument="equation")
        if not dots:
            need(
                inputs[0] == outputs[0] and inputs[0] not in kernel,
                f"the first letter of `{self.equation}` is not the batch axis, which input and output have but not the kernel",
                help=FORM,
                argument="equation",
            )
            inputs, outputs = inputs[1:], outputs[1:]
        for part, others, what in (
            (kernel, inputs + outputs, "the kernel's axis `{}` is neither in the input nor in the output"),
            (outputs, inputs + kernel, "the output's axis `{}` is neither in the input nor in the kernel"),
            (self.bias_axes or "", outputs, "the bias's axis `{}` is not in the output"),
        ):
            lost = next((letter for letter in part if letter not in others), "")
            message = f"`{self.equation}`: " + what.format(lost)
            help = "each axis of the kernel must be in the input or output, each axis of the output in the input or kernel, each axis of the bias in the output"
            need(not lost, message, help=help, argument="bias_axes" if part == self.bias_axes else "equation")
        help = f"name axes of the output, as `bias_axes: {outputs[-1:]}`, or omit it"
        need(self.bias_axes != "", "`bias_axes` names no axis", help=help, argument="bias_axes")
        return inputs, kernel, outputs

    def check_rank(self, x: TensorType, inputs: str) -> int:
        """How many axes of the example the dots stand for. Raises PlanError where letters and axes do not fit."""
        rest = x.rank - len(inputs)
        message = f"`{self.equation}` has letters for {len(inputs)} axes of an example, got {show_shape(x.shape)}"
        help = "name each axis of the input" + (
            ", dots stand for the remaining axes" if self.dotted else " after the batch axis, or begin with `...`"
        )
        need(rest >= 0 if self.dotted else rest == 0, message, help=help, argument="equation")
        return rest

    @property
    def dotted(self) -> bool:
        return self.equation.startswith("...")

    def keeps_time(self, rank: int) -> bool:
        """Whether the first axis of the example is the first of the output too."""
        inputs, _, outputs = self.letters()
        return rank > len(inputs) or inputs[:1] == outputs[:1] != ""

    def logical(self, letter: str, kernel: str, outputs: str) -> str | None:
        """The logical name of an axis of the kernel: the first that is summed is `embed`, the first other is `mlp`."""
        same = [other for other in kernel if (other in outputs) == (letter in outputs)]
        return (("mlp" if letter in outputs else "embed") if letter == same[0] else None) if same else None

    def apply(self, call: Call, x: Array) -> Result:
        y = jnp.einsum(self.equation, x, call.params["kernel"].astype(x.dtype))
        if self.bias_axes is not None:
            y = y + call.params["bias"].astype(x.dtype)
        mask = call.masks.get("x") if self.keeps_time(x.ndim - 1) else None
        return Result.of(self.activation.function(y), masks={} if mask is None else {"output": mask})

    def split(self) -> tuple[Layer, Activation] | None:
        return self.model_copy(update={"activation": Linear()}), self.activation
