"""Explains YAML syntax errors: what to change, with the caret at the cause. Knows nothing about specs."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from modelc.compiler.diagnostics.problem import Label, Problem
from modelc.compiler.syntax.lone_signs import LONE, NO_VALUE, compared_help, no_value
from modelc.compiler.syntax.positions import At, Mark, ParserEvent, nth_line, place, word_at
from modelc.compiler.syntax.scalars import NO_KEY, shorten

INDEXED = re.compile(r"\$?[A-Za-z_]\w*(?:\([^()]*\))?")
"""What may be a list of which an entry is taken."""
COMMENTS = ("//", "/*", "--", ";", "<!--")
"""What begins a comment elsewhere."""
SPACES = re.compile("[ \t]*([\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff])")
"""An indentation with a space that is none, or that does not show."""
DASH = re.compile("([\u2010-\u2015\u2212\uff0d\u2022\u2023\u25aa\u25cf\u25e6\u00b7+*])[ \u00a0]|-(?=[A-Za-z{\u00a0])")
"""What stands for the dash of a list item, or a dash without its space."""
ASSIGNED = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_-]*)\s*(?P<sign>=>|:=|->|=)\s*(?P<value>.*)")
BARE_FIRST = re.compile(r"([^\s,:{}]+), *([A-Za-z_]\w*: .*)")
"""`10, activation: relu`: a value alone, and others with names."""
MISSING_SPACE = re.compile(r"\s*(?:- +)*(?P<key>[A-Za-z_][A-Za-z0-9_-]*):(?P<value>[^\s:/].*)")
Labels = tuple[Label, ...]


class Explainer:
    """One syntax error: libyaml's message and marks, and the last scalar before it, which mostly reveals the cause."""

    def __init__(
        self, text: str, file: str, error: yaml.MarkedYAMLError, last: ParserEvent | None, loader: Any
    ) -> None:
        self.text = text
        self.loader = loader
        self.file = file
        self.words = error.problem or ""
        self.context = error.context or ""
        self.mark: Mark = error.problem_mark or error.context_mark or At(0, 0)
        self.context_mark: Mark = error.context_mark or self.mark
        self.line = nth_line(text, self.mark.line)
        self.char = self.line[self.mark.column : self.mark.column + 1]
        self.last = last

    def explain(self) -> Problem:
        """The problem with our message; if no case applies, with libyaml's."""
        indentation = self.line[: first_column(self.line)]
        if (hidden := self.hidden_space()) is not None:
            return self.problem(HIDDEN_SPACE, hidden, "indent with spaces, two for each level")
        if "tab character" in self.words or (
            ("cannot start any token" in self.words or "mapping values" in self.words) and "\t" in indentation
        ):
            return self.tab(indentation)
        if "scanning a quoted scalar" in self.context or "parsing a quoted scalar" in self.context:
            return self.quoted()
        if "cannot start any token" in self.words and self.char in ("\t", "`"):
            if self.char == "\t":
                return self.problem("a tab stands where a space is wanted", self.mark, "write a space")
            written = shorten(self.value_from(self.mark.column).strip("`"))
            message, help = "backticks are no quotes in YAML", f"write it without them: `{written}`"
            return self.problem(message, self.mark, help)
        if "cannot start any token" in self.words:
            written = shorten(self.value_from(self.mark.column))
            help = compared_help(written) or f"put the value in quotes: `'{written}'`"
            if written[1:].isidentifier():
                help = f"for a variable write `${written[1:]}`, for a string `'{written}'`"
            return self.problem(f"a plain value cannot begin with `{self.char}`", self.mark, help)
        if self.char in LONE and self.value_from(self.mark.column) == self.char:
            return self.problem(no_value(self.char), self.mark, NO_VALUE)
        if "expected node content" in self.words:
            return self.no_value()
        if "unexpected ':'" in self.words:
            return self.problem("a space is missing after the `:`", self.mark, "write `key: value`")
        if "flow sequence" in self.context or "flow mapping" in self.context:
            return self.bracket("[" if "flow sequence" in self.context else "{")
        if "mapping values are not allowed" in self.words:
            return self.second_colon()
        if "could not find expected ':'" in self.words:
            return self.missing_colon(self.context_mark, nth_line(self.text, self.context_mark.line))
        if "did not find expected key" in self.words or "expected '-'" in self.words or "<block end>" in self.words:
            return self.misplaced()
        if "sequence entries are not allowed" in self.words:
            help = "begin the list on the next line, or write it in brackets: `[a, b]`"
            return self.problem("a list item cannot begin in the middle of a line", self.mark, help)
        return self.sign()

    def hidden_space(self) -> Mark | None:
        """The first character in the indentation of the lines around the error that is no space and looks like one."""
        first = self.mark.line if self.last is None else min(self.last.start_mark.line, self.mark.line)
        for number, line in enumerate(self.text.split("\n")[first : self.mark.line + 1], first):
            if match := SPACES.match(line):
                return At(number, match.start(1))
        return None

    def false_dash(self, line: int) -> Problem | None:
        """The problem with what stands in place of the dash of a list item at the beginning of a line; None for all else."""
        text = nth_line(self.text, line)
        begin = first_column(text)
        match = DASH.match(text, begin)
        if match is None:
            return None
        rest = shorten(text[match.end() :].partition(" #")[0].strip())
        message = (
            f"a list item begins with `- `, not with `{match[1]}`" if match[1] else "a space is missing after the `-`"
        )
        return self.problem(message, At(line, begin), f"write `- {rest}`")

    def sign(self) -> Problem:
        """An indicator character of YAML at the wrong place."""
        line = nth_line(self.text, self.context_mark.line)
        sign = line[self.context_mark.column : self.context_mark.column + 1]
        if first_column(line) == self.context_mark.column:
            if (found := self.false_dash(self.context_mark.line)) is not None:
                return found
            if line[self.context_mark.column :].startswith("% "):
                return self.comment("%", self.context_mark)
        if "block scalar" in self.context:
            message = f"`{sign}` begins a multi-line string, so nothing may follow it on this line"
            help = compared_help(line[self.context_mark.column :].rstrip())
            help = help or "continue on the next line, indented, or put the string in quotes"
            return self.problem(message, self.context_mark, help)
        for article, what in (("an", "alias"), ("an", "anchor"), ("a", "tag"), ("a", "directive")):
            if what in self.context:
                message = f"`{sign}` begins {article} {what}, and its name is missing"
                written = shorten(self.value_from(self.context_mark.column))
                help = f"quote a string that begins with `{sign}`: `'{written}'`"
                return self.problem(message, self.context_mark, help)
        if "<document start>" in self.words:
            message = "the value above is complete, and this line does not belong to it"
            return self.problem(
                message, self.mark, "a spec is one mapping: all lines at the left margin are `key: value`"
            )
        return self.problem("not valid YAML", self.mark)

    def no_value(self) -> Problem:
        """A character where a value is expected and that cannot begin one."""
        if self.char == ":":
            return self.problem(NO_KEY, self.mark, QUOTED)
        opened = self.open_bracket()
        if opened is not None and (not self.char or (opened.line < self.mark.line and self.char == "-")):
            self.context_mark = opened
            bracket = nth_line(self.text, opened.line)[opened.column]
            return self.never_closed(bracket, "]" if bracket == "[" else "}")
        if self.char in ("]", "}"):
            return self.problem(f"`{self.char}` closes nothing", self.mark, CLOSES_NOTHING)
        return self.problem(f"expected a value, found `{self.char}`", self.mark, "remove it")

    def value_from(self, column: int) -> str:
        """The value that begins at `column` of the line of the error, up to what ends it inside brackets."""
        rest = self.line[column:].partition(" #")[0].strip()
        return re.split(r"[,\]}]", rest)[0].strip() if self.open_bracket() is not None else rest

    def open_bracket(self) -> Mark | None:
        """The innermost bracket that is open at the error. Parses the text again, which only happens after an error."""
        brackets: list[Mark] = []
        try:
            events: Iterator[ParserEvent] = yaml.parse(self.text, Loader=self.loader)
            for event in events:
                if type(event) in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
                    brackets.append(At(event.end_mark.line, event.end_mark.column - 1) if event.flow_style else NOWHERE)
                elif type(event) in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
                    brackets.pop()
        except yaml.YAMLError:
            pass
        return brackets[-1] if brackets and brackets[-1] is not NOWHERE else None

    def tab(self, indentation: str) -> Problem:
        column = indentation.find("\t")
        start = At(self.mark.line, column) if column >= 0 else self.mark
        tabs = len(indentation) - len(indentation.rstrip("\t")) if column >= 0 else 1
        help = "indent with spaces, two for each level: YAML does not allow tabs there"
        return self.problem("a tab is used for indentation", start, help, width=max(tabs, 1))

    def quoted(self) -> Problem:
        if "Unicode character escape" in self.words:
            start = At(self.mark.line, max(self.mark.column - 2, 0))
            message = "an escape in a string denotes no valid character"
            help = "write the character itself, or its code point as `\\U0001F600`"
            return self.problem(message, start, help, width=6, code="E001")
        if "escape" in self.words or "hexdecimal" in self.words:
            escape = self.line[self.mark.column : self.mark.column + 2]
            message = f"`{escape}` is not a valid escape in a double-quoted string"
            help = "use single quotes, where a backslash is literal, or write `\\\\`"
            return self.problem(message, self.mark, help, width=2)
        return self.problem("this quote is never closed", self.context_mark, "close it")

    def bracket(self, opened: str) -> Problem:
        closing = "]" if opened == "[" else "}"
        related = (Label(place(self.file, self.context_mark), f"`{opened}` opened here"),)
        last = self.last
        if self.char == ":" and last is not None and self.ends_here(last):
            if last.start_mark.line < self.mark.line:
                return self.never_closed(opened, closing)
            words = last.value.split()
            if len(words) > 1:
                word = words[-1]
                start = At(self.mark.line, self.mark.column - len(word))
                message = f"a comma is missing before `{shorten(word)}`"
                return self.problem(message, start, width=len(word), related=related)
            help = "put a nested mapping in braces, `{a: {b: 1}}`, or a string in quotes"
            return self.problem("a second `:` in the same entry", self.mark, help, related=related)
        if self.char in ("]", "}"):
            message, help = f"`{self.char}` cannot close `{opened}`", f"write `{closing}` before it"
            return self.problem(message, self.mark, help, related=related)
        if self.char == "{" and self.line[: self.mark.column].endswith("$"):
            start = At(self.mark.line, self.mark.column - 1)
            written = self.line[start.column :]
            expression = shorten(written[: written.find("}") + 1] or "${...}")
            help = "without quotes, `{` begins a mapping inside braces and brackets"
            message = f'this expression must be quoted: `"{expression}"`'
            return self.problem(message, start, help, width=2, related=related)
        if self.char == "[" and last is not None and self.ends_here(last) and INDEXED.fullmatch(last.value):
            written = re.split(r"[,{}]", self.line[last.start_mark.column :])[0].strip()
            message = f'an expression must be quoted: `"${{{shorten(written.lstrip("$"))}}}"`'
            help = "without quotes, `[` begins a list"
            return self.problem(message, last.start_mark, help, width=len(written), related=related)
        if self.mark.line > self.context_mark.line:
            return self.never_closed(opened, closing)
        return self.problem(f"expected `,` or `{closing}`", self.mark, related=related)

    def never_closed(self, opened: str, closing: str) -> Problem:
        where: Labels = ()
        if self.line.strip():
            start = At(self.mark.line, first_column(self.line))
            where = (Label(place(self.file, start), "so this is read as part of it"),)
        return self.problem(f"`{opened}` is not closed", self.context_mark, f"close it with `{closing}`", related=where)

    def second_colon(self) -> Problem:
        """A `:` where no key is possible; mostly the mistake is in the line above."""
        last = self.last
        if last is None or not self.ends_here(last) or last.style not in (None, ""):
            return self.problem("a `:` without a key before it", self.mark, "quote a string that contains a `:`")
        start: Mark = last.start_mark
        if start.line == self.mark.line:
            rest = shorten(self.line[start.column :].partition(" #")[0].strip())
            if (listed := BARE_FIRST.fullmatch(rest)) and self.line[: start.column].rstrip().endswith(":"):
                help = f"arguments are in braces, each with its name: `{{NAME: {listed[1]}, {listed[2]}}}`"
                return self.problem(
                    "an argument without a name before others with names", start, help, width=len(listed[1])
                )
            help = f"if it is a string, quote it: `'{rest}'`; if it is a mapping, use braces: `{{{rest}}}`"
            return self.problem("a second `:` on the same line", self.mark, help)
        above = nth_line(self.text, start.line)
        if above[start.column :].startswith(COMMENTS):
            return self.comment(next(sign for sign in COMMENTS if above.startswith(sign, start.column)), start)
        indentation = first_column(self.line)
        if MISSING_SPACE.match(above, start.column) or start.column <= indentation == first_column(above):
            return self.missing_colon(start, above)
        begin = At(self.mark.line, indentation)
        key = word_at(self.text, begin)
        if start.column == indentation and above[: start.column].strip(" -") == "":
            word = above[start.column :].partition(" #")[0].strip()
            help = f"write `{word}:`, so that `{key}` can stand beside it"
            return self.problem(f"a `:` is missing after `{shorten(word)}`", start, help, width=len(word))
        what, others = ("this list item", "other items") if key == "-" else (f"`{key}`", "keys it belongs with")
        related = (Label(place(self.file, start, At(start.line, len(above.rstrip()))), "this value"),)
        message = f"{what} is indented below a value that is already complete"
        return self.problem(message, begin, f"indent it as far as the {others}", width=len(key), related=related)

    def missing_colon(self, start: Mark, line: str) -> Problem:
        match = MISSING_SPACE.match(line, start.column)
        if match:
            return missing_space(self.file, match["key"], match["value"], At(start.line, match.start("key")), self.note)
        word = line[start.column :].partition(" #")[0].strip()
        for sign in COMMENTS:
            if word.startswith(sign):
                return self.comment(sign, start)
        if (found := self.false_dash(start.line)) is not None and first_column(line) == start.column:
            return found
        if assigned := ASSIGNED.fullmatch(word):
            begin = At(start.line, start.column + assigned.start("sign"))
            help = f"write `{assigned['key']}: {shorten(assigned['value'])}`"
            message = f"a key and its value are joined by `:`, not by `{assigned['sign']}`"
            return self.problem(message, begin, help, width=len(assigned["sign"]))
        message = f"a `:` is missing after `{shorten(word)}`"
        return self.problem(message, start, "a key is written `key: value`", width=len(word))

    def comment(self, sign: str, start: Mark) -> Problem:
        return self.problem(f"a comment begins with `#`, not with `{sign}`", start, "write `#`", width=len(sign))

    def misplaced(self) -> Problem:
        """A line that does not belong to the mapping or list around it."""
        indentation = first_column(self.line)
        for line in (self.mark.line, self.context_mark.line):
            # The first item of a list may be the one that is none.
            if (found := self.false_dash(line)) is not None:
                return found
        around = "mapping" if "mapping" in self.context else "list"
        related = (Label(place(self.file, self.context_mark), f"the {around} around it begins here"),)
        last = self.last
        if last is not None and last.end_mark.line == self.mark.line and last.style in ("'", '"'):
            help = "put the whole string in quotes, or none of it"
            return self.problem("text after the closing quote", self.mark, help)
        if self.char in ("]", "}"):
            return self.problem(f"`{self.char}` closes nothing", self.mark, CLOSES_NOTHING)
        if indentation != self.context_mark.column:
            begin = At(self.mark.line, indentation)
            width = len(word_at(self.text, begin)) or 1
            help = f"begin it in column {self.context_mark.column + 1}, like the other lines of the {around}"
            return self.problem("the indentation matches no line above", begin, help, width=width, related=related)
        if self.char == ":":
            message, help = NO_KEY, QUOTED
        elif self.char == "-":
            message, help = "a list item between the keys of a mapping", "indent the list below the key it belongs to"
        elif around == "list":
            message = "a key between the items of a list"
            help = "begin the line with `- `, or indent it as part of the item above"
        elif self.mark.column > indentation:
            message, help = "the value is complete before this", "start a new line here"
        else:
            message, help = "expected a key", "a key is written `key: value`"
        return self.problem(message, self.mark, help, related=related)

    def ends_here(self, scalar: ParserEvent) -> bool:
        """Whether the error is directly after `scalar`."""
        return (scalar.end_mark.line, scalar.end_mark.column) == (self.mark.line, self.mark.column)

    @property
    def note(self) -> str:
        return "the YAML parser says: " + ", ".join(words for words in (self.context, self.words) if words)

    def problem(
        self, message: str, start: Mark, help: str = "", *, width: int = 1, code: str = "E002", related: Labels = ()
    ) -> Problem:
        label = Label(place(self.file, start, At(start.line, start.column + width)))
        return Problem(code, message, label, notes=(self.note,), helps=(help,) if help else (), related=related)


HIDDEN_SPACE = "a character that is no space is used for indentation"
QUOTED = "quote a string that begins with `:`"
CLOSES_NOTHING = "remove it, or add the opening bracket"
NOWHERE = At(-1, -1)


def missing_space(file: str, key: str, value: str, start: Mark, note: str = "") -> Problem:
    """`units:10`, which YAML reads as one string."""
    colon = At(start.line, start.column + len(key))
    helps = (f"write `{key}: {shorten(value.partition(' #')[0].rstrip())}`",)
    notes = (note,) if note else ()
    return Problem("E002", "a space is missing after the `:`", Label(place(file, colon)), notes, helps)


def first_column(line: str) -> int:
    """How far `line` is indented."""
    return len(line) - len(line.lstrip())
