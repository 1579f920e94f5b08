"""Which elements of the targets count: what masks leave out may be anything, for every reader and every check."""

from collections.abc import Callable
from functools import reduce
from math import prod
from operator import or_

import numpy as np

from modelc.compiler.binding.task import SAMPLE_WEIGHT, Measure, Task, Term
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.contracts.reader import LEFT_OUT, Reader
from modelc.compiler.library.losses.class_weight import WeighsClasses
from modelc.compiler.library.losses.without_target import NoLoss
from modelc.compiler.library.readers.casts import plan_arrays
from modelc.compiler.library.readers.checks import first_of
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.known_masks import KnownMasks, joined, with_axes

TRIED = 32
"""How many elements that count are tried in place of those that do not: the first is right, unless the data is bad."""


def read_mask(task: Task, mask: Edge | str | None, inputs: Arrays, targets: Arrays, known: KnownMasks) -> Array | None:
    """The mask of a term or output as booleans `[rows, ...]`; None if it has none, or if weights have a part in it.

    Raises RunError E403 for a target whose values are not boolean.
    """
    if isinstance(mask, Edge):
        given = inputs.get(mask.node)
        return known.values.get(mask) if given is None else given != 0
    if mask is None or task.targets is None:
        return None
    values = targets[mask]
    bad = (values != 0) & (values != 1)
    if bad.any():
        count = counted(int(bad.sum()), "value")
        raise RunError(
            "E403",
            f"the mask `{mask}` has {count} that are neither 0 nor 1, {first_of(bad, values)}",
            helps=("save the column as booleans, true where the loss counts",),
            row=int(np.argwhere(bad)[0][0]),
            at=task.targets[mask].at,
        )
    kept: Array = values != 0
    return kept


def carried_mask(term: Term, known: KnownMasks) -> Array | None:
    """What the masks of the values that a term is of count, `[rows, ...]`; None if there are none that are known.

    Of a loss that uses them itself, the rows in which a step counts.
    """
    masks = [known.carried[edge] for edge in term.of if edge in known.carried]
    found = joined(mask for mask in masks if mask.ndim <= 1 + len(term.shape) or term.loss.masking == "use")
    if found is None or term.loss.masking != "use":
        return found
    return np.asarray(found.reshape(len(found), -1).any(axis=1))


def labelled(user: Term | Measure, targets: Arrays) -> Array | None:
    """Which elements of the target of a loss or metric its reader does not leave out, `[rows, ...]`; None where all count, and
    of a target that is not read yet.
    """
    target = targets.get(user.target or "") if user.leaves_out else None
    return None if target is None else target != LEFT_OUT


def mask_of_term(task: Task, term: Term, inputs: Arrays, targets: Arrays, known: KnownMasks) -> Array | None:
    """What the mask of a term and those of its values count, `[rows, ...]`, as far as the data tells; None if all."""
    masks = (
        read_mask(task, term.mask, inputs, targets, known),
        carried_mask(term, known),
        labelled(term, targets),
    )
    return joined(mask for mask in masks if mask is not None)


def masks_among_targets(task: Task) -> frozenset[str]:
    """The targets that are masks of loss terms: they count everywhere."""
    return frozenset(term.mask for term in task.terms if isinstance(term.mask, str))


def counted_elements(task: Task, name: str, inputs: Arrays, masks: Arrays, known: KnownMasks) -> Array | None:
    """Which elements of the target called `name` count in any loss term, `[rows, ...]`; None where all may.

    Sample weights count where any term does. `masks` has the targets that are masks.
    """
    terms = [term for term in task.terms if not isinstance(term.loss, NoLoss)]
    users = [term for term in terms if name in (term.target, SAMPLE_WEIGHT)]
    if not users or name in masks_among_targets(task):
        return None
    terms_of = [term.of for term in users]
    compared = [one for one in task.measures if one.target == name or (one.weighted and name == SAMPLE_WEIGHT)]
    if any((task.values[measure.value].edge,) not in terms_of for measure in compared):
        # A metric of another value counts what the masks of the losses leave out.
        return None
    found = [mask_of_term(task, term, inputs, masks, known) for term in users]
    kept = [mask for mask in found if mask is not None]
    # Columns of unequal length are for the caller to report.
    if len(kept) < len(found) or len({len(mask) for mask in kept}) > 1:
        return None
    axes = max(mask.ndim for mask in kept)
    return reduce(or_, (with_axes(mask, axes) for mask in kept))


