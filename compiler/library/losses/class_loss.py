"""The base of losses that compare class scores with labels or distributions, which are distinguished by shape."""

from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import (
    at_least_float32,
    need,
    need_float_output,
    need_steps_apart,
    of_the_shape,
)
from modelc.compiler.library.losses.class_weight import WeighsClasses


class ClassLoss(WeighsClasses):
    """Abstract: output `[..., classes]`; a target of shape `[...]` holds integer labels, of `[..., classes]`
    distributions, for which the weight of their classes is the mean under them."""

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        help = "end with `dense` with one unit per class, or use `binary_cross_entropy`"
        need(output.rank >= 1, "expected an axis of classes, the output is a single number", help=help, code="E304")
        need(
            output.shape[-1] > 1,
            f"the loss of a single class is always {0 if self.activation else 'the same'}, and the output has shape "
            f"{show_shape(output.shape)}",
            help="for two classes use `sigmoid` and the loss `binary_cross_entropy`, or give the output two values",
            code="E304",
        )
        need_steps_apart(output)
        labels = output.shape[:-1]
        if target is None or target.shape == output.shape:
            return labels
        need(target.shape == labels, mismatch(output, target), help=advice(output, target), code="E304")
        need(
            target.is_integer,
            f"labels must be integers, the target is {target}",
            help="read the target with `category`, or save its column as integers",
            note=f"an output of shape {show_shape(output.shape)} also takes distributions of that same shape",
            code="E304",
        )
        return labels

    def targets(self, output: TensorType) -> tuple[TensorType, ...]:
        return TensorType(output.shape[:-1], "int32"), *of_the_shape(output)

    def classes(self, output: TensorType, target: TensorType | None) -> int | None:
        return output.shape[-1] if target is not None and target.shape == output.shape[:-1] else None

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0) if target is not None and target.shape == output.shape else None

    def width(self, output: TensorType) -> int:
        return output.shape[-1]

    def counts(self, target: NumpyArray, output: TensorType) -> NumpyArray:
        if target.ndim > output.rank:
            spread: NumpyArray = target.reshape(-1, output.shape[-1]).sum(axis=0, dtype=np.float64)
            return spread
        return np.bincount(target.ravel(), minlength=output.shape[-1]).astype(np.float64)

    def elements(self, output: Array, target: Array | None) -> Array:
        assert target is not None, "this loss takes a target"
        values = at_least_float32(output)
        losses = self.compare(values, target)
        weights = self.element_weights(output, target)
        return losses if weights is None else losses * weights

    def element_weights(self, output: Array, target: Array | None) -> Array | None:
        if not self.class_weight or target is None:
            return None
        weights = self.class_weights(output.shape[-1], at_least_float32(output))
        return expected(jnp.broadcast_to(weights, (*output.shape[:-1], len(weights))), target)

    def compare(self, values: Array, target: Array) -> Array:
        """The elements before classes are weighed; `values` in at least float32."""
        raise NotImplementedError


def mismatch(output: TensorType, target: TensorType) -> str:
    """What is said of a target that holds neither labels nor distributions for `output`."""
    return (
        f"output has shape {show_shape(output.shape)}, target has shape {show_shape(target.shape)}: expected "
        f"labels of shape {show_shape(output.shape[:-1])} or distributions of shape {show_shape(output.shape)}"
    )


def advice(output: TensorType, target: TensorType) -> str:
    """What to do about it."""
    labels = output.shape[:-1]
    if target.shape == (*labels, 1):
        shape = show_shape(labels)
        return (
            f"drop the last axis: `shape: {shape}` in its reader, as in `category: {{column: label, shape: {shape}}}`"
        )
    if target.is_integer and target.rank == output.rank and target.shape[:-1] == labels:
        size = target.shape[-1]
        return f"integers are labels, here {size} instead of one: give the output {size} steps, or read one label"
    if target.rank == output.rank and target.shape[:-1] == labels:
        return f"give the last layer {target.shape[-1]} units, one for each class of the target"
    if output.shape[:1] == target.shape and output.rank > 1:
        return "classes belong on the last axis of the output"
    return "put `flatten` or a pooling layer before the last `dense`, or name the right target"


def expected(terms: Array, target: Array, smoothing: float = 0.0) -> Array:
    """The mean of `terms` `[..., classes]` over the classes as `target` spreads them, of which `smoothing` evenly.

    `target` has labels `[...]` or distributions `[..., classes]`. A label that is no class gives NaN.
    """
    if target.shape == terms.shape:
        picked = jnp.sum(target.astype(terms.dtype) * terms, axis=-1)
    else:
        # A comparison instead of a gather: its gradient is elementwise, that of a gather is a scatter.
        chosen = jnp.arange(terms.shape[-1]) == target[..., None]
        picked = jnp.sum(jnp.where(chosen, terms, 0.0), axis=-1)
        # Labels are range-checked before training; one that is missed must show as NaN, never as a loss of 0.
        picked = jnp.where(jnp.any(chosen, axis=-1), picked, jnp.nan)
    return (1.0 - smoothing) * picked + smoothing * jnp.mean(terms, axis=-1) if smoothing else picked
