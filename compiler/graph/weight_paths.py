"""Patterns of weights such as `backbone/**` and `**/bias`: which weights and nodes of a model they stand for.

A weight is called by the path of the node that owns it, and its name there: `encoder/dense_2/kernel`. A pattern has the same
parts between its slashes, where `*` is any characters of one part and `**` any number of parts. It stands for what it names and
for all that is inside: `encoder` for all weights below this node or block.
"""

from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

from modelc.compiler.diagnostics.problem import Path, Suggestion
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.contracts.layer import Plan

ANY_PARTS = "**"
REST = (ANY_PARTS,)
SHOWN = 12
"""Names that a note lists."""
WRITTEN = "write `encoder` for all weights below this node, `encoder/**/kernel` or `**/bias` for those of a name"


def weight_paths(planned: TypedGraph, *, state: bool = False) -> tuple[str, ...]:
    """The paths of all weights, in order, with `state` those of moving statistics and the like too; each copy of a repeat has its
    own, tied ones and shares have one.
    """
    kept = ((owner, plan.params, plan.state if state else {}) for owner, plan in planned.owned())
    return tuple(
        f"{owner}/{name}"
        for owner, params, entries in kept
        for name in (*params, *(name for name, entry in entries.items() if not entry.per_row))
    )


def matches(pattern: str, path: str) -> bool:
    """Whether the weight or node at `path` is what `pattern` stands for, or inside of that."""
    return fits((*pattern.split("/"), *REST), path.split("/"))


def matched(pattern: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of `paths` that `pattern` stands for."""
    parts = (*pattern.split("/"), *REST)
    return tuple(path for path in paths if fits(parts, path.split("/")))


def named_by(patterns: Iterable[str], path: str) -> str:
    """What is named by one of `patterns` and has the node at `path` inside, or is it: its path, the shortest; empty for none."""
    parts = path.split("/")
    ends = range(1, len(parts) + 1)
    found = (end for end in ends if any(fits(pattern.split("/"), parts[:end]) for pattern in patterns))
    return "/".join(parts[: next(found, 0)])


def fits(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether `pattern` is all of `parts`. In steps of at most one for each pair of the two, whatever the pattern has."""
    at = place = 0
    # Behind the last `**`, and the first part that it has not taken: where the rest does not fit, it takes one more.
    behind, untaken = -1, 0
    while place < len(parts):
        if at < len(pattern) and pattern[at] == ANY_PARTS:
            behind, untaken = at + 1, place
            at += 1
        elif at < len(pattern) and fnmatchcase(parts[place], pattern[at]):
            at, place = at + 1, place + 1
        elif behind >= 0:
            untaken += 1
            at, place = behind, untaken
        else:
            return False
    return all(part == ANY_PARTS for part in pattern[at:])


def fault_of(pattern: str) -> str:
    """What is wrong with `pattern` as it is written; empty where nothing is."""
    parts = pattern.split("/")
    if not pattern or "" in parts:
        return "has an empty part" if pattern else "is empty"
    if signs := [sign for sign in "?[]\\" if sign in pattern]:
        return f"has {signs[0]!r}: only `*` and `**` stand for others"
    if any(ANY_PARTS in part and part != ANY_PARTS for part in parts):
        return "has `**` beside other characters: it is a part of its own, and `*` is any characters of one part"
    return ""


def check_pattern(
    reporter: Reporter,
    pattern: str,
    at: Path,
    planned: TypedGraph,
    nodes: Collection[str] | None = None,
    what: str = "node",
) -> bool:
    """Whether `pattern`, written at `at`, stands for weights of the model, or where `nodes` are given for one of these paths, of
    `what` messages call so; reports one that stands for none. Of a model with holes, nothing is said.
    """
    fault = fault_of(pattern)
    if fault:
        help = spelled_with_slashes(pattern) or WRITTEN
        reporter.add("E106", f"the pattern `{pattern}` {fault}", at, label="no pattern of weights", help=help)
        return False
    paths = weight_paths(planned) if nodes is None else nodes
    if any(matches(pattern, path) for path in paths):
        return True
    if any(node.path not in planned.plans for node in planned.graph.nodes):
        return False
    found, note = nearest_pattern(pattern, planned, paths)
    message = f"`{pattern}` stands for no {'weight' if nodes is None else what} of the model"
    reporter.add("E205", message, at, label="matches nothing", note=note, suggestion=found)
    return False


def spelled_with_slashes(pattern: str) -> str:
    """What to write for a path that begins or ends with a slash, or has two of them; empty for others."""
    parts = [part for part in pattern.split("/") if part]
    right = "/".join(parts)
    return f"write `{right}`" if parts and right != pattern and not fault_of(right) else ""


def nearest_pattern(pattern: str, planned: TypedGraph, paths: Collection[str]) -> tuple[Suggestion, str]:
    """What is meant by a pattern that stands for none of `paths`, and what to say besides."""
    graph = planned.graph
    inside = [node for node in graph.nodes if matches(pattern, node.path)]
    if shares := [node for node in inside if node.owner != node.path and has_weights(planned.plans[node.path])]:
        note = f"`{shares[0].path}` has the weights of `{shares[0].owner}`"
        return Suggestion(pattern, help=f"write `{shares[0].owner}`"), note
    if inside:
        help = "name a layer that has weights, or remove it"
        return Suggestion(pattern, help=help), f"`{inside[0].path}` is there, and has no weights"
    for other in (pattern.replace(".", "/"), f"**/{pattern}"):
        if any(matches(other, path) for path in paths):
            return Suggestion(pattern, other, f"did you mean `{other}`?"), ""
    tops = list(dict.fromkeys(path.partition("/")[0] for path in paths))
    found = respelled(pattern, paths)
    return found, "" if found else f"at the top are {', '.join(tops[:SHOWN])}{', ...' if len(tops) > SHOWN else ''}"


def has_weights(plan: Plan) -> bool:
    return bool(plan.params or plan.state)


def respelled(pattern: str, paths: Collection[str]) -> Suggestion:
    """`pattern` with the one part that is in none of `paths` replaced by the part that is meant."""
    from modelc.compiler.language.suggestions.suggest import suggest

    parts = pattern.split("/")
    known = dict.fromkeys(part for path in paths for part in path.split("/"))
    strange = [place for place, part in enumerate(parts) if "*" not in part and part not in known]
    if len(strange) != 1:
        return Suggestion(pattern)
    meant = suggest(parts[strange[0]], known, defined=True)
    parts[strange[0]] = meant.new
    new = "/".join(parts)
    if not meant.new or not any(matches(new, path) for path in paths):
        return Suggestion(pattern)
    return Suggestion(pattern, new, f"did you mean `{new}`?", meant.is_safe)
