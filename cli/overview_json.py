"""The overview of a data set as JSON."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelc.runtime.overview.class_counts import ClassCounts
    from modelc.runtime.overview.column_facts import ColumnFacts
    from modelc.runtime.overview.overview import Overview, Sample

MOST_NUMBERS = 1000
"""Arrays of more values are left out of sample rows."""


def overview_json(found: "Overview") -> dict[str, Any]:
    """All facts of the overview."""
    return {
        "version": 1,
        "parts": {
            part.name: {"rows": part.rows, "windows": part.windows, "chosen": part.chosen or None}
            for part in found.parts
        },
        "columns": {one.name: column_json(one) for one in found.columns},
        "unread_columns": None if found.unread is None else list(found.unread),
        **{
            f"{kind}s": {
                one.name: {
                    "reader": one.reader,
                    "shape": list(one.shape),
                    "dtype": one.dtype,
                    "learnt": list(one.learnt),
                }
                for one in found.readings
                if one.kind == kind
            }
            for kind in ("input", "target")
        },
        "classes": {one.target: classes_json(one) for one in found.classes},
        "rows": [sample_json(one) for one in found.samples],
        "skipped_rows": [facts for part in found.skipped for facts in part.facts],
        "notes": list(found.notes),
        "warnings": [
            {
                "kind": one.kind,
                "text": one.text,
                "columns": list(one.columns),
                "count": one.number,
                "rows": list(one.rows),
            }
            for one in found.findings
        ],
    }


def column_json(column: "ColumnFacts") -> dict[str, Any]:
    """A column. `least`, `most` and `mean` are of numbers, and of text of its characters."""
    return {
        "type": column.type,
        "dtype": column.dtype,
        "shape": list(column.shape),
        "declared": column.declared,
        "rows": column.rows,
        "missing": column.missing,
        "distinct": column.distinct,
        "least": column.least,
        "most": column.most,
        "mean": column.mean,
        "frequent": [[value, count] for value, count in column.frequent],
    }


def classes_json(classes: "ClassCounts") -> dict[str, Any]:
    """How many values of each part are of each class."""
    return {part: dict(zip(classes.names, counts, strict=True)) for part, counts in classes.counts.items()}


def sample_json(sample: "Sample") -> dict[str, Any]:
    """A row; null for a missing value, and for an array of many numbers."""
    return {
        "row": sample.row,
        "place": sample.place or None,
        "raw": {name: value_json(value) for name, value in sample.raw.items()},
        "read": {name: value_json(value) for name, value in sample.read.items()},
    }


def value_json(value: Any) -> Any:
    """A value of Python or of numpy, or an array, as JSON has it."""
    if not hasattr(value, "tolist"):
        return value
    return value.tolist() if value.size <= MOST_NUMBERS else None
