"""What a check without `--data` has not looked at, in one line: a spec that is called valid says what that does not mean."""

from collections.abc import Sequence
from typing import NamedTuple

from modelc.compiler.diagnostics.phrases import counted, name_list


class Unchecked(NamedTuple):
    """A spec whose rows were not read, or that has files of arrays alone, without `rows`. `absent` are its data files that are
    not there; with `rootless`, none was looked for, since it is not known where their paths begin.
    """

    file: str
    absent: tuple[str, ...] = ()
    rootless: bool = False
    rows: bool = True


def unchecked_line(specs: Sequence[Unchecked]) -> str:
    """`the rows were not read: use `--data``, with the files whose columns were not checked; empty where `specs` is."""
    if not specs:
        return ""
    with_rows = sum(one.rows for one in specs)
    rows = "the rows" if len(specs) == 1 else f"the rows of {counted(with_rows, 'spec')}"
    line = f"{rows} were not read: use `--data`" if with_rows else ""
    files = list(dict.fromkeys(path for spec in specs for path in spec.absent))
    if not files:
        return line
    which = "it is" if len(files) == 1 else "they are"
    why = "without `--root` it is not known where paths begin" if specs[0].rootless else f"{which} not there"
    shown = name_list(files) if len(files) <= 3 else f"{len(files):,} files, such as `{files[0]}`,"
    if not with_rows:
        return f"{shown} {'was' if len(files) == 1 else 'were'} not checked: {why}"
    return f"the columns of {shown} were not checked: {why}; {line}"
