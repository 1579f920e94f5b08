"""Connectionist temporal classification: the loss of a sequence of labels with unknown alignment."""

from typing import Annotated

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, NumpyArray, jax, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import Loss, at_least_float32, need, need_float_output

NEVER = -1e30
"""The logarithm of no chance, finite so that sums and gradients are. Far below the logarithm of any chance in float32."""
IMPOSSIBLE = 1e5
"""The loss of labels that do not fit into their steps: not to be overlooked, and without a gradient."""


class CTC(Loss):
    """Minus the logarithm of the chance that the steps spell the labels (connectionist temporal classification).

    Output `[steps, classes]` of logits, of which one class is the `blank`; target `[length]` of labels, filled up with
    `blank` behind the last of them. Steps that the mask of the output leaves out are skipped. Each step spells one
    class by its softmax; repeated classes count once, then blanks are taken away: the chance is the sum over all ways
    to spell the labels so. The elements are one per row, and the loss is their mean; it is not divided by the number of
    labels, as PyTorch's mean is. Source: Graves et al. 2006 (https://doi.org/10.1145/1143844.1143891), equations 6 to
    8; follows Keras 3 `CTC`, where the blank is always 0 and all steps count.

    `n` labels, `r` of them equal to the one before, need `n + r` steps. Data that has fewer is refused where all steps
    count. Where a mask leaves too few, the row has the loss 100,000 and no gradient; a row of which it leaves no step
    does not count.
    """

    keras = "losses.CTC"
    torch = "nn.CTCLoss"
    primary = "blank"
    spellings = ("connectionist_temporal_classification",)
    example = "ctc: {blank: 0}"
    activation = "softmax"
    masking = "use"

    blank: Annotated[
        int, Field(ge=0, lt=2**31, description="The class that stands for no label, and pads the target.")
    ] = 0

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        need(
            output.rank == 2 and output.shape[-1] > 1,
            f"expected an output of shape [steps, classes] with two classes or more, got {show_shape(output.shape)}",
            help="end with `dense` with one unit per class, the blank among them, on every step",
            code="E304",
        )
        message = f"`blank` is {self.blank}, but the output has {output.shape[-1]} classes"
        help = f"classes count from 0 to {output.shape[-1] - 1}"
        need(self.blank < output.shape[-1], message, help=help, argument="blank", code="E304")
        if target is not None:
            message = f"expected integer labels of shape [length], the target is {target}"
            help = f"save a list of labels for each row, padded with the blank, {self.blank}"
            need(target.rank == 1 and target.is_integer, message, help=help, code="E304")
        return ()

    def classes(self, output: TensorType, target: TensorType | None) -> int | None:
        return output.shape[-1]

    def check(self, target: NumpyArray, *outputs: TensorType) -> None:
        labels = target != self.blank
        lengths = labels.sum(axis=1)
        scattered = np.flatnonzero((labels != (np.arange(target.shape[1]) < lengths[:, None])).any(axis=1))
        if scattered.size:
            raise RunError(
                "E403",
                f"labels follow the blank, {self.blank}, in {scattered.size:,} of the rows, the first is row "
                f"{scattered[0]}",
                helps=(f"pad rows with {self.blank} after their labels, or choose another `blank`",),
            )
        (output,) = outputs
        repeats = ((target[:, 1:] == target[:, :-1]) & labels[:, 1:]).sum(axis=1)
        short = np.flatnonzero(lengths + repeats > output.shape[0])
        if short.size and not output.mask:
            row = short[0]
            raise RunError(
                "E403",
                f"row {row} has {lengths[row]} labels, {repeats[row]} of them repeated, which take at least "
                f"{lengths[row] + repeats[row]} steps, but the output has {output.shape[0]}",
                notes=(f"rows with too many labels: {short.size:,}",),
                helps=("give the output more steps, or leave out these rows",),
            )

    def elements(self, output: Array, target: Array | None, counts: Array) -> Array:
        assert target is not None, "ctc takes a target"
        steps = jnp.broadcast_to(counts.reshape(len(counts), -1), output.shape[:2])
        labels, logs = target != self.blank, jax.nn.log_softmax(at_least_float32(output))
        repeated = jnp.pad((target[:, 1:] == target[:, :-1]) & labels[:, 1:], ((0, 0), (1, 0)))
        possible = jnp.sum(labels, axis=1) + jnp.sum(repeated, axis=1) <= jnp.sum(steps, axis=1)
        labels &= possible[:, None]
        # A product instead of a gather: its gradient is a product too, that of a gather is a scatter.
        chosen = jax.nn.one_hot(target, output.shape[-1], dtype=logs.dtype)
        spelt = jnp.einsum("btc,bnc->tbn", logs, chosen, precision="highest")
        blanks = jnp.broadcast_to(logs[:, :, self.blank].T[:, :, None], (*spelt.shape[:2], spelt.shape[2] + 1))
        # The ways end at a blank or a label by turns: after none of the labels, at the first, after it, ...
        skips = interleave(jnp.zeros((len(target), target.shape[1] + 1), bool), ~repeated)
        first = jnp.full((len(target), 2 * target.shape[1] + 1), NEVER, logs.dtype).at[:, 0].set(0.0)

        def step(before: Array, given: tuple[Array, Array, Array]) -> tuple[Array, None]:
            blank, label, real = given
            one = jnp.pad(before[:, :-1], ((0, 0), (1, 0)), constant_values=NEVER)
            two = jnp.pad(before[:, :-2], ((0, 0), (2, 0)), constant_values=NEVER)
            ways = jnp.logaddexp(jnp.logaddexp(before, one), jnp.where(skips, two, NEVER))
            return jnp.where(real[:, None], ways + interleave(blank, label), before), None

        last, _ = jax.lax.scan(step, first, (blanks, spelt, steps.T))
        place = jnp.arange(first.shape[1]) - 2 * jnp.sum(labels, axis=1, keepdims=True)
        ends = jnp.where((place == 0) | (place == -1), last, NEVER)
        return jnp.where(possible, -jax.nn.logsumexp(ends, axis=1), IMPOSSIBLE)


def interleave(outer: Array, inner: Array) -> Array:
    """`[batch, n + 1]` and `[batch, n]` by turns, `[batch, 2 * n + 1]`."""
    pairs = jnp.stack([outer[:, :-1], inner], axis=-1).reshape(len(inner), -1)
    return jnp.concatenate([pairs, outer[:, -1:]], axis=1)
