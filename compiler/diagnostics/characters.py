"""Names characters that stand in place of those that are meant: an en dash for `-`, curly quotes, spaces that do not show.

They are right in strings, such as descriptions, and so are named only where a text is wrong already.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Place, Problem

MEANT = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d", "`-`"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02", '`"`'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4", "`'`"),
    **dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", "a space"),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    **dict.fromkeys("\u2022\u2023\u25aa\u25cf\u25e6\u00b7", "`-`"),
    **dict.fromkeys("\uff0c\u3001", "`,`"),
    "\uff1a": "`:`",
    "\uff08": "`(`",
    "\uff09": "`)`",
    "\uff03": "`#`",
    "\uff04": "`$`",
    "\uff1d": "`=`",
    "\uff1b": "`;`",
    "\u2026": "`...`",
    "\uff3b": "`[`",
    "\uff3d": "`]`",
    "\uff5b": "`{`",
    "\uff5d": "`}`",
    "\u00d7": "`*`",
}  # fmt: skip
"""Characters that look like others, with what is meant by them."""
LOOKALIKE = re.compile(f"[{''.join(MEANT)}]")
ANCHOR = re.compile(r"(?::\s+)?(&[A-Za-z0-9_-]+)\s*(?=[,}\]]|$)")
"""A value of nothing but an anchor, which is no value."""
COMMENT = re.compile(r"(?P<value>[^\s#].*?)(?:\s+(?://|/\*|--|;)|#)\s*(?P<rest>.*?)\s*(?:\*/)?")
"""A value with a comment behind it that is none."""
SIGNS = ("&", "//", "/*", "--", ";", "#")
"""What a text has in which something of plain ASCII may be named here."""


def name_characters(problems: Iterable[Problem], sources: Mapping[str, str]) -> tuple[Problem, ...]:
    """`problems`, each error with the character that is wrong at its place, where one is."""
    lines: dict[str, list[str]] = {}
    found = []
    for problem in problems:
        place = problem.label.place
        source = sources.get(place.file, "")
        if not problem.is_error or not place.line or (source.isascii() and not any(sign in source for sign in SIGNS)):
            found.append(problem)
            continue
        rows = lines.setdefault(place.file, source.split("\n"))
        help = help_at(rows, place, problem)
        if anchor := anchor_at(rows, place, problem):
            problem = replace(problem, message=f"`{anchor}` is a YAML anchor and no value: {problem.message}")
            help = f"quote a string that begins with `&`: `'{anchor}'`"
        kept = problem.helps if problem.suggestion is not None and problem.suggestion else ()
        found.append(replace(problem, helps=(help, *kept)) if help else problem)
    return tuple(found)


def help_at(rows: list[str], place: Place, problem: Problem) -> str:
    """What to write instead of a character at `place`; empty where all are what they look like."""
    row = rows[place.line - 1] if place.line <= len(rows) else ""
    end = place.end_column - 1 if place.end_line == place.line else len(row)
    # Where the text itself is no YAML, the mistake may stand anywhere in its line.
    text = row if problem.code == "E002" else row[place.column - 1 : end]
    if match := LOOKALIKE.search(text):
        others = [char for char in dict.fromkeys(LOOKALIKE.findall(text)) if MEANT[char] == MEANT[match[0]]]
        return named(match[0], MEANT[match[0]], "".join(others[1:]))
    if not problem.helps and problem.code in ("E101", "E105", "E106") and (match := comment_in(text)):
        return f"a comment begins with a space and `#`: write `{match['value']} # {match['rest']}`"
    suggestion = problem.suggestion
    if suggestion is None or not suggestion.new.isascii() or text.isascii() or problem.code not in ("E101", "E102"):
        return ""
    char = next((char for char in text if not char.isascii()), "")
    return named(char, "the letter of the Latin alphabet") if unicodedata.category(char).startswith("L") else ""


def anchor_at(rows: list[str], place: Place, problem: Problem) -> str:
    """The anchor that stands alone where `problem` lacks a value; empty where there is none."""
    row = rows[place.line - 1] if place.line <= len(rows) else ""
    is_absent = problem.code == "E104" or (problem.code == "E105" and row.startswith("&", place.column - 1))
    found = ANCHOR.search(row, place.column - 1) if is_absent else None
    return found[1] if found else ""


def comment_in(text: str) -> re.Match[str] | None:
    """What looks like a comment behind a value; None inside of quotes or braces, where such signs belong to the value."""
    match = COMMENT.fullmatch(text)
    value = match["value"] if match else ""
    is_open = value.count("{") != value.count("}") or (value[:1] in ("'", '"') and value[-1:] != value[:1])
    return None if is_open or value in ("'", '"') else match


def named(char: str, meant: str, others: str = "") -> str:
    """What `char` is, and what is `meant` by it and by the `others` of its text."""
    name = f"U+{ord(char):04X} ({unicodedata.name(char, 'without a name').lower()})"
    write = f"write {meant}" if meant else "take it out"
    is_shown = char.isprintable() and not char.isspace() and unicodedata.category(char) != "Cf"
    if is_shown and others.isprintable() and others:
        return f"`{char}` is {name}: {write} for {'both' if len(others) == 1 else 'each of'} {name_list(char + others)}"
    return f"`{char}` is {name}: {write}" if is_shown else f"there is {name} here, which does not show: {write}"
