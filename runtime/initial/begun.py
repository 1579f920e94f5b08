"""Puts initial weights of runs and files into a task, and reports what was taken, what was left and what begins anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from modelc.compiler.binding.array_files import digest_of_array, sources_of
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.language.initial_weights import InitialWeights
from modelc.compiler.library.contracts.weight_rules import ArrayFile
from modelc.compiler.library.sources.array_file import as_weight
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array
from modelc.runtime.initial.sources import Opened, of_run, opened
from modelc.runtime.initial.taking import Taken, taken_from
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.weights import PARAMS, Wanted, wanted_arrays

FORMAT = 1
"""The version of the layout of the report."""


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A task with its initial weights, and by `path/name` where each was taken from."""

    task: Task
    sources: tuple[Opened, ...] = ()
    taken: Mapping[str, Taken] = field(default_factory=dict)


def begun(task: Task, root: Root | None, elsewhere: Run | None = None) -> Begun:
    """`task` with the initial weights that its spec names below `root`, of the run `elsewhere` where the command line names one.

    Raises RunError E405, E502 or E6xx, at the place in the spec; E610 with everything that does not fit.
    """
    stated = sources_of(task)
    if task.training is None or not (stated or elsewhere):
        return Begun(task)
    if elsewhere is None:
        sources = tuple(opened(one, task.spec.document, root) for one in stated)
    else:
        take, at = (stated[0].take, stated[0].path) if stated else (None, ())
        folder = elsewhere.folder.resolve()
        sources = (of_run(elsewhere, str(elsewhere.folder), take, at, {"run": str(folder), "elsewhere": True}),)
    if any(one.layout == "torch" for one in sources):
        from modelc.runtime.initial.torch_layout import converted

        graph = task.planned.graph
        sources = tuple(converted(one, graph) if one.layout == "torch" else one for one in sources)
    planned = prepare(task)
    wanted = {
        (name.replace(":", "/")): (file, name, one)
        for file, arrays in wanted_arrays(planned).items()
        for name, one in arrays.items()
    }
    taken = taken_from(sources, {here: one for here, (_, _, one) in wanted.items()})
    need_whole_fits(task, taken, sources)
    params: dict[str, dict[str, Array]] = {}
    state: dict[str, dict[str, Array]] = {}
    digests = {}
    for here, (number, there) in taken.items():
        file, name, one = wanted[here]
        array = as_wanted(sources[number], there, one)
        digests[here] = digest_of_array(array)
        path, _, entry = name.partition(":")
        (params if file == PARAMS else state).setdefault(path, {})[entry] = array
    report = report_of(sources, taken, digests, wanted)
    initial = InitialWeights(params, state, report)
    return Begun(replace(task, training=task.training._replace(initial=initial)), sources, taken)


def as_wanted(source: Opened, there: str, one: Wanted) -> Array:
    """One array in the dtype of a weight. Raises RunError E403 for values that it does not hold."""
    array = source.arrays[there]
    if array.dtype.name == one.dtype:
        return array
    wide = array.astype("float32") if array.dtype.name == "bfloat16" else array
    try:
        return as_weight(wide, ArrayFile(source.shown.strip("`"), there), one.dtype)
    except RunError as error:
        raise error.placed(source.at) from None


def need_whole_fits(task: Task, taken: Mapping[str, Taken], sources: Sequence[Opened]) -> None:
    """Raise RunError E610 where a part of what a layer has learnt by `fit` is taken: the rest would be of other rows."""
    for node in task.planned.graph.nodes:
        plan = task.planned.plans[node.path]
        names = [f"{node.owner}/{name}" for name in plan.fitted]
        there = [name for name in names if name in taken]
        if there and len(there) < len(names):
            lacking = next(name for name in names if name not in taken)
            message = f"`{node.path}` is fitted to rows as a whole: `{there[0]}` is taken, and `{lacking}` is not"
            helps = (f"take both: `take: [{node.path}]`, or none of them",)
            raise RunError("E610", message, helps=helps, at=sources[taken[there[0]].source].at)


def report_of(
    sources: Sequence[Opened], taken: Mapping[str, Taken], digests: Mapping[str, str], wanted: Iterable[str]
) -> dict[str, Any]:
    """What was taken from where, what was left there, and what begins anew."""
    used = {(one.source, one.there) for one in taken.values()}
    return {
        "format": FORMAT,
        "sources": [
            {**source.facts, "left": [name for name in source.arrays if (number, name) not in used]}
            for number, source in enumerate(sources)
        ],
        "taken": {
            here: {"source": one.source, "from": one.there, "sha256": digests[here]} for here, one in taken.items()
        },
        "new": [here for here in wanted if here not in taken],
    }


def lines_of(report: Mapping[str, Any]) -> dict[str, str]:
    """A report in a few lines, each by what it is about."""
    whole = len(report["taken"]) + len(report["new"])
    counts, left = [], []
    taken = report["taken"].values()
    for number, source in enumerate(report["sources"]):
        used = [one["from"] for one in taken if one["source"] == number]
        of = f"{source['run']} ({source['weights']}, epoch {source['epoch']:,})" if "run" in source else source["file"]
        counts.append(f"{len(used):,} of {whole:,} from {of}")
        left.append(some_of(source["left"], used))
    lines = {"initial weights": "; ".join(counts), "left there": "; ".join(filter(None, left))}
    lines["begin anew"] = some_of(report["new"], [*report["taken"]])
    return {what: text for what, text in lines.items() if text}


def some_of(names: Sequence[str], others: Sequence[str], shown: int = 6) -> str:
    """What has all of these weights and none of the `others`: the outermost nodes and blocks, of many only the first."""
    mixed = {prefix for name in others for prefix in prefixes(name)}
    found = list(dict.fromkeys(next(one for one in prefixes(name) if one not in mixed) for name in names))
    return ", ".join(found[:shown]) + (f" and {len(found) - shown:,} more" if len(found) > shown else "")


def prefixes(name: str) -> Iterator[str]:
    """The paths around a weight, from the outermost to its own."""
    parts = name.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
