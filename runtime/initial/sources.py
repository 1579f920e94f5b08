"""What initial weights are taken from, opened: a run, with the readers that it had, or a safetensors file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelc.compiler.binding.initial_weights import RECORD
from modelc.compiler.binding.source_headers import root_for
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.diagnostics.problem import Path as KeyPath
from modelc.compiler.language.initial_weights import Take, WeightsFrom
from modelc.compiler.library.base.memory import available_memory, gigabytes
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.document import Document
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.learning import Learnt
from modelc.runtime.runs.learnt_values import values_for_prediction
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_folders import readable_entries
from modelc.runtime.runs.run_layout import is_run
from modelc.runtime.runs.ways_on import need_ended
from modelc.runtime.runs.weights import Wanted, flatten

if TYPE_CHECKING:
    from modelc.compiler.graph.typed_graph import TypedGraph

ELSEWHERE = "a run elsewhere is named on the command line: `modelc train SPEC --initial-weights RUN`"
DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
}  # fmt: skip
"""The dtypes of safetensors that weights can be read from, as numpy and jax call them."""


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Arrays by `path/name`, of what messages call `shown`. `facts` go into the report. Of a run, there is the task that it was
    trained for, and what its readers have learnt.
    """

    shown: str
    at: KeyPath
    take: tuple[Take, ...] | None
    arrays: Mapping[str, Array]
    facts: Mapping[str, Any]
    task: Task | None = None
    learnt: Learnt = field(default_factory=Learnt)
    layout: str = "modelc"

    @property
    def planned(self) -> "TypedGraph | None":
        """The model of a run."""
        return None if self.task is None else self.task.planned

    def wanted(self, name: str) -> Wanted:
        """The shape and dtype of one array."""
        array = self.arrays[name]
        return Wanted(array.shape, array.dtype.name)


def opened(one: WeightsFrom, document: Document, root: Root | None) -> Opened:
    """What `one` names below `root`. Raises RunError E405, E502 or E6xx at its place in the spec."""
    try:
        if root is None:
            message = f"initial weights are in {one.named!r}, and this spec is in no folder"
            raise RunError("E405", message, helps=("write the spec to a file, and give its path",))
        below = root_for(document, root, one.at)
        if one.run is None:
            return of_file(one, below)
        return of_run(Run(run_folder(below, one.run)), one.run, one.take, one.at, {"run": one.run})
    except RunError as error:
        raise error.placed(one.at) from None


def run_folder(root: Root, path: str) -> Path:
    """The folder of the run at `path` below `root`. Raises RunError E405, E602."""
    try:
        return root.resolve(f"{path.rstrip('/')}/{RECORD}").parent
    except AbsentFile:
        folder = root.folder / path
        inside = [entry.name for entry in readable_entries(folder) if is_run(entry)]
        helps: tuple[str, ...] = ("train it first, if it is yet to be", ELSEWHERE)
        if inside:
            helps = (f"name one of the runs in it: `{path.rstrip('/')}/{inside[-1]}`",)
        raise RunError("E602", f"{path!r} is no run", helps=helps) from None
    except RunError as error:
        message = error.message.replace(f"/{RECORD}'", "'")
        raise error.replaced(message=message, helps=(ELSEWHERE,)) from None


def of_run(run: Run, shown: str, take: tuple[Take, ...] | None, at: KeyPath, named: Mapping[str, Any]) -> Opened:
    """The best weights of a run, or its last where there are no best ones. Raises RunError E6xx."""
    need_ended(run, "take its weights once it has ended")
    run.need_whole()
    task = run.task()
    kind, weights = run.weights(prepare(task))
    arrays = {
        name.replace(":", "/"): array
        for tree in (weights.params, weights.state)
        for name, array in flatten(tree).items()
    }
    facts = {**named, "id": run.record.id, "weights": kind, "epoch": weights.epoch, "step": weights.step}
    return Opened(f"the run `{shown}`", at, take, arrays, facts, task, values_for_prediction(run))


def of_file(one: WeightsFrom, root: Root) -> Opened:
    """The arrays of a safetensors file. Raises RunError E405, E502, E603."""
    path = one.named
    with root.open(path) as file:
        size, room = file.seek(0, 2), available_memory()
        if room is not None and 2 * size > room:
            message = f"the weights in {path!r} take {gigabytes(2 * size)} while they are read, but {gigabytes(room)} are available"
            raise RunError("E502", message, helps=("keep fewer weights in the file",))
        file.seek(0)
        data = file.read()
    arrays = arrays_in(data, path)
    facts = {"file": path, "sha256": sha256(data).hexdigest()}
    if one.layout == "torch":
        of_torch = with_slashes(arrays, ".", path)
        return Opened(f"`{path}`", one.at, one.take, of_torch, {**facts, "layout": one.layout}, layout=one.layout)
    for name in arrays:
        if name.count(":") != 1:
            message = f"`{name}` in {path!r} is no name of a weight, which is `path:name`"
            of_runs = "write it as runs of modelc do: `save_file({'encoder/dense:kernel': array, ...}, path)`"
            helps = ("if it is a `state_dict` of PyTorch, add `layout: torch`", of_runs)
            raise RunError("E603", message, helps=helps)
    by_path = with_slashes(arrays, ":", path)
    return Opened(f"`{path}`", one.at, one.take, by_path, facts)


def with_slashes(arrays: Mapping[str, Array], sign: str, path: str) -> dict[str, Array]:
    """The arrays of a file with slashes in their names in place of `sign`. Raises RunError E603 where two names become one."""
    found: dict[str, Array] = {}
    for name, array in arrays.items():
        new = name.replace(sign, "/")
        if new in found:
            helps = (f"give each a name of its own, with {sign!r} or with '/' alone",)
            raise RunError("E603", f"two arrays in {path!r} are both called `{new}`", helps=helps)
        found[new] = array
    return found


def arrays_in(data: bytes, path: str) -> dict[str, Array]:
    """The arrays of a safetensors file by name. Raises RunError E603."""
    from safetensors import SafetensorError, deserialize

    try:
        entries = deserialize(data)  # type: ignore[no-untyped-call]  # untyped in safetensors
    except SafetensorError as error:
        helps = ("write it by `safetensors.numpy.save_file`",)
        raise RunError("E603", f"{path!r} is no safetensors file: {str(error).lower()}", helps=helps) from None
    found = {}
    for name, entry in entries:
        if entry["dtype"] not in DTYPES:
            helps = ("save it as float32",)
            raise RunError("E603", f"`{name}` in {path!r} has the dtype {entry['dtype']}", helps=helps)
        found[name] = np.frombuffer(entry["data"], as_dtype(DTYPES[entry["dtype"]])).reshape(entry["shape"])
    return found


def as_dtype(name: str) -> "np.dtype[Any]":
    """The dtype called so, also that which only jax has."""
    if name != "bfloat16":
        return np.dtype(name)
    import jax.numpy as jnp

    found: np.dtype[Any] = np.dtype(jnp.bfloat16)
    return found
