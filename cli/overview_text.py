"""The overview of a data set as lines of text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from modelc.cli.console import Line, Styled
from modelc.cli.text_table import cut, paragraphs, text_table
from modelc.compiler.diagnostics.phrases import counted

if TYPE_CHECKING:
    from modelc.compiler.library.base.lazy import NumpyArray
    from modelc.runtime.data.bad_rows import PartOfSkips
    from modelc.runtime.overview.class_counts import ClassCounts
    from modelc.runtime.overview.column_facts import ColumnFacts
    from modelc.runtime.overview.findings import Finding
    from modelc.runtime.overview.overview import Overview, PartFacts, Reading, Sample

MOST_COLUMNS, MOST_CLASSES, MOST_FINDINGS, MOST_VALUES = 24, 10, 12, 8
"""As many are shown of each; JSON has all."""
LONGEST = 30
"""Characters of a value or name that are shown."""


def overview_lines(found: "Overview", name: str, source: str, width: int) -> list[Line]:
    """The overview of the data of the spec called `name`, whose source is written as `source`."""
    lines: list[Line] = [*paragraphs(f"{cut(name, LONGEST)}  ", [source], width), ""]
    if found.parts:
        digits = max(len(f"{part.rows:,}") for part in found.parts)
        lines += [
            (
                Styled("strong", f"{part.name:<10}"),
                f"  {part.rows:>{digits},} {rows_text(part)}  {part.chosen}".rstrip(),
            )
            for part in found.parts
        ]
        lines.append("")
    lines += columns_table(found.columns, found.unread, width)
    if found.readings:
        lines += ["", *readings_lines(found.readings, width)]
    for one in found.classes:
        lines += ["", *classes_table(one, width)]
    for sample in found.samples:
        lines += ["", *sample_lines(sample, width)]
    for part in found.skipped:
        lines += ["", *skipped_lines(part, width)]
    if found.parts:
        lines += ["", *paragraphs("note  ", found.notes[:MOST_FINDINGS], width), *findings_lines(found.findings, width)]
    return lines


def skipped_lines(part: "PartOfSkips", width: int) -> list[Line]:
    """How many rows are left out, and the first of them with what is wrong with them."""
    rows = [str(row) for row in part.rows[:MOST_FINDINGS]]
    more = len(part.rows) - len(rows)
    lines = [*paragraphs("", [part.sentence], width), *paragraphs("  ", rows, width)]
    return [*lines, *([f"  and {counted(more, 'row')} more, which `--format json` has"] if more else [])]


def rows_text(part: "PartFacts") -> str:
    return "rows" if part.windows is None else f"rows, {counted(part.windows, 'window')}"


def columns_table(columns: Sequence["ColumnFacts"], unread: Sequence[str] | None, width: int) -> Iterator[Line]:
    """A line for each column, and which are not read."""
    rows = [
        [
            cut(one.name, LONGEST),
            type_of(one),
            f"{one.missing:,}",
            "" if one.distinct is None else f"{one.distinct:,}",
            values_of(one),
        ]
        for one in columns[:MOST_COLUMNS]
    ]
    yield from text_table(("column", "type", "missing", "distinct", "values"), rows, width, (2, 3))
    if len(columns) > MOST_COLUMNS:
        yield f"and {counted(len(columns) - MOST_COLUMNS, 'column')} more, which `--format json` has"
    if unread:
        shown = ", ".join(cut(name, LONGEST) for name in unread[:MOST_VALUES])
        more = f" and {len(unread) - MOST_VALUES:,} more" if len(unread) > MOST_VALUES else ""
        yield from paragraphs("not read  ", [shown + more], width)


def type_of(column: "ColumnFacts") -> str:
    """The type of a column; of arrays the dtype, and the shape of one row."""
    from modelc.compiler.library.base.tensor_type import show_shape

    shown = f"{column.dtype} {show_shape(column.shape)}" if column.shape else column.type
    return f"{shown}, declared" if column.declared else shown


def values_of(column: "ColumnFacts") -> str:
    """What values a column has, in a few words."""
    frequent = ", ".join(f"{value_text(value)} {count:,}" for value, count in column.frequent)
    if column.is_text or column.type == "boolean":
        if column.frequent:
            return frequent + (", ..." if (column.distinct or 0) > len(column.frequent) else "")
        if column.least is None:
            return ""
        most = counted(int(column.most or 0), "character")
        return f"no two alike, {most if column.least == column.most else f'{column.least:,} to {most}'}"
    if column.least is None:
        return ""
    mean = "" if column.mean is None else f", mean {number_text(column.mean)}"
    return f"{number_text(column.least)} to {number_text(column.most)}{mean}"


def number_text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if abs(value) < 1e6 else f"{value:.4g}"


def value_text(value: Any) -> str:
    """A value of a column, or an array, in a few characters."""
    if value is None:
        return "missing"
    if hasattr(value, "shape") and value.shape:
        return array_text(value)
    if isinstance(value, str):
        return cut(value, LONGEST) or "''"
    return (
        str(value).lower()
        if isinstance(value, bool)
        else number_text(value)
        if isinstance(value, int | float)
        else cut(str(value), LONGEST)
    )


def array_text(values: "NumpyArray") -> str:
    """The values of a short array, or the shape and range of a long one."""
    from modelc.compiler.library.base.tensor_type import show_shape

    if values.ndim == 1 and values.size <= MOST_VALUES:
        return f"[{', '.join(value_text(value) for value in values.tolist())}]"
    shape = show_shape(values.shape)
    if values.dtype.kind not in "iuf":
        return shape
    return f"{shape} of {number_text(values.min().item())} to {number_text(values.max().item())}"


def readings_lines(readings: Sequence["Reading"], width: int) -> Iterator[Line]:
    """Each input and target: the type that the model takes, its reader, and below what that has learnt."""
    from modelc.compiler.library.base.tensor_type import show_shape

    shown = readings[:MOST_COLUMNS]
    labels = [f"{one.kind} {cut(one.name, LONGEST)}" for one in shown]
    types = [f"{show_shape(one.shape)} {one.dtype}" for one in shown]
    first, second = max(map(len, labels)), max(map(len, types))
    for one, label, type_ in zip(shown, labels, types, strict=True):
        yield from paragraphs(f"{label:<{first}}  {type_:<{second}}  ", [one.reader], width)
        yield from paragraphs("    ", one.learnt, width)
    if len(readings) > MOST_COLUMNS:
        yield f"and {len(readings) - MOST_COLUMNS:,} more, which `--format json` has"


def classes_table(classes: "ClassCounts", width: int) -> Iterator[Line]:
    """How many rows of each part are of each class, the most frequent first."""
    total = {part: sum(counts) for part, counts in classes.counts.items()}
    order = sorted(range(len(classes.names)), key=lambda place: -classes.counts["training"][place])
    rows = []
    for place in order[:MOST_CLASSES]:
        cells = [
            f"{counts[place]:,}  {100 * counts[place] / max(total[part], 1):4.1f} %"
            for part, counts in classes.counts.items()
        ]
        rows.append([cut(classes.names[place], LONGEST), *cells, ""])
    header = (f"classes of {cut(classes.target, LONGEST)}", *classes.counts, "")
    yield from text_table(header, rows, width, range(1, len(header)))
    if len(order) > MOST_CLASSES:
        yield f"and {len(order) - MOST_CLASSES:,} more classes, which `--format json` has"


def sample_lines(sample: "Sample", width: int) -> Iterator[Line]:
    """One row, as it is in its columns and as the model takes it."""
    yield (Styled("strong", f"row {sample.row}"), f"  {sample.place}".rstrip())
    for label, values in (("raw", sample.raw), ("read", sample.read)):
        yield from paragraphs(f"  {label:<4}  ", [values_text(values)], width)


def values_text(values: Mapping[str, Any]) -> str:
    """The first of some values, each with its name."""
    shown = ", ".join(f"{cut(name, LONGEST)} {value_text(value)}" for name, value in [*values.items()][:MOST_COLUMNS])
    return shown + (f" and {len(values) - MOST_COLUMNS:,} more" if len(values) > MOST_COLUMNS else "")


def findings_lines(findings: Sequence["Finding"], width: int) -> Iterator[Line]:
    """What is odd, a paragraph each."""
    if not findings:
        yield Styled("good", "nothing odd was found")
        return
    yield from paragraphs("warning  ", [one.text for one in findings[:MOST_FINDINGS]], width)
    if len(findings) > MOST_FINDINGS:
        yield f"and {counted(len(findings) - MOST_FINDINGS, 'warning')} more, which `--format json` has"
