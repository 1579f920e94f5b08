"""Binds inputs and targets to columns, and checks them as far as possible without reading data."""

from collections.abc import Mapping
from dataclasses import replace

from modelc.compiler.binding.loss_terms import with_element_shape
from modelc.compiler.binding.masks import check_left_out, check_mask
from modelc.compiler.binding.targets import of_metrics, report_strange_targets
from modelc.compiler.binding.task import Binding, Columns, Task, Term
from modelc.compiler.binding.unknown_targets import stated_type, warn_of_labels
from modelc.compiler.binding.windows import check_window, group_column, of_window, steps_of
from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.data_source import Column, refused_arrays
from modelc.compiler.library.contracts.reader import Reader, is_pattern
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.readers.array import ArrayReader


def bind_inputs(reporter: Reporter, task: Task, columns: Columns) -> Task:
    """The task with a binding for each model input whose reader is known."""
    data, graph = task.data, task.planned.graph
    assert data is not None and task.spec.model is not None
    bindings: dict[str, Binding] = {}
    # A reader under a misspelt name is meant for an input that seems to have none.
    strangers = [name for name in data.inputs if name not in graph.inputs]
    for name, wanted in graph.inputs.items():
        path: Path = ("data", "inputs", name)
        if name in data.inputs:
            reader = data.inputs[name]
        elif data.complete and task.spec.model.complete and not strangers:
            reader = ArrayReader(column=name)
        else:
            continue
        if reader is not None and reader.origin == "input":
            message = f"the input `{name}` cannot be a copy of another input"
            help = "let several nodes take values from one input instead"
            reporter.add("E205", message, path, label="`same_as` is only for targets", help=help)
        elif reader is not None:
            bindings[name] = bind_column(reporter, task, name, reader, wanted, columns, path)
    for name in strangers if task.spec.model.complete else ():
        message, label = f"the model has no input `{name}`", "not used"
        note = f"inputs: {listed(graph.inputs)}" if graph.inputs else ()
        path, found = ("data", "inputs", name), suggest(name, graph.inputs, defined=True)
        reporter.add("E205", message, path, key=True, label=label, note=note, suggestion=found)
    if any(binding.classes is not None for binding in bindings.values()):
        from modelc.compiler.binding.input_ids import warn_of_ids

        warn_of_ids(reporter, task, bindings)
    return replace(task, inputs=bindings)


def bind_targets(reporter: Reporter, task: Task, terms: tuple[Term, ...], columns: Columns) -> Task:
    """The task with its loss terms and a binding for each of their targets; reports terms that do not fit."""
    data = task.data
    if data is None:
        known = [with_element_shape(reporter, task, term, None) for term in terms]
        return replace(task, terms=tuple(term for term in known if term and check_mask(reporter, task, term, None)))
    bindings: dict[str, Binding] = {}
    fitting: list[Term] = []
    strangers = report_strange_targets(reporter, task, terms)
    for term in terms:
        if term.target is None:
            fits = with_element_shape(reporter, task, term, None)
            fitting += [fits] if fits else []
            continue
        if term.target not in bindings:
            # A column that is not there is no mistake of its own where a target of another name may be meant.
            if strangers and term.target not in data.targets:
                continue
            binding = bind_named(reporter, task, term.target, columns)
            if binding is None:
                continue
            bindings[term.target] = binding
        binding = with_squeeze(task, term, bindings[term.target])
        bindings[term.target] = binding
        given = binding.given_type or stated_type(task, term, binding, columns)
        fits = with_element_shape(reporter, task, term, given)
        if (
            fits
            and check_labels(reporter, task, fits, binding, columns)
            and check_classes(reporter, task, fits, binding)
        ):
            warn_of_labels(reporter, task, fits, binding, columns)
            fits = fits._replace(leaves_out=binding.reader.may_leave_out or term.target in data.leaving_out)
            if check_left_out(reporter, fits, binding):
                fitting.extend(with_classes(reporter, task, fits, binding))
    masks = [term.mask for term in fitting if isinstance(term.mask, str)]
    for name in (*masks, *of_metrics(task)):
        if name not in bindings and not (strangers and name not in data.targets):
            binding = bind_named(reporter, task, name, columns)
            bindings |= {name: binding} if binding else {}
    terms = tuple(term for term in fitting if check_mask(reporter, task, term, bindings))
    return replace(task, terms=terms, targets=bindings)


