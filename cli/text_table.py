"""Tables of text for terminals: aligned columns, of which the last is cut where the terminal is narrow."""

from collections.abc import Collection, Sequence

from modelc.cli.console import Line, Styled

GAP = "  "
LEAST = 16
"""The last column keeps so much, whatever the width."""


def text_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int, right: Collection[int] = ()
) -> list[Line]:
    """The `rows` below their `header` in at most `width` columns, if all but the last column fit; numbers of columns in `right`
    are aligned to the right.
    """
    from modelc.compiler.diagnostics.render.printable import printable

    cells = [[printable(cell) for cell in row] for row in rows]
    # Columns are as wide as what is printed.
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    room = max(width - sum(widths[:-1]) - len(GAP) * (len(widths) - 1), LEAST)
    widths[-1] = min(widths[-1], room)

    def line(row: Sequence[str]) -> str:
        shown = [cut(cell, widths[place]) for place, cell in enumerate(row)]
        padded = [
            cell.rjust(widths[place]) if place in right else cell.ljust(widths[place])
            for place, cell in enumerate(shown)
        ]
        return GAP.join(padded).rstrip()

    return [Styled("strong", line(header)), *(line(row) for row in cells)]


def cut(text: str, width: int) -> str:
    """`text` in at most `width` columns, its end left out where it is longer."""
    return text if len(text) <= width else text[: max(width - 3, 0)] + "..."


def paragraphs(label: str, texts: Sequence[str], width: int) -> list[Line]:
    """Each of `texts` after `label`, wrapped with further lines below the text."""
    import textwrap

    from modelc.compiler.diagnostics.render.printable import printable

    lines: list[Line] = []
    for text in texts:
        room = max(width - len(label), LEAST)
        first, *more = textwrap.wrap(printable(text), room, break_long_words=False, break_on_hyphens=False) or [""]
        lines += [(Styled("strong", label), first), *(" " * len(label) + line for line in more)]
    return lines
