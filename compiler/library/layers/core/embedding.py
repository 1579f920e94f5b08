"""The embedding of ids, and the layer that applies its transposed table."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, TensorType, Weight, need, show_shape
from modelc.compiler.library.initializers.random import RandomUniform
from modelc.compiler.library.layers import ConstraintField, InitializerField, RegularizerField


class Embedding(Layer):
    """Row `x` of the table for each integer id `x`: input `[...]` of ids, output `[..., output_dim]`.

    `embeddings` is `[input_dim, output_dim]`. Ids run from 0 to `input_dim - 1`; any other gives NaN, never another
    row. With `mask_zero` the id 0 is padding: the output carries the mask `x != 0`. Follows Keras 3 `layers.Embedding`.
    """

    keras = "layers.Embedding"
    torch = "nn.Embedding"
    spellings = ("embed", "lookup", "token_embedding")
    masking = "use"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "padding_idx": "where the id 0 is padding, write `mask_zero: true`: what takes the vectors leaves its steps out",
    }
    example = "embedding: {input_dim: 20000, output_dim: 64, mask_zero: true}"

    input_dim: Annotated[Size, Field(description="Number of ids: the size of the vocabulary.")]
    output_dim: Annotated[Size, Field(description="Size of the vectors.")]
    embeddings_initializer: Annotated[InitializerField, Field(description="Initializer of the table.")] = (
        RandomUniform()
    )
    embeddings_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the table.")] = None
    embeddings_constraint: Annotated[ConstraintField, Field(description="Constraint on the table.")] = None
    mask_zero: Annotated[bool, Field(description="Whether the id 0 is padding and is masked.")] = False

    def plan(self, x: TensorType) -> Plan:
        help = "give the input `dtype: int32`; ids must not be scaled or normalized"
        need(x.is_integer, f"expected integer ids, got {x.dtype}", help=help, code="E303")
        message = f"`mask_zero` needs a sequence of ids, [time], got {show_shape(x.shape)}"
        help = "omit `mask_zero`, or give the ids one axis"
        need(x.rank == 1 or not self.mask_zero, message, help=help, argument="mask_zero")
        return Plan.of(TensorType((*x.shape, self.output_dim), mask=self.mask_zero), {"embeddings": self.table()})

    def apply(self, call: Call, x: Array) -> Array | Result:
        table = jnp.asarray(call.params["embeddings"])
        y = table.at[x].get(mode="fill", fill_value=float("nan"), wrap_negative_indices=False)
        return Result.of(y, masks={"output": x != 0}) if self.mask_zero else y

    def table(self) -> Weight:
        """The weight `embeddings`."""
        return self.weight("embeddings", (self.input_dim, self.output_dim), ("vocab", "embed"))

    def vocabulary_size(self) -> int | None:
        return self.input_dim


class TiedUnembed(Layer):
    """A number for each id of an embedding: `y = x @ embeddings.T`, with the embedding's own table.

    Input `[..., output_dim]` of the embedding, output `[..., input_dim]`; no weights of its own and no bias. Press and
    Wolf 2017; follows Keras 3 `layers.ReversibleEmbedding` with `reverse=True` and `tie_weights`.
    """

    masking = "pass"
    example = "unembed: tokens"

    embedding: Annotated[Embedding, Field(description="The embedding whose table is used.")]

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        width = self.embedding.output_dim
        message = f"expected vectors of {width} values, like those of the embedding, got {show_shape(x.shape)}"
        need(x.rank >= 1 and x.shape[-1] == width, message, help=f"add `dense: {width}` before it")
        weight = self.embedding.table()
        return Plan.of(x.with_shape(*x.shape[:-1], self.embedding.input_dim), {"embeddings": weight})

    def apply(self, call: Call, x: Array) -> Array:
        return x @ call.params["embeddings"].astype(x.dtype).T
