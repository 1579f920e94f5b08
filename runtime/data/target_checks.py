"""Checks of the values of targets against what their losses and metrics take, before anything is compiled."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from modelc.compiler.binding.task import GROUP, SAMPLE_WEIGHT, Binding, Task, Term
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import type_of
from modelc.compiler.library.contracts.reader import in_unit
from modelc.compiler.library.readers.casts import RoundedIntegers, refuse_rounded
from modelc.compiler.library.readers.checks import check_bounds, check_labels, first_of
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.counted_elements import labelled, mask_of_term, only, with_only
from modelc.runtime.data.known_masks import KnownMasks
from modelc.runtime.data.read_binding import advised


def check_targets(task: Task, inputs: Arrays, targets: Arrays, known: KnownMasks) -> None:
    """Raise RunError for targets that are invalid for their loss where they count, masks that are not boolean, and sample
    weights below 0.
    """
    check_weights(task, targets)
    for term in task.terms:
        mask = mask_of_term(task, term, inputs, targets, known)
        outputs = [type_ for edge in term.of if (type_ := task.planned.type(edge)) is not None]
        if term.target is None or not outputs:
            continue
        assert task.targets is not None
        array, binding = targets[term.target], task.targets[term.target]
        if mask is not None and not mask.any():
            continue
        check = partial(check_target, task, term, outputs, targets.get(GROUP))
        try:
            check(array if mask is None else with_only(array, mask, check))
        except RunError as error:
            raise with_unknown(advised(error, binding), task, term.target, known).placed(binding.at) from None
    check_measured(task, targets)


def check_measured(task: Task, targets: Arrays) -> None:
    """Raise RunError for targets that metrics name themselves and cannot compare their values with."""
    for measure in task.measures:
        value, bindings = task.values[measure.value], task.targets or {}
        if measure.target is None or measure.target == value.target or measure.target not in bindings:
            continue
        array, binding = targets[measure.target], bindings[measure.target]
        given, array = type_of(array), np.asarray(in_unit(measure.unit, array, targets.get(GROUP)))
        try:
            if (kept := labelled(measure, targets)) is not None:
                if not kept.any():
                    continue
                array = only(array, kept)
            if value.link == "softmax" and given.shape == value.type.shape[:-1]:
                check_labels(array, value.type.shape[-1], measure.target)
            if (bounds := measure.metric.bounds(value.type, given)) is not None:
                check_bounds(array, bounds, measure.target, metric=measure.key)
        except RunError as error:
            raise advised(error, binding).placed(binding.at) from None


def with_unknown(error: RunError, task: Task, target: str, known: KnownMasks) -> RunError:
    """`error` about the values of a target, which says so if a mask that may leave them out has to do with weights."""
    users = [term for term in task.terms if target in (term.target, SAMPLE_WEIGHT)]
    edges = [edge for term in users for edge in (term.mask, *term.of) if isinstance(edge, Edge)]
    found = next((edge for edge in edges if edge in known.unknown), None)
    if found is None:
        return error
    text = f"the mask of `{found}` has to do with weights or draws, so that its values are not known before training"
    way = f"{text}: give a mask that is computed of inputs alone, or one that is a target"
    if isinstance(error, RoundedIntegers):
        return error.with_ways({**error.ways, "mask": way})
    return error.replaced(helps=(*error.helps, way))


def check_target(task: Task, term: Term, outputs: Sequence[TensorType], groups: Array | None, array: Array) -> None:
    """Raise RunError for values of a target `[rows, ...]` that the loss of a term, or a metric beside it, does not take. `groups` are
    the numbers of the groups of all rows.
    """
    assert term.target is not None
    given = type_of(array)
    if (classes := term.loss.classes(*outputs, given)) is not None:
        check_labels(array, classes, term.target)
    else:
        # A loss computes with integers as float32.
        refuse_rounded(array, "float32", column_behind(task, (task.targets or {})[term.target]))
    if (bounds := term.loss.bounds(*outputs, given)) is not None:
        check_bounds(array, bounds, term.target)
    for measure in task.measures if bounds is None else ():
        output = task.values[measure.value]
        wanted = measure.metric.bounds(output.type, given) if measure.target == term.target else None
        if wanted is not None and output.mask == term.mask:
            # Of single elements the group, and so the unit, is not known.
            known = groups if groups is None or len(groups) == len(array) else None
            check_bounds(in_unit(measure.unit, array, known), wanted, term.target, metric=measure.key)
    term.loss.check(array, *outputs)


def column_behind(task: Task, binding: Binding) -> str:
    """The column that a target comes from, also where it is copied from an input."""
    copied = (task.inputs or {}).get(binding.subject) if binding.copies_input else None
    return (copied or binding).subject


def check_weights(task: Task, targets: Arrays) -> None:
    """Raise RunError E403 for sample weights below 0, E402 for those that float32 would round; readers have refused NaN."""
    weights, binding = targets.get(SAMPLE_WEIGHT), (task.targets or {}).get(SAMPLE_WEIGHT)
    if weights is None or binding is None:
        return
    try:
        refuse_rounded(weights, "float32", binding.subject)
    except RunError as error:
        raise advised(error, binding).placed(binding.at) from None
    bad = weights < 0
    if bad.any():
        raise RunError(
            "E403",
            f"`sample_weight` has {counted(int(bad.sum()), 'weight')} below 0, {first_of(bad, weights)}",
            helps=("sample weights must be at least 0; use 0 for rows that should not count",),
            row=int(np.flatnonzero(bad)[0]),
            at=("data", "sample_weight"),
        )
