"""The form of the paths that a spec may name, whatever is on the disk."""

import os
import re


def refusal(path: str, folder: str) -> str | None:
    """Why `path` is refused before looking at the disk; None if it is not. `folder` is what messages call the root."""
    if not path or not path.isprintable():
        return "is empty or has control characters"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", path):
        return "is a URL, but a spec can only name local files"
    if path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", path):
        return f"is absolute, and paths begin at {folder}"
    if path.startswith("~"):
        return "starts with `~`, which is not expanded"
    parts = re.split(r"[/\\]", path)
    if ".." in parts:
        outside = os.path.normpath("/".join(parts)).startswith("..")
        return f"points outside {folder}" if outside else "has a `..`, which paths may not have"
    if "\\" in path:
        return "has a backslash, write `/`"
    return None
