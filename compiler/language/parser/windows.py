"""Parses `data.windows` and what goes with it: how far rows are apart, and what cannot stand beside windows."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.parser.named_item import Found
from modelc.compiler.language.parser.walk import read, read_keys
from modelc.compiler.language.splits import Split
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.window_grammar import FREQ, GAPS, WINDOWS, as_gaps
from modelc.compiler.language.windows import ANY, END, PREVIOUS, Gaps, SpanName, WindowsSpec, read_step
from modelc.compiler.library.base.registry import fold

PANDAS = {
    **dict.fromkeys(("d", "day", "days", "daily", "1day"), "1d"),
    **dict.fromkeys(("h", "hour", "hours", "hourly", "60min"), "1h"),
    **dict.fromkeys(("t", "min", "minute", "minutes", "1t", "1m"), "1min"),
    **dict.fromkeys(("s", "second", "seconds"), "1s"),
    **dict.fromkeys(("w", "week", "weekly", "wmon", "wsun"), "1w"),
    **dict.fromkeys(("m", "ms", "me", "month", "months", "monthly", "1month"), "1mo"),
    **dict.fromkeys(("q", "qs", "qe", "quarter", "quarterly"), "3mo"),
    **dict.fromkeys(("a", "as", "y", "ys", "ye", "year", "yearly", "annual"), "1y"),
}
"""Words for a distance of rows as pandas and others write them, without case and separators."""


def read_windows(reporter: Reporter, raw: Any, path: Path) -> WindowsSpec | None:
    """The windows at `path`; None where they could not be read."""
    found = read_keys(reporter, WINDOWS, raw, path, readers={"gaps": read_gaps})
    if found is None or reporter.has_hole(path):
        return None
    freq = found.get("freq")
    if freq is not None and freq != ANY and read_step(freq) is None:
        report_freq(reporter, freq, (*path, "freq"))
        return None
    if not all(isinstance(found.get(key), int) for key in ("context", "horizon")):
        return None
    if found.get("time") is not None and found.get("time") == found.get("group_by"):
        message, help = "`time` and `group_by` name the same column", "a series has a time in each of its rows"
        reporter.add("E108", message, (*path, "time"), label="the column of `group_by`", help=help)
        return None
    if None in found.values() or not may_be_filled(reporter, found, path):
        return None
    return WindowsSpec(**{**found, "gaps": gaps_of(found.get("gaps"))})


def read_gaps(reporter: Reporter, raw: Any, path: Path) -> Any:
    """What stands at `path` for gaps; reports words that say it otherwise with what is written for them."""
    at: Path = (*path, "fill") if isinstance(raw, Mapping) else path
    word, known = (raw.get("fill"), PREVIOUS) if isinstance(raw, Mapping) else (raw, END)
    if not isinstance(word, str) or word == known or reporter.is_hole(at):
        found = read(reporter, GAPS, raw, path)
        return None if isinstance(found, Mapping) and not {"fill", "limit"} <= found.keys() else found
    key = str(at[-1])
    reporter.add("E106", f"`{key}` cannot be `{word}`", at, label="no way to fill gaps", help=as_gaps(key, word, {}))
    return None


def gaps_of(found: Any) -> Gaps | None:
    """How gaps are filled, None where they end windows."""
    if not isinstance(found, Mapping):
        return None
    fill = found["fill"]
    return Gaps(found["limit"], MappingProxyType(dict(fill) if isinstance(fill, Mapping) else {}))


def may_be_filled(reporter: Reporter, found: Mapping[str, Any], path: Path) -> bool:
    """Whether gaps are filled in columns that may be filled, of series that have any; reports it if not."""
    gaps = found.get("gaps")
    if not isinstance(gaps, Mapping):
        return True
    if found.get("freq") == ANY:
        message, help = (
            "with `freq: any` there are no gaps to be filled",
            "write the distance of rows, such as `freq: 1d`",
        )
        related = [((*path, "freq"), "any distance")]
        reporter.add(
            "E108",
            message,
            (*path, "gaps"),
            key=True,
            label="no gaps",
            help=(help, "or remove `gaps`"),
            related=related,
        )
        return False
    fill = gaps.get("fill")
    for key in ("time", "group_by"):
        if isinstance(fill, Mapping) and found.get(key) in fill:
            message = f"`{found[key]}` is the column of `{key}`, which is known in rows that are missing"
            reporter.add(
                "E106", message, (*path, "gaps", "fill", found[key]), key=True, label="known", help="remove it"
            )
            return False
    return True


def report_freq(reporter: Reporter, freq: Any, path: Path) -> None:
    """Report what is no distance of rows."""
    message, note = f"`freq` cannot be `{freq}`", f"`freq` is {FREQ}"
    word = fold(freq) if isinstance(freq, str) else ""
    number = word.rstrip("abcdefghijklmnopqrstuvwxyz")
    known = PANDAS.get(word) or PANDAS.get(word.removeprefix(number), "")
    if number and known:
        known = f"{int(number) * int(known[0])}{known[1:]}" if number.isdecimal() else ""
    help = f"write `freq: {known}`" if known else "write `freq: 1h`, for example"
    if word in ("b", "bday", "business", "c"):
        help = "write `freq: any`: each row follows the one before it, whatever days lie between"
    reporter.add("E106", message, path, label="no distance", help=help, note=note)


def beside_readers(section: Mapping[str, Any]) -> Iterator[tuple[Path, Found]]:
    """The readers of a data section that are there, each with its path."""
    for part in ("inputs", "targets"):
        for name, found in (section.get(part) or {}).items():
            if found is not None:
                yield ("data", part, name), found
    if section.get("sample_weight") is not None:
        yield ("data", "sample_weight"), section["sample_weight"]


def spans_of(
    reporter: Reporter, section: Mapping[str, Any], *, lost: bool
) -> tuple[dict[str, SpanName], frozenset[str]]:
    """The spans of inputs by name, and the targets that are the context one row later; reports those for which there are no windows,
    unless these are `lost`.
    """
    spans: dict[str, SpanName] = {}
    shifted: set[str] = set()
    for path, found in beside_readers(section):
        span = found.beside.get("span")
        if span is not None and "windows" not in section and not lost:
            message, help = "`span` goes with `windows`, which `data` has not", "add `windows`, or remove `span`"
            reporter.add("E108", message, (*path, "span"), key=True, label="of no window", help=help)
        elif span == "next" and path[1] == "inputs":
            message = f"the input `{path[2]}` is what `next` is behind: it is for targets"
            help = "remove `span`: an input reads the context, and a target with `span: next` each row behind one of it"
            reporter.add("E106", message, (*path, "span"), label="of a target", help=help)
        elif span is not None and path[1] == "inputs":
            spans[str(path[2])] = span
        elif span == "next" and path[1] == "targets":
            shifted.add(str(path[2]))
        elif span not in (None, "horizon"):
            if span == "context" and path[1] == "targets":
                # Its shape is then no second mistake.
                shifted.add(str(path[2]))
            what = "`sample_weight`" if len(path) == 2 else f"the target `{path[2]}`"
            message = f"{what} is of the horizon, not `{span}`"
            help = "remove `span`; of the values of an input, `same_as` makes a target, and `span: next` one of those a row later"
            reporter.add("E106", message, (*path, "span"), label="not the horizon", help=help)
    return spans, frozenset(shifted)


def check_beside_windows(reporter: Reporter, data: DataSpec, section: Mapping[str, Any]) -> None:
    """Report what cannot stand beside windows: rows that are drawn one by one, and readers that read only some."""
    windows, where = data.windows, [(("data", "windows"), "windows")]
    if windows is None:
        return
    for key, split in data.splits.items():
        if split.is_drawn:
            report_drawn(reporter, key, split, windows.horizon)
        elif (rows := split.first or split.last) is not None and rows < windows.horizon:
            message = f"`{key}` takes {rows} rows of each series, and the targets of a window are {windows.horizon}"
            help = f"hold out at least {windows.horizon} rows: `{key}: {{{split.way}: {windows.horizon}}}`"
            reporter.add(
                "E404", message, ("data", key, split.way or ""), label="less than a horizon", help=help, related=where
            )
    for _, found in beside_readers(section):
        if found.value is not None and getattr(found.value, "rows", None) is not None:
            message = "`rows` of a reader goes by the rows of the source, and `windows` reads all of them"
            help = "remove `rows`, and hold rows out by `validation` and `test`"
            reporter.add(
                "E108", message, (*found.path, "rows"), key=True, label="only some rows", help=help, related=where
            )


def report_drawn(reporter: Reporter, key: str, split: Split, horizon: int) -> None:
    """Report rows that are drawn one by one, of which no window is left whole."""
    message = f"`windows` need rows that follow one another, and `{key}` draws them one by one"
    size = max(horizon, split.rows or 0)
    help = (
        f"hold out the last rows of each series: `{key}: {{last: {size}}}`",
        f"or those from a time on: `{key}: {{after: {{column: date, value: 2026-01-01}}}}`",
    )
    at: Path = ("data", key, split.way or "")
    at = at if at in reporter.document.values else ("data", key)
    related = [(("data", "windows"), "windows")]
    reporter.add("E108", message, at, label="drawn at random", help=help, related=related)
