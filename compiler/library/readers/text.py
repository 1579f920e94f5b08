"""The reader of texts as ids of their words, characters or bytes."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt, Reader
from modelc.compiler.library.readers.casts import plan_arrays, to_integers
from modelc.compiler.library.readers.categorical import FEWER_WORDS
from modelc.compiler.library.readers.checks import missing_values
from modelc.compiler.library.readers.names import first_names, most_frequent, name_of
from modelc.compiler.library.readers.tokens import Tokenizer, bytes_of, tokens_of

PADDING, UNKNOWN, SPECIAL = 0, 1, 2
"""The ids of what fills up short texts and of tokens that are not in the vocabulary, and how many ids these are."""
BYTES = 256
FOREIGN = {
    "word": "words", "whitespace": "words", "char": "characters", "character": "characters", "chars": "characters",
    "byte": "bytes", "utf-8": "bytes", "utf8": "bytes",
}  # fmt: skip
"""What others call the tokenizers."""
PLANNED = (
    "tokenizers that are learnt of parts of words (`bpe`) or read from a file (`tokenizer.json`) are planned, with the extra "
    "`text`; today encode such texts outside, to one length, and read the ids with `array`"
)


def read_tokenizer(value: Any) -> Any:
    """A tokenizer. Raises for anything else."""
    known = get_args(Tokenizer)
    if isinstance(value, str) and value in known:
        return value
    right = FOREIGN.get(value.lower()) if isinstance(value, str) else None
    raise PydanticCustomError(
        "tokenizer",
        "expected `words`, `characters` or `bytes`",
        {"label": "no tokenizer", "help": f"write `tokenizer: {right}`" if right else PLANNED},
    )


def read_words(value: Any) -> Any:
    """How many ids a vocabulary has, or its tokens as a tuple. Raises for anything else."""
    if isinstance(value, tuple) or value is None:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and SPECIAL < value < 2**31:
        return value
    if isinstance(value, list) and value and all(isinstance(one, str) and one for one in value):
        if len({*value}) < len(value):
            message = "`{again}` is in the vocabulary twice"
            again = {"again": Counter(value).most_common(1)[0][0]}
            raise PydanticCustomError("vocabulary", message, {**again, "label": "twice", "help": "remove one of them"})
        return tuple(value)
    help = "for example `vocabulary: 20000`, or `vocabulary: {file: words.txt}` with one on each line"
    if isinstance(value, str):
        help = f"for words in a text file, one on each line: `vocabulary: {{file: {value}}}`"
    message = "expected a count of at least 3, a list of tokens, or a file of them"
    raise PydanticCustomError("vocabulary", message, {"label": "no vocabulary", "help": help})


class TextReader(Reader):
    """A column of texts as int32 `[length]`: the id of each word, character or byte, and 0 behind the end of the text.

    Longer texts are cut at the end; the log says how many of the training rows are. 0 is the padding, which `embedding` with
    `mask_zero: true` leaves out, and 1 stands for all that is not in the vocabulary. The count of ids has both: of
    `vocabulary: 20000`, the 19,998 that are most frequent in the training rows are learnt (of two that are as frequent, the
    first in the order of their characters), from 2 on. A list or a file of tokens is the vocabulary itself. `vocabulary(x)` is
    the count of ids, for `embedding: {input_dim: "${vocabulary(x)}", output_dim: 64}`.

    `words` are the form NFKC of the text in lower case, as the expression `\\w+|[^\\w\\s]` divides it: letters and digits in a
    row, and every other sign by itself. `characters` are those of the same form. `bytes` are the bytes of UTF-8 as they are:
    258 ids, and nothing to learn.
    """

    primary = "column"
    slow_to_read = True
    spellings = ("texts", "tokens", "tokenizer", "sentence", "sentences", "string", "text_vectorization")
    example = "text: {column: review, length: 200, vocabulary: 20000}"
    gives_labels = True
    takes_missing = True
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(FEWER_WORDS, "write `vocabulary: {value}`, which counts padding and unknown words too"),
        **dict.fromkeys(
            (
                "output_sequence_length",
                "max_length",
                "maxlen",
                "max_len",
                "max_seq_length",
                "sequence_length",
                "pad_to",
            ),
            "write `length: {value}`",
        ),
        **dict.fromkeys(
            ("oov_token", "unk_token", "unknown", "num_oov_indices"), "remove it: 1 stands for all unknown words"
        ),
        **dict.fromkeys(
            ("padding", "pad_token", "pad_id", "mask_token", "truncating", "truncation"),
            "remove it: texts are cut at the end, and filled up with 0 at the end",
        ),
        **dict.fromkeys(
            ("split", "tokenize", "level", "analyzer"), "write `tokenizer: words`, `characters` or `bytes`"
        ),
        "char_level": "write `tokenizer: characters`",
        **dict.fromkeys(("lower", "do_lower_case", "standardize"), "write `lowercase: false` to keep the case"),
        **dict.fromkeys(
            ("vocab", "vocab_file", "vocabulary_file", "words", "classes"),
            "write `vocabulary: {file: words.txt}`, a text file with one word on each line",
        ),
        **dict.fromkeys(("fillna", "fill_value", "missing_values", "na"), "write `missing: empty`"),
        **dict.fromkeys(
            ("ngrams", "ngram_range"), "there are no n-grams: a `conv1d` behind the `embedding` finds them"
        ),
        "output_mode": 'remove it: it returns ids; `category_encoding: {num_tokens: "${vocabulary(x)}"}` counts them',
    }

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
    tokenizer: Annotated[
        Tokenizer, BeforeValidator(read_tokenizer), Field(description="What a text is divided into.")
    ] = "words"
    lowercase: Annotated[
        bool | None, Field(description="Whether letters become lower case, as they do by default but in `bytes`.")
    ] = None
    missing: Annotated[
        Literal["error", "empty"], Field(description="With `empty`, a missing value is a text without words.")
    ] = "error"

    @property
    def subject(self) -> str:
        return self.column

    @property
    def count(self) -> int | None:
        """How many ids there are, padding and unknown included; None where the spec does not say it."""
        if self.tokenizer == "bytes":
            return BYTES + SPECIAL
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
        if type_ is not None:
            message, help = (
                f"`{self.column}` has {type_.dtype}, expected texts",
                "read numbers with `number` or `array`",
            )
            need(type_.dtype in ("str", "bytes") or type_.is_integer, message, help=help, code="E402")
            message = f"one row of `{self.column}` has {type_.rank} axes, expected one string"
            help = "read tokens [rows, time] with `category: {column: ..., vocabulary: ...}`"
            need(type_.rank == 0, message, help=help, code="E402")
        return TensorType((self.length,), "int32" if wanted is None else wanted.dtype)

    def check_arguments(self) -> None:
        """Raise `PlanError` E403 for arguments that do not go together."""
        is_bytes = self.tokenizer == "bytes"
        message = f"`text` of `{self.column}` does not say how many ids its {self.tokenizer} have"
        need(is_bytes or self.vocabulary is not None, message, help="for example `vocabulary: 20000`", code="E403")
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
            found = tokens_of(word, self.tokenizer, self.lowercase is not False)
            message = f"no text has the token {word!r} of the vocabulary: it is read as {found}"
            help = "write it as it is read, or keep the case: `lowercase: false`"
            if word.startswith(("[", "<")):
                help = "remove it: the ids 0 and 1 are padding and unknown tokens, and the vocabulary begins with 2"
            need(found == [word], message, help=help, argument="vocabulary", code="E403")

    def class_names(self, columns: Mapping[str, Column] | None) -> int | None:
        return self.count

    def learn(self, columns: Arrays) -> Learnt:
        """The most frequent tokens of the training rows where they are to be learnt, and what the log says: how many texts are
        longer than `length`, and how many tokens have no id of their own.
        """
        counts: Counter[str] = Counter()
        cut = longest = 0
        for _, tokens in self.rows_of(columns[self.column]):
            cut, longest = cut + (len(tokens) > self.length), max(longest, len(tokens))
            if isinstance(tokens, list):
                counts.update(tokens)
        learnt = {"texts": len(columns[self.column]), "cut": cut, "longest": longest}
        if self.tokenizer == "bytes":
            return learnt
        words = most_frequent(counts, (self.count or 0) - SPECIAL) if isinstance(self.vocabulary, int) else None
        known = sum(counts[word] for word in (self.vocabulary_of({"words": words})))
        return learnt | {"words": words, "unknown": counts.total() - known, "tokens": counts.total()}

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
                f"`length: {self.length}` and cut at the end; the longest has {learnt['longest']:,} {self.tokenizer}"
            )
        if self.tokenizer != "bytes":
            known = len(self.vocabulary_of(learnt)) + SPECIAL
            if known < (self.count or 0):
                said.append(
                    f"the training rows have {known - SPECIAL:,} different {self.tokenizer}, and `vocabulary: {self.count}` has "
                    f"room for {(self.count or 0) - SPECIAL:,}"
                )
            if learnt["unknown"]:
                share = 100 * learnt["unknown"] / learnt["tokens"]
                said.append(f"{share:.2g} % of the {self.tokenizer} in the training rows are not in the vocabulary")
        return tuple(said)

    def described(self, learnt: Learnt) -> tuple[str, ...]:
        if learnt is None:
            return ()
        words = () if self.tokenizer == "bytes" else self.vocabulary_of(learnt)
        said = [f"{len(words):,} {self.tokenizer}: {first_names(words)}"] if words else []
        return (*said, f"the longest text has {learnt['longest']:,} {self.tokenizer}")

    def rows_of(self, column: NumpyArray) -> Iterator[tuple[int, list[str] | bytes]]:
        """The number of each row that is there, and its tokens."""
        gone, values = np.ma.getmaskarray(column), np.ma.getdata(column)
        lowercase = self.lowercase is not False
        for row, value in enumerate(values.tolist()):
            if gone[row]:
                continue
            if self.tokenizer == "bytes":
                yield row, bytes_of(value if isinstance(value, bytes) else name_of(value))
            else:
                yield row, tokens_of(name_of(value), self.tokenizer, lowercase)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        column = columns[self.column]
        if (gone := np.ma.getmaskarray(column)).any() and self.missing == "error":
            raise missing_values(self.column, gone, 0, "say that these are texts without words: `missing: empty`")
        learnt = self.learn(columns) if learnt is None else learnt
        result = np.full((len(column), self.length), PADDING, "int32")
        words = () if self.tokenizer == "bytes" else self.vocabulary_of(learnt)
        places = {word: place for place, word in enumerate(words, SPECIAL)}
        for row, tokens in self.rows_of(column):
            first = tokens[: self.length]
            if isinstance(first, bytes):
                result[row, : len(first)] = np.frombuffer(first, "uint8").astype("int32") + SPECIAL
            else:
                result[row, : len(first)] = [places.get(token, UNKNOWN) for token in first]
        return to_integers(result, planned.dtype, self.column)


def as_count(value: object) -> int | None:
    """`value` if it is a count."""
    return value if isinstance(value, int) else None
