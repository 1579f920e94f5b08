"""Weights whose initial values are arrays in files: their headers are checked where the files are, and the values put in
before training.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple

from modelc.compiler.binding.source_headers import report_hard_links, root_for
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.diagnostics.problem import SETTING, Path, Problem
from modelc.compiler.graph.graph import Node
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.initial_weights import WeightsFrom
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.contracts.layer import Plan, State, Weight
from modelc.compiler.library.contracts.weight_rules import ArrayFile, ReadValues
from modelc.compiler.library.layers import kind_of
from modelc.compiler.syntax.document import Document
from modelc.compiler.syntax.file_root import Root

Entry = Weight | State
Wanted = tuple[ArrayFile, tuple[int, ...], str]
"""An array for a weight of this shape and dtype."""


class ReadEntry(NamedTuple):
    """A weight or state `name` of `node` whose values are the array in `file`, which is named at the path `at`."""

    node: Node
    name: str
    entry: Entry
    file: ArrayFile
    at: Path

    @property
    def wanted(self) -> Wanted:
        return self.file, self.entry.shape, self.entry.dtype


def read_entries(planned: TypedGraph, document: Document) -> Iterator[ReadEntry]:
    """All weights and state entries of a graph whose values are in files, in its order."""
    for node in planned.graph.nodes:
        plan = planned.plans.get(node.path)
        if plan is None:
            continue
        entries: dict[str, Entry] = {**plan.params, **plan.state}
        for name, entry in entries.items():
            file = entry.initializer.array_file()
            if file is not None:
                yield ReadEntry(node, name, entry, file, place_of(document, node, name))


def place_of(document: Document, node: Node, name: str) -> Path:
    """Where the spec names the file of the weight `name`, or one of the layer's files where it cannot be told which."""
    assert node.layer is not None
    argument = f"{name.rpartition('/')[2]}_initializer"
    for path in ((*node.at, kind_of(node.layer), argument, "from_file"), (*node.at, argument, "from_file")):
        if path in document.values:
            return (*path, "file") if (*path, "file") in document.values else path
    inside = (path for path in document.values if path[: len(node.at)] == node.at and path[-1] == "from_file")
    return next(inside, node.at)


def blamed(document: Document, read: ReadEntry) -> Path:
    """Where to report what is wrong with the array: where its name is set, where an override sets it in a file that the spec
    names.
    """
    name = (*read.at[:-1], "array") if read.at[-1:] == ("file",) else (*read.at, "array")
    is_set = name in document.values and document.value(name).file == SETTING != document.value(read.at).file
    return name if is_set else read.at


Files = tuple[tuple[Path, str], ...]
"""Files by the places that name them."""


def files_of_arrays(task: Task) -> Files:
    """All files of arrays that the weights of a task begin with."""
    return tuple(dict.fromkeys((read.at, read.file.path) for read in read_entries(task.planned, task.spec.document)))


def sources_of(task: Task) -> tuple[WeightsFrom, ...]:
    """Where initial weights of a task are taken from, as its spec says."""
    train = task.spec.train
    return () if train is None or train.settings is None else train.settings.initial_weights


def files_of_weights(task: Task) -> Files:
    """All runs and files that weights are taken from."""
    return tuple(dict.fromkeys((one.at, one.named) for one in sources_of(task)))


def check_files(task: Task, root: Root) -> tuple[Files, tuple[Problem, ...]]:
    """Those of `files_of_arrays` and of `files_of_weights` that are there, and what is wrong with them by their paths and headers."""
    document = task.spec.document
    there, found = check_arrays(task.planned, document, root)
    if not (sources := sources_of(task)):
        return there, found
    from modelc.compiler.binding.initial_weights import check_places

    weights, more = check_places(document, root, sources)
    return (*there, *weights), (*found, *more)


def check_arrays(planned: TypedGraph, document: Document, root: Root) -> tuple[Files, tuple[Problem, ...]]:
    """The files that are there, and what is wrong with them by their headers, without numpy. What is not there is for those
    who read it.
    """
    there: dict[tuple[Path, str], None] = {}
    found: dict[tuple[Path, Wanted], Problem] = {}
    for read in read_entries(planned, document):
        if (read.at, read.wanted) in found:
            continue
        from modelc.compiler.library.sources.array_file import need_array

        try:
            need_array(root_for(document, root, read.at), *read.wanted)
        except AbsentFile:
            continue
        except RunError as error:
            at = blamed(document, read)
            problem = error.placed(at).problem(document.value(at))
            label = f"values of {show_shape(read.entry.shape)} {read.entry.dtype} are wanted"
            found[read.at, read.wanted] = replace(problem, label=problem.label._replace(text=label))
        there[read.at, read.file.path] = None
    faulty = {at for at, _ in found}
    links = report_hard_links(document, root, tuple(file for file in there if file[0] not in faulty))
    return tuple(there), (*found.values(), *links)


def with_arrays(task: Task, root: Root | None) -> tuple[Task, Mapping[str, str]]:
    """`task` with the values of all arrays in files, and their sha256 by file and name.

    Raises RunError E403, E405 or E502, at the place in the spec; E405 without a root, where there are such.
    """
    values: dict[Wanted, ReadValues] = {}
    plans = dict(task.planned.plans)
    for read in read_entries(task.planned, task.spec.document):
        if read.wanted not in values:
            values[read.wanted] = read_one(task.spec.document, root, read)
        plans[read.node.path] = with_values(plans[read.node.path], read.name, values[read.wanted])
    if not values:
        return task, {}
    digests = {str(file): given.digest for (file, _, _), given in values.items()}
    return replace(task, planned=TypedGraph(task.planned.graph, plans)), digests


def read_one(document: Document, root: Root | None, read: ReadEntry) -> ReadValues:
    """The values of one entry. Raises RunError."""
    from modelc.compiler.library.sources.array_file import read_values

    if root is None:
        message = f"the values of `{read.name}` of `{read.node.path}` are in {read.file.path!r}, and this spec is in no folder"
        raise RunError("E405", message, helps=("write the spec to a file, and give its path",), at=read.at)
    try:
        array = read_values(root_for(document, root, read.at), *read.wanted)
    except RunError as error:
        raise error.placed(blamed(document, read)) from None
    return ReadValues(digest=digest_of_array(array), values=array)


def digest_of_array(array: NumpyArray) -> str:
    """The SHA-256 of an array: of its dtype, its shape and its values."""
    return sha256(f"{array.dtype.str} {array.shape}".encode() + array.tobytes()).hexdigest()


def with_values(plan: Plan, name: str, values: ReadValues) -> Plan:
    """`plan` with the values of its weight or state entry `name`."""
    if name in plan.params:
        return replace(plan, params={**plan.params, name: replace(plan.params[name], initializer=values)})
    return replace(plan, state={**plan.state, name: replace(plan.state[name], initializer=values)})
