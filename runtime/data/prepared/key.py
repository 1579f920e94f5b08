"""The key of prepared rows: a digest of all that they follow from, so that what differs in any of it is kept apart."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.sources import SOURCES
from modelc.runtime.data.column_digests import KnownDigests
from modelc.runtime.data.known_masks import computed_masks
from modelc.runtime.data.learning import Learnt, of_columns
from modelc.runtime.data.prepared.source_files import ReadFrom
from modelc.runtime.runs.environment import installed

FORMAT = 4
"""The version of the layout of what is kept, and of how rows are made: another one is another key."""
PACKAGES = ("modelc", "duckdb", "numpy")
DECODERS = ("pillow", "soundfile", "soxr")
"""The packages that make values of files whose paths rows have."""


def digest_of(facts: Mapping[str, Any]) -> str:
    """The sha256 of `facts`, and of what reads them here."""
    versions = {name: installed(name) for name in PACKAGES}
    text = json_text({"format": FORMAT, "versions": versions, **facts})
    return sha256(text.encode()).hexdigest()


def is_of_plugins(task: Task) -> bool:
    """Whether the code of plug-ins has a part in what is read that a key does not know: of sources it does where they say what they
    are `kept_as`.
    """
    assert task.data is not None
    plugins = task.spec.plugins
    own = [one.cls for one in plugins.of("source").values() if one.is_loaded]
    unsaid = [one for one in task.data.sources.values() if type(one) in own and not (one.kept_as and one.files())]
    return bool(unsaid or plugins.of("reader") or (plugins.plugins and is_masked(task)))


def is_slow(task: Task) -> bool:
    """Whether reading the rows of `task` takes longer than mapping what was made of them."""
    assert task.data is not None
    is_slow_source = any(source.slow_to_read for source in task.data.sources.values())
    return is_slow_source or any(binding.reader.slow_to_read for binding in of_columns(task))


def key_of(task: Task, files: ReadFrom) -> str:
    """The key of all rows of `task`, which come from these `files`."""
    return digest_of(facts_of(task, files))


def key_for(task: Task, files: ReadFrom, learnt: Learnt | None, known: KnownDigests, *, test: bool) -> str:
    """The key of rows that are read by what was `learnt`, whose columns are compared with those that are `known`; without the
    test rows where `test` is false.
    """
    values = None if learnt is None else [dict(learnt.columns), dict(learnt.values)]
    digests = [[dict(each.digests), dict(each.dtypes), each.rows] for each in known]
    return digest_of({**facts_of(task, files), "learnt": values, "known": digests, "with_test": test})


def facts_of(task: Task, files: ReadFrom) -> dict[str, Any]:
    """All that the rows of `task` follow from."""
    assert task.data is not None
    data, document = task.data, task.spec.document.data
    return {
        "data": document.get("data"),
        "sources": {at[-1]: SOURCES.dump(source) for at, source in data.sources.items()},
        "kept_as": [source.kept_as for source in data.sources.values()],
        "files": [[path, stamp] for path, stamp in files.files],
        "opened": [[path, stamp] for path, stamp in files.opened],
        "columns": files.columns,
        "decoders": {name: installed(name) for name in DECODERS} if files.opened else None,
        "inputs": {name: facts_of_binding(binding) for name, binding in (task.inputs or {}).items()},
        "targets": {name: facts_of_binding(binding) for name, binding in (task.targets or {}).items()},
        # What a mask leaves out is not read, and which elements it leaves out is for the model to say.
        "masked_by": document if is_masked(task) else None,
    }


def facts_of_binding(binding: Binding) -> list[Any]:
    wanted = None if binding.wanted is None else [binding.wanted.shape, binding.wanted.dtype]
    return [READERS.dump(binding.reader), wanted, binding.names, binding.squeeze]


def is_masked(task: Task) -> bool:
    """Whether elements of targets may be left out of the losses."""
    computed = computed_masks(task)
    return bool(computed.values or computed.carried) or any(term.mask is not None for term in task.terms)


def is_plain(dtype: np.dtype[Any]) -> bool:
    """Whether values of a dtype are numbers that a file can hold as they are in memory."""
    return dtype.kind in "biuf" and dtype.isnative
