"""What to write for the words of others for what is done to gradients and weights beside the optimizer: `clipnorm`, `use_ema`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.language.suggestions.wrong_kinds import mapping_in
from modelc.compiler.library.base.registry import fold
from modelc.compiler.library.base.update_words import UPDATE_WORDS

UPDATES: Mapping[str, str] = {fold(word): text for word, text in UPDATE_WORDS.items()}
"""The texts by word, without case and separators."""


OTHER_BOUNDS = {
    **dict.fromkeys(("clipglobalnorm", "globalclipnorm", "globalnorm", "maxgradnorm", "maxnorm"), "maxgradnorm"),
    **dict.fromkeys(("clipnorm", "norm"), "clipnorm"),
    **dict.fromkeys(("clipvalue", "maxvalue", "value"), "clipvalue"),
}
"""What bounds are called below a key for clipping, as in Ludwig, and the word for the same among `UPDATES`."""


def filled(text: str, value: Any) -> str:
    """A text with the value of theirs; `true`, nothing and the like are no number to be kept."""
    usual = next((found for key, found in USUAL.items() if f"`{key}: " in text), "1.0")
    return text.replace("{value}", flow(value) if type(value) in (int, float) else usual)


USUAL = {"gradient_accumulation": "4", "weight_averaging": "0.999"}
"""What is written for a key where theirs has no number."""


def as_update(word: str) -> Callable[[Any, Any], str]:
    """The help for a word, as a function of the value and the spec."""

    def help(value: Any, spec: Mapping[str, Any]) -> str:
        train = mapping_in(spec, "train")
        if word == "gradientclipval" and train.get("gradient_clip_algorithm") == "value":
            return filled(UPDATES["clipvalue"], value)
        if word == "gradientclipalgorithm" and value == "value":
            return filled(UPDATES["clipvalue"], train.get("gradient_clip_val"))
        text, one = of_mapping(UPDATES[word], value)
        return filled(text, one)

    return help


def of_mapping(text: str, value: Any) -> tuple[str, Any]:
    """What a text is where others have its number in a mapping, `{max_norm: 0.5}` or `{decay: 0.99}`, and that number."""
    numbers = {fold(str(key)): one for key, one in (value.items() if isinstance(value, Mapping) else ()) if one}
    bounds = [key for key, one in numbers.items() if key in OTHER_BOUNDS and type(one) in (int, float)]
    if bounds and "`clip_gradients: {" in text:
        return UPDATES[OTHER_BOUNDS[bounds[0]]], numbers[bounds[0]]
    alone = next((one for one in numbers.values() if type(one) in (int, float)), None)
    return text, alone if isinstance(value, Mapping) and len(numbers) == 1 else value


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
