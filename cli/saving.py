"""Replaces the text of a spec on the disk, for `modelc format` and `modelc validate --fix`."""

from pathlib import Path

from modelc.cli.console import show_run_error


def save(path: Path, before: str, after: str) -> bool:
    """Replace the text `before` of a file by `after`, atomically; False after saying why it cannot be written.

    A byte-order mark, which is in neither text, stays.
    """
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.runtime.runs.files import rewrite, writing

    try:
        with writing(path), path.open("rb") as file:
            start = file.read(3)
        mark = start if start == "\ufeff".encode() else b""
        rewrite(path, mark + before.encode("utf-8"), mark + after.encode("utf-8"))
    except RunError as error:
        show_run_error(error)
        return False
    return True
