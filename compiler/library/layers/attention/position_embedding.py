"""The layer that tells the steps of a sequence apart."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.constraints import ConstraintField
from modelc.compiler.library.contracts.layer import Call, Layer, Plan
from modelc.compiler.library.initializers import InitializerField
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.regularizers import RegularizerField


class PositionEmbedding(Layer):
    """`y = x + embeddings`: adds a learned vector for each step, so that it stands in a chain behind `embedding`.

    Input and output `[..., time, features]`; `embeddings` is `[sequence_length, features]`, of which the first `time`
    are used. Gehring et al. 2017. Keras 3 has no such layer; `keras_hub.layers.PositionEmbedding` has these weights and
    first values, but gives the vectors without adding them.
    """

    primary: ClassVar[str | None] = "sequence_length"
    spellings: ClassVar[tuple[str, ...]] = ("positional_embedding", "pos_embed", "learned_positions")
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "position_embedding"

    sequence_length: Annotated[
        Size | None, Field(description="Steps that there are vectors for; null: as many as the input has.")
    ] = None
    embeddings_initializer: Annotated[InitializerField, Field(description="First values of the vectors.")] = (
        GlorotUniform()
    )
    embeddings_regularizer: Annotated[RegularizerField, Field(description="What the vectors add to the loss.")] = None
    embeddings_constraint: Annotated[ConstraintField, Field(description="What the vectors are brought back to.")] = None

    def plan(self, x: TensorType) -> Plan:
        need(
            x.rank >= 2,
            f"expected a sequence [time, features], got {show_shape(x.shape)}",
            help="ids need `embedding` before it",
        )
        need_floats(x)
        time, features = x.shape[-2:]
        length = self.sequence_length or time
        need(
            length >= time,
            f"`sequence_length` is {length}, but the input has {time} steps",
            help=f"write `sequence_length: {time}` or leave it out",
            argument="sequence_length",
        )
        return Plan.of(x, {"embeddings": self.weight("embeddings", (length, features), (None, "embed"))})

    def apply(self, call: Call, x: Array) -> Array:
        return x + call.params["embeddings"][: x.shape[-2]].astype(x.dtype)
