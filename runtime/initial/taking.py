"""Which weights of a task are taken from where, and what of them does not fit."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.graph.weight_paths import matches, nearest_pattern, respelled
from modelc.compiler.language.initial_weights import Take
from modelc.compiler.library.base.tensor_type import FLOATS, show_shape
from modelc.runtime.initial.sources import Opened
from modelc.runtime.runs.weights import Wanted

SHOWN = 12
"""How many misfits are listed."""


class Taken(NamedTuple):
    """One weight that is taken: from the source of this number, where it is called `there`."""

    source: int
    there: str


def taken_from(sources: Sequence[Opened], wanted: Mapping[str, Wanted]) -> dict[str, Taken]:
    """By the `path/name` of a weight of the model, where it is taken from. Raises RunError E610 with everything that does not fit."""
    taken: dict[str, Taken] = {}
    misfits: list[tuple[Opened, str]] = []
    for number, source in enumerate(sources):
        pairs, faults = pairs_of(source, wanted)
        misfits += [(source, fault) for fault in faults]
        for here, there in pairs.items():
            if here in taken:
                other = sources[taken[here].source]
                misfits.append((source, f"`{here}` is taken from {other.shown} and from {source.shown}"))
            elif here not in wanted:
                misfits.append((source, f"`{there}` would be `{here}`, which the spec does not have"))
            elif fault := misfit(source.wanted(there), wanted[here]):
                misfits.append((source, f"`{there}` {fault}" if here == there else f"`{there}`, as `{here}`, {fault}"))
            else:
                taken[here] = Taken(number, there)
        if not pairs and not faults:
            misfits.append((source, f"no weight of {source.shown} has the path of one of the spec"))
    if misfits:
        raise misfits_error(sources, misfits, wanted)
    return taken


def pairs_of(source: Opened, wanted: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """By its path here, the path there of each weight that is to be taken from a source; and what is wrong with what is asked for."""
    if source.take is None:
        return {name: name for name in source.arrays if name in wanted}, []
    pairs: dict[str, str] = {}
    faults = []
    for take in source.take:
        found = list(those_of(source, take))
        if not found:
            faults.append(nothing_there(source, take))
        for here, there in found:
            if pairs.setdefault(here, there) != there:
                faults.append(f"`{here}` is taken from `{pairs[here]}` and from `{there}`")
    return pairs, faults


def those_of(source: Opened, take: Take) -> Iterator[tuple[str, str]]:
    """The path here and that there of each weight that `take` stands for."""
    return ((here, there) for there in source.arrays if (here := path_by(take, there)) is not None)


def path_by(take: Take, there: str) -> str | None:
    """The path here of what has the path `there`, where `take` stands for it."""
    if take.pattern and not matches(take.pattern, there):
        return None
    if take.to is None:
        return there
    return "/".join(part for part in (take.to, there[len(take.pattern) :].lstrip("/")) if part)


def path_here(source: Opened, there: str) -> str | None:
    """The path here of a node of a source; None where nothing of it is taken."""
    takes = source.take or ()
    same = there if source.take is None or any(take.to is None for take in takes) else None
    return next((here for take in takes if (here := path_by(take, there)) is not None), same)


def nothing_there(source: Opened, take: Take) -> str:
    """What is wrong where nothing is as `take` says."""
    names = list(source.arrays)
    slashes = take.pattern.replace(".", "/")
    if slashes != take.pattern and any(matches(slashes, name) for name in names):
        return f"`{take.pattern}` stands for no weight of {source.shown}: did you mean `{slashes}`?"
    found, note = respelled(take.pattern, names), ""
    if not found and source.planned is not None:
        found, note = nearest_pattern(take.pattern, source.planned, names)
    more = "; ".join(part for part in (note, found.help) if part)
    return f"`{take.pattern}` stands for no weight of {source.shown}" + (f": {more}" if more else "")


def misfit(there: Wanted, here: Wanted) -> str:
    """What does not fit of an array for a weight; empty where all does."""
    if there.shape != here.shape:
        return f"is {show_shape(there.shape)} there and {show_shape(here.shape)} here"
    if there.dtype != here.dtype and not (there.dtype in FLOATS and here.dtype in FLOATS):
        return f"is {there.dtype} there and {here.dtype} here"
    return ""


def misfits_error(
    sources: Sequence[Opened], misfits: Sequence[tuple[Opened, str]], wanted: Mapping[str, Wanted]
) -> RunError:
    """The error with all `misfits`, at the first source that has one."""
    first = misfits[0][0]
    where = f" from {first.shown}" if len(sources) == 1 else ""
    what = f"{len(misfits):,} things are" if len(misfits) > 1 else "one thing is"
    more = (f"and {len(misfits) - SHOWN:,} more",) if len(misfits) > SHOWN else ()
    notes = (*dict.fromkeys(text for _, text in misfits[:SHOWN]), *more)
    helps = helps_for(first, wanted) if first.take is None else ("take only what fits: `take` says which",)
    message = f"what is taken{where} does not fit the spec: {what} wrong"
    return RunError("E610", message, notes=notes, helps=helps, at=first.at)


def helps_for(source: Opened, wanted: Mapping[str, Wanted]) -> tuple[str, ...]:
    """What to take of a source of which not all fits."""
    tops: dict[str, bool] = {}
    for name in source.arrays:
        if name in wanted:
            top = name.partition("/")[0]
            tops[top] = tops.get(top, True) and not misfit(source.wanted(name), wanted[name])
    if fitting := [top for top, fits in tops.items() if fits]:
        return (f"take what fits: `take: [{', '.join(fitting)}]`",)
    return ("say which weights are taken, and to where: `take: [{from: encoder, to: backbone}]`",)