def bind_column(
    reporter: Reporter, task: Task, name: str, reader: Reader, wanted: TensorType | None, columns: Columns, path: Path
) -> Binding:
    """The binding of `name` to the column that `reader` names; its type is None if it is unknown or wrong."""
    assert task.data is not None
    groups = group_column(reporter, task.data, reader, path)
    binding, found = Binding(name, reader, wanted, None, path, steps=steps_of(task.data, path), groups=groups), None
    if columns is not None:
        binding = binding._replace(columns=reader.names_among(columns))
        if absent := [column for column in binding.names if column not in columns]:
            for column in absent:
                missing_column(reporter, name, column, columns, path)
            return binding
        found = {column: columns[column] for column in binding.names}
    try:
        type_ = of_window(reader.plan(found, binding.wanted_of_row), binding.steps)
        classes = reader.class_names(found)
    except PlanError as error:
        argument = (*path, READERS.name_of(reader), error.argument)
        at = argument if argument in reporter.document.values else place_of_binding(reporter, path)
        reporter.plan_error(error, f"`{name}`: {error.message}", at)
        return binding
    if task.data.windows is not None:
        known = of_window(TensorType(reader.row_shape), binding.steps) if reader.row_shape is not None else type_
        fits = check_window(
            reporter, binding._replace(type=type_ or known), task.data, place_of_binding(reporter, path)
        )
        return binding._replace(type=type_, classes=classes) if fits else binding
    shape = reader.row_shape if type_ is None else type_.shape
    if wanted is not None and shape is not None and shape != wanted.shape:
        given, taken, column_name = show_shape(shape), show_shape(wanted.shape), reader.subject
        message = f"the column `{column_name}` has rows of shape {given}, the input `{name}` takes {taken}"
        other_way = f"reshape the column with `array: {{column: {column_name}, shape: {taken}}}`"
        if "shape" not in type(reader).model_fields:
            message = f"`{READERS.name_of(reader)}` gives rows of shape {given}, the input `{name}` takes {taken}"
            other_way = reader.way_to(wanted.shape)
        help = f"change the input to `shape: {given}`" + (f", or {other_way}" if other_way else "")
        at, related = place_of_binding(reporter, path), [(("model", "inputs", name), f"takes {taken}")]
        reporter.add("E402", message, at, label=f"gives {given}", help=help, related=related)
        return binding
    return binding._replace(type=type_, classes=classes)


def missing_column(reporter: Reporter, name: str, column: str, columns: Mapping[str, Column], path: Path) -> None:
    """Report a column that the source does not have, or an array of its file that can be none."""
    refused = refused_arrays(columns)
    if column in refused:
        written = path in reporter.document.values
        at = subject_path(reporter, path, column) if written else place_of_binding(reporter, path)
        report_refused(reporter, refused[column], at, "is to be read here")
        return
    close = "" if is_pattern(column) else suggest(column, columns).new
    what = f"column like `{column}`" if is_pattern(column) else f"column `{column}`"
    message, label = f"the data has no {what}", f"no {what}"
    note = note_on_columns(columns)
    if path in reporter.document.values:
        help = f"did you mean `{close}`?" if close else ()
        reporter.add("E401", message, subject_path(reporter, path, column), label=label, help=help, note=note)
        return
    what, reader = ("target", "category") if path[1] == "targets" else ("input", "array")
    labels = (name for name, known in columns.items() if known.classes is not None and what == "target")
    bound = close or next(labels, next(iter(columns), ""))
    message += f" for the {what} `{name}`"
    help = f"bind it: `{path[1]}: {{{name}: {{{reader}: {bound}}}}}`"
    reporter.add("E401", message, place_of_binding(reporter, path), key=True, label=label, help=help, note=note)


def report_refused(reporter: Reporter, error: RunError, at: Path, label: str, before: str = "") -> None:
    """Report an array that can be no column, which is asked for at the path `at`."""
    reporter.add(error.code, before + error.message, at, label=label, help=error.helps, note=error.notes)


def note_on_columns(columns: Mapping[str, Column]) -> str:
    """Which columns there are, and which arrays of their file can be none."""
    refused = refused_arrays(columns)
    return f"columns: {listed(columns)}" + (f"; cannot be read: {listed(refused)}" if refused else "")


def subject_path(reporter: Reporter, path: Path, column: str) -> Path:
    """The path of the column name in the reader at `path`."""
    document = reporter.document
    inside = [other for other in document.values if other[: len(path)] == path and other not in document.holes]
    return max((other for other in inside if document.get(other) == column), key=len, default=path)


def place_of_binding(reporter: Reporter, path: Path) -> Path:
    """The place in the text for a binding that may be left out: its entry, else the part of `data` that lacks it."""
    while path and path not in reporter.document.values:
        path = path[:-1]
    return ("data", "source") if path == ("data",) and ("data", "source") in reporter.document.values else path


def bind_named(reporter: Reporter, task: Task, name: str, columns: Columns) -> Binding | None:
    """The binding of the target called `name`, or None if its reader is unknown."""
    data = task.data
    assert data is not None
    path: Path = ("data", "targets", name)
    reader = data.targets.get(name, ArrayReader(column=name) if data.complete else None)
    if reader is None:
        return None
    if reader.origin == "input":
        return bind_copy(reporter, task, name, reader, path)
    if columns is not None and name not in data.targets and name not in columns:
        missing_column(reporter, name, name, columns, path)
        return None
    return bind_column(reporter, task, name, reader, None, columns, path)


