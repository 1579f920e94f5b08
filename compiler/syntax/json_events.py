"""A strict JSON parser (RFC 8259) that emits the parser events of PyYAML, each with its place.

`json.loads` is not used since it keeps no places and its recursion is limited by Python's stack, not by a budget.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from modelc.compiler.diagnostics.problem import Label, Problem
from modelc.compiler.syntax.positions import At, ParserEvent, Unreadable, place
from modelc.compiler.syntax.scalars import shorten

SPACE = re.compile(r"[ \t\r\n]+")
STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"')
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z_.+])")
WORD = re.compile(r"[-+]?[^\s,:{}\[\]\"]+")
CONSTANTS = ("true", "false", "null")
NON_FINITE = {"NaN": ".nan", "Infinity": ".inf", "-Infinity": "-.inf"}
OPEN = {"{": "}", "[": "]"}


def json_events(text: str, file: str) -> Iterator[ParserEvent]:
    """The events of the one JSON value in `text`; none for an empty text. Raises `Unreadable` at the first error."""
    return Tokenizer(text, file).events()


class Tokenizer:
    """A position in the text, and the methods that advance it."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.line = 0
        self.line_start = 0

    def events(self) -> Iterator[ParserEvent]:
        self.skip()
        if self.at == len(self.text):
            return
        yield DocumentStartEvent(self.mark(), self.mark(), explicit=False)
        stack: list[tuple[str, At]] = []
        while True:
            # A value stands here.
            char = self.peek()
            if char in OPEN:
                start = self.mark()
                self.at += 1
                event = MappingStartEvent if char == "{" else SequenceStartEvent
                yield event(None, None, True, start, self.mark(), flow_style=True)
                stack.append((char, start))
                self.skip()
                if self.peek() != OPEN[char]:
                    if char == "{":
                        yield self.key()
                    continue
            else:
                yield self.scalar()
            # A value is complete: close what closes, until a comma or the end.
            while True:
                self.skip()
                char = self.peek()
                if not stack:
                    if char:
                        raise self.wrong("unexpected text after the end of the value", "the file holds one JSON value")
                    yield DocumentEndEvent(self.mark(), self.mark(), explicit=False)
                    return
                opened, opened_at = stack[-1]
                if char == OPEN[opened]:
                    mark = self.mark()
                    self.at += 1
                    yield (MappingEndEvent if opened == "{" else SequenceEndEvent)(mark, self.mark())
                    stack.pop()
                elif char == ",":
                    self.comma(opened)
                    if opened == "{":
                        yield self.key()
                    break
                else:
                    raise self.unclosed(opened, opened_at, char)

    def scalar(self) -> ParserEvent:
        """The string, number or constant that begins here."""
        start = self.mark()
        if self.peek() == '"':
            return self.string()
        match = NUMBER.match(self.text, self.at)
        if match is None:
            match = WORD.match(self.text, self.at)
            word = match[0] if match else ""
            if match is None or (word not in CONSTANTS and word not in NON_FINITE):
                raise self.no_value(word)
        self.at = match.end()
        value = NON_FINITE.get(match[0], match[0])
        return ScalarEvent(None, None, (True, False), value, start, self.mark(), style="")

    def string(self) -> ParserEvent:
        start = self.mark()
        match = STRING.match(self.text, self.at)
        if match is None:
            raise self.wrong("a string is not closed on its line", 'close it with `"`; a line break inside is `\\n`')
        try:
            value = json.loads(match[0])
        except json.JSONDecodeError as error:
            self.at += error.pos
            raise self.wrong("an invalid escape in a string", "a backslash itself is written `\\\\`") from None
        self.at = match.end()
        return ScalarEvent(None, None, (False, True), value, start, self.mark(), style='"')

    def key(self) -> ParserEvent:
        """The key that begins here, and the colon after it."""
        if self.at == len(self.text):
            raise self.wrong("the text ends where a key is expected")
        if self.peek() != '"':
            if self.text.startswith(("//", "/*", "#"), self.at):
                raise self.no_value(self.text[self.at : self.at + 2].rstrip())
            match = WORD.match(self.text, self.at)
            help = f'write `"{shorten(match[0]).strip(chr(39))}"`' if match else ""
            raise self.wrong("a key must be a string in double quotes", help, width=len(match[0]) if match else 1)
        event = self.string()
        self.skip()
        if self.peek() != ":":
            raise self.wrong("a `:` is missing after the key", 'a member is written `"key": value`')
        self.at += 1
        self.skip()
        return event

    def comma(self, opened: str) -> None:
        comma = self.at
        self.at += 1
        self.skip()
        if self.peek() == OPEN[opened]:
            mark = self.mark_of(comma)
            raise self.wrong("a comma after the last value", "remove it: JSON does not allow it there", at=mark)

    def no_value(self, word: str) -> Unreadable:
        """The message and help where no JSON value begins."""
        if self.at == len(self.text):
            return self.wrong("the text ends where a value is expected")
        if word.startswith(("//", "#", "/*")):
            return self.wrong("JSON has no comments", "remove it, or write the spec as YAML", width=len(word))
        if word.startswith("'"):
            is_whole = len(word) > 1 and word.endswith("'")
            help = f'write `"{shorten(word[1:-1])}"`' if is_whole else ""
            return self.wrong("JSON strings need double quotes", help, width=len(word) if is_whole else 1)
        if word == "None":
            return self.wrong("`None` must be written `null`", width=len(word))
        if word.lower() in CONSTANTS:
            return self.wrong(f"`{word}` must be written `{word.lower()}`", width=len(word))
        if word[:1].isdigit() or word.startswith(("+", "-", ".")):
            written = number_in(word)
            help = "write decimal digits without leading zeros, such as `0.5`, `-2` or `3e-4`"
            help = f"write `{written}`" if written else help
            return self.wrong(f"`{shorten(word)}` is not a number in JSON", help, width=len(word))
        if word:
            return self.wrong(f'strings need double quotes: `"{shorten(word)}"`', width=len(word))
        help = "remove it" if self.peek() == "," else ""
        return self.wrong(f"expected a value, found `{self.peek()}`", help)

    def unclosed(self, opened: str, opened_at: At, char: str) -> Unreadable:
        related = (Label(place(self.file, opened_at), "opened here"),)
        if not char:
            return self.wrong(f"`{opened}` is never closed", at=opened_at)
        if char in OPEN.values():
            return self.wrong(f"`{char}` cannot close `{opened}`", related=related)
        if self.text.startswith(("//", "/*"), self.at) or char == "#":
            return self.no_value(self.text[self.at : self.at + 2])
        return self.wrong(f"expected `,` or `{OPEN[opened]}`", related=related)

    def wrong(
        self, message: str, help: str = "", *, at: At | None = None, width: int = 1, related: tuple[Label, ...] = ()
    ) -> Unreadable:
        start = at or self.mark()
        label = Label(place(self.file, start, At(start.line, start.column + width)))
        helps = (help,) if help else ()
        return Unreadable(Problem("E002", f"not valid JSON: {message}", label, helps=helps, related=related))

    def skip(self) -> None:
        """Skip white space."""
        match = SPACE.match(self.text, self.at)
        if match is None:
            return
        newlines = self.text.count("\n", self.at, match.end())
        if newlines:
            self.line += newlines
            self.line_start = self.text.rfind("\n", self.at, match.end()) + 1
        self.at = match.end()

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def mark(self) -> Any:
        """Where the position is, an `At`; PyYAML's stubs want a class of PyYAML, its events take anything."""
        return At(self.line, self.at - self.line_start)

    def mark_of(self, index: int) -> At:
        """The mark of an earlier position in the text."""
        return At(self.text.count("\n", 0, index), index - (self.text.rfind("\n", 0, index) + 1))


def number_in(word: str) -> str:
    """The number that a word is in other languages, as JSON has it; empty where it is none, or may be several."""
    plain = word.removeprefix("+").replace("_", "")
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,12}", plain):
        return str(int(plain, 16))
    match = re.fullmatch(r"(-?)(0|[1-9]\d{0,18})?(?:\.(\d*))?([eE][-+]?\d+)?", plain)
    if match is None or not (match[2] or match[3]):
        return ""
    fraction = f".{match[3] or 0}" if match[3] is not None else ""
    return f"{match[1]}{match[2] or 0}{fraction}{match[4] or ''}"
