"""Which source reads a file, by the ending of its name."""

import os

ENDINGS = {
    ".npz": "npz",
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl"),
}


def source_of_file(path: str) -> str:
    """The name of the source that reads the file at `path`; empty for an ending that says nothing."""
    return ENDINGS.get(os.path.splitext(path)[1].lower(), "")