def bind_copy(reporter: Reporter, task: Task, name: str, reader: Reader, path: Path) -> Binding | None:
    """The binding of a target that copies an input, or None when that input is not known."""
    inputs, model = task.planned.graph.inputs, task.spec.model
    if reader.subject not in inputs:
        if model is None or reader.subject in model.inputs or not model.complete:
            return None
        message, note = f"unknown input `{reader.subject}` in `same_as`", f"inputs: {listed(inputs)}"
        found = suggest(reader.subject, inputs, defined=True)
        reporter.add("E205", message, path, label="no such input", note=note, suggestion=found)
        return None
    source = (task.inputs or {}).get(reader.subject)
    if source is None or source.wanted is None:
        return None
    return Binding(name, reader, None, reader.plan({reader.subject: Column(source.wanted)}, None), path)


def with_squeeze(task: Task, term: Term, binding: Binding) -> Binding:
    """The only shape repair: a target of shape `[]` for an output `[1]`, unless it holds labels."""
    output = task.planned.type(term.of[0]) if len(term.of) == 1 else None
    if output is None or binding.type is None or binding.type.shape != () or output.shape != (1,):
        return binding
    return binding if term.loss.activation == "softmax" else binding._replace(squeeze=True)


def check_labels(reporter: Reporter, task: Task, term: Term, binding: Binding, columns: Columns) -> bool:
    """Report labels that would have to be one distribution over the values of an output: each names a class, none is a
    share. So it is where they have its shape, and, before columns are known, where the loss takes nothing else.
    """
    output = task.planned.type(term.of[0])
    target = binding.given_type
    reader = binding.reader
    if binding.copies_input and (copied := (task.inputs or {}).get(binding.subject)) is not None:
        reader = copied.reader
    if output is None or term.loss.activation != "softmax" or not reader.gives_labels:
        return True
    strict = {type_.shape for type_ in term.loss.targets(output)} == {output.shape}
    if (target is None and not (strict and columns is None)) or (target is not None and target.shape != output.shape):
        return True
    labels, count = show_shape(output.shape[:-1]), output.shape[-1]
    of_shape = "" if target is None else f" of shape {show_shape(target.shape)}"
    message = (
        f"`{LOSSES.name_of(term.loss)}` of `{term.name}`: the target has labels{of_shape}, "
        f"which are no distribution over the {count} values of the output"
    )
    one = (
        "use `cross_entropy`, which takes labels"
        if strict
        else f"read one label for each distribution, of shape {labels}"
    )
    help = [
        f"{one}, or read one-hot rows and distributions with `array`",
        "for several answers of yes or no use `sigmoid` and `binary_cross_entropy`",
    ]
    node = task.planned.graph.node(term.of[0].node)
    related = [(node.at, f"`{term.of[0]}` gives {show_shape(output.shape)}")] if node else ()
    reporter.add("E304", message, term.at, label="does not fit", help=help, related=related)
    return False


def check_classes(reporter: Reporter, task: Task, term: Term, binding: Binding) -> bool:
    """Report labels whose number of classes is not the width of the output."""
    output = task.planned.type(term.of[0])
    if output is None or binding.classes is None:
        return True
    # A column that is not read yet but has classes holds labels: one for each row of values of the output.
    labels = binding.type or TensorType(output.shape[:-1], "int32")
    width = term.loss.classes(output, labels)
    count = binding.classes if isinstance(binding.classes, int) else len(binding.classes)
    if width is None or width == count:
        return True
    node = task.planned.graph.node(term.of[0].node)
    message = f"`{LOSSES.name_of(term.loss)}` of `{term.name}`: the labels have {count} classes, the output has {width} values"
    help = f"give the last layer of `{term.name}` {count} units"
    related = [(node.at, f"`{term.of[0]}` gives {show_shape(output.shape)}")] if node else ()
    reporter.add("E304", message, term.at, label="does not fit", help=help, related=related)
    return False


def with_classes(reporter: Reporter, task: Task, term: Term, binding: Binding) -> tuple[Term, ...]:
    """The term with the classes of its `class_weight` by index; None after reporting an unknown class."""
    output = task.planned.type(term.of[0])
    names = binding.classes if isinstance(binding.classes, tuple) else ()
    is_open = binding.classes is None and binding.type is None
    if output is None or (is_open and binding.reader.gives_labels):
        return (term,)
    try:
        return (term._replace(loss=term.loss.with_classes(names, output)),)
    except PlanError as error:
        kind = LOSSES.name_of(term.loss)
        path = (*term.at, kind, error.argument)
        if (entry := (*path, error.entry)) in reporter.document.values:
            path = entry
        reporter.plan_error(error, f"`{kind}` of `{term.name}`: {error.message}", path, key=True)
        return ()
