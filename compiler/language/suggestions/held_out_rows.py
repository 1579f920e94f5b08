"""What stands for rows that are held out as other libraries write them: `test_size: 0.2`, `split: [0.8, 0.1, 0.1]`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.base.registry import fold

Spec = Mapping[str, Any]


def as_fraction(value: Any, spec: Spec) -> str:
    """How the parts of the rows that are held out are written: the last two of three without names, the last of two."""
    if isinstance(value, Mapping):
        named = {fold(str(name)): part for name, part in value.items()}
        parts: dict[str, Any] = {
            key: next((named[name] for name in names if name in named), None)
            for key, names in (("validation", ("validation", "val", "valid", "dev")), ("test", ("test",)))
        }
    elif isinstance(value, list):
        last = value[-2:] if len(value) == 3 else value[-1:] if len(value) == 2 else []
        parts = dict(zip(("validation", "test"), last, strict=False))
    else:
        parts = {"validation": value}
    written = [f"`{key}: {part}`" for key, part in parts.items() if type(part) in (int, float) and part > 0]
    return f"write {' and '.join(written)}" if written else ""


def as_test_fraction(value: Any, spec: Spec) -> str:
    """The same for a number of test rows alone, as scikit-learn's `train_test_split` takes it."""
    return as_fraction({"test": value}, spec)


def as_rest(value: Any, spec: Spec) -> str:
    """The same for the fraction that is trained on."""
    if not isinstance(value, float) or not 0 < value < 1:
        return "training rows are those that `validation` and `test` leave: write `validation: 0.2`"
    return f"training rows are those that `validation` and `test` leave: write `validation: {1 - value:.4g}`"


SIZES = (
    "count", "drawn", "fraction", "frac", "n", "part", "percentage", "portion", "proportion", "random", "ratio", "rows", "share",
    "size", "split", "testsize", "validationsize", "validationsplit", "valsize",
)  # fmt: skip
"""Words for how many rows validate, without case and separators."""


FILE_KEYS = ("data", "dataset", "file", "filename", "path", "train")
"""Words for a file, without case and separators, in place of the source that reads it."""


def source_written(value: str) -> tuple[str, str]:
    """The source of the file or pattern `value`, as a spec has it, and what to say of one whose name does not tell its kind."""
    from modelc.compiler.library.sources.endings import source_of_file

    kind = source_of_file(value)
    return f"{{{kind or 'csv'}: {flow(value)}}}", "" if kind else ", or `parquet`, `jsonl` or `npz` in place of `csv`"


def as_own_source(key: str, value: Any) -> str:
    """How rows that are held out are written which have a file, or a source, of their own. Empty for what is none of these."""
    from modelc.compiler.library.sources import SOURCES

    if isinstance(value, str) and re.search(r"[A-Za-z].*[./\\]|[./\\].*[A-Za-z]", value):
        written, others = source_written(value)
        return f"write `{key}: {written}`{others}"
    if not isinstance(value, Mapping) or len(value) != 1:
        return ""
    ((name, given),) = value.items()
    if name in SOURCES:
        return f"write `{key}: {flow(dict(value))}`"
    return as_own_source(key, given) if fold(str(name)) in FILE_KEYS and isinstance(given, str) else ""


WAYS_OF_PARTS = {"where": {"column", "equals"}, "after": {"column", "value"}}
FOLD_WORDS = (
    "crossvalidation", "crossval", "cv", "kfold", "kfolds", "nfolds", "nsplits", "numfolds", "fold", "splits", "stratifiedkfold",
)  # fmt: skip
"""Words for folds and their number, without case and separators."""
EACH = "`modelc train --folds` trains each of them"
INSIDE = {
    **dict.fromkeys(FOLD_WORDS, f"write `folds: {{count: 5}}`: {EACH}"),
    **dict.fromkeys(("shuffle", "shuffled"), "remove it: rows are drawn by the `seed` of `data`, whatever their order"),
    **dict.fromkeys(("randomstate",), "remove it: write `seed` below `data`, beside `validation` and `test`"),
    **dict.fromkeys(
        ("y", "labels"), "remove it: `stratify` names the column whose values are held out in equal shares"
    ),
}
"""What to do about keys of scikit-learn's splitters inside a split, without case and separators."""


def as_split(key: str, value: Any, spec: Spec) -> str:
    """How a split that is written as in other frameworks is written here. Empty for all other mappings."""
    if own := as_own_source(key, value):
        return own
    for way, parts in WAYS_OF_PARTS.items():
        if isinstance(value, Mapping) and "column" in value and value.keys() <= parts:
            return f"write `{key}: {{{way}: {flow(dict(value))}}}`"
    if not isinstance(value, Mapping) or len(value) != 1:
        return ""
    ((name, given),) = value.items()
    if (
        fold(name) in SIZES
        and type(given) in (int, float)
        and (given < 1 if isinstance(given, float) else given >= 1)
        and given > 0
    ):
        return f"rows that are drawn are a number alone: write `{key}: {given}`"
    return ""


def as_column_of_split(way: str) -> Callable[[Any, Spec], str]:
    """How a column that rows are held out by is written, which stands in no section: `group_by`, `stratify` or `where`."""

    def written(value: Any, spec: Spec) -> str:
        column = value if isinstance(value, str) else "COLUMN"
        if way == "where":
            return f"write `test: {{where: {{column: {column}, equals: test}}}}`, and `validation` likewise"
        if way == "after":
            return f"write `test: {{after: {{column: date, value: {value}}}}}`"
        return f"write `validation: {{fraction: 0.2, {way}: {column}}}`"

    return written


def as_folds(value: Any, spec: Spec) -> str:
    """How folds are written that stand in no split, by their number."""
    count = value if type(value) is int and value > 1 else 5
    return f"write `validation: {{folds: {{count: {count}}}}}`: {EACH}"


BY_COLUMN = {
    **dict.fromkeys(("folds", *FOLD_WORDS), as_folds),
    **dict.fromkeys(("groupby", "groups", "groupsplit", "groupkfold", "groupcolumn"), as_column_of_split("group_by")),
    **dict.fromkeys(("stratify", "stratified", "stratifyby", "stratifycolumn"), as_column_of_split("stratify")),
    **dict.fromkeys(("where", "splitcolumn"), as_column_of_split("where")),
    **dict.fromkeys(("after", "splitdate"), as_column_of_split("after")),
}
"""Words for splits by a column, or into folds, without case and separators."""
