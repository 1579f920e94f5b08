"""The layers that merge branches elementwise: sum, product, mean, maximum and the like."""

from functools import reduce
from operator import or_
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, Slot, TensorType, need_floats
from modelc.compiler.library.layers.merging.shape_checks import need_one_dtype, need_one_shape, need_two, stretched


class Merge(Layer):
    """Abstract: a function of two values, over two or more inputs of exactly one shape.

    Nothing is broadcast unless `broadcast` asks for it: then inputs with the same number of axes fit together where
    each axis has one size or 1, and those of size 1 are stretched. Axes are never added.

    A step of the output counts where any of the inputs counts it; the output has a mask where all have one, or with
    `keep_mask` where any has. An input that is stretched along time says nothing about steps.
    """

    slots = (Slot("inputs", many=True, least=2),)
    masking = "use"

    broadcast: Annotated[
        bool, Field(description="Whether axes of size 1 are broadcast to their size in the other inputs.")
    ] = False

    keep_mask: Annotated[
        bool,
        Field(
            description="Whether inputs without a mask are ignored when masks are combined, so that the masks of the others are kept."
        ),
    ] = False

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_one_dtype(inputs)
        need_floats(inputs[0], slot="inputs")
        shape = stretched(inputs) if self.broadcast else None
        if shape is None:
            need_one_shape(inputs, broadcast=self.broadcast)
            shape = inputs[0].shape
        timed = [x.mask for x in inputs if x.shape[:1] == shape[:1]]
        masked = any(timed) if self.keep_mask else all(timed)
        return Plan.of(inputs[0].with_shape(*shape).with_mask(masked), drops_mask=any(timed) and not masked)

    def apply(self, call: Call, inputs: tuple[Array, ...]) -> Array | Result:
        given: tuple[Any, ...] = call.masks.get("inputs") or (None,) * len(inputs)
        y = self.merged(inputs, tuple(map(over, given, inputs)))
        masks = [mask for mask, x in zip(given, inputs, strict=True) if x.shape[1:2] == y.shape[1:2]]
        if self.keep_mask:
            masks = [mask for mask in masks if mask is not None]
        if not masks or any(mask is None for mask in masks):
            return y
        return Result.of(y, masks={"output": reduce(lambda one, other: one | other, masks)})

    def merged(self, inputs: tuple[Array, ...], counted: tuple[Array | None, ...]) -> Array:
        """All inputs as one; `counted` says where each counts, in axes that fit its own, None where it does all over."""
        return reduce(self.merge, inputs)

    def merge(self, one: Array, other: Array) -> Array:
        """What two inputs, or all before and the next, give together."""
        raise NotImplementedError


class MergeOfTwo(Merge):
    """Abstract: a merge of exactly two inputs, whose order counts."""

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_two(inputs)
        return super().plan(inputs)


class Extreme(Merge):
    """Abstract: a merge of which a value that does not count has no part; where none counts it is the first input's.

    A mean or a sum has no such rule in Keras, which adds what is there.
    """

    def merged(self, inputs: tuple[Array, ...], counted: tuple[Array | None, ...]) -> Array:
        y, known = inputs[0], counted[0]
        for x, counts in zip(inputs[1:], counted[1:], strict=True):
            # The other's value in place of one that does not count, before they meet: no NaN gets into a gradient.
            x = x if counts is None else jnp.where(counts, x, y)
            y = self.merge(y if known is None else jnp.where(known, y, x), x)
            known = None if known is None or counts is None else known | counts
        return y


def over(mask: Array | None, x: Array) -> Array | None:
    """A mask `[batch, time]` with as many axes as `x`."""
    return None if mask is None else mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))


class Add(Merge):
    """Sum of two or more inputs of exactly one shape: `y = a + b + ...`.

    Follows Keras 3 `layers.Add`, which always broadcasts: here shapes that differ are
    an error without `broadcast`. By its masks, a step counts where any input counts it.
    """

    keras = "layers.Add"
    torch = "add"
    spellings = ("plus",)
    example = "add"

    def merge(self, one: Array, other: Array) -> Array:
        return one + other


