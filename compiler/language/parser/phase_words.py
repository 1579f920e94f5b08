"""What to write in a phase for the words of others."""

from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.parser.levels import as_argument
from modelc.compiler.language.shapes import Keys
from modelc.compiler.language.suggestions.freezing_words import freezing_in_phase
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.train_grammar import PHASE


def words_in_phase(reporter: Reporter, shape: Keys, path: Path, value: Any) -> str:
    """What to write for an unknown key at `path`, with that `value`; empty where it is none that is known, or `shape` no phase."""
    key = str(path[-1])
    if shape is not PHASE or spelled(key, shape.keys):
        return ""
    data = reporter.document.data
    # What a phase does not say is that of `train`.
    spec = {**data, "train": {**data["train"], **reporter.document.get(path[:-1])}}
    whose, written = as_argument(spec, key, value) or ("", "")
    if whose == "optimizer":
        return f"it is an argument of the optimizer: write `{written}`"
    return freezing_in_phase(key, value, spec)
