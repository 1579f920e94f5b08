"""Numbers for `class_weight: balanced`, counted in the training rows: they take the place of the word in the task, and in
the spec that a run keeps, so that every later evaluation has the same."""

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

from modelc.compiler.binding.task import Task, Term
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.losses.class_weight import BALANCED, WeighsClasses
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.counted_elements import mask_of_term, only
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.decoded_rows import with_targets


def balanced(task: Task, train: Part) -> Task:
    """`task` with weights in place of `balanced`: `n / (classes * count of the class)` over the rows of `train`.

    Elements that a mask leaves out are not counted, unless weights have a part in it; sample weights have no effect. Where
    the names of the classes are learnt, those without rows do not count, and weigh 1. Raises RunError E404 for a class that
    has no rows elsewhere.
    """
    return replace(task, terms=tuple(with_numbers(task, term, train) for term in task.terms))


def with_numbers(task: Task, term: Term, train: Part) -> Term:
    """`term` with weights by the index of each class where its loss says `balanced`."""
    if not isinstance(term.loss, WeighsClasses) or term.loss.class_weight != BALANCED:
        return term
    weights = {str(index): weight for index, weight in enumerate(weights_of(task, term, term.loss, train))}
    return term._replace(loss=term.loss.model_copy(update={"class_weight": weights}))


def balanced_spec(data: Mapping[str, Any], task: Task) -> Mapping[str, Any]:
    """`data`, the spec that a run of `task` keeps, with its numbers, by the names of the classes, where it says `balanced`.

    A variable on the path to one is replaced by its value.
    """
    stated: Mapping[str, Any] = task.spec.document.data
    for term in task.terms:
        weights = term.loss.class_weight if isinstance(term.loss, WeighsClasses) else None
        path = (*term.at, LOSSES.name_of(term.loss), "class_weight")
        if isinstance(weights, dict) and task.spec.document.get(path) == BALANCED:
            data = replaced(
                data, path, dict(zip(names_of(task, term, len(weights)), weights.values(), strict=True)), stated
            )
    return data


def weights_of(task: Task, term: Term, loss: WeighsClasses, train: Part) -> list[float]:
    """The weights of all classes, in order."""
    output = task.planned.type(term.of[0])
    assert output is not None and term.target is not None
    counts = reduce(add, (counts_of(task, term, loss, part, output) for part in with_targets(train)))
    binding = (task.targets or {})[term.target]
    if binding.reader.classes_learnt(train.learnt.of(binding)) is not None:
        present = sum(1 for count in counts if count)
        return [float(counts.sum() / (present * count)) if count else 1.0 for count in counts]
    names = names_of(task, term, len(counts))
    if not counts.all():
        missing = [name for name, count in zip(names, counts, strict=True) if not count]
        raise RunError(
            "E404",
            f"no training row of `{term.target}` has the class `{missing[0]}`: it has no balanced weight",
            notes=(f"{len(missing)} of {len(names)} classes have no rows",) if len(missing) > 1 else (),
            helps=("give the weights explicitly, `class_weight: {...}`, or remove the class",),
            at=term.at,
        )
    return [float(counts.sum() / (len(counts) * count)) for count in counts]


def counts_of(task: Task, term: Term, loss: WeighsClasses, part: Part, output: TensorType) -> Array:
    """The number of elements of each class that count in the rows of a part."""
    target = part.targets[term.target or ""]
    mask = mask_of_term(task, term, part.inputs, part.targets, part.masks)
    return loss.counts(target if mask is None else only(target, mask), output)


def names_of(task: Task, term: Term, count: int) -> tuple[str, ...]:
    """How `class_weight` calls the classes of a term: by name where they have names, else by index."""
    classes = (task.targets or {})[term.target or ""].classes
    return classes if isinstance(classes, tuple) and len(classes) == count else tuple(map(str, range(count)))


def replaced(data: Mapping[str, Any], path: Path, value: Any, stated: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with `value` at `path`; what is not on the way is shared. `stated` is `data` without variables."""
    first, *others = path
    key = str(first)
    if not others:
        return {**data, key: value}
    inner = data[key] if isinstance(data[key], Mapping) else stated[key]
    return {**data, key: replaced(inner, tuple(others), value, stated[key])}
