"""The reader of one column of numbers."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.type_checks import TensorType
from modelc.compiler.library.readers.numeric import NumericReader


class NumberReader(NumericReader):
    """A column of numbers as float32, with missing values filled in and standardized where that is asked for.

    What stands for missing values, and mean and standard deviation, are those of the values that the training rows have, in
    float64; they are kept in the run and used for all other rows. The deviation is that of the rows themselves (divided by
    their number, as in scikit-learn's `StandardScaler`), and 1 where all values are the same. Missing are the cells that the
    source takes for missing, and NaN. Integers stay exact or are an error, as in `array`, unless they are standardized.
    """

    primary = "column"
    spellings = ("numeric", "numerical", "scalar", "continuous")
    example = "number: {column: age, missing: median, standardize: true}"

    column: Annotated[str, Field(min_length=1, description="Name of the column.")]

    @property
    def subject(self) -> str:
        return self.column

    def shape_of(self, types: list[TensorType]) -> tuple[int, ...]:
        (type_,) = types
        return type_.shape
