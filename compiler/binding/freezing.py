"""Which weights and statistics a training leaves as they are, by the patterns of `freeze`."""

from collections.abc import Sequence

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.suggestions.reporter import Reporter


def frozen_entries(
    reporter: Reporter, planned: TypedGraph, patterns: Sequence[str], at: Path
) -> frozenset[tuple[str, str]]:
    """The weights and statistics that the `patterns` at `at` stand for, each by its owner and its name.

    Reports a pattern that stands for none, and patterns that leave nothing to train.
    """
    if not patterns:
        report_all_frozen(reporter, planned)
        return frozenset()
    from modelc.compiler.graph.weight_paths import check_pattern, matches

    entries = {f"{owner}/{name}": (owner, name) for owner, plan in planned.owned() for name in plan.trained()}
    found: set[tuple[str, str]] = set()
    for index, pattern in enumerate(patterns):
        named = {entry for path, entry in entries.items() if pattern and matches(pattern, path)}
        if not named and pattern and not check_pattern(reporter, pattern, (*at, index), planned):
            continue
        found |= named
    weights = {(owner, name) for owner, plan in planned.owned() for name, one in plan.params.items() if one.trainable}
    if weights and weights <= found:
        message = "every weight of the model is frozen, so there is nothing to train"
        help = "leave out of `freeze` what is to be trained, such as the last layer"
        reporter.add("E508", message, at, key=True, label="stands for every weight", help=help)
    return frozenset(found)


def report_all_frozen(reporter: Reporter, planned: TypedGraph) -> None:
    """Report a model all of whose weights are frozen by `trainable: false`."""
    weights = [weight for _, plan in planned.owned() for weight in plan.params.values()]
    if not weights or any(weight.trainable for weight in weights):
        return
    if any(node.path not in planned.plans for node in planned.graph.nodes):
        return
    message = "every weight of the model is frozen, so there is nothing to train"
    help = "remove `trainable: false` of what is to be trained, or remove `train`"
    reporter.add("E508", message, ("train",), key=True, label="nothing to train", help=help)
