"""Commands in messages, as a user can type them: every word is quoted so that a shell reads it as it is meant."""

import re
import shlex
from pathlib import Path

UNSAFE = re.compile("[^A-Za-z0-9 _./:=,@%+-]")


def command(*words: str | Path) -> str:
    """`modelc` with these words as its arguments; those that are paths are given as `Path`."""
    return " ".join(["modelc", *(path_word(word) if isinstance(word, Path) else shell_word(word) for word in words)])


def path_word(path: str | Path) -> str:
    """A path as one word of a command, with `./` before a name that would be taken for an option or standard input."""
    text = str(path)
    return shell_word(f"./{text}" if text.startswith("-") else text)


def shell_word(text: str) -> str:
    """`text` as one word for sh, bash or zsh.

    What does not print as it is, such as a line break or a name that is not UTF-8, is written as the escapes of `$'...'`.
    """
    from modelc.compiler.diagnostics.render.printable import printable

    if printable(text) == text:
        return shlex.quote(text)
    bytes_as_text = encoded(text).decode("latin-1")
    return "$'" + UNSAFE.sub(lambda byte: f"\\x{ord(byte[0]):02x}", bytes_as_text) + "'"


def encoded(text: str) -> bytes:
    """The bytes of a file name; those that are not UTF-8 stand in `text` as surrogates (PEP 383)."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
