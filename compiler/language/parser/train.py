"""Parses the `train` section: loss terms, metrics, optimizer and settings."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import MetricSpec, Reference, TermSpec, TrainSpec
from modelc.compiler.language.initial_weights import WeightsFrom
from modelc.compiler.language.parser.graph_nodes import references
from modelc.compiler.language.parser.named_item import Found, check_name, check_reference, nearest_name, value_of
from modelc.compiler.language.parser.phases import read_phases
from modelc.compiler.language.parser.settings import settings_of
from modelc.compiler.language.parser.walk import read, read_keys
from modelc.compiler.language.settings import Settings
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import spell
from modelc.compiler.language.suggestions.wrong_kinds import output_names, terms_in_order
from modelc.compiler.language.train_grammar import TRAIN
from modelc.compiler.library.metrics import METRICS

SEVERAL = object()
"""What is read of the loss of several outputs."""


def read_train(reporter: Reporter, raw: Any, path: Path) -> TrainSpec | None:
    """The train section at `path`, or None when it is no mapping."""
    section = read_keys(
        reporter,
        TRAIN,
        raw,
        path,
        readers={"loss": read_loss, "losses": read_terms, "metrics": read_metrics, "initial_weights": initial},
    )
    if section is None:
        return None
    terms, terms_whole = section.get("losses") or ((), True)
    is_of_several = "loss" in section and section["loss"] is SEVERAL
    if "loss" in section and not is_of_several:
        terms = (TermSpec(None, value_of(section["loss"]), None, None, 1.0, (*path, "loss")),)
    metrics, unread = section.get("metrics", ((), ()))
    settings, optimizer = settings_of(section, Settings()), value_of(section.get("optimizer"))
    settings = settings._replace(initial_weights=section.get("initial_weights") or ())
    phases = read_phases(reporter, section.get("phases") or (), optimizer, settings, (*path, "phases"))
    settings = settings._replace(phases=tuple(phase.settings for phase in phases))
    if not terms_whole or is_of_several or reporter.lacks(path):
        unread = None
    return TrainSpec(terms, metrics, optimizer, settings, unread == (), unread, phases)


def initial(reporter: Reporter, raw: Any, path: Path) -> tuple[WeightsFrom, ...]:
    """Where weights are taken from before the first step."""
    from modelc.compiler.language.parser.initial_weights import read_initial_weights

    return read_initial_weights(reporter, raw, path)


def read_loss(reporter: Reporter, raw: Any, path: Path) -> Any:
    """The loss of the only output; `SEVERAL` after reporting those of several outputs, by name or in order."""
    names = output_names(reporter.document.data) if isinstance(raw, list | Mapping) else []
    by_name = isinstance(raw, Mapping) and set(raw) == set(names)
    losses = [raw[name] for name in names] if by_name else raw if isinstance(raw, list) else []
    written = terms_in_order(losses, names)
    if not written:
        return read(reporter, TRAIN.keys["loss"], raw, path)
    message = f"`loss` is for models with one output, this model has {len(names)}: {listed(names)}"
    reporter.add("E108", message, path, key=True, label="several losses", help=f"write `losses: {written}`")
    return SEVERAL


def read_terms(reporter: Reporter, raw: Any, path: Path) -> tuple[tuple[TermSpec, ...], bool]:
    """The terms of the loss, and whether all of them are there."""
    entries: Mapping[str, Found | None] = read(reporter, TRAIN.keys["losses"], raw, path) or {}
    terms = tuple(read_term(reporter, name, found, (*path, name)) for name, found in entries.items())
    return terms, bool(terms) and not reporter.lacks(path)


def read_term(reporter: Reporter, name: str, found: Found | None, path: Path) -> TermSpec:
    """One term: a named loss with what stands beside it."""
    beside = found.beside if found is not None else {}
    of = references(reporter, beside.get("of"), (*path, "of"))
    mask = beside.get("mask")
    if mask is not None and not check_reference(reporter, mask, (*path, "mask")):
        mask = None
    # A key that nothing has may be a typo of `of`.
    strange = found is not None and found.strange
    unread = (of is None and ("of" in beside or strange)) or reporter.is_hole((*path, "of"))
    loss = None if unread else value_of(found)
    weight = 1.0 if beside.get("weight") is None else float(beside["weight"])
    masked = mask and Reference(mask, (*path, "mask"))
    return TermSpec(name, loss, () if unread else of, beside.get("target"), weight, path, masked)


Metrics = tuple[tuple[MetricSpec, ...], tuple[str, ...] | None]
"""Metrics, and the names of those that could not be read; None where some have no name, or may be missing."""


def read_metrics(reporter: Reporter, raw: Any, path: Path) -> Metrics:
    """The metrics of a list, or of a mapping by output."""
    if isinstance(raw, Mapping) and report_turned(reporter, raw, path):
        return (), None
    named = [output for output in raw if output in METRICS] if isinstance(raw, Mapping) else []
    for output in named:
        message, label = "`metrics` must be a list, or a mapping from outputs to lists", "a metric, not an output"
        written = output if raw[output] in (None, {}) else spell({output: raw[output]})
        help = f"write `metrics: [{written}]`"
        reporter.add("E105", message, (*path, output), key=True, label=label, help=help)
    if named:
        raw = {output: value for output, value in raw.items() if output not in named}
    found = read(reporter, TRAIN.keys["metrics"], raw, path)
    if not isinstance(found, dict):
        return read_list(reporter, found, path, None)
    lists = [read_list(reporter, metrics, (*path, output), output) for output, metrics in found.items()]
    unread = [name for _, names in lists for name in names or ()]
    whole = not named and not reporter.lacks(path) and all(names is not None for _, names in lists)
    return tuple(metric for metrics, _ in lists for metric in metrics), tuple(unread) if whole else None


def report_turned(reporter: Reporter, raw: Mapping[str, Any], path: Path) -> bool:
    """Report metrics that name their outputs, where outputs name their metrics; says whether they do."""
    from modelc.compiler.language.suggestions.suggest import suggest

    outputs = output_names(reporter.document.data)
    if not raw or not all(isinstance(output, str) and output in outputs for output in raw.values()):
        return False
    lists: dict[str, list[str]] = {}
    for metric, output in raw.items():
        lists.setdefault(output, []).append(metric if metric in METRICS else suggest(metric, METRICS).new or metric)
    written = ", ".join(f"{output}: [{', '.join(metrics)}]" for output, metrics in lists.items())
    message, help = "outputs name their metrics, not metrics their outputs", f"write `metrics: {{{written}}}`"
    reporter.add("E105", message, path, key=True, label="the other way round", help=help)
    return True


def read_list(reporter: Reporter, found: list[Found | None] | None, path: Path, output: str | None) -> Metrics:
    """The metrics in a list."""
    if found is None:
        return (), None
    read = [read_metric(reporter, one, (*path, index), output) for index, one in enumerate(found)]
    unread = [
        (one, (*path, index)) for index, (one, metric) in enumerate(zip(found, read, strict=True)) if metric is None
    ]
    names = [named_in_log(reporter, one, at) for one, at in unread]
    metrics = tuple(metric for metric in read if metric is not None)
    return metrics, tuple(dict.fromkeys(name for several in names for name in several)) if all(names) else None


def named_in_log(reporter: Reporter, found: Found | None, path: Path) -> tuple[str, ...]:
    """What a metric may be called in the log, as far as it can be read; nothing where it has no name, or one that cannot be
    read.
    """
    name = None if found is None else found.beside.get("name")
    if found is None or (name is None and ("name" in found.beside or reporter.is_hole((*path, "name")))):
        return ()
    if name is None:
        return (found.name,)
    # With a name that cannot be one, what is written elsewhere is that of the metric, or what the name should be.
    nearest = nearest_name(name)
    return (name,) if nearest == name else (found.name, nearest) if nearest else (found.name,)


def read_metric(reporter: Reporter, found: Found | None, path: Path, output: str | None) -> MetricSpec | None:
    """One metric with what stands beside it; None where some of it could not be read."""
    if found is None or found.value is None:
        return None
    name, of = found.beside.get("name"), references(reporter, found.beside.get("of"), (*path, "of"))
    readable = name is None or check_name(reporter, name, (*path, "name"))
    if not readable or reporter.lacks(path) or any(found.beside[key] is None for key in found.beside):
        return None
    target, weighted = found.beside.get("target"), found.beside.get("weighted", False)
    return MetricSpec(output, found.value, found.name, path, name, of, target, weighted)
