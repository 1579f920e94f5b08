"""How new rows differ from those that a run was trained on, for `modelc data RUN FILE`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from modelc.cli.checking import Folders
from modelc.cli.console import FINDINGS, Line, Styled, columns, say, say_document
from modelc.cli.overview_text import skipped_lines
from modelc.cli.plugins import task_of
from modelc.cli.splits import open_run, rows_in
from modelc.cli.summary import UNBOUNDED
from modelc.cli.text_table import cut, paragraphs, text_table
from modelc.compiler.diagnostics.phrases import counted, name_list

if TYPE_CHECKING:
    from modelc.runtime.data.column_profiles import VariableProfile
    from modelc.runtime.overview.comparison import Comparison
    from modelc.runtime.overview.drift import Drift

MOST_COLUMNS, MOST_NAMES, LONGEST = 24, 5, 20
"""Columns and names that are shown, and characters of each."""


def show_drift(
    subject: str, file: Path, bound: float | None, output_format: Literal["text", "json"], folders: Folders
) -> None:
    """Print the comparison of the rows in `file` with those that the run `subject` was trained on. Ends the command where they differ
    by more than the `bound`.
    """
    root, data_root = folders
    found = open_run(subject, root, ["data", file])
    task = task_of(found)

    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.runtime.overview.comparison import compare
    from modelc.runtime.runs.kept_profiles import kept_profiles
    from modelc.runtime.runs.learnt_values import values_for_prediction

    profiles = kept_profiles(found)
    if profiles is None:
        message = (
            f"the run `{found.folder}` was trained by a version that kept nothing of its columns to compare rows with"
        )
        raise RunError("E602", message, helps=("train it again",))
    rows = rows_in(found, task, file, (root, data_root), skipping=True)
    compared = compare(task, values_for_prediction(found), profiles, rows)
    beyond = () if bound is None else compared.beyond(bound)
    if output_format == "json":
        from modelc.compiler.diagnostics.render.json_text import json_text

        facts = {"run": str(found.folder), "data": rows.shown, "max_drift": bound, "beyond": list(beyond)}
        say_document(json_text({"version": 1, **facts, **as_json(compared)}) + "\n")
    else:
        say(*as_lines(compared, str(found.folder), rows.shown, columns() or UNBOUNDED))
        if bound is not None:
            say(verdict(beyond, bound))
    if beyond:
        raise typer.Exit(FINDINGS)


def verdict(beyond: tuple[str, ...], bound: float) -> Line:
    """Whether all is within the bound."""
    if not beyond:
        return Styled("good", f"no column has more drift than {bound:g}")
    shown = name_list(cut(name, LONGEST) for name in beyond[:MOST_NAMES])
    more = f" and {len(beyond) - MOST_NAMES:,} more" if len(beyond) > MOST_NAMES else ""
    return Styled("error", f"more drift than {bound:g}, gone, or of another type: {shown}{more}")


def as_lines(compared: "Comparison", run: str, file: str, width: int) -> list[Line]:
    """The comparison: a table of all columns, the largest drift first, and what is to be said of them."""
    drifts = sorted(compared.drifts, key=lambda one: (not one.is_drift, -one.index))
    kept = profiles_by_name(compared)
    beside = f"{counted(compared.rows, 'row')}, beside {compared.trained_rows:,} training rows of {run}"
    lines: list[Line] = [Styled("strong", file), *paragraphs("", [beside], width), ""]
    if drifts:
        cells = [
            [
                cut(one.name, LONGEST),
                f"{one.index:.3f}",
                "up to " + f"{one.chance:.3f}",
                f"{before_text(kept[one.name])} -> {now_text(one, kept[one.name])}",
            ]
            for one in drifts[:MOST_COLUMNS]
        ]
        lines += text_table(("column", "drift", "by chance", "in training -> in these rows"), cells, width, (1, 2))
        if len(drifts) > MOST_COLUMNS:
            lines.append(f"and {counted(len(drifts) - MOST_COLUMNS, 'column')} more, which `--format json` has")
        lines.append("")
    if compared.skipped.rows:
        lines += [*skipped_lines(compared.skipped, width), ""]
    said = list(sentences(compared))
    lines += paragraphs("warning  ", said[:MOST_COLUMNS], width)
    if len(said) > MOST_COLUMNS:
        lines.append(f"and {counted(len(said) - MOST_COLUMNS, 'warning')} more, which `--format json` has")
    return [*lines, *paragraphs("", [total(compared)], width)]


def total(compared: "Comparison") -> str:
    """What is said of all columns together."""
    drifted = [one for one in compared.drifts if one.is_drift]
    if not drifted:
        return "no column that was compared differs by more than chance explains"
    largest = max(drifted, key=lambda one: one.index)
    return (
        f"{len(drifted):,} of {counted(len(compared.drifts), 'column')} {'differs' if len(drifted) == 1 else 'differ'} by more than "
        f"chance explains; the largest drift is {largest.index:.3f}, of `{largest.name}`"
    )


def profiles_by_name(compared: "Comparison") -> "Mapping[str, VariableProfile]":
    """What the run has kept of each variable."""
    found = {}
    for name, column in compared.profiles.columns.items():
        for place, variable in enumerate(column.variables):
            found[f"{name}[{place}]" if len(column.variables) > 1 else name] = variable
    return found


def before_text(profile: "VariableProfile") -> str:
    """The values in training, in a few words."""
    if profile.names is not None:
        return shares(profile.names.counts, profile.rows - profile.missing)
    return range_text(profile.numbers, profile.kind)


def now_text(drift: "Drift", profile: "VariableProfile") -> str:
    """The values now."""
    from modelc.runtime.data.variables import Counted

    if isinstance(drift.now, Counted):
        counts = dict(zip(drift.now.values, drift.now.counts.tolist(), strict=True))
        return shares(counts, sum(counts.values()))
    return range_text(drift.now, profile.kind)


def range_text(numbers: Any, kind: str) -> str:
    """A range of numbers, or of lengths."""
    if numbers is None:
        return "none"
    least, most = f"{numbers.least:.4g}", f"{numbers.most:.4g}"
    return (least if least == most else f"{least} to {most}") + (" characters" if kind == "length" else "")


def shares(counts: Mapping[str, int], rows: int) -> str:
    """The most frequent names with their shares of the `rows` that have one."""
    first = sorted(counts, key=lambda name: (-counts[name], name))[:3]
    return ", ".join(f"{cut(name, LONGEST)} {100 * counts[name] / max(1, rows):.0f} %" for name in first) or "none"


def sentences(compared: "Comparison") -> Iterator[str]:
    """What is to be said of single columns."""
    kept = profiles_by_name(compared)
    for name in compared.gone:
        yield f"`{name}` is not in the file, and the model reads it: `predict` refuses these rows"
    for name, how in compared.changed.items():
        yield f"`{name}` cannot be read as in training: {how}"
    for one in compared.drifts:
        before, now = one.missing
        if now > before and one.is_drift:
            yield f"`{one.name}` has {100 * now:.3g} % missing values, in training {100 * before:.3g} %"
        if one.unseen:
            names = ", ".join(f"{cut(name, LONGEST)} {count:,}" for name, count in [*one.unseen.items()][:MOST_NAMES])
            more = ", ..." if len(one.unseen) > MOST_NAMES else ""
            rows = counted(sum(one.unseen.values()), "row")
            yield f"`{one.name}` has {counted(len(one.unseen), 'name')} that training did not have, in {rows}: {names}{more}"
        if one.outside and is_far(one, kept[one.name], compared):
            yield f"`{one.name}` has {counted(one.outside, 'value')} beyond the range of training"
    if compared.gone_targets:
        yield f"{name_list(compared.gone_targets)} {'is' if len(compared.gone_targets) == 1 else 'are'} not in the file: targets, which only scores need"


def is_far(drift: "Drift", profile: "VariableProfile", compared: "Comparison") -> bool:
    """Whether numbers beyond the range of training are more than a few beside its ends, which new rows always have: of the
    next row, each end is passed with a probability of 1 in so many rows.
    """
    from modelc.runtime.data.column_profiles import Numbers

    numbers, now = profile.numbers, drift.now
    if drift.is_drift or drift.outside > 3 + 5 * 2 * compared.rows / max(1, compared.trained_rows):
        return True
    if numbers is None or not isinstance(now, Numbers):
        return False
    reach = numbers.most - numbers.least
    return bool(now.least < numbers.least - reach or now.most > numbers.most + reach)


def as_json(compared: "Comparison") -> dict[str, Any]:
    """The same facts, of all columns."""
    return {
        "rows": compared.rows,
        "trained_rows": compared.trained_rows,
        "largest_drift": max((one.index for one in compared.drifts if one.is_drift), default=0.0),
        "drifted": [one.name for one in compared.drifts if one.is_drift],
        "columns": {
            one.name: {
                "drift": one.index,
                "by_chance": one.chance,
                "missing": one.missing[1],
                "missing_in_training": one.missing[0],
                "outside": one.outside,
                "unseen": dict(one.unseen),
            }
            for one in compared.drifts
        },
        "gone": list(compared.gone),
        "gone_targets": list(compared.gone_targets),
        "changed": dict(compared.changed),
        "not_read": list(compared.unread),
        "skipped_rows": [row.facts() for row in compared.skipped.rows],
    }
