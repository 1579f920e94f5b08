"""What stands for rows that are held out as other libraries write them: `test_size: 0.2`, `split: [0.8, 0.1, 0.1]`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.base.held_out_words import WORDS
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


FILE_KEYS = ("data", "dataset", "file", "filename", "path", "source", "train")
"""Words for a file or a source, without case and separators, in place of its kind."""
PATH = re.compile(r"[A-Za-z].*[./\\]|[./\\].*[A-Za-z]")
"""What a text has that is a path, and no name."""


def source_written(value: str | list[str]) -> tuple[str, str]:
    """The source of a file, a pattern or several, as a spec has it, and what to say where names do not tell its kind."""
    from modelc.compiler.library.sources.endings import source_of_file

    kind = source_of_file(value if isinstance(value, str) else value[0])
    return f"{{{kind or 'csv'}: {flow(value)}}}", "" if kind else ", or `parquet`, `jsonl` or `npz` in place of `csv`"


def own_source(value: Any) -> tuple[str, str]:
    """How the source is written that rows have in the files `value`, or in a mapping around these, and what to say of it; empty for
    what is neither.
    """
    several = isinstance(value, list) and value and all(isinstance(one, str) and PATH.search(one) for one in value)
    if several or (isinstance(value, str) and PATH.search(value)):
        return source_written(value)
    if not isinstance(value, Mapping):
        return "", ""
    if is_source(value):
        return flow(dict(value)), ""
    inside = [one for key, one in value.items() if fold(str(key)) in FILE_KEYS]
    readers = [key for key in value if key in ("inputs", "targets", "sample_weight")]
    if len(inside) != 1 or len(value) != len(inside) + len(readers):
        return "", ""
    written, more = own_source(inside[0])
    return written, f"{more}; its columns are read as those to train on are" if readers and written else more


def as_own_source(key: str, value: Any) -> str:
    """How rows are written that have a file, or a source, of their own under `key`. Empty for what is none of these."""
    written, more = own_source(value)
    return f"write `{key}: {written}`{more}" if written else ""


def as_rows_of(key: str) -> Callable[[Any, Spec], str]:
    """How rows are written that other libraries have under another word, those that are trained on too."""

    def written(value: Any, spec: Spec) -> str:
        if key == "train":
            told = as_own_source("source", value)
            return f"the rows to train on are those of the source: {told}" if told else ""
        source, more = own_source(value)
        return f"write `{key}: {source}` in `data`{more}" if source else ""

    return written


OF_PARTS = {word: as_rows_of(key) for word, key in WORDS.items()}
"""Words of others for files of rows, without case and separators."""


def is_source(value: Any) -> bool:
    """Whether a value is a source as it stands in a spec."""
    from modelc.compiler.library.sources import SOURCES

    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in SOURCES


def renamed(name: str, value: Any) -> str:
    """The key of rows that are held out which the word `name` of others stands for, with a value that is right as it stands; empty for
    all else.
    """
    key = WORDS.get(fold(name), "")
    return key if key != "train" and is_source(value) else ""


def as_parts(value: Mapping[str, Any]) -> str:
    """How the source of each part of the rows is written, where others have all in one mapping. Empty for what is none."""
    keys = {"train": "source", "validation": "validation", "test": "test"}
    parts = [(WORDS.get(fold(str(name)), str(name)), one) for name, one in value.items()]
    if "train" not in dict(parts) or any(key not in keys for key, _ in parts):
        return ""
    written = [f"{keys[key]}: {own}" for key, one in parts if (own := own_source(one)[0])]
    return f"write {name_list(written)} in `data`" if len(written) == len(parts) else ""


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
