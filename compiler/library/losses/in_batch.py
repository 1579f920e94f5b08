"""Contrastive losses that compare the rows of a batch with each other (InfoNCE, supervised contrastive)."""

from typing import Annotated, ClassVar, Literal

from modelc.compiler.library.base import formulas
from modelc.compiler.library.base.fields import Field, Positive
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import Loss, Masking, at_least_float32, need, need_float_output

NEVER = -1e30
"""What stands for a row that is not compared, instead of minus infinity: the gradient of that would be NaN."""


class InBatch(Loss):
    """Abstract: compares the vectors of a batch with each other, by the cosine of their angle or their product."""

    masking: ClassVar[Masking] = "use"
    mixes_rows = True

    temperature: Annotated[
        Positive, Field(description="What similarities are divided by: the lower, the more the nearest rows count.")
    ] = 0.07
    similarity: Annotated[
        Literal["cosine", "product"],
        Field(description="How alike two vectors are: the cosine of their angle, or the sum of products."),
    ] = "cosine"

    def compared(self, first: Array, second: Array) -> Array:
        """How alike each of `first` `[m, size]` and each of `second` `[n, size]` are, by the temperature, `[m, n]`."""
        if self.similarity == "cosine":
            first, second = formulas.unit(first), formulas.unit(second)
        return jnp.matmul(first, second.T, precision="highest") / self.temperature


class InfoNCE(InBatch):
    """Finds the partner of each row among those of all rows of the batch: `-log(exp(s_ii) / sum_j exp(s_ij))`, `s = similarity /
    temperature`.

    Two values `[size]` of the model, named by `of: [first, second]` beside the loss: two views of a row, or two things that belong together,
    as a question and its answer. `s_ij` is of the first value of row `i` and the second of row `j`, so the other rows of the batch are what is to be
    told apart from it: more rows in a batch are harder. `symmetric` takes the mean with the same loss of the second value
    among the first ones. There is no target. The elements have shape `[]`, and the loss is their mean over the rows. Rows that do not count
    are not compared with either. It depends on which rows are in a batch: rows are evaluated in batches of `batch_size` too. Source:
    van den Oord, Li and Vinyals 2018 (https://arxiv.org/abs/1807.03748); with `symmetric` Radford et al. 2021 (CLIP,
    https://arxiv.org/abs/2103.00020). For a temperature that is learnt, compute it by layers, with `similarity: product` and `temperature: 1`.
    """

    primary = "temperature"
    spellings = ("infonce", "InfoNCELoss", "clip_loss", "in_batch_softmax", "multiple_negatives_ranking")
    related = ("nt_xent", "NTXentLoss", "simclr", "npairs", "n_pairs", "npairs_loss", "MultipleNegativesRankingLoss")
    example = "info_nce: {temperature: 0.1, symmetric: true}"
    slots = ("first", "second")
    takes_target = False

    symmetric: Annotated[
        bool, Field(description="Whether the second values are to find the first ones too, in equal parts.")
    ] = False

    def plan(self, first: TensorType, second: TensorType, target: TensorType | None) -> tuple[int, ...]:
        for type_ in (first, second):
            need_vector(type_, views=False)
        message = f"vectors of shape {show_shape(first.shape)} cannot be compared with vectors of shape {show_shape(second.shape)}"
        need(first.shape == second.shape, message, help="give both values of the loss one shape", code="E304")
        return ()

    def elements(self, first: Array, second: Array, target: Array | None, counts: Array) -> Array:
        similar = self.compared(at_least_float32(first), at_least_float32(second))
        losses = missed(similar, counts)
        return (losses + missed(similar.T, counts)) / 2 if self.symmetric else losses


def missed(similar: Array, counts: Array) -> Array:
    """The cross-entropy of the diagonal of `similar` `[rows, rows]` among what counts of each row, `[rows]`."""
    own = jnp.eye(len(similar), dtype=bool)
    among = jnp.where(counts[None, :] | own, similar, NEVER)
    found: Array = jax.nn.logsumexp(among, axis=1) - jnp.diagonal(similar)
    return found


class SupervisedContrastive(InBatch):
    """Pulls rows of one class together, and those of others apart: `-mean_p log(exp(s_ip) / sum_a exp(s_ia))`, `s = similarity /
    temperature`.

    Output `[size]`, a vector for each row, or `[views, size]`, several of them; target `[]` of integer labels. `a` runs over all other
    vectors of the batch, and `p` over those of the same label. The elements have shape `[]` or `[views]`, and the loss is their mean. One
    without another of its label in the batch adds 0. Rows that do not count are not compared with either. It depends on which rows are in a
    batch: rows are evaluated in batches of `batch_size` too. Source: Khosla et al. 2020 (https://arxiv.org/abs/2004.11362), equation 2, without
    the factor that the authors' code has for two temperatures.
    """

    primary = "temperature"
    spellings = ("supcon", "SupConLoss", "supervised_contrastive_loss")
    example = "supervised_contrastive: {temperature: 0.1}"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_vector(output, views=True)
        message = f"expected one integer label for each row, the target is {target}"
        help = "read the target with `category`"
        need(target is None or (target.rank == 0 and target.is_integer), message, help=help, code="E304")
        return output.shape[:-1]

    def targets(self, output: TensorType) -> tuple[TensorType, ...]:
        return (TensorType((), "int32"),)

    def elements(self, output: Array, target: Array | None, counts: Array) -> Array:
        alike, others = self.pairs(output, target, counts)
        vectors = at_least_float32(output).reshape(-1, output.shape[-1])
        similar = self.compared(vectors, vectors)
        # Each vector has at least itself, so that no sum is of nothing.
        among = jnp.where(
            others | jnp.eye(len(vectors), dtype=bool) & ~jnp.any(others, axis=1, keepdims=True), similar, NEVER
        )
        chances = similar - jax.nn.logsumexp(among, axis=1, keepdims=True)
        count = jnp.sum(alike, axis=1)
        mean = jnp.sum(jnp.where(alike, chances, 0.0), axis=1) / jnp.maximum(count, 1)
        return -mean.reshape(output.shape[:-1])

    def element_weights(self, output: Array, target: Array | None, counts: Array) -> Array:
        alike, _ = self.pairs(output, target, counts)
        return jnp.any(alike, axis=1).astype(jnp.float32).reshape(output.shape[:-1])

    def pairs(self, output: Array, target: Array | None, counts: Array) -> tuple[Array, Array]:
        """Which vectors `[n, n]` count as another one of the same label, and which as another one."""
        assert target is not None, "supervised_contrastive takes a target"
        views = output.shape[1] if output.ndim > 2 else 1
        labels, kept = jnp.repeat(target, views), jnp.repeat(counts, views)
        others = kept[None, :] & ~jnp.eye(len(labels), dtype=bool)
        return others & (labels[:, None] == labels[None, :]), others


def need_vector(output: TensorType, *, views: bool) -> None:
    """Raise PlanError E304 unless `output` has one vector for each row, or several `views` of it."""
    need_float_output(output)
    expected = "[size] or [views, size]" if views else "[size]"
    message = f"rows are compared by vectors of shape {expected}, the value has shape {show_shape(output.shape)}"
    help = "bring it into that shape with `flatten` or a pooling layer, then `dense`"
    need(output.rank in ((1, 2) if views else (1,)) and output.shape[-1] > 1, message, help=help, code="E304")
    message = f"rows are compared as wholes, but the value {output} has a mask of steps"
    need(
        not output.mask, message, help="pool the steps first, with `global_average_pooling1d` for instance", code="E304"
    )
