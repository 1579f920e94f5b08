"""The reader that copies an input as a target, for autoencoders."""

from collections.abc import Mapping
from typing import Annotated

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt, Reader


class SameAs(Reader):
    """The finished array of a model input, after its own reader, as a target.

    Its `Column` and its array are those of the input, not of a column of the source; both pass through unchanged.
    """

    primary = "input"
    spellings = ("copy", "copy_of", "input", "sameas")
    example = "same_as: image"
    origin = "input"

    input: Annotated[str, Field(min_length=1, description="Name of the input.")]

    @property
    def subject(self) -> str:
        return self.input

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        given = None if columns is None else columns[self.input].type
        if given is not None and wanted is not None:
            message = f"the input `{self.input}` has {given.dtype}, but this one takes {wanted.dtype}"
            help = "give both inputs the same `dtype`, or give this input its own reader"
            need(given.dtype == wanted.dtype, message, help=help, code="E402")
        return given

    def class_names(self, columns: Mapping[str, Column] | None) -> tuple[str, ...] | int | None:
        return None if columns is None else columns[self.input].classes

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        return columns[self.input]
