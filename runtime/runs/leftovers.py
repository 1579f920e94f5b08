"""What a process leaves behind in a run that was killed while it wrote: files and folders that never became whole."""

import re
from collections.abc import Iterator

from modelc.runtime.runs.checkpoints import CHECKPOINTS, FAILED, NEW, OLD
from modelc.runtime.runs.files import writing
from modelc.runtime.runs.open_folder import TEMPORARY, OpenFolder
from modelc.runtime.runs.run_layout import WEIGHTS
from modelc.runtime.runs.run_record import KINDS
from modelc.runtime.runs.weights import sibling

NAMES = re.compile(
    re.escape(TEMPORARY).replace(r"\{name\}", ".{1,40}").replace(r"\{token\}", "[0-9a-f]{12}"), re.DOTALL
)


def leftovers_in(run: OpenFolder) -> Iterator[tuple[str, str]]:
    """The folder of the open run, empty for itself, and the name of each of them. Raises OSError."""
    yield from (("", name) for name in sorted(run.entries()) if NAMES.fullmatch(name))
    for below in (WEIGHTS, CHECKPOINTS, FAILED):
        if run.is_folder(below):
            with run.existing(below) as folder:
                names = sorted(folder.entries())
            yield from ((below, name) for name in names if is_leftover(below, name, names))


def is_leftover(below: str, name: str, names: list[str]) -> bool:
    """Whether `name`, one of the `names` in a folder of a run, was left behind there."""
    if below != WEIGHTS:
        return name.startswith((NEW, OLD))
    # Older weights under their second name are the weights until others have the first.
    old = [sibling(kind, "old") for kind in KINDS if kind in names]
    return name in (*old, *(sibling(kind, "new") for kind in KINDS))


def remove_leftovers(run: OpenFolder) -> None:
    """Remove them all from a run that is written to. Raises RunError E604."""
    with writing(run.path):
        for below, name in [*leftovers_in(run)]:
            if not below:
                run.remove(name)
                continue
            with run.existing(below) as folder:
                folder.remove(name)
