"""Numbers for `class_weight: balanced`, counted in the training rows. They take the place of the word, in the task and in
the spec that a run keeps, so that every later evaluation has the same."""

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

from modelc.compiler.binding.task import Binding, Task, Term
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.losses.class_weight import BALANCED, WeighsClasses
from modelc.runtime.data.dataset import Part, read_mask


def balanced(task: Task, train: Part) -> Task:
    """`task` with weights in the place of `balanced`: `n / (classes * count of the class)` over the rows of `train`.

    Elements that a mask leaves out are not counted, unless the model computes it; weights of rows change nothing. Raises RunError E404 for
    a class that has no rows.
    """
    terms, document = [], task.spec.document
    data: Mapping[str, Any] = document.data
    for term in task.terms:
        if not isinstance(term.loss, WeighsClasses) or term.loss.class_weight != BALANCED:
            terms.append(term)
            continue
        named = weights_of(task, term, term.loss, train)
        by_index = {str(index): weight for index, weight in enumerate(named.values())}
        terms.append(replace(term, loss=term.loss.model_copy(update={"class_weight": by_index})))
        data = written(data, path_of(term), named, data)
    return replace(task, terms=tuple(terms), spec=replace(task.spec, document=replace(document, data=data)))


def with_numbers(kept: Mapping[str, Any], before: Task, after: Task) -> Mapping[str, Any]:
    """`kept`, the data of the spec that a run keeps, with the numbers that `after` has in the place of words of `before`.

    A variable on the way to one is replaced by what it stands for.
    """
    whole = after.spec.document.data
    for old, new in zip(before.terms, after.terms, strict=True):
        if old.loss is not new.loss:
            path = path_of(new)
            kept = written(kept, path, reduce(lambda data, key: data[str(key)], path, whole), whole)
    return kept


def path_of(term: Term) -> Path:
    """Where the weights of classes of a term stand."""
    return (*term.at, LOSSES.name_of(term.loss), "class_weight")


def weights_of(task: Task, term: Term, loss: WeighsClasses, train: Part) -> dict[str, float]:
    """The weights of all classes in order, by name where they have names, else by index."""
    output = task.planned.type(term.of[0])
    assert output is not None and term.target is not None and task.targets is not None
    binding = task.targets[term.target]
    target, mask = train.targets[term.target], read_mask(task, term, train)
    counts = loss.counts(target if mask is None else target[mask], output)
    names = names_of(binding, len(counts))
    if not counts.all():
        missing = [name for name, count in zip(names, counts, strict=True) if not count]
        raise RunError(
            "E404",
            f"no training row of `{term.target}` has the class `{missing[0]}`: there is no balanced weight for it",
            notes=(f"{len(missing)} of {len(names)} classes have no rows",) if len(missing) > 1 else (),
            helps=("give weights by hand, `class_weight: {...}`, or leave the class out",),
            at=term.at,
        )
    return {name: float(counts.sum() / (len(counts) * count)) for name, count in zip(names, counts, strict=True)}


def names_of(binding: Binding, count: int) -> tuple[str, ...]:
    """How `class_weight` calls the classes of a target."""
    if isinstance(binding.classes, tuple) and len(binding.classes) == count:
        return binding.classes
    return tuple(map(str, range(count)))


def written(data: Mapping[str, Any], path: Path, value: Any, whole: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with `value` at `path`; what is not on the way is shared. `whole` is `data` without variables."""
    first, *others = path
    key = str(first)
    if not others:
        return {**data, key: value}
    below = data[key] if isinstance(data[key], Mapping) else whole[key]
    return {**data, key: written(below, tuple(others), value, whole[key])}
