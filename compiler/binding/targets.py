"""The targets that the losses of a task use, and reports of those in `data` that no loss uses."""

from modelc.compiler.binding.task import Task, Term
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.language.ast import Item, MetricSpec, ModelSpec, TermSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest


def asked_for(task: Task, terms: tuple[Term, ...]) -> list[str] | None:
    """The names of the targets that losses use; None if a mistake elsewhere hides some of them."""
    train, model, outputs = task.spec.train, task.spec.model, task.planned.graph.outputs
    assert train is not None and model is not None
    stated = task.spec.document.values
    if not train.terms:
        return None if not train.complete or ("train", "losses") not in stated else []
    wanted = []
    for spec in train.terms:
        name = spec.name or (next(iter(outputs)) if len(outputs) == 1 else None)
        bound = any(term.at == spec.path for term in terms)
        item = last_item(model)
        nameless = (
            spec.name is None
            and model.sequential
            and (item is None or (item.name is None and (item.cls is None or (*item.path[:-1], "name") in stated)))
        )
        unread = any(getattr(spec, key) is None and (*spec.path, key) in stated for key in ("target", "mask"))
        if name is None or nameless or unread or not (bound or (spec.loss is None and name in outputs)):
            return None
        # A target beside a loss that takes none is reported there.
        if spec.loss is None or spec.loss.takes_target or spec.target:
            wanted.append(spec.target or name)
        if spec.mask is not None and task.data is not None and spec.mask.text in task.data.targets:
            wanted.append(spec.mask.text)
    wanted += of_metrics(task)
    all_read = train.complete or "loss" in task.spec.document.data["train"]
    return wanted if all_read and (model.complete or model.sequential) else None


def of_metrics(task: Task) -> list[str]:
    """The targets that metrics name themselves."""
    metrics = task.spec.train.metrics if task.spec.train is not None else ()
    return [metric.target for metric in metrics if metric.target is not None and metric.metric.takes_target]


def last_item(model: ModelSpec) -> Item | None:
    """The last layer in the text; None if it could not be read, or if there is none."""
    nodes = list(model.nodes.values())
    return nodes[-1].items[-1] if nodes and nodes[-1].items else None


def report_strange_targets(reporter: Reporter, task: Task, terms: tuple[Term, ...]) -> bool:
    """Whether `data` has targets that no loss uses; reports them.

    If a single term has a `target` that is not among them, the mistake is there.
    """
    data, train, model = task.data, task.spec.train, task.spec.model
    assert data is not None and train is not None and model is not None
    wanted = asked_for(task, terms)
    if wanted is None:
        known = [name for term in terms for name in (term.target, term.mask)]
        return any(name not in known for name in data.targets)
    strange = [name for name in data.targets if name not in wanted]
    left, missing = list(strange), [name for name in wanted if name not in data.targets]
    both: list[TermSpec | MetricSpec] = [*train.terms, *train.metrics]
    asking = [spec for spec in both if spec.target and missing.count(spec.target) == 1]
    # The likeliest pairs first: what is left of both is meant as well where there is one of each.
    for spec in sorted(asking if strange else [], key=lambda spec: not suggest(spec.target or "", strange)):
        word = spec.target or ""
        missing.remove(word)
        meant = suggest(word, left).new or (left[0] if len(left) == 1 else "")
        misspelt_target(reporter, spec, word, meant, list(data.targets))
        left = [name for name in left if meant and name != meant]
    named = {term.name for term in train.terms}
    for name in left:
        if not missing and name not in named and (name in model.nodes or name in task.planned.graph.outputs):
            report_untrained(reporter, name, is_output=name in task.planned.graph.outputs)
            continue
        close = suggest(name, missing).new or (missing[0] if len(missing) == 1 else "")
        advice = f"did you mean `{close}`?" if close else ()
        if model.sequential and missing == ["output"]:
            advice = f"give the last layer `name: {name}`: a target has the name of its output"
        elif close and close not in task.planned.graph.outputs and any(term.name == close for term in train.terms):
            advice = f"write `target: {name}` beside the loss term `{close}`, or call the term `{name}`"
        message, label = f"no loss uses the target `{name}`", "not used"
        note = f"targets that losses use: {listed(wanted)}" if wanted else ()
        reporter.add("E205", message, ("data", "targets", name), key=True, label=label, help=advice, note=note)
    return bool(strange)


def report_untrained(reporter: Reporter, name: str, *, is_output: bool) -> None:
    """Report a target of an output or a node that has no loss."""
    message = f"no loss uses the target `{name}`"
    what = "the output" if is_output else "the node, which is no output,"
    help = f"add a loss for {what} to `losses`, `{name}: ...`, or remove the target"
    reporter.add("E205", message, ("data", "targets", name), key=True, label="not used", help=help)


def misspelt_target(reporter: Reporter, term: TermSpec | MetricSpec, word: str, meant: str, targets: list[str]) -> None:
    """Report the unknown `target` of a term or metric; `meant` is the only one of `targets` that no loss uses."""
    path = (*term.path, "target")
    message, label = f"`data` has no target `{word}`", "no such target"
    help = f"did you mean `{meant}`?" if meant else ()
    note = () if meant else f"targets of `data`: {listed(targets)}"
    related = [(("data", "targets", meant), "this one is not used")] if meant else ()
    suggestion = suggest(word, [meant] if meant else [])
    reporter.add("E205", message, path, label=label, help=help, note=note, related=related, suggestion=suggestion)
