"""The `train` section: loss terms, metrics, optimizer and plain settings."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import MetricSpec, Reference, Settings, TermSpec, TrainSpec
from modelc.compiler.language.parser.arguments import read_section
from modelc.compiler.language.parser.graph_nodes import read_sources
from modelc.compiler.language.parser.named_item import check_name, check_reference, read_mapping, read_named
from modelc.compiler.language.parser.pydantic_findings import wrong_type
from modelc.compiler.language.parser.section_checks import check_keys, exclude
from modelc.compiler.language.suggestions.nesting import BESIDE
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import describe
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.metrics import METRICS
from modelc.compiler.library.optimizers import OPTIMIZERS

LATER = ("freeze", "phases", "start_from", "clip_norm", "mesh")
SIBLINGS = BESIDE["loss"]


def read_train(reporter: Reporter, raw: Any, path: Path) -> TrainSpec | None:
    """The train section at `path`, or None when it is no mapping."""
    section = read_mapping(reporter, raw, path, "`train`")
    if section is None:
        return None
    complete = check_keys(reporter, section, path, LATER)
    # `epochs: null` says nothing, so that `--set` can change the one for the other.
    section = {key: value for key, value in section.items() if value is not None or key not in ("epochs", "steps")}
    exclude(reporter, section, path, "loss", "losses", "`losses` is a mapping of several terms, `loss` is the only one")
    exclude(reporter, section, path, "epochs", "steps", "both say how long to train")
    if complete:
        require(reporter, section, path)
    terms, whole = read_terms(reporter, section, path)
    metrics, all_read = read_metrics(reporter, section, path)
    plain = {key: value for key, value in section.items() if key in Settings.model_fields}
    optimizer = None
    if "optimizer" in section:
        found = read_named(reporter, OPTIMIZERS, section["optimizer"], (*path, "optimizer"))
        optimizer = None if found is None else found.value
    settings = read_section(reporter, Settings, plain, path, "`train`")
    return TrainSpec(terms, metrics, optimizer, settings, complete and whole and all_read)


def require(reporter: Reporter, section: Mapping[str, Any], path: Path) -> None:
    """Report what every training needs: a loss, an optimizer and a length."""
    needs = {
        ("loss", "losses"): "add `loss: cross_entropy` for classes or `loss: mean_squared_error` for numbers",
        ("optimizer",): f"add `optimizer: adam`; optimizers: {', '.join(OPTIMIZERS)}",
        ("epochs", "steps"): "add `epochs: 10`, the passes over the training rows, or `steps`",
    }
    for keys, cure in needs.items():
        if not set(keys) & set(section):
            reporter.add(
                "E104",
                f"`train` needs the key {' or '.join(f'`{key}`' for key in keys)}",
                path,
                key=True,
                label=f"`{keys[0]}` is missing",
                help=cure,
            )


def read_terms(reporter: Reporter, section: Mapping[str, Any], path: Path) -> tuple[tuple[TermSpec, ...], bool]:
    """The terms of the loss, and whether all of them are there."""
    if "loss" in section:
        at = (*path, "loss")
        found = read_named(reporter, LOSSES, section["loss"], at)
        return (TermSpec(None, None if found is None else found.value, None, None, 1.0, at),), True
    if "losses" not in section:
        return (), True
    at = (*path, "losses")
    raw = read_mapping(reporter, section["losses"], at, "`losses`")
    if raw is None:
        return (), False
    if not raw and not reporter.has_hole(at):
        reporter.add(
            "E104",
            "`losses` is empty",
            at,
            key=True,
            label="no term",
            help="add a term: `losses: {digit: cross_entropy}`",
        )
        return (), False
    terms = tuple(read_term(reporter, name, value, (*at, name)) for name, value in raw.items())
    return terms, not reporter.lacks(at)


def read_term(reporter: Reporter, name: str, raw: Any, path: Path) -> TermSpec:
    """One term: a named loss with `of`, `target`, `weight` and `mask` beside it."""
    check_name(reporter, name, path, key=True)
    siblings = raw if isinstance(raw, Mapping) else {}
    found = read_named(reporter, LOSSES, raw, path, SIBLINGS)
    of = read_sources(reporter, siblings["of"], (*path, "of")) if "of" in siblings else None
    target = read_word(reporter, siblings, "target", "the name of a target", path)
    mask = read_word(reporter, siblings, "mask", "the name of a target, an input or a node", path)
    weight = siblings.get("weight", 1.0)
    with suppress(PydanticCustomError):  # a ratio by zero, which is no number either
        weight = read_ratio(weight)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)):
        wrong_type(reporter, "float_type", "weight", weight, (*path, "weight"))
        weight = 1.0
    elif weight < 0:
        reporter.add(
            "E106", f"`weight` must be at least 0, got {weight}", (*path, "weight"), label="must be at least 0"
        )
    if mask is not None and not check_reference(reporter, mask, (*path, "mask")):
        mask = None
    if of == ():
        reporter.add("E104", "`of` is empty", (*path, "of"), label="of nothing", help="name an output or a node")
    # A key that nothing has may be a slip of it.
    strange = "of" not in siblings and any(key not in SIBLINGS and key not in LOSSES for key in siblings)
    unread = strange or ("of" in siblings and of is None) or reporter.is_hole((*path, "of"))
    return TermSpec(
        name,
        None if unread or found is None else found.value,
        () if unread else of,
        target,
        float(weight),
        path,
        None if mask is None else Reference(mask, (*path, "mask")),
    )


def read_word(reporter: Reporter, siblings: Mapping[str, Any], key: str, what: str, path: Path) -> str | None:
    """The text at `key`, None where there is none."""
    word = siblings.get(key)
    if key not in siblings or isinstance(word, str):
        return word
    reporter.add("E105", f"`{key}` must be {what}, got {describe(word)}", (*path, key), label="expected a name")
    return None


def read_metrics(reporter: Reporter, section: Mapping[str, Any], path: Path) -> tuple[tuple[MetricSpec, ...], bool]:
    """The metrics of a list, or of a mapping by output, and whether all of them are there."""
    at = (*path, "metrics")
    if "metrics" not in section:
        return (), True
    raw = section["metrics"]
    if isinstance(raw, Mapping):
        metrics = []
        whole = not reporter.lacks(at)
        for output, value in raw.items():
            if output in METRICS:
                reporter.add(
                    "E105",
                    "`metrics` must be a list, or a mapping from outputs to lists",
                    (*at, output),
                    key=True,
                    label="a metric, not an output",
                    help=f"write `metrics: [{output}]`",
                )
                whole = False
                continue
            below, all_read = read_metric_list(reporter, value, (*at, output), output)
            metrics.extend(below)
            whole = whole and all_read
        return tuple(metrics), whole
    below, whole = read_metric_list(reporter, raw, at, None)
    return tuple(below), whole


def read_metric_list(reporter: Reporter, raw: Any, path: Path, output: str | None) -> tuple[list[MetricSpec], bool]:
    if not isinstance(raw, list):
        if not reporter.is_hole(path):
            written = raw if isinstance(raw, str) else "accuracy"
            reporter.add(
                "E105",
                f"{'`metrics`' if output is None else f'the metrics of `{output}`'} must be a list, got {describe(raw)}",
                path,
                label="expected a list",
                help=f"write `{output or 'metrics'}: [{written}]`",
            )
        return [], False
    metrics: list[MetricSpec] = []
    whole = True
    for index, value in enumerate(raw):
        here = (*path, index)
        found = read_named(reporter, METRICS, value, here)
        if found is None or found.value is None:
            whole = False
            continue
        if any(found.name == other.kind for other in metrics):
            reporter.add("E110", f"the metric `{found.name}` is listed twice", here, label="listed again")
            continue
        metrics.append(MetricSpec(output, found.value, found.name, here))
    return metrics, whole
