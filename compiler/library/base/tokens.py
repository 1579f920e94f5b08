"""What texts are divided into, and how they are into words, characters or bytes."""

import re
import unicodedata
from collections import Counter
from typing import Any, Literal, get_args

from pydantic_core import PydanticCustomError

Tokenizer = Literal["words", "whitespace", "characters", "bytes", "bpe"]
"""What texts are split into."""
WORDS = re.compile(r"\w+|[^\w\s]")
"""Letters, digits and underscores in a row, or one other sign that is no space."""


PADDING, UNKNOWN, SPECIAL = 0, 1, 2
"""The ids of what fills up short texts and of tokens that are not in the vocabulary, and how many ids these are."""
FOREIGN = {
    "word": "words", **dict.fromkeys(("space", "spaces", "split"), "whitespace"), "char": "characters", "character": "characters", "chars": "characters",
    "byte": "bytes", "utf-8": "bytes", "utf8": "bytes",
    **dict.fromkeys(("subword", "subwords", "wordpiece", "unigram", "sentencepiece", "byte_level_bpe", "byte_pair"), "bpe"),
}  # fmt: skip
"""What others call the tokenizers."""


def read_tokenizer(value: Any) -> Any:
    """A tokenizer, or the file of one. Raises for anything else."""
    known = get_args(Tokenizer)
    if isinstance(value, str) and value in known:
        return value
    if isinstance(value, dict) and list(value) == ["file"] and isinstance(value["file"], str) and value["file"]:
        return value
    right = FOREIGN.get(value.lower()) if isinstance(value, str) else None
    help = f"write `tokenizer: {right}`" if right else "`tokenizer: {file: tokenizer.json}` reads one from a file"
    if isinstance(value, str) and value.endswith(".json"):
        help = f"write `tokenizer: {{file: {value}}}`"
    message = "expected `words`, `whitespace`, `characters`, `bytes`, `bpe` or a file"
    raise PydanticCustomError("tokenizer", message, {"label": "no tokenizer", "help": help})


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


def tokens_of(text: str, tokenizer: Tokenizer, lowercase: bool) -> list[str]:
    """The words or characters of `text`, or what is between its spaces, in the form NFKC of Unicode, in which signs that mean the same are the same."""
    normal = unicodedata.normalize("NFKC", text)
    normal = normal.lower() if lowercase else normal
    if tokenizer == "whitespace":
        return normal.split()
    return WORDS.findall(normal) if tokenizer == "words" else list(normal)


def bytes_of(text: str | bytes) -> bytes:
    """The bytes of `text` in UTF-8."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
