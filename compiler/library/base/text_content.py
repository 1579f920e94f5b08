"""What is in a text file below the root."""

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root

LARGEST = 16 * 2**20
"""The most bytes of a file."""


def content_of(root: Root, path: str, encoding: str) -> str:
    """The text in the file at `path`. Raises RunError E405."""
    with root.open(path) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        message = f"{path!r} has more than {LARGEST // 2**20} MB, the most that is read of a text"
        raise RunError("E405", message, helps=("divide it, or remove it",))
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{path!r} is no text in {encoding}: byte {error.start:,}, in line {line}"
        helps = ("save it in this encoding, or name its own: `encoding: latin-1`",)
        raise RunError("E405", message, helps=helps) from None
