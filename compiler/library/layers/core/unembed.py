"""The layer that uses the table of an embedding the other way round. `unembed: NODE` of a spec makes it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan
from modelc.compiler.library.layers.core.embedding import Embedding


class TiedUnembed(Layer):
    """A number for each id of an embedding: `y = x @ embeddings.T`, with the embedding's own table.

    Input `[..., output_dim]` of the embedding, output `[..., input_dim]`; no weights of its own and no bias. Press and
    Wolf 2017; follows Keras 3 `layers.ReversibleEmbedding` with `reverse=True` and `tie_weights`.
    """

    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "unembed: tokens"

    embedding: Annotated[Embedding, Field(description="The embedding whose table is used.")]

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        width = self.embedding.output_dim
        need(
            x.rank >= 1 and x.shape[-1] == width,
            f"expected vectors of {width} values, as the embedding gives, got {show_shape(x.shape)}",
            help=f"put `dense: {width}` before it",
        )
        weight = self.embedding.table()
        return Plan.of(x.with_shape(*x.shape[:-1], self.embedding.input_dim), {"embeddings": weight})

    def apply(self, call: Call, x: Array) -> Array:
        return x @ call.params["embeddings"].astype(x.dtype).T
