"""Tokenizers of parts of words, by the library `tokenizers`: learnt of texts, or from a file in its format, `tokenizer.json`.

A tokenizer is its JSON text here, so that a run can keep it as anything else that readers learn.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ALPHABET = 256
"""The bytes, of which all parts of words that are learnt are made."""
PADDINGS = ("[PAD]", "<pad>", "<PAD>", "<|pad|>", "<|padding|>")
"""What the token that fills up short texts is called in files that do not say it."""
LARGEST_FILE = 64 * 2**20
"""The most bytes of a tokenizer file."""
TOGETHER = 1024
"""Texts that are encoded together, by several threads."""


class Encoded(NamedTuple):
    """One text: its ids, and how many it would have if it were not cut."""

    ids: Sequence[int]
    whole: int


def need_tokenizers() -> None:
    """Raise RunError E405 unless the library is installed."""
    try:
        import tokenizers  # noqa: F401  # only whether it is there
    except ImportError:
        message = "parts of words are read with the library `tokenizers`, which is not installed"
        raise RunError("E405", message, helps=("`pip install 'modelc[text]'`",)) from None


def learn_bpe(texts: Sequence[str], count: int, lowercase: bool) -> str:
    """A tokenizer with at most `count` ids, of which 0 is padding and 1 is of no text: pairs of parts that are most frequent in the
    texts become one, beginning with the bytes of UTF-8 (byte-level BPE: Radford et al., 2019). Raises RunError E405.
    """
    need_tokenizers()
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    changes = [normalizers.NFKC(), *([normalizers.Lowercase()] if lowercase else [])]
    tokenizer.normalizer = normalizers.Sequence(changes)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=count, special_tokens=["[PAD]", "[UNK]"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(map(readable, texts), trainer)
    text: str = tokenizer.to_str()
    return text


def read_tokenizer_file(root: Root, path: str) -> str:
    """The tokenizer in the file at `path`. Raises RunError E405 for a file that is none."""
    need_tokenizers()
    with root.open(path) as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise RunError("E405", f"{path!r} has more than {LARGEST_FILE // 2**20} MB, too much for a tokenizer file")
    try:
        text = data.decode()
        opened(text)
    except Exception as error:  # noqa: BLE001  # the library raises no other class
        reason = " ".join(str(error).split())
        help = "give the `tokenizer.json` that Hugging Face's libraries write; one of SentencePiece has to be converted"
        raise RunError("E405", f"{path!r} has no tokenizer: {reason}", helps=(help,)) from None
    return text


def opened(text: str) -> "Tokenizer":
    """The tokenizer that `text` is, which neither cuts nor fills up."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_truncation()
    return tokenizer


class Subwords:
    """A tokenizer to encode texts with. `plain` says that no text has its special tokens, whatever is written in it.

    Raises RunError E405 where the library is not installed.
    """

    def __init__(self, text: str, *, plain: bool) -> None:
        need_tokenizers()
        self.tokenizer = opened(text)
        self.padding = padding_of(self.tokenizer)
        self.tokenizer.no_padding()
        self.tokenizer.encode_special_tokens = plain

    @property
    def count(self) -> int:
        """The largest id, and one more."""
        return max(self.tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    def encode(self, texts: Sequence[str], length: int) -> Iterator[Encoded]:
        """Each of the texts as at most `length` ids. Those that the tokenizer puts at the end of every text are kept."""
        for start in range(0, len(texts), TOGETHER):
            given = [readable(text) for text in texts[start : start + TOGETHER]]
            self.tokenizer.no_truncation()
            whole = [found.ids for found in self.tokenizer.encode_batch_fast(given)]
            self.tokenizer.enable_truncation(length)
            long = [text for text, ids in zip(given, whole, strict=True) if len(ids) > length]
            cut = iter(self.tokenizer.encode_batch_fast(long))
            for ids in whole:
                yield Encoded(next(cut).ids if len(ids) > length else ids, len(ids))


def subwords(text: str, count: int, file: str | None, padding_id: int | None) -> Subwords:
    """The tokenizer `text`, from a `file` or learnt, whose ids have to be less than `count`, and which fills up with `padding_id`
    where that is given.

    Raises RunError E403 where it has more ids, or no padding, and E405 where the library is not installed.
    """
    found = Subwords(text, plain=file is None)
    if found.count > count:
        message = f"the tokenizer in {file!r} has ids up to {found.count - 1:,}, and `vocabulary` is {count:,}"
        raise RunError("E403", message, helps=(f"write `vocabulary: {found.count}`",))
    padding = found.padding if padding_id is None else padding_id
    if padding is None:
        message = f"the tokenizer in {file!r} does not say what fills up short texts"
        help = "say it: `padding_id: 0`, or another id that no text has; `mask_zero` leaves out 0"
        raise RunError("E403", message, helps=(help,))
    if padding >= count:
        message = f"`padding_id` is {padding}, and `vocabulary: {count}` has the ids up to {count - 1:,}"
        raise RunError("E403", message, helps=(f"write `vocabulary: {padding + 1}`, or another id",))
    found.padding = padding
    return found


def padding_of(tokenizer: "Tokenizer") -> int | None:
    """The id that fills up short texts; None where the tokenizer has none."""
    if tokenizer.padding is not None:
        return int(tokenizer.padding["pad_id"])
    ids = (tokenizer.token_to_id(name) for name in PADDINGS)
    return next((found for found in ids if found is not None), None)


def readable(text: str) -> str:
    """`text` with a sign in place of surrogates, which are no text for the library."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
