"""What to write for the words of others for what is done to gradients and weights beside the optimizer: `clipnorm`, `use_ema`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.base.registry import fold
from modelc.compiler.library.base.update_words import UPDATE_WORDS

UPDATES: Mapping[str, str] = {fold(word): text for word, text in UPDATE_WORDS.items()}
"""The texts by word, without case and separators."""


def filled(text: str, value: Any) -> str:
    """A text with the value of theirs; `true`, nothing and the like are no number to be kept."""
    usual = "4" if "`gradient_accumulation" in text else "1.0"
    return text.replace("{value}", flow(value) if type(value) in (int, float) else usual)


def as_update(text: str) -> Callable[[Any, Any], str]:
    """The help that a text is, as a function of the value and the spec."""
    return lambda value, spec: filled(text, value)


def beside_optimizer(given: Mapping[str, Any]) -> list[str]:
    """What to write beside an optimizer for those of its keys that are such words: once for each key here, by the word that has
    its value.
    """
    texts: dict[str, str] = {}
    for word, value in given.items():
        text = UPDATES.get(fold(word), "")
        key = next(iter(re.findall(r"`(\w+):", text)), word)
        if text and (key not in texts or "{value}" in text):
            texts[key] = filled(text, value).replace(" below `train:`", "").replace("write", "beside it, write", 1)
    return [*texts.values()]
