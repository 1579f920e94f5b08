"""What `modelc validate --fix` does to files: writes what was fixed, or shows it."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from modelc.cli.saving import save
from modelc.cli.targets import STDIN_NAME
from modelc.compiler.diagnostics.phrases import counted

if TYPE_CHECKING:
    from modelc.compiler.api import Checked
    from modelc.compiler.fixes.fix_session import Check

LINE = re.compile(r".*\n|.+")
CheckFiles = Callable[[Mapping[str, str]], "Checked"]
"""Checks one spec, with the texts of these files, by real path, in place of what is on the disk."""


@dataclass(slots=True)
class Fixed:
    """The files that were fixed, by real path: their texts before and after, and the number of fixes."""

    before: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    complete: bool = True
    """Whether all that was fixed could be written."""

    def changed(self) -> list[str]:
        return [name for name, text in self.texts.items() if text != self.before[name]]

    def line(self, would: bool) -> str:
        """`fixed 3 in 2 files`; empty if nothing was fixed."""
        total, files = sum(self.counts.values()), len(self.changed())
        if not files:
            return ""
        return f"{'would fix' if would else 'fixed'} {total:,} in {counted(files, 'file')}"


def real_path(name: str) -> str:
    """The real path of the file that messages call `name`."""
    return name if name == STDIN_NAME else os.path.realpath(name)


def by_name(check: CheckFiles, texts: Mapping[str, str]) -> "Check":
    """`check`, with these `texts` by real path, for files by the names that messages have for them."""
    from modelc.compiler.fixes.fix_session import CheckResult

    def check_again(edited: Mapping[str, str]) -> CheckResult:
        checked = check({**texts, **{real_path(name): text for name, text in edited.items()}})
        return CheckResult(checked.problems, checked.sources, checked.values)

    return check_again


def fix(check: CheckFiles, given: Sequence[str], fixed: Fixed) -> None:
    """Fix what can be fixed of one spec, in the files `given` (real paths) only."""
    from modelc.compiler.fixes.fix_session import fix_spec

    result = fix_spec(by_name(check, fixed.texts), lambda name: real_path(name) in given)
    for name, text in result.texts.items():
        fixed.before.setdefault(real_path(name), result.before[name])
        fixed.texts[real_path(name)] = text
        fixed.counts[real_path(name)] = fixed.counts.get(real_path(name), 0) + result.counts[name]


def with_verified_fixes(check: CheckFiles, checked: "Checked", texts: Mapping[str, str]) -> "Checked":
    """`checked` with those fixes only that a check confirms."""
    from modelc.compiler.fixes.fix_session import CheckResult, verified

    found = CheckResult(checked.problems, checked.sources, checked.values)
    return checked._replace(problems=verified(by_name(check, texts), found))


def write_fixed(fixed: Fixed, names: Mapping[str, str]) -> bool:
    """Write the fixed files, and say whether all could be written; `names` as for `difference_lines`.

    Of each that could not be, it says why, and forgets the fixes.
    """
    complete = True
    for name in fixed.changed():
        if name != STDIN_NAME and not save(Path(names.get(name, name)), fixed.before[name], fixed.texts[name]):
            complete = False
            for facts in (fixed.before, fixed.texts, fixed.counts):
                facts.pop(name)
    return complete


def difference_lines(fixed: Fixed, names: Mapping[str, str]) -> Iterator[str]:
    """The changes of the fixes as a unified diff; `names` are the file names as given by the user, by real path."""
    from difflib import unified_diff

    for name in fixed.changed():
        before, after = (LINE.findall(text) for text in (fixed.before[name], fixed.texts[name]))
        called = patch_name(names.get(name, name))
        for line in unified_diff(before, after, called, called):
            yield line.removesuffix("\n")
            if not line.endswith("\n"):
                yield "\\ No newline at end of file"


def patch_name(name: str) -> str:
    """A file name for the head of a patch; as Git quotes it if it is not printable as it is."""
    from modelc.compiler.diagnostics.render.printable import printable

    if printable(name) == name and not name.startswith('"'):
        return name
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"#\\' else f"\\{byte:03o}" for byte in os.fsencode(name))
    return f'"{"".join(plain)}"'
