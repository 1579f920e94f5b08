"""The lines of an error that has no place in a text: its title, and its notes and helps below the message."""

from collections.abc import Iterator, Sequence


def title(code: str) -> str:
    """What such an error begins with."""
    return f"error[{code}]" if code else "error"


def remarks(*, notes: Sequence[str] = (), helps: Sequence[str] = ()) -> Iterator[str]:
    """The lines of notes and helps below a message."""
    for word, remark in [("note", note) for note in notes] + [("help", help) for help in helps]:
        first, *more = remark.split("\n")
        yield f"  = {word}: {first}"
        yield from (" " * (len(word) + 6) + line for line in more)
