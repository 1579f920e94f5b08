"""`modelc summary`: the layers, shapes, weights, losses and data of a spec as a table, without jax."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from modelc.cli.checking import RootFolder, Settings, checked_spec
from modelc.cli.console import Line, Styled, columns, say, say_document
from modelc.cli.plugins import PluginNames, enable

if TYPE_CHECKING:
    from modelc.compiler.api import Checked
    from modelc.compiler.explain.summary import Count, Row, Summary, TermRow

HEADER = ("path", "layer", "output", "parameters", "frozen", "mask", "computes in", "connected to")
PATH, LAYER, OUTPUT, NUMBERS, FROZEN, MASK, PRECISION, CONNECTED = range(8)
SHOWN_IF_FILLED = (FROZEN, MASK, PRECISION)
GAP = "  "
UNBOUNDED = 1_000_000
"""The width of what is no terminal."""


def summary(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="The spec: a YAML or JSON file.")],
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="A table, or JSON for programs.")
    ] = "text",
    root: RootFolder = None,
    settings: Settings = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print the resolved spec itself, with the origin of each value.")
    ] = False,
    plugins: PluginNames = None,
) -> None:
    """Show a spec's layers, shapes, parameters, losses and data.

    With --resolved, print the resolved spec instead: files merged, overrides applied, variables computed.
    """
    enable(plugins)

    task, checked = checked_spec(spec, settings or (), root)

    if resolved:
        say_document(resolved_text(checked, output_format))
        return

    from modelc.compiler.explain.summary import summarize

    found = summarize(task)
    if output_format == "json":
        from modelc.compiler.diagnostics.render.json_text import json_text

        say_document(json_text(as_json(found)) + "\n")
    else:
        say(*as_lines(found, columns() or UNBOUNDED))


def resolved_text(checked: "Checked", output_format: str) -> str:
    """The resolved spec as YAML with comments, or as JSON without."""
    from modelc.compiler.diagnostics.render.json_text import json_text
    from modelc.compiler.expansion.resolved_spec import resolve
    from modelc.compiler.expansion.yaml_writer import to_data, to_yaml

    assert checked.document is not None
    root = resolve(checked.document, checked.class_names)
    if output_format == "text":
        return to_yaml(root, checked.sources)
    return json_text(to_data(root)) + "\n"


def as_lines(summary: "Summary", width: int) -> list[Line]:
    """The summary as lines of at most `width` columns, if its paths and numbers fit."""
    title: list[Line] = [Styled("strong", summary.name), ""] if summary.name else []
    return [*title, *table(summary, width), "", *totals(summary), "", *about(facts(summary), width)]


def table(summary: "Summary", width: int) -> list[Line]:
    """The inputs and nodes. Where the terminal is narrow, layers are cut first, and connections take several lines."""
    from modelc.compiler.diagnostics.render.printable import printable
    from modelc.compiler.library.base.tensor_type import show_type

    raw = [
        [
            row.path,
            row.notation + (f" (weights of {row.owner})" if row.owner else ""),
            show_type(row.output),
            "" if row.layer == "input" else f"{row.parameters:,}",
            f"{row.frozen:,}" if row.frozen else "",
            row.mask,
            row.computes_in,
            ", ".join(row.inputs),
        ]
        for row in summary.rows
    ]
    # Columns are as wide as what is printed.
    cells = [[printable(cell) for cell in line] for line in raw]
    hidden = [column for column in SHOWN_IF_FILLED if not any(line[column] for line in cells)]
    widths = [max(len(line[column]) for line in [HEADER, *cells]) for column in range(len(HEADER))]
    for column in hidden:
        widths[column] = 0
    gaps = len(GAP) * (len(HEADER) - len(hidden) - 1)
    longest = max((len(printable(name)) + 1 for row in summary.rows for name in row.inputs), default=0)
    for column, least in ((LAYER, 40), (CONNECTED, max(longest, len(HEADER[CONNECTED]))), (LAYER, 12), (PATH, 16)):
        over = sum(widths) + gaps - width
        if over > 0:
            widths[column] = max(min(least, widths[column]), widths[column] - over)
    lines: list[Line] = [Styled("strong", aligned(HEADER, widths))]
    lines.append(Styled("dim", GAP.join("-" * width for width in widths if width)))
    for line in cells:
        first, *more = wrap(line[CONNECTED], widths[CONNECTED]) or [""]
        lines.append(aligned([*line[:CONNECTED], first], widths))
        lines.extend(aligned([""] * CONNECTED + [rest], widths) for rest in more)
    return lines


def aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """One line of the table; columns of width 0 are left out."""
    padded = []
    for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        if width:
            shown = shorten(cell, width, column == PATH)
            padded.append(shown.rjust(width) if column in (NUMBERS, FROZEN) else shown.ljust(width))
    return GAP.join(padded).rstrip()


def wrap(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def shorten(text: str, width: int, before: bool = False) -> str:
    """`text` cut to `width` columns. A path loses its beginning, since its end distinguishes it from its neighbours."""
    if len(text) <= width:
        return text
    room = max(width - 3, 0)
    return "..." + text[len(text) - room :] if before else text[:room] + "..."


def totals(summary: "Summary") -> list[Line]:
    """The numbers of parameters with their bytes, one per line."""
    counts = [("parameters", summary.total)]
    if summary.state.values:
        counts += [("  trainable", summary.trainable), ("  not trainable", summary.state)]
    digits = max(len(f"{count.values:,}") for _, count in counts)
    label = max(len(name) for name, _ in counts)
    return [
        (
            Styled("strong" if index == 0 else "dim", f"{name:<{label}}"),
            f"  {count.values:>{digits},}  ({show_bytes(count)})",
        )
        for index, (name, count) in enumerate(counts)
    ]


def show_bytes(count: "Count") -> str:
    """Bytes in the largest unit that gives at least 1."""
    size, unit = float(count.bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def facts(summary: "Summary") -> list[tuple[str, str]]:
    """The facts below the table, each a name and a text."""
    named = [name if name == edge else f"{name} ({edge})" for name, edge in summary.outputs]
    found = [("outputs" if len(named) > 1 else "output", ", ".join(named)), ("precision", summary.precision)]
    for index, (path, times) in enumerate(summary.loops):
        found.append(("" if index else "one loop", f"{path}: {times} copies, with stacked weights"))
    for index, term in enumerate(summary.terms):
        found.append(("loss" if index == 0 else "", show_term(term, len(summary.terms) > 1)))
    if summary.metrics:
        found.append(("metrics", ", ".join(summary.metrics)))
    if summary.monitor:
        found.append(("monitor", f"{summary.monitor}, {summary.better} is better"))
    if summary.optimizer:
        found.append(("optimizer", summary.optimizer))
        found.append(("length", f"{summary.length} in batches of {summary.batch_size}"))
    found += summary.facts
    for phase in summary.phases:
        trained = phase.trainable.values
        shares = f"{trained:,} trainable, {summary.total.values - trained:,} not"
        own = "".join(f"; {key} {text}" for key, text in phase.facts)
        found.append((f"phase {phase.name}", f"{phase.length}: {shares}; {phase.optimizer}{own}"))
    if summary.source:
        found.append(("data", summary.source))
        found += [("", f"{name} <- {reader}") for name, reader in summary.inputs]
        found += [("", f"{term.target} <- {term.reader}") for term in summary.terms if term.reader]
        found += [("", f"{name} <- {reader}, in metrics") for name, reader in summary.compared]
    if summary.sample_weight:
        found.append(("", f"sample_weight <- {summary.sample_weight}, in {summary.weighed}"))
    if summary.validation:
        found.append(("validation", summary.validation))
    if summary.test:
        found.append(("test", summary.test))
    return found


def show_term(term: "TermRow", several: bool) -> str:
    """One loss term: its values, its target, and how they are compared."""
    from modelc.compiler.library.base.tensor_type import show_shape

    values = f"{term.of} {show_shape(term.output.shape)}" if term.output else term.of
    if term.activation:
        values += f" before its {term.activation}"
    elif term.link:
        values += f" as logits of a {term.link}"
    text = f"{term.loss} of {values}"
    if term.target:
        shape = "" if term.target_type is None else f" {show_shape(term.target_type.shape)}"
        repaired = " as [1]" if term.repaired else ""
        text += f", against {term.target}{shape}{repaired} ({term.subject}{show_classes(term)})"
    if term.mask:
        text += f", where {term.mask} is true"
    weight = f", weight {term.weight:g}" if term.weight != 1 else ""
    return (f"{term.name}: " if several and term.name != term.of else "") + text + weight


def show_classes(term: "TermRow") -> str:
    count = len(term.classes) if isinstance(term.classes, tuple) else term.classes
    return f", {count:,} classes" if count else ""


def about(facts: list[tuple[str, str]], width: int) -> list[Line]:
    """Names on the left, wrapped texts beside them."""
    from modelc.compiler.diagnostics.render.printable import printable

    named = [(printable(name), text) for name, text in facts]
    label = max(len(name) for name, _ in named)
    lines: list[Line] = []
    for name, text in named:
        first, *more = wrap(printable(text), max(width - label - 4, 30)) or [""]
        lines.append((Styled("strong", f"{name:<{label}}"), GAP + first))
        lines.extend(" " * (label + len(GAP)) + "  " + line for line in more)
    return lines


def as_json(summary: "Summary") -> dict[str, Any]:
    """The summary as JSON. Inputs are not among the nodes."""
    return {
        "format_version": "1.2",
        "name": summary.name,
        "inputs": [
            {"name": row.path, "shape": list(row.output.shape), "dtype": row.output.dtype}
            for row in summary.rows
            if row.layer == "input"
        ],
        "nodes": [node_json(row) for row in summary.rows if row.layer != "input"],
        "outputs": dict(summary.outputs),
        "precision": summary.precision,
        "parameters": {
            "total": summary.total.values,
            "trainable": summary.trainable.values,
            "non_trainable": summary.state.values,
        },
        "bytes": {
            "total": summary.total.bytes,
            "trainable": summary.trainable.bytes,
            "non_trainable": summary.state.bytes,
        },
        "loops": dict(summary.loops),
        "losses": [term_json(term) for term in summary.terms],
        "metrics": list(summary.metrics),
        "monitor": summary.monitor or None,
        "optimizer": summary.optimizer or None,
        "phases": [
            {
                "name": phase.name,
                "length": phase.length,
                "trainable": phase.trainable.values,
                "non_trainable": summary.total.values - phase.trainable.values,
                "optimizer": phase.optimizer,
            }
            for phase in summary.phases
        ],
        "data": {
            "source": summary.source or None,
            "inputs": dict(summary.inputs),
            "targets": {term.target: term.reader for term in summary.terms if term.reader},
            "sample_weight": summary.sample_weight or None,
            "validation": summary.validation or None,
            "test": summary.test or None,
        },
    }


def node_json(row: "Row") -> dict[str, Any]:
    return {
        "path": row.path,
        "layer": row.layer,
        "output_shape": list(row.output.shape),
        "dtype": row.output.dtype,
        "parameters": row.parameters,
        "inputs": list(row.inputs),
        **({"ports": {name: list(type_.shape) for name, type_ in row.ports}} if row.ports else {}),
        **({"frozen": row.frozen} if row.frozen else {}),
        **({"mask": row.mask} if row.mask else {}),
        **({"computes_in": row.computes_in} if row.computes_in else {}),
    }


def term_json(term: "TermRow") -> dict[str, Any]:
    return {
        "name": term.name,
        "loss": term.loss,
        "of": term.of,
        "logits": not term.activation if term.link else None,
        "target": term.target or None,
        "target_shape": None if term.target_type is None else list(term.target_type.shape),
        "repaired": term.repaired,
        "classes": list(term.classes) if isinstance(term.classes, tuple) else term.classes,
        "weight": term.weight,
        "mask": term.mask or None,
    }
