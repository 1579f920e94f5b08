"""What other libraries call the files of rows to train on, of those that validate and of those that test: `val_data`, `eval_file`."""

from itertools import product

PREFIXES = {
    "train": ("train", "training"),
    "validation": (
        "validation",
        "validate",
        "valid",
        "val",
        "dev",
        "devel",
        "eval",
        "evaluation",
        "holdout",
        "heldout",
    ),
    "test": ("test", "testing"),
}
THINGS = (
    "", "csv", "csvs", "data", "dataset", "df", "dir", "directory", "ds", "file", "filename", "filepath", "files", "folder", "frame",
    "json", "jsonl", "npz", "parquet", "path", "paths", "rows", "set", "source", "table", "tsv", "url",
)  # fmt: skip
WORDS = {
    f"{prefix}{thing}": key
    for key, prefixes in PREFIXES.items()
    for prefix, thing in product(prefixes, THINGS)
    if f"{prefix}{thing}" != key
}
"""Such a word, without case and separators, and what its rows are for: a key of `data`, or `train`."""
