"""`# modelc: ignore W901` on a line of a spec: takes back the warnings of this line that it names. Errors stay.

Knows comments and findings, no models. JSON has no comments, and so nothing here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelc.compiler.diagnostics.catalog import codes
from modelc.compiler.diagnostics.problem import Label, Place, Problem
from modelc.compiler.fixes.text_edits import ParsedText
from modelc.compiler.syntax.positions import index_of, place_of

EXACT = re.compile(r"modelc:[ \t]*ignore")
WORDS = ("ignore", "disable", "suppress", "noqa")
"""What other tools call it; answered with the right word."""
COMMENT = re.compile(
    rf"(?<!\S)#[ \t]*(?P<said>modelc[ \t]*:[ \t]*(?:{'|'.join(WORDS)}))\b(?P<rest>[^\n]*)", re.IGNORECASE
)
CODE = re.compile(r"[ \t,]*([A-Za-z][0-9]+)(?![\w-])")
OWN = "W910"
"""The warning about a comment that does nothing, which no comment takes back."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A code in such a comment, or none where the comment has no code, and where it stands.

    `slip` is what the comment says in the place of `modelc: ignore`: it takes nothing back.
    """

    code: str
    place: Place
    slip: str = ""


def suppress(problems: Sequence[Problem], sources: Mapping[str, str], main: str) -> tuple[Problem, ...]:
    """`problems` without the warnings that comments in `sources` take back, with a warning for each that does nothing.

    A comment in another file than `main` may be meant for other specs, and one in a spec with errors for a warning that
    cannot be given yet: what they do not take back is no mistake.
    """
    ignored = [one for name, text in sources.items() for one in read_comments(name, text)]
    wanted = {(one.place.file, one.place.line, one.code) for one in ignored if one.code != OWN}
    left: list[Problem] = []
    done = set()
    for problem in problems:
        here = (problem.label.place.file, problem.label.place.line, problem.code)
        if problem.is_error or here not in wanted:
            left.append(problem)
        else:
            done.add(here)
    whole = not any(problem.is_error for problem in problems)
    for one in ignored:
        if one.place.file == main and (one.place.file, one.place.line, one.code) not in done:
            idle = why_idle(one, whole)
            left += [idle] if idle else []
    return tuple(left)


def why_idle(one: Ignored, whole: bool) -> Problem | None:
    """The warning about a code that takes nothing back; None where there may be a use for it."""
    cure = "remove the comment"
    if one.slip:
        message, label, cure = f"`{one.slip}` takes nothing back", "not known", "write `# modelc: ignore W901`"
    elif not one.code:
        message, label, cure = "the comment names no warning", "which one?", "write `# modelc: ignore W901`"
    elif one.code.startswith("E"):
        message, label = f"`{one.code}` is an error, which no comment takes back", "not a warning"
        cure = "correct what it is about, and remove the comment"
    elif one.code == OWN:
        message, label = f"`{OWN}` cannot be taken back: it is about comments such as this one", "does nothing"
    elif one.code not in codes():
        close = one.code.upper() if one.code.upper() in codes() else ""
        message, label = f"there is no warning `{one.code}`", "no such code"
        cure = f"did you mean `{close}`?" if close else "`modelc explain CODE` says what a code means"
    elif whole:
        message, label = f"there is no warning `{one.code}` on this line", "takes nothing back"
    else:
        return None
    return Problem(OWN, message, Label(one.place, label), helps=(cure,))


def read_comments(name: str, text: str) -> list[Ignored]:
    """The codes in the comments of `text`, in order."""
    if name.endswith(".json") or not COMMENT.search(text):
        return []
    parsed = ParsedText(name, text)
    spans = [
        (index_of(parsed.starts, one.node.start), index_of(parsed.starts, one.node.end))
        for one in parsed.scalars.values()
        if one.node.end is not None
    ]
    found: list[Ignored] = []
    for match in COMMENT.finditer(text):
        if any(begin <= match.start() < end for begin, end in spans):
            # Inside a text in quotes, or one of several lines.
            continue
        if not EXACT.fullmatch(match["said"]):
            said = place_of(name, parsed.starts, match.start("said"), match.start("rest"))
            found.append(Ignored("", said, match["said"]))
            continue
        at, before = match.start("rest"), len(found)
        while code := CODE.match(text, at):
            found.append(Ignored(code[1], place_of(name, parsed.starts, code.start(1), code.end(1))))
            at = code.end()
        if len(found) == before:
            found.append(Ignored("", place_of(name, parsed.starts, match.start(), match.start("rest"))))
    return found
