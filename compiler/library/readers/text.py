"""The reader of texts as ids of their words, parts of words, characters or bytes."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tokens import (
    PADDING,
    SPECIAL,
    UNKNOWN,
    Tokenizer,
    bytes_of,
    read_tokenizer,
    read_words,
    tokens_of,
)
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt
from modelc.compiler.library.readers.casts import plan_arrays, to_integers
from modelc.compiler.library.readers.checks import missing_values
from modelc.compiler.library.readers.faults import missing_in
from modelc.compiler.library.readers.foreign_to_text import FOREIGN_TO_TEXT
from modelc.compiler.library.readers.hashing import hashed
from modelc.compiler.library.readers.names import first_names, most_frequent, name_of
from modelc.compiler.library.readers.rooted import RootedReader
from modelc.compiler.library.readers.subwords import ALPHABET, learn_bpe, read_tokenizer_file, subwords

BYTES = 256


class TextReader(RootedReader):
    """A column of texts as int32 `[length]`: the id of each word, part of a word, character or byte, and 0 behind the end of the
    text.

    Longer texts are cut at the end; the log says how many of the training rows are. 0 is the padding, which `embedding` with
    `mask_zero: true` leaves out, and 1 stands for all that is not in the vocabulary. The count of ids has both: of
    `vocabulary: 20000`, the 19,998 that are most frequent in the training rows are learnt (of two that are as frequent, the
    first in the order of their characters), from 2 on. A list or a file of tokens is the vocabulary itself. `vocabulary(x)` is
    the count of ids, for `embedding: {input_dim: "${vocabulary(x)}", output_dim: 64}`. `hash: 5000` in place of a vocabulary learns
    nothing: the tokens have the ids from 1 on, by their hashes as `category` has them, and none is unknown.

    `words` are the form NFKC of the text in lower case, as the expression `\\w+|[^\\w\\s]` divides it: letters and digits in a
    row, and every other sign by itself. `whitespace` divides the same form at spaces and line ends alone, so that tags such as `B-PER`
    and lists of ids stay as they are. `characters` are those of the same form. `bytes` are the bytes of UTF-8 as they are:
    258 ids, and nothing to learn. `bpe` are parts of words that are learnt of the training rows, by byte-level byte-pair encoding
    (Radford et al., 2019), of the same form as words; no text has unknown ones. `tokenizer: {file: tokenizer.json}` is a tokenizer
    in the format of Hugging Face's `tokenizers`, with its own ids, of which `vocabulary` says how many there are at least: it puts
    its special tokens around each text, as at the end of one that is cut. What fills up short texts is its own padding, or
    `padding_id` where it has none. Both need the extra `text`, and a run keeps the tokenizer.
    """

    primary = "column"
    slow_to_read = True
    spellings: ClassVar[tuple[str, ...]] = (
        "texts",
        "tokens",
        "tokenizer",
        "sentence",
        "sentences",
        "string",
        "text_vectorization",
    )
    example = "text: {column: review, length: 200, vocabulary: 20000}"
    gives_labels = True
    takes_missing = True
    foreign_arguments: ClassVar[Mapping[str, str]] = FOREIGN_TO_TEXT

    column: Annotated[str, Field(min_length=1, description="Name of the column.")]
    length: Annotated[Size, Field(description="How many ids each row has.")]
    vocabulary: Annotated[
        int | tuple[str, ...] | dict[Literal["file", "run"], str] | None,
        BeforeValidator(read_words),
        Field(
            description="How many ids there are at most, padding and unknown included; or the tokens: a list, a text file "
            "with one on each line, or the run that has learnt them. None for `bytes`."
        ),
    ] = None
    hash: Annotated[
        int | None,
        Field(ge=3, lt=2**31, description="How many ids there are, padding included, that tokens are hashed to."),
    ] = None
    tokenizer: Annotated[
        Tokenizer | dict[Literal["file"], str],
        BeforeValidator(read_tokenizer),
        Field(description="What a text is divided into; or a tokenizer in a file."),
    ] = "words"
    lowercase: Annotated[
        bool | None,
        Field(description="Whether letters become lower case, as they do by default but in `bytes` and by a file."),
    ] = None
    padding_id: Annotated[
        int | None,
        Field(ge=0, lt=2**31, description="What fills up short texts, for a tokenizer file that does not say it."),
    ] = None
    missing: Annotated[
        Literal["error", "empty"], Field(description="With `empty`, a missing value is a text without words.")
    ] = "error"

    @property
    def files(self) -> tuple[str, ...]:
        return (self.file,) if self.file is not None else ()

    @property
    def subject(self) -> str:
        return self.column

    @property
    def file(self) -> str | None:
        """The path of the file that the tokenizer is in, if it is in one."""
        return self.tokenizer["file"] if isinstance(self.tokenizer, dict) else None

    @property
    def is_of_parts(self) -> bool:
        """Whether the tokens are parts of words, which have ids of their own."""
        return self.file is not None or self.tokenizer == "bpe"

    @property
    def counted_in(self) -> str:
        """What the length of a text is a number of."""
        return "tokens" if self.is_of_parts or self.tokenizer == "whitespace" else str(self.tokenizer)

    @property
    def count(self) -> int | None:
        """How many ids there are, padding and unknown included; None where the spec does not say it."""
        if self.tokenizer == "bytes":
            return BYTES + SPECIAL
        if self.hash is not None:
            return self.hash
        return len(self.vocabulary) + SPECIAL if isinstance(self.vocabulary, tuple) else as_count(self.vocabulary)

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.length,)

    def way_to(self, shape: tuple[int, ...]) -> str:
        return f"the reader to `length: {shape[0]}`" if len(shape) == 1 else ""

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        message = f"`text` returns integer ids, but the input takes {wanted and wanted.dtype}"
        help = f"give the input `dtype: int32`: `shape: [{self.length}], dtype: int32`"
        need(wanted is None or wanted.is_integer, message, help=help, code="E402")
        self.check_arguments()
        type_ = None if columns is None else columns[self.column].type
        if columns is not None and type_ is not None:
            message, help = (
                f"`{self.column}` has {type_.dtype}, expected texts",
                "read numbers with `number` or `array`",
            )
            need(type_.dtype in ("str", "bytes") or type_.is_integer, message, help=help, code="E402")
            message = f"one row of `{self.column}` has {type_.rank} axes, expected one string"
            help = "read tokens [rows, time] with `category: {column: ..., vocabulary: ...}`"
            need(type_.rank == 0, message, help=help, code="E402")
            message, help = (
                f"`{self.column}` has paths of files, no texts",
                "read what is in the files with `text_file`",
            )
            need(self.opens_files or not columns[self.column].has_paths, message, help=help, code="E402")
        return TensorType((self.length,), "int32" if wanted is None else wanted.dtype)

    def check_arguments(self) -> None:
        """Raise `PlanError` E403 for arguments that do not go together."""
        is_bytes = self.tokenizer == "bytes"
        of = "tokenizer has" if self.file else f"{'parts of words' if self.is_of_parts else self.counted_in} have"
        message = f"`text` of `{self.column}` does not say how many ids its {of}"
        help = "for example `vocabulary: 20000`" + ("" if self.is_of_parts else ", or `hash: 20000` to learn none")
        need(is_bytes or self.count is not None, message, help=help, code="E403")
        message = "`hash` makes ids of all words or characters, and {} says which there are"
        other = "`vocabulary`" if self.tokenizer in ("words", "whitespace", "characters") else "this `tokenizer`"
        alone = self.hash is None or (other == "`vocabulary`" and self.vocabulary is None)
        help = f"remove {other}, or `hash`"
        need(alone, message.format(other), help=help, argument="hash", code="E403")
        self.check_parts()
        message = f"`bytes` are {BYTES + SPECIAL} ids, and there is no vocabulary to learn"
        need(
            not is_bytes or self.vocabulary is None,
            message,
            help="remove `vocabulary`",
            argument="vocabulary",
            code="E403",
        )
        message = "`bytes` are read as they are, and `lowercase` would change letters"
        help = "remove `lowercase`, or use the tokenizer `characters`"
        need(not is_bytes or self.lowercase is None, message, help=help, argument="lowercase", code="E403")

        for word in self.vocabulary if isinstance(self.vocabulary, tuple) else ():
            assert isinstance(self.tokenizer, str), "a tokenizer in a file has its tokens"
            found = tokens_of(word, self.tokenizer, self.lowercase is not False)
            message = f"no text has the token {word!r} of the vocabulary: it is read as {found}"
            help = "write it as it is read, or keep the case: `lowercase: false`"
            if word.startswith(("[", "<")):
                help = "remove it: the ids 0 and 1 are padding and unknown tokens, and the vocabulary begins with 2"
            need(found == [word], message, help=help, argument="vocabulary", code="E403")

    def check_parts(self) -> None:
        """Raise `PlanError` E403 for arguments that do not go with parts of words, or with nothing else."""
        counts = isinstance(self.vocabulary, int)
        message = (
            "the tokens of a file are in it, and those of `bpe` are learnt; `vocabulary` says how many ids there are"
        )
        help = "for example `vocabulary: 8000`, or remove `tokenizer` for a list of words"
        need(not self.is_of_parts or counts, message, help=help, argument="vocabulary", code="E403")
        least = ALPHABET + SPECIAL
        message = f"`bpe` begins with the {ALPHABET} bytes, padding and unknown, so it has {least} ids at least"
        small = self.tokenizer == "bpe" and (self.count or least) < least
        need(not small, message, help=f"for example `vocabulary: {4 * least}`", argument="vocabulary", code="E403")
        message, free = "the tokenizer file says whether letters become lower case", self.file is None
        need(free or self.lowercase is None, message, help="remove `lowercase`", argument="lowercase", code="E403")
        message = "0 fills up short texts, but for a tokenizer in a file"
        help = "remove `padding_id`"
        need(self.padding_id is None or not free, message, help=help, argument="padding_id", code="E403")

    def class_names(self, columns: Mapping[str, Column] | None) -> int | None:
        return self.count

    def learn(self, columns: Arrays) -> Learnt:
        """The most frequent tokens of the training rows where they are to be learnt, and what the log says: how many texts are
        longer than `length`, and how many tokens have no id of their own.
        """
        if self.is_of_parts:
            return self.learn_parts(self.texts_of(columns[self.column]))
        counts: Counter[str] = Counter()
        cut = longest = 0
        for _, tokens in self.rows_of(columns[self.column]):
            cut, longest = cut + (len(tokens) > self.length), max(longest, len(tokens))
            if isinstance(tokens, list):
                counts.update(tokens)
        learnt = {"texts": len(columns[self.column]), "cut": cut, "longest": longest}
        if self.tokenizer == "bytes" or self.hash is not None:
            return learnt
        words = most_frequent(counts, (self.count or 0) - SPECIAL) if isinstance(self.vocabulary, int) else None
        known = sum(counts[word] for word in (self.vocabulary_of({"words": words})))
        return learnt | {"words": words, "unknown": counts.total() - known, "tokens": counts.total()}

    def learn_parts(self, texts: list[str]) -> Learnt:
        """The tokenizer, how many of the texts are longer than `length`, how long the longest is, and how many ids there are."""
        count = self.count or 0
        if self.file is None:
            text = learn_bpe(texts, count, self.lowercase is not False)
        else:
            text = read_tokenizer_file(self.root, self.file)
        found = subwords(text, count, self.file, self.padding_id)
        sizes = [encoded.whole for encoded in found.encode(texts, self.length)]
        cut = sum(size > self.length for size in sizes)
        learnt = {"texts": len(texts), "cut": cut, "longest": max(sizes, default=0)}
        return learnt | {"tokenizer": text, "ids": found.count}

    def texts_of(self, column: NumpyArray) -> list[str]:
        """The texts that are there."""
        there = np.ma.getdata(column)[~np.ma.getmaskarray(column)]
        return [name_of(value) for value in there.tolist()]

    def vocabulary_of(self, learnt: Learnt) -> tuple[str, ...]:
        """The tokens that have an id, from the first id on."""
        return self.vocabulary if isinstance(self.vocabulary, tuple) else tuple(learnt["words"] or ())

    def remarks(self, learnt: Learnt) -> tuple[str, ...]:
        if learnt is None:
            return ()
        said = []
        if learnt["cut"]:
            said.append(
                f"{learnt['cut']:,} of {counted(learnt['texts'], 'text')} in the training rows are longer than "
                f"`length: {self.length}` and cut at the end; the longest has {learnt['longest']:,} "
                f"{self.counted_in}"
            )
        if self.is_of_parts and learnt["ids"] < (self.count or 0):
            said.append(f"the tokenizer has {learnt['ids']:,} ids, and `vocabulary: {self.count}` has room for more")
        if "words" in learnt:
            known = len(self.vocabulary_of(learnt)) + SPECIAL
            if known < (self.count or 0):
                said.append(
                    f"the training rows have {known - SPECIAL:,} different {self.counted_in}, and `vocabulary: {self.count}` has "
                    f"room for {(self.count or 0) - SPECIAL:,}"
                )
            if learnt["unknown"]:
                share = 100 * learnt["unknown"] / learnt["tokens"]
                said.append(f"{share:.2g} % of the {self.counted_in} in the training rows are not in the vocabulary")
        return tuple(said)

    def described(self, learnt: Learnt) -> tuple[str, ...]:
        if learnt is None:
            return ()
        words = self.vocabulary_of(learnt) if "words" in learnt else ()
        said = [f"{len(words):,} {self.counted_in}: {first_names(words)}"] if words else []
        return (*said, f"the longest text has {learnt['longest']:,} {self.counted_in}")

    def rows_of(self, column: NumpyArray) -> Iterator[tuple[int, list[str] | bytes]]:
        """The number of each row that is there, and its tokens."""
        gone, values = np.ma.getmaskarray(column), np.ma.getdata(column)
        lowercase = self.lowercase is not False
        assert isinstance(self.tokenizer, str), "a tokenizer in a file is no rule"
        for row, value in enumerate(values.tolist()):
            if gone[row]:
                continue
            if self.tokenizer == "bytes":
                yield row, bytes_of(value if isinstance(value, bytes) else name_of(value))
            else:
                yield row, tokens_of(name_of(value), self.tokenizer, lowercase)

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        return missing_in(self.column, columns[self.column]) if self.missing == "error" else {}

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        column = columns[self.column]
        if (gone := np.ma.getmaskarray(column)).any() and self.missing == "error":
            raise missing_values(self.column, gone, 0, "say that these are texts without words: `missing: empty`")
        learnt = self.learn(columns) if learnt is None else learnt
        if self.is_of_parts:
            return to_integers(self.ids_of_parts(column, learnt), planned.dtype, self.column)
        result = np.full((len(column), self.length), PADDING, "int32")
        id_of = self.id_by(learnt)
        for row, tokens in self.rows_of(column):
            first = tokens[: self.length]
            if isinstance(first, bytes):
                result[row, : len(first)] = np.frombuffer(first, "uint8").astype("int32") + SPECIAL
            else:
                result[row, : len(first)] = [id_of(token) for token in first]
        return to_integers(result, planned.dtype, self.column)

    def id_by(self, learnt: Learnt) -> Callable[[str], int]:
        """The id of a word or character."""
        if self.hash is not None:
            count = self.hash - 1
            return cache(lambda token: PADDING + 1 + hashed(token, count))
        words = self.vocabulary_of(learnt) if "words" in learnt else ()
        places = {word: place for place, word in enumerate(words, SPECIAL)}
        return lambda token: places.get(token, UNKNOWN)

    def ids_of_parts(self, column: NumpyArray, learnt: Learnt) -> NumpyArray:
        """The ids of each text by the tokenizer that was learnt; of one that is missing, those of an empty one."""
        found = subwords(learnt["tokenizer"], self.count or 0, self.file, self.padding_id)
        texts = [name_of(value) for value in np.ma.filled(column, "").tolist()]
        result = np.full((len(column), self.length), found.padding, "int32")
        for row, encoded in zip(result, found.encode(texts, self.length), strict=True):
            row[: len(encoded.ids)] = encoded.ids
        return result


def as_count(value: object) -> int | None:
    """`value` if it is a count."""
    return value if isinstance(value, int) else None
