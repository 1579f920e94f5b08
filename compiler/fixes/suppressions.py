"""`# modelc: ignore W901` on a line of a spec: suppresses the warnings of this line that it names. Errors stay.

Knows comments and problems, no models. JSON has no comments, and so nothing here.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelc.compiler.diagnostics.catalog import codes, page
from modelc.compiler.diagnostics.problem import Label, Place, Problem
from modelc.compiler.fixes.text_edits import ParsedText
from modelc.compiler.syntax.positions import index_of, place_of

EXACT = re.compile(r"modelc:[ \t]*ignore")
WORDS = ("ignore", "disable", "suppress", "noqa")
"""What other tools call it; answered with the right word."""
COMMENT = re.compile(
    rf"(?<!\S)#[ \t]*(?P<words>modelc[ \t]*:[ \t]*(?:{'|'.join(WORDS)}))\b(?P<rest>[^\n]*)", re.IGNORECASE
)
CODE = re.compile(r"[ \t,]*([A-Za-z][0-9]+)(?![\w-])")
OWN = "W910"
"""The warning about a comment that does nothing, which no comment suppresses."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """A code in such a comment, or none where the comment has no code, and where it stands.

    `unknown` is what the comment says in place of `modelc: ignore`: it suppresses nothing.
    """

    code: str
    place: Place
    unknown: str = ""


def suppress(problems: Sequence[Problem], sources: Mapping[str, str], main: str) -> tuple[Problem, ...]:
    """`problems` without the warnings that comments in `sources` suppress, with a warning for each that does nothing.

    A comment in another file than `main` may be meant for other specs, one in a spec with errors for a warning that cannot
    be given yet, and one for a code without a wrong spec on its page for what only files tell: that these suppress nothing
    is no mistake.
    """
    suppressions = [one for name, text in sources.items() for one in read_comments(name, text)]
    left, used = apart(problems, suppressions)
    # What is not shown may be what a comment is for.
    has_errors = any(problem.is_error or problem.omitted is not None for problem in problems)
    for one in suppressions:
        if one.place.file == main and (one.place.file, one.place.line, one.code) not in used:
            unused = unused_suppression(one, has_errors)
            left += [unused] if unused else []
    return tuple(left)


def unsuppressed(problems: Sequence[Problem], sources: Mapping[str, str]) -> tuple[Problem, ...]:
    """`problems` that were found after `suppress`, such as those of the data, without the warnings that comments suppress."""
    if not problems:
        return ()
    return tuple(apart(problems, [one for name, text in sources.items() for one in read_comments(name, text)])[0])


def apart(
    problems: Sequence[Problem], suppressions: Sequence[Suppression]
) -> tuple[list[Problem], set[tuple[str, int, str]]]:
    """The problems that stay, and file, line and code of the comments that suppress the others."""
    wanted = {(one.place.file, one.place.line, one.code) for one in suppressions if one.code != OWN}
    left: list[Problem] = []
    used = set()
    for problem in problems:
        here = (problem.label.place.file, problem.label.place.line, problem.code)
        if problem.is_error or here not in wanted:
            left.append(problem)
        else:
            used.add(here)
    return left, used


def unused_suppression(suppression: Suppression, has_errors: bool) -> Problem | None:
    """The warning about a code that suppresses nothing; None where there may be a use for it."""
    help = "remove the comment"
    if suppression.unknown:
        message, label = f"`{suppression.unknown}` suppresses nothing", "not known"
        help = "write `# modelc: ignore W901`"
    elif not suppression.code:
        message, label, help = "the comment names no warning", "which one?", "write `# modelc: ignore W901`"
    elif suppression.code.startswith("E"):
        message, label = f"`{suppression.code}` is an error, which no comment suppresses", "not a warning"
        help = "fix the error, and remove the comment"
    elif suppression.code == OWN:
        message, label = f"`{OWN}` cannot be suppressed: it is the warning about such comments", "does nothing"
    elif suppression.code not in codes():
        close = suppression.code.upper() if suppression.code.upper() in codes() else ""
        message, label = f"there is no warning `{suppression.code}`", "no such code"
        help = f"did you mean `{close}`?" if close else "`modelc explain CODE` says what a code means"
    elif not has_errors and page(suppression.code).wrong:
        message, label = f"there is no warning `{suppression.code}` on this line", "suppresses nothing"
    else:
        return None
    return Problem(OWN, message, Label(suppression.place, label), helps=(help,))


def read_comments(name: str, text: str) -> list[Suppression]:
    """The codes in the comments of `text`, in order."""
    if name.endswith(".json") or not COMMENT.search(text):
        return []
    parsed = ParsedText(name, text)
    ends = [(one.node.start, one.node.end) for one in parsed.scalars.values() if one.node.end is not None]
    spans = sorted((index_of(parsed.starts, start), index_of(parsed.starts, end)) for start, end in ends)
    found: list[Suppression] = []
    for match in COMMENT.finditer(text):
        before = bisect_right(spans, (match.start(), len(text))) - 1
        if before >= 0 and match.start() < spans[before][1]:
            # Inside a text in quotes, or one of several lines.
            continue
        if not EXACT.fullmatch(match["words"]):
            place = place_of(name, parsed.starts, match.start("words"), match.start("rest"))
            found.append(Suppression("", place, match["words"]))
            continue
        at, before = match.start("rest"), len(found)
        while code := CODE.match(text, at):
            found.append(Suppression(code[1], place_of(name, parsed.starts, code.start(1), code.end(1))))
            at = code.end()
        if len(found) == before:
            found.append(Suppression("", place_of(name, parsed.starts, match.start(), match.start("rest"))))
    return found
