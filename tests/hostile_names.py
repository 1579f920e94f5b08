"""Names that act on a terminal or on the log of a CI service, and what in a text would act."""

import re
import unicodedata

FILE = "a\n::error::x\x1b[31m\u202e\u2028##[error]\x85\u200b\U000e0041\ufeff\x7f##vso[x][red]\udcff"
"""A file name: line breaks, escapes, invisible and bidirectional characters, commands, markup, a byte that is no UTF-8."""
AT_START = "::error::x"
"""A file name that is a command at the start of a line."""
NAME = "::error::\u202e##[x]##vso[y]\u200b\ufe0f[red]z[/]"
"""A name in a spec, which may have no control characters."""
COLUMN = "::error::##[x]##teamcity[y][red]z"
"""The name of a column, which may have neither invisible characters nor slashes."""
INVISIBLE = {*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0)), "\u034f", "\u3164", "\u2800"}
ANNOTATION = re.compile(r"::(error|warning) title=modelc \([EW]\d{3}\),file=[^:,]*(,\w+=\d+)*::.*")


def dangers(text: str, *, annotations: bool = False) -> list[str]:
    """What in `text` acts on a terminal or on a log; `annotations` are the commands that a format is for."""
    found = [
        f"{char!r} in {text!r}"
        for char in {*text}
        if char != "\n" and (unicodedata.category(char) in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp") or char in INVISIBLE)
    ]
    for line in text.split("\n"):
        if line.lstrip().startswith("::") and not (annotations and ANNOTATION.fullmatch(line)):
            found.append(line)
        if re.search(r"##\w*\[", line):
            found.append(line)
    return found


def without_styles(text: str) -> str:
    """`text` without the sequences by which the console itself colours and moves the cursor."""
    return re.sub(r"\x1b\[(\d+(;\d+)*m|\?25[lh]|2K|\d*A)", "", text).replace("\r", "")
