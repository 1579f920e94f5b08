"""Makes text from outside safe to print: control, invisible and bidirectional characters are shown as escapes.

Names and texts come from specs, files, arguments, plug-ins and exceptions; whatever of them is printed passes through here.
"""

import re
import unicodedata

from modelc.compiler.diagnostics.problem import Place

PLAIN = re.compile(r"[\x20-\x22\x24-\x7e]*")
"""Text that is printed as it is; `#` is not among it, since `##[` begins a command in logs of GitHub and Azure."""
SUSPECT = re.compile(r"\x1b\[[0-9;]*m|[^\n\x20-\x7e]")
"""What may not be in a text of several lines: anything but printable ASCII, to be looked at one by one."""
HIDDEN = frozenset(
    {
        *"\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f",
        *map(chr, range(0xFE00, 0xFE10)),
        *map(chr, range(0xE0100, 0xE01F0)),
    }
)
"""Letters, marks and symbols without ink."""
ESCAPED_CATEGORIES = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
WORD = re.compile(r"\w+")
HASHES = re.compile(r"##(?=\w*\[)")
"""What begins a command anywhere in a line: `##[error]` of GitHub, `##vso[` of Azure, `##teamcity[`."""
COLONS = re.compile(r"\A(\s*):(?=:)")
"""What begins a command of GitHub at the start of a line, also after spaces: `::error::`."""
NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def pieces(text: str) -> list[str]:
    """What is printed for each character of `text`."""
    if PLAIN.fullmatch(text):
        return list(text)
    shown = [show(char) for char in text]
    for match in HASHES.finditer(text):
        shown[match.start()] = shown[match.start() + 1] = "\\x23"
    return shown


def show(char: str) -> str:
    """`char`, or its escape where it does not print as one visible character."""
    if " " <= char <= "~":
        return char
    if unicodedata.category(char) in ESCAPED_CATEGORIES or char in HIDDEN:
        return escape(char)
    return char


def escape(char: str) -> str:
    code = ord(char)
    if char in NAMED:
        return NAMED[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def printable(text: str) -> str:
    """`text` on one line, safe to print; homoglyphs (letters of other scripts inside an ASCII word) are escaped."""
    if PLAIN.fullmatch(text):
        return text
    return WORD.sub(lambda match: unmask(match[0]), "".join(pieces(text)))


def unmask(word: str) -> str:
    if word.isascii() or not re.search("[A-Za-z]", word):
        return word
    return "".join(escape(char) if imitates(char) else char for char in word)


def imitates(char: str) -> bool:
    """Whether `char` can be mistaken for an ASCII letter: Cyrillic, Greek, ligatures, full-width forms."""
    if char.isascii() or not char.isalpha():
        return False
    return not unicodedata.name(char, "").startswith("LATIN") or unicodedata.normalize("NFKC", char) != char


def inert(line: str) -> str:
    """A whole line of printable text, with the beginning of a command to the program that reads the log escaped."""
    return COLONS.sub(r"\1\\x3a", HASHES.sub(r"\\x23\\x23", line))


def printable_document(text: str, *, colour: bool = False) -> str:
    """A text of several lines that its format has made safe already: what the format has missed is escaped.

    Colours are kept with `colour`.
    """
    return SUSPECT.sub(lambda found: found[0] if colour and len(found[0]) > 1 else "".join(map(show, found[0])), text)


def address(place: Place) -> str:
    """`file:line:column` or `file`, for the start of a line that goes on with a colon."""
    name = printable(place.file)
    shown = f"{name}:{place.line}:{place.column}:" if place.line else f"{name}:"
    return inert(shown)[:-1]


def width(piece: str) -> int:
    """How many columns of a terminal `piece` takes: two for East Asian wide characters, none for combining marks."""
    if piece.isascii():
        return len(piece)
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.category(char) in ("Mn", "Me") else 1
        for char in piece
    )
