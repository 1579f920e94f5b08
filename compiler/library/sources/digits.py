"""The 1,797 handwritten digits that come with modelc."""

from collections.abc import Collection, Mapping
from pathlib import Path

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, Loaded, Source
from modelc.compiler.syntax.file_root import Root


class Digits(Source):
    """1,797 handwritten digits, 8x8 pixels; part of the package, so that it needs no network.

    Columns: `image`, uint8 `[8, 8]` with values from 0 to 16, and `label`, 0 to 9. Origin and licence (CC BY 4.0) stand
    in `digits.txt` beside this file.
    """

    spellings = ("load_digits", "optdigits")
    example = "digits"

    def columns(self) -> Mapping[str, Column] | None:
        return {
            "image": Column(TensorType((8, 8), "uint8"), rows=1797),
            "label": Column(TensorType((), "uint8"), classes=10, rows=1797),
        }

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        from modelc.compiler.library.sources.archive import read_arrays

        with Path(__file__).with_name("digits.npz").open("rb") as file:
            return Loaded(read_arrays(file, "digits.npz", names))
