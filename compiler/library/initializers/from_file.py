"""The initializer whose values are an array in a file."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.weight_rules import ArrayFile, Initializer, Unfitted


class FromFile(Initializer):
    """The values of an array in an `.npy` or `.npz` file: an embedding from elsewhere, the edges of a graph.

    The array has exactly the shape of the weight. Floats become the nearest values of its dtype; integers that it does not
    hold exactly, NaN and infinity are errors. The path begins at the folder of the spec, and stays below it. Nothing in the
    file is run or unpickled; the digest of the values is recorded in the run, whose weights hold them from then on. They are
    read when training begins, or by `validate --data`. The values are trained like any others; for an array that is not,
    take the layer `constant`.
    """

    primary = "file"
    spellings = ("load", "from_numpy", "pretrained")
    example = "embedding: {input_dim: 400, output_dim: 50, embeddings_initializer: {from_file: vectors.npy}}"

    file: Annotated[str, Field(min_length=1, description="Path of the file, relative to the spec.")]
    array: Annotated[
        str | None,
        Field(min_length=1, description="Name of the array in an .npz file; null where it is the only one."),
    ] = None

    def array_file(self) -> ArrayFile:
        return ArrayFile(self.file, self.array)

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        # Of a run, whose weights take their place; before its first step a training puts in what the file holds.
        return Unfitted().sample(key, shape, dtype)
