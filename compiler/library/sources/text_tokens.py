"""The source of rows that are the tokens of texts, in their order: for windows, as of any series."""

from collections.abc import Collection, Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.base.encodings import read_encoding
from modelc.compiler.library.base.fields import Field, Names
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.text_content import content_of
from modelc.compiler.library.base.tokens import tokens_of
from modelc.compiler.library.contracts.data_source import Column, Inspected, Loaded, Source
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.path_patterns import files_matching

FILES = "a path, a list, or a pattern such as `books/*.txt`, relative to the spec"


class TextTokens(Source):
    """A row for each character or word of text files, from the first to the last: what `windows` cut into contexts and horizons.

    Columns, both of them text: `token`, and `file`, the path that it is from, so that `group_by: file` in `windows` lets no
    window reach from one file into the next. `windows: {context: 40, horizon: 1, stride: 3}` with `category` of `token` for
    the input and the target is a model of the next character. Texts are read in the form NFKC of Unicode, as by `text`.
    A file has at most 16 MB.
    """

    primary = "train"
    endings = (".txt", ".text")
    spellings = (
        "text",
        "texts",
        "text_line_dataset",
        "characters",
        "corpus",
        "txt",
        "text_files",
        "shakespeare",
        "tiny_shakespeare",
    )
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("split", "level", "unit"), "write `tokenizer: characters`, `words` or `whitespace`"),
        **dict.fromkeys(("lower", "standardize"), "write `lowercase: true`"),
        **dict.fromkeys(("charset",), "write `encoding: {value}`"),
        **dict.fromkeys(
            ("length", "sequence_length", "maxlen", "block_size", "context", "horizon", "stride"),
            "remove it: `windows: {context: 40, horizon: 1, stride: 3}` beside `source` cuts the text",
        ),
        **dict.fromkeys(
            ("vocabulary", "vocab", "vocab_size", "max_tokens", "num_words"),
            "remove it: the reader has it, `category: {column: token, vocabulary: {value}}`",
        ),
        **dict.fromkeys(("path", "file", "files", "filename"), "write `train: {value}`"),
    }  # fmt: skip
    example = "tokens: {train: shakespeare.txt, tokenizer: characters}"

    train: Annotated[Names, Field(min_length=1, description=f"Files with the text for training: {FILES}.")]
    test: Annotated[Names | None, Field(min_length=1, description="Files with the text for testing.")] = None
    tokenizer: Annotated[
        Literal["characters", "words", "whitespace"],
        Field(
            description="What a row is: a character, or a word or other sign; with `whitespace`, what is between spaces."
        ),
    ] = "characters"
    lowercase: Annotated[bool, Field(description="Whether capital letters are read as small ones.")] = False
    encoding: Annotated[
        str, BeforeValidator(read_encoding), Field(description="The encoding of the files, such as `latin-1`.")
    ] = "utf-8"

    def files(self) -> tuple[str, ...]:
        return (*self.train, *(self.test or ()))

    def training_files(self) -> tuple[str, ...]:
        return self.train

    def reading(self, path: str) -> Self:
        return self.model_copy(update={"train": (path,), "test": None})

    def columns(self) -> Mapping[str, Column] | None:
        return dict.fromkeys(("token", "file"), Column(TensorType((), "str")))

    def inspect(self, root: Root) -> Inspected:
        absent: list[AbsentFile] = []
        for given in self.files():
            try:
                for path in files_matching(root, given):
                    root.open(path).close()
            except AbsentFile as error:
                absent.append(error)
        return Inspected(self.columns(), tuple(absent))

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        for error in self.inspect(root).absent:
            raise error
        test = None if self.test is None else self.rows_of(root, self.test, names)
        return Loaded(self.rows_of(root, self.train, names), test)

    def rows_of(self, root: Root, given: tuple[str, ...], names: Collection[str] | None) -> dict[str, NumpyArray]:
        """The columns called `names`, or all, of the files that `given` stands for. Raises RunError E404 for no token in them, E405."""
        text = np.dtypes.StringDType()
        paths = list(dict.fromkeys(path for one in given for path in files_matching(root, one)))
        found = [tokens_of(content_of(root, path, self.encoding), self.tokenizer, self.lowercase) for path in paths]
        if not any(found):
            message = f"there is no token in {paths[0]!r}" + (f" and {len(paths) - 1} other files" if paths[1:] else "")
            raise RunError("E404", message, helps=("name a file with text",))
        columns: dict[str, NumpyArray] = {}
        if names is None or "token" in names:
            columns["token"] = np.array([token for tokens in found for token in tokens], text)
        if names is None or "file" in names:
            columns["file"] = np.repeat(np.array(paths, text), [len(tokens) for tokens in found])
        return columns
