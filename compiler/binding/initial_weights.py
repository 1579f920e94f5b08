"""Checks `train.initial_weights`: which weights of the model are to be taken, and where they are; reads none of them."""

from modelc.compiler.binding.array_files import Files
from modelc.compiler.binding.source_headers import report_hard_links, root_for
from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.diagnostics.problem import Path, Problem
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.graph.weight_paths import check_pattern, weight_paths
from modelc.compiler.language.initial_weights import Take, WeightsFrom
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.syntax.document import Document
from modelc.compiler.syntax.file_root import Root

RECORD = "run.json"
"""The file that makes a folder a run."""


def check_takes(reporter: Reporter, planned: TypedGraph, sources: tuple[WeightsFrom, ...]) -> None:
    """Report what is to be taken and stands for nothing in the model, or cannot be said so."""
    known = weight_paths(planned, state=True)
    for take in (take for one in sources for take in one.take or ()):
        there, here = place_of(reporter, take, "from"), place_of(reporter, take, "to")
        if take.to is None:
            check_pattern(reporter, take.pattern, there, planned, known, "weight")
        elif "*" in take.to:
            help = "write the path of a node or block, or several entries of `take`"
            reporter.add("E106", f"`to` is one path, got `{take.to}`", here, label="not one path", help=help)
        elif "*" in take.pattern:
            help = "leave `to` out, where paths are the same in both, or write the path of a node or block"
            message = f"with `to`, `from` is one path, got `{take.pattern}`"
            reporter.add("E106", message, there, label="not one path", help=help)
        elif take.to:
            check_pattern(reporter, take.to, here, planned, known, "weight")


def place_of(reporter: Reporter, take: Take, key: str) -> Path:
    """Where the spec says the `from` or `to` of what is taken."""
    return (*take.path, key) if (*take.path, key) in reporter.document.values else take.path


def check_places(document: Document, root: Root, sources: tuple[WeightsFrom, ...]) -> tuple[Files, tuple[Problem, ...]]:
    """The runs and files that are there, and what is wrong with the paths of others, or odd about files; what is not there is for those
    who read it.
    """
    there, found = [], []
    for one in sources:
        try:
            root_for(document, root, one.at).resolve(one.named if one.run is None else f"{one.named}/{RECORD}")
            there.append((one.at, one.named))
        except AbsentFile:
            continue
        except RunError as error:
            found.append(error.placed(one.at).problem(document.value(one.at)))
    links = report_hard_links(document, root, tuple(one for one in there if one[0][-1] == "file"))
    return tuple(there), (*found, *links)