class Subtract(MergeOfTwo):
    """Difference of two inputs of exactly one shape: `y = a - b`.

    Follows Keras 3 `layers.Subtract`, which always broadcasts: here shapes that differ are
    an error without `broadcast`. By its masks, a step counts where any input counts it.
    """

    keras = "layers.Subtract"
    torch = "sub"
    spellings = ("minus", "difference")
    example = "subtract"

    def merge(self, one: Array, other: Array) -> Array:
        return one - other


class Multiply(Merge):
    """Product of two or more inputs of exactly one shape: `y = a * b * ...`.

    Follows Keras 3 `layers.Multiply`, which always broadcasts: here shapes that differ are
    an error without `broadcast`. A step that the mask of an input does not count is a factor
    of 1, as in Keras, and the product is 0 where the masks of all inputs count none.
    """

    keras = "layers.Multiply"
    torch = "mul"
    spellings = ("product", "times")
    example = "multiply"

    def merged(self, inputs: tuple[Array, ...], counted: tuple[Array | None, ...]) -> Array:
        factors = [
            x if counts is None else jnp.where(counts, x, jnp.ones((), x.dtype))
            for x, counts in zip(inputs, counted, strict=True)
        ]
        y = reduce(self.merge, factors)
        known = [counts for counts in counted if counts is not None]
        return y if len(known) < len(inputs) else jnp.where(reduce(or_, known), y, jnp.zeros((), y.dtype))

    def merge(self, one: Array, other: Array) -> Array:
        return one * other


class Divide(MergeOfTwo):
    """Quotient of two inputs of exactly one shape: `y = a / b`; infinite or NaN where `b` is 0, which stops a training.

    Follows Keras 3 `ops.divide`, which always broadcasts: here shapes that differ are an error without `broadcast`. By its
    masks, a step counts where any input counts it.
    """

    keras = "ops.divide"
    torch = "div"
    spellings = ("true_divide", "quotient")
    example = "divide"

    def merge(self, one: Array, other: Array) -> Array:
        return one / other


class Average(Merge):
    """Mean of two or more inputs of exactly one shape, value by value: `y = (a + b + ...) / n`.

    Follows Keras 3 `layers.Average`, which always broadcasts: here shapes that differ are
    an error without `broadcast`. By its masks, a step counts where any input counts it.
    """

    keras = "layers.Average"
    spellings = ("ave", "avg")
    keeps = "range"
    example = "average"

    def merged(self, inputs: tuple[Array, ...], counted: tuple[Array | None, ...]) -> Array:
        return reduce(self.merge, inputs) / len(inputs)

    def merge(self, one: Array, other: Array) -> Array:
        return one + other


class Maximum(Extreme):
    """Largest of two or more inputs of exactly one shape, value by value: `y = max(a, b, ...)`.

    Follows Keras 3 `layers.Maximum`, which always broadcasts: here shapes that differ are
    an error without `broadcast`. A step that the mask of an input does not count has no part
    in it, as in Keras: the others' values stand there, or the first input's where none counts.
    """

    keras = "layers.Maximum"
    torch = "maximum"
    spellings = ("max_merge",)
    keeps = "values"
    example = "maximum"

    def merge(self, one: Array, other: Array) -> Array:
        return jnp.maximum(one, other)


class Minimum(Extreme):
    """Smallest of two or more inputs of exactly one shape, value by value: `y = min(a, b, ...)`.

    Follows Keras 3 `layers.Minimum`, which always broadcasts: here shapes that differ are
    an error without `broadcast`. A step that the mask of an input does not count has no part
    in it, as in Keras: the others' values stand there, or the first input's where none counts.
    """

    keras = "layers.Minimum"
    torch = "minimum"
    spellings = ("min_merge",)
    keeps = "values"
    example = "minimum"

    def merge(self, one: Array, other: Array) -> Array:
        return jnp.minimum(one, other)
