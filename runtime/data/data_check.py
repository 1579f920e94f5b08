"""`modelc validate --data`, and `modelc data`: reads and checks the data of a spec; only ids and masks that layers compute need jax."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.array_files import files_of_arrays, files_of_weights, with_arrays
from modelc.compiler.binding.source_headers import all_opened_files, report_hard_links
from modelc.compiler.binding.task import SAMPLE_WEIGHT, Task, Term
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Label, Path, Problem
from modelc.compiler.library.contracts.bad_row import first_of
from modelc.compiler.library.losses.without_target import NoLoss
from modelc.compiler.library.schedules.reduce_on_plateau import ReduceOnPlateau
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arriving_integers import check_integers, computed_integers
from modelc.runtime.data.bad_rows import MANY
from modelc.runtime.data.class_balance import balanced
from modelc.runtime.data.counted_elements import counts_of_term, labelled, of_leading_axes, read_mask
from modelc.runtime.data.dataset import Dataset, complete, read_dataset
from modelc.runtime.data.decoded_rows import with_targets
from modelc.runtime.data.ids import check_ids, computed_ids
from modelc.runtime.data.known_masks import computed_masks, joined, with_axes
from modelc.runtime.data.prepared_rows import read_anew
from modelc.runtime.initial.begun import begun, lines_of
from modelc.runtime.initial.same_ids import need_same_ids
from modelc.runtime.training import device

NAMES = {"train": "training", "validation": "validation"}
"""What the rows are called whose values have a key of the log that begins so."""
MEANT = {
    "mask": "a mask is true where the loss counts",
    "steps": "give some of these rows steps that are not padding",
    "ignore": "label some elements of these rows",
    "sample_weight": "give some of these rows a weight above 0, or remove `sample_weight` to weight all rows equally",
    "class_weight": "give a class of these rows a weight above 0",
}
"""What to do about each of the things that can leave all rows out."""
VALIDATION = (
    "or choose validation rows of which some count: a fraction, such as `validation: 0.2`, draws from all rows",
)


class CheckedData(NamedTuple):
    """A task as far as its data could bind it, the data as far as it could be read, and all problems of both. `notes` are shown to the
    user.
    """

    task: Task
    dataset: Dataset | None
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


def check_data(task: Task, root: Root) -> tuple[Problem, ...]:
    """All problems of the data of a task, and of the arrays that its weights begin with, at their places in the spec; nothing is
    trained.
    """
    return read_checked(task, root).problems


def read_checked(task: Task, root: Root, *, raw: bool = False) -> CheckedData:
    """The same, with the data itself, and its `raw` columns where that is true."""
    warnings: tuple[Problem, ...] = ()
    dataset: Dataset | None = None
    try:
        task, _ = with_arrays(task, root)
        if task.data is None:
            if computed_ids(task) or computed_integers(task):
                device.prepare()
            check_ids(task, {})
            check_integers(task, {})
            return CheckedData(task, None, (), notes_on_weights(begun(task, root).task))
        task, warnings = complete(task, root)
        begins = begun(task, root)
        task = begins.task
        masks = computed_masks(task)
        if computed_ids(task) or computed_integers(task) or masks.values or masks.carried:
            device.prepare()
        dataset = read_dataset(task, root, raw=True) if raw else read_anew(task, root)
        need_same_ids(begins, dataset.train.learnt)
        need_counted(task, dataset)
        balanced(task, dataset.train)
        warnings = (*warnings, *warnings_of_data(task, dataset, root))
    except SpecError as error:
        return CheckedData(task, dataset, error.problems)
    except RunError as error:
        problem = error.problem(task.spec.document.value(error.at or ("data",)))
        return CheckedData(task, dataset, (*warnings, problem))
    return CheckedData(task, dataset, warnings, notes_on_weights(task))


def notes_on_weights(task: Task) -> tuple[str, ...]:
    """What to say of initial weights that are taken from elsewhere."""
    initial = None if task.training is None else task.training.initial
    return () if initial is None else tuple(f"{what}: {text}" for what, text in lines_of(initial.report).items())


def need_counted(task: Task, dataset: Dataset) -> None:
    """Raise RunError E403 for a loss term in which no training row counts, or no validation row.

    Its loss would be that of nothing: without a gradient, or without a value that epochs could be compared by. What the
    model masks by its weights is not known here.
    """
    terms = [term for term in task.terms if term.weight and not isinstance(term.loss, NoLoss)]
    parts = {"train": dataset.train, "validation": dataset.validation}
    for prefix, part in parts.items():
        if part is None:
            continue
        uncounted: dict[int, Sequence[str]] = dict.fromkeys(range(len(terms)), ())
        for some in with_targets(part) if terms else ():
            found = {
                place: counts_of_term(task, terms[place], some.inputs, some.targets, some.masks) for place in uncounted
            }
            uncounted = {place: causes for place, (counts, causes) in found.items() if not counts}
            if not uncounted:
                break
        for place, causes in uncounted.items():
            raise nothing_counts(terms[place], NAMES[prefix], causes)


def nothing_counts(term: Term, rows: str, causes: Sequence[str]) -> RunError:
    """The error for a term in which no `rows` row counts, since all are left out by `causes`."""
    words = {
        "mask": f"the mask `{term.mask}`",
        "steps": f"the mask of the steps of `{term.shown}`",
        "ignore": f"`ignore` of the target `{term.target}`",
    }
    names = [words.get(cause, f"`{cause}`") for cause in causes]
    verb = "leaves" if len(names) == 1 else "together leave"
    places: dict[str, Path] = {"mask": (*term.at, "mask"), "sample_weight": ("data", "sample_weight")}
    places["ignore"] = ("data", "targets", term.target or "")
    return RunError(
        "E403",
        f"no {rows} row counts in the loss of `{term.name}`: {' and '.join(names)} {verb} all of them out",
        helps=(MEANT[causes[-1]], *(VALIDATION if rows == NAMES["validation"] else ())),
        at=places.get(causes[0], term.at),
    )


def warnings_of_data(task: Task, dataset: Dataset, root: Root) -> tuple[Problem, ...]:
    """All warnings that only the data of a completed task gives. Raises RunError E405."""
    data = task.data
    initial = None if task.training is None else task.training.initial
    read = () if initial is None else [one.get("file") for one in initial.report["sources"]]
    weights = (one for one in files_of_weights(task) if one[1] in read)
    files = (*(() if data is None else all_opened_files(data)), *files_of_arrays(task), *weights)
    links = report_hard_links(task.spec.document, root, files)
    return (*links, *report_skipped(task, dataset), *report_monitor(task, dataset))


def report_skipped(task: Task, dataset: Dataset) -> tuple[Problem, ...]:
    """A warning for rows that are left out and are more than a few."""
    path: Path = ("data", "on_bad_row")
    help = "see whether these rows have something in common that the model is to know, or that a reader can take"
    return tuple(
        Problem(
            "W921",
            part.sentence,
            Label(task.spec.document.value(path), "leaves them out"),
            first_of(part.skips),
            (help,),
            path=path,
        )
        for part in dataset.skipped
        if MANY * len(part.rows) > part.all
    )


def report_monitor(task: Task, dataset: Dataset) -> tuple[Problem, ...]:
    """A warning where the monitor will be NaN, or the same, in every epoch, whatever is predicted for its rows."""
    training = task.training
    if training is None:
        return ()
    word, _, key = training.monitor.partition("/")
    part = dataset.train if word == "train" else dataset.validation
    measure = next((measure for measure in task.measures if measure.key == key), None)
    if part is None or measure is None or measure.target is None:
        return ()
    whole, part = part, next(with_targets(part))
    if part.rows < whole.rows:
        # Labels of so many files are not one by one looked at for that.
        return ()
    output, target = task.values[measure.value], part.targets[measure.target]
    own = read_mask(task, output.mask, part.inputs, part.targets, part.masks)
    # Where weights have a part in a mask, fewer count than is known here: what is undetermined then still is.
    weighed = part.targets[SAMPLE_WEIGHT] > 0 if measure.weighted else None
    masks = (own, part.masks.carried.get(output.edge), labelled(measure, part.targets), weighed)
    found = joined(mask for mask in masks if mask is not None)
    kept = np.ones(len(target), bool) if found is None or found.ndim > 1 + len(measure.shape) else found
    counts = np.broadcast_to(with_axes(of_leading_axes(kept, target), target.ndim), target.shape)
    given = (target, counts, output.type, output.link)
    why = measure.metric.undetermined(*given) if counts.any() else "nothing counts"
    same = "" if why else measure.metric.constant(*given)
    if not (why or same):
        return ()
    rows, what = counted(part.rows, f"{NAMES[word]} row"), "be NaN" if why else "have the same value"
    message = f"`{training.monitor}` will always {what}: in {rows}, {why or same}"
    document, path = task.spec.document, ("train", "monitor")
    best = "no weights will be the best" if why else "the weights of the first epoch will be the best"
    is_by_monitor = isinstance(getattr(training.optimizer, "learning_rate", None), ReduceOnPlateau)
    acting = "`reduce_on_plateau` and `early_stopping` have" if is_by_monitor else "`early_stopping` has"
    note = f"{best}, and {acting} nothing to act on"
    help = f"monitor another value, such as `monitor: {word}/loss`, or let more rows validate"
    return (
        Problem(
            "W911",
            message,
            Label(document.value(path), "no value" if why else "one value"),
            (note,),
            (help,),
            path=path,
        ),
    )
