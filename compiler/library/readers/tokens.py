"""Splits texts into words, characters or bytes."""

import re
import unicodedata
from typing import Literal

Tokenizer = Literal["words", "characters", "bytes"]
"""What texts are split into."""
WORDS = re.compile(r"\w+|[^\w\s]")
"""Letters, digits and underscores in a row, or one other sign that is no space."""


def tokens_of(text: str, tokenizer: Tokenizer, lowercase: bool) -> list[str]:
    """The words or characters of `text`, in the form NFKC of Unicode, in which signs that mean the same are the same."""
    normal = unicodedata.normalize("NFKC", text)
    normal = normal.lower() if lowercase else normal
    return WORDS.findall(normal) if tokenizer == "words" else list(normal)


def bytes_of(text: str | bytes) -> bytes:
    """The bytes of `text` in UTF-8."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