def shown_columns(
    reader: Reader, columns: Arrays, counts: Array | None, accept: Callable[[Arrays], object]
) -> Arrays | None:
    """`columns` as the `reader` of a target is shown them: in place of what does not count stands an element that does, one
    that `accept` takes in a row of nothing else, see `with_only`.

    `counts` is of leading axes of the target `[rows, ...]`. None where nothing counts, so that the target is 0.
    """
    length = len(next(iter(columns.values())))
    rows: tuple[int, int] = getattr(reader, "rows", None) or (0, length)
    if counts is None or len(range(*rows)) != len(counts) or counts.all():
        return columns
    if not counts.any():
        return None
    if len(columns) > 1:
        kept = np.flatnonzero(counts.reshape(len(counts), -1).any(axis=1))
        places = np.arange(length)
        places[slice(*rows)] = rows[0] + kept[np.searchsorted(kept, np.arange(len(counts))).clip(max=len(kept) - 1)]
        return {name: column[places] for name, column in columns.items()}
    ((name, column),) = columns.items()
    part = column[slice(*rows)]
    planned = plan_arrays(reader, columns, None)
    arranged = part
    if prod(planned.shape) == prod(part.shape[1:]):
        arranged = part.reshape(len(part), *planned.shape)
    shown = with_only(
        arranged, of_leading_axes(counts, arranged), lambda row: accept({name: row.reshape(1, *part.shape[1:])})
    )
    filled = column.copy()
    filled[slice(*rows)] = shown.reshape(part.shape)
    return {name: filled}


def of_leading_axes(counts: Array, values: Array) -> Array:
    """Which of the elements on the first axes of `values` count anywhere, where `counts` has other axes behind these."""
    while counts.shape != values.shape[: counts.ndim]:
        counts = np.asarray(counts.any(axis=-1))
    return counts


def with_only(values: Array, counts: Array, accept: Callable[[Array], object]) -> Array:
    """`values` `[rows, ...]` with an element that counts in place of all that do not; some must.

    It is the first for which `accept` takes a row `[1, ...]` of nothing else without a RunError, else 0 if it takes
    that, so that an error about others names and counts them alone.
    """
    counts = of_leading_axes(counts, values)
    plain, missing = np.ma.getdata(values), np.ma.getmaskarray(values)
    there = counts & ~missing.reshape(*counts.shape, -1).any(axis=-1)
    candidates = plain[there if there.any() else counts][:TRIED]
    chosen = candidates[0]
    for candidate in (*candidates, np.zeros_like(chosen)):
        try:
            accept(np.broadcast_to(candidate, (1, *values.shape[1:])))
        except RunError:
            continue
        chosen = candidate
        break
    counted_places = with_axes(counts, values.ndim)
    shown = np.where(counted_places, plain, chosen)
    return np.ma.MaskedArray(shown, missing & counted_places) if missing.any() else shown


def only(values: Array, counts: Array) -> Array:
    """The elements of `values` `[rows, ...]` that count, in one row each; with as many axes as `values`."""
    counts = of_leading_axes(counts, values)
    return values[counts].reshape(-1, *[1] * (counts.ndim - 1), *values.shape[counts.ndim :])


def counts_of_term(
    task: Task, term: Term, inputs: Arrays, targets: Arrays, known: KnownMasks
) -> tuple[bool, tuple[str, ...]]:
    """Whether any element counts in the loss of a term, as far as the data can tell; if not, what leaves them all out.

    That is `mask`, `steps` for the masks of its values, `ignore` for what its target leaves out, `sample_weight` or
    `class_weight`, or several of them together.
    """
    mask, weights = read_mask(task, term.mask, inputs, targets, known), targets.get(SAMPLE_WEIGHT)
    found = {
        "mask": mask,
        "steps": carried_mask(term, known),
        "ignore": labelled(term, targets),
        "sample_weight": None if weights is None else weights > 0,
    }
    causes = {name: kept for name, kept in found.items() if kept is not None}
    for name in ("mask", "steps", "ignore"):
        if name in causes and not causes[name].any():
            return False, (name,)
    if not causes:
        kept = np.ones(len(next(iter((targets or inputs).values()))), bool)
    else:
        together = joined(causes.values())
        assert together is not None
        kept = together
    if not kept.any():
        return False, tuple(causes)
    output = task.planned.type(term.of[0])
    if not isinstance(term.loss, WeighsClasses) or term.target is None or output is None:
        return True, ()
    weighs = term.loss.weighs(only(targets[term.target], kept), output)
    return weighs, () if weighs else (*causes, "class_weight")
