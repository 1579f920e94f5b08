"""Source snippets: lines of a text with carets and labels below them. Knows columns, not problems or colours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from modelc.compiler.diagnostics.render.printable import pieces, printable, width

TAB = "    "
MAX_WIDTH = 110
"""A longer line is cut to a window of this many columns around its labels."""
NEAR = 400
"""How many characters around a label are looked at in a longer line."""
LEAD = 30
"""How many columns of a cut line stand before the first label."""

Paint = Callable[[str, str], str]
"""`paint(style, text)`: `text` in a style (`error`, `warning`, `frame`, `second`, `strong`), or as it is."""


@dataclass(frozen=True, slots=True)
class Underline:
    """A label on one line: characters `start` to `end` (exclusive, from 0); `style` is that of the text and the marks."""

    line: int
    start: int
    end: int
    text: str
    primary: bool
    style: str


def snippet(source: Sequence[str], underlines: Sequence[Underline], gutter: int, paint: Paint) -> list[str]:
    """The lines of `source` that have labels, each with its labels, in line order; one line above the first label."""
    wanted = {underline.line for underline in underlines}
    first = min(underline.line for underline in underlines)
    if first >= 2 and source[first - 2].strip():
        wanted.add(first - 1)
    rows = [frame(gutter, "", "", paint)]
    last = 0
    for number in sorted(wanted):
        if last and number == last + 2:
            rows.extend(plain_line(source, last + 1, gutter, paint))
        elif last and number > last + 2:
            rows.append(paint("frame", "..."))
        here = [underline for underline in underlines if underline.line == number]
        rows.extend(
            labelled_line(source, number, here, gutter, paint) if here else plain_line(source, number, gutter, paint)
        )
        last = number
    return rows


def frame(gutter: int, number: str, text: str, paint: Paint) -> str:
    """A row of the snippet: the line number, the bar and `text`."""
    return (paint("frame", f"{number:>{gutter}} |") + (" " + text if text else "")).rstrip()


def plain_line(source: Sequence[str], number: int, gutter: int, paint: Paint) -> list[str]:
    line = source[number - 1]
    cells = columns_of(line[:NEAR])
    if len(line) > NEAR or sum(map(width, cells)) > MAX_WIDTH:
        cells = [*cells[: fitting(cells, 0)], "..."]
    return [frame(gutter, str(number), "".join(cells), paint)]


def labelled_line(
    source: Sequence[str], number: int, underlines: Sequence[Underline], gutter: int, paint: Paint
) -> list[str]:
    """The line and its labels; a long line once for each window that its labels need."""
    whole = source[number - 1] if number <= len(source) else ""
    rows = []
    rest = sorted(underlines, key=lambda underline: (underline.start, underline.end))
    while rest:
        # Of a very long line only what is near the label is looked at.
        skipped = max(0, min(rest[0].start, len(whole)) - NEAR) if len(whole) > 2 * NEAR else 0
        line = whole[skipped : skipped + 2 * NEAR]
        cells = columns_of(line)
        rest = [replace(one, start=one.start - skipped, end=one.end - skipped) for one in rest]
        begin, end = window(cells, rest)
        inside = [underline for underline in rest if begin <= underline.start <= end] or rest[:1]
        rest = [underline for underline in rest if underline not in inside]
        rest = [replace(one, start=one.start + skipped, end=one.end + skipped) for one in rest]
        before = "..." if begin + skipped else ""
        after = "..." if skipped + end < len(whole) else ""
        text = before + "".join(cells[begin:end]) + after
        rows.append(frame(gutter, str(number), text, paint))
        starts = [len(before)]
        for cell in cells[begin:end]:
            starts.append(starts[-1] + width(cell))
        marks = [(clip(underline, begin, end, starts), underline) for underline in inside]
        rows.extend(frame(gutter, "", row, paint) for row in mark_rows(marks, paint))
    return rows


def columns_of(line: str) -> list[str]:
    """What is printed for each character of `line`, tabs as spaces."""
    return [TAB if char == "\t" else cell for char, cell in zip(line, pieces(line), strict=True)]


def window(cells: Sequence[str], underlines: Sequence[Underline]) -> tuple[int, int]:
    """The part of a line to show, as a range of characters: all of it where it fits."""
    if sum(map(width, cells)) <= MAX_WIDTH:
        return 0, len(cells)
    begin, lead = min(underlines[0].start, len(cells)), 0
    last = underlines[-1].end
    if sum(map(width, cells[:last])) <= MAX_WIDTH:
        begin = 0
    while begin > 0 and lead < LEAD:
        begin -= 1
        lead += width(cells[begin])
    return begin, fitting(cells, begin)


def fitting(cells: Sequence[str], begin: int) -> int:
    """How far the characters from `begin` on fit into the window."""
    total, end = 0, begin
    while end < len(cells) and total + width(cells[end]) <= MAX_WIDTH:
        total += width(cells[end])
        end += 1
    return end


def clip(underline: Underline, begin: int, end: int, starts: Sequence[int]) -> tuple[int, int]:
    """The columns of an underline inside the window, at least one wide; one past the text at the end of a line."""
    first = starts[min(max(underline.start - begin, 0), end - begin)]
    last = starts[min(max(underline.end - begin, 0), end - begin)]
    return first, max(last, first + 1)


def mark_rows(marks: Sequence[tuple[tuple[int, int], Underline]], paint: Paint) -> list[str]:
    """The row of carets with the last label's text, and a hanging row for each other text, from right to left."""
    row: dict[int, str] = {}
    for (start, end), underline in sorted(marks, key=lambda mark: mark[1].primary):
        for column in range(start, end):
            row[column] = underline.style if underline.primary else "second"
    texts = [(start, underline) for (start, _), underline in marks if underline.text]
    texts.sort(key=lambda item: item[0])
    primary_at = {column for (start, end), underline in marks if underline.primary for column in range(start, end)}
    signs = "".join(
        paint(style, "".join("^" if column in primary_at else "-" if column in row else " " for column in group))
        for style, group in groupby(range(max(row) + 1), key=lambda column: row.get(column, ""))
    )
    if not texts:
        return [signs]
    last_start, last = texts[-1]
    beside = last_start == max(start for (start, _), _ in marks)
    rows = [signs + " " + paint(last.style, printable(last.text))] if beside else [signs]
    hanging = texts[:-1] if beside else texts
    if hanging:
        rows.append(bars([start for start, _ in hanging], paint))
    for index in range(len(hanging) - 1, -1, -1):
        start, underline = hanging[index]
        left = [column for column, _ in hanging[:index] if column < start]
        head = bars(left, paint)
        plain = max(left) + 1 if left else 0
        rows.append(head + " " * (start - plain) + paint(underline.style, printable(underline.text)))
    return rows


def bars(columns: Sequence[int], paint: Paint) -> str:
    """Vertical bars that lead from marks down to their texts."""
    if not columns:
        return ""
    return paint("second", "".join("|" if column in columns else " " for column in range(max(columns) + 1)))
