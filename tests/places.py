"""What stands in a text at a place."""

from modelc.compiler.diagnostics.problem import Place


def words_at(text: str, place: Place) -> str:
    """The characters on the first line of `place`."""
    return text.split("\n")[place.line - 1][place.column - 1 : place.end_column - 1]
