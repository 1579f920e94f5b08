"""What texts are divided into, and how they are into words, characters or bytes."""

import re
import unicodedata
from typing import Any, Literal, get_args

from pydantic_core import PydanticCustomError

Tokenizer = Literal["words", "characters", "bytes", "bpe"]
"""What texts are split into."""
WORDS = re.compile(r"\w+|[^\w\s]")
"""Letters, digits and underscores in a row, or one other sign that is no space."""


FOREIGN = {
    "word": "words", "whitespace": "words", "char": "characters", "character": "characters", "chars": "characters",
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
    message = "expected `words`, `characters`, `bytes`, `bpe` or a file"
    raise PydanticCustomError("tokenizer", message, {"label": "no tokenizer", "help": help})


def tokens_of(text: str, tokenizer: Tokenizer, lowercase: bool) -> list[str]:
    """The words or characters of `text`, in the form NFKC of Unicode, in which signs that mean the same are the same."""
    normal = unicodedata.normalize("NFKC", text)
    normal = normal.lower() if lowercase else normal
    return WORDS.findall(normal) if tokenizer == "words" else list(normal)


def bytes_of(text: str | bytes) -> bytes:
    """The bytes of `text` in UTF-8."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
