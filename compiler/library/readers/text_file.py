"""The reader of text files."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from modelc.compiler.library.base.encodings import read_encoding
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.text_content import content_of
from modelc.compiler.library.base.type_checks import TensorType
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt
from modelc.compiler.library.readers.faults import first_faults
from modelc.compiler.library.readers.opened_files import file_faults, need_path_column, paths_of, read_each
from modelc.compiler.library.readers.text import TextReader


class TextFileReader(TextReader):
    """A column of paths of text files, whose contents are read as `text` reads texts: int32 `[length]`.

    So a folder of texts for each class is the source `files: "reviews/*/*.txt"` and this reader of its column `file`. All
    arguments but `encoding` are those of `text`.
    """

    opens_files = True
    endings = (".txt", ".text", ".md", ".rst", ".html", ".htm")
    spellings = ("text_files", "document", "documents", "file_contents")
    example = "text_file: {column: file, length: 200, vocabulary: 20000}"
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **TextReader.foreign_arguments,
        **dict.fromkeys(("charset", "decode_error"), "write `encoding: {value}`, such as `latin-1`"),
    }

    encoding: Annotated[
        str, BeforeValidator(read_encoding), Field(description="The encoding of the files, such as `latin-1`.")
    ] = "utf-8"

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        need_path_column(self.column, columns, "texts in the column itself are read with `text`")
        return super().plan(columns, wanted)

    def learn(self, columns: Arrays) -> Learnt:
        return super().learn(self.with_contents(columns))

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        return super().read(self.with_contents(columns), wanted, learnt)

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        root, column = self.root, columns[self.column]
        there = np.flatnonzero(~np.ma.getmaskarray(column))
        found = file_faults(
            self.column,
            paths_of(np.ma.getdata(column)[there]),
            lambda row, path: content_of(root, path, self.encoding),
        )
        return first_faults((super().faults(columns, wanted), {int(there[row]): one for row, one in found.items()}))

    def with_contents(self, columns: Arrays) -> Arrays:
        """The texts in the files that the column names. Raises RunError E405 for files that cannot be read, or have no text."""
        root, column = self.root, columns[self.column]
        texts = [""] * len(column)
        there = np.flatnonzero(~np.ma.getmaskarray(column))

        def read_one(row: int, path: str) -> None:
            texts[there[row]] = content_of(root, path, self.encoding)

        read_each(self.column, paths_of(np.ma.getdata(column)[there]), read_one)
        values = np.array(texts, np.dtypes.StringDType())
        missing = np.ma.getmaskarray(column)
        return {self.column: np.ma.MaskedArray(values, missing) if missing.any() else values}
