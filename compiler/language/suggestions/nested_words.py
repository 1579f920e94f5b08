"""What to write for the words of others below a key of `train`: in a phase, in a group of weights, and in `initial_weights`."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.foreign_keys import key_hint
from modelc.compiler.language.suggestions.freezing_words import GROUP_KEYS
from modelc.compiler.library.base.registry import fold

Spec = Mapping[str, Any]
BELOW = " below `train:`"
FROM_BEST = "write `from: best` in the next phase, which begins with the best weights so far"
NO_MATCHING = "remove it: without `take`, every weight is taken that has the same path in both; with it, those that it names alone, and all of these"
IN_TAKE = (
    "write `take: [encoder]`, the paths of what is taken; `{from: encoder, to: backbone}` where they are others here"
)
NO_HUB = "nothing is downloaded: write `file: weights.safetensors`, with the file that is there"
OF_PHASES: Mapping[str, str] = dict.fromkeys(("frombest", "loadbest", "restorebest", "restorebestweights"), FROM_BEST)
OF_INITIAL_WEIGHTS: Mapping[str, str] = {
    **dict.fromkeys(("allowmismatch", "byname", "ignoremismatch", "skipmismatch", "strict"), NO_MATCHING),
    **dict.fromkeys(("exclude", "include", "keys", "layers", "map", "mapping", "only", "prefix", "rename"), IN_TAKE),
    **dict.fromkeys(("hub", "huggingface", "model", "repo", "url"), NO_HUB),
    **dict.fromkeys(
        ("checkpoint", "path", "weights"), "write `run: runs/NAME` for a run, or `file: weights.safetensors`"
    ),
}
"""By key, without case and separators."""


def nested_hint(name: str, value: Any, path: Path, spec: Spec, allowed: Collection[str]) -> str:
    """What stands for the unknown key `name` at `path`, below a key of `train`, where keys are `allowed`; empty where nothing is known."""
    if path[:1] != ("train",) or len(path) < 3:
        return ""
    section, word = path[1], fold(name)
    if section == "initial_weights" or "initial_weights" in path[:-1]:
        return OF_INITIAL_WEIGHTS.get(word, "")
    found: str | Callable[[Any, Spec], str] = ""
    if "param_groups" in path[:-1]:
        found = GROUP_KEYS.get(word, "")
    elif section == "phases" and len(path) == 4:
        found = OF_PHASES.get(word) or in_phase(key_hint(name, value, spec), allowed)
    return found if isinstance(found, str) else found(value, spec)


def in_phase(help: str, allowed: Collection[str]) -> str:
    """A help for a key of `train`, for a phase, which some may stand in too."""
    key = next(iter(re.findall(r"write `(\w+):", help)), "")
    return help.replace(BELOW, " in the phase") if key in allowed else help
