"""What a check without `--data` has not looked at, in one line: a spec that is called valid says what that does not mean."""

from collections.abc import Sequence
from typing import NamedTuple

from modelc.compiler.diagnostics.phrases import counted, name_list


class Unchecked(NamedTuple):
    """A spec of which something was not read: its rows where it `has_rows`, or else the arrays that weights begin with.
    `absent` are its data files that are not there, `arrays` its files of arrays; with `rootless`, none was looked for, since it
    is not known where their paths begin. `untold` are data files whose columns only their rows tell, `weights` runs and files that
    weights are taken from.
    """

    file: str
    absent: tuple[str, ...] = ()
    rootless: bool = False
    arrays: tuple[str, ...] = ()
    has_rows: bool = True
    untold: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()


def unchecked_line(specs: Sequence[Unchecked]) -> str:
    """`the rows were not read: use `--data``, with the files that were not checked; empty where `specs` is."""
    if not specs:
        return ""
    with_rows = [spec for spec in specs if spec.has_rows]
    what = "the rows" if with_rows else "the arrays in files"
    # Where rows are read, so are arrays.
    several = f" of {counted(len(with_rows or specs), 'spec')}" if len(with_rows or specs) > 1 else ""
    parts = []
    for left, files in (
        ("the columns of", [spec.absent for spec in specs]),
        ("", [spec.arrays for spec in specs]),
        ("the weights of", [spec.weights for spec in specs]),
    ):
        if shown := list(dict.fromkeys(path for paths in files for path in paths)):
            parts.append(unchecked_files(left, shown, rootless=specs[0].rootless))
    if untold := list(dict.fromkeys(path for spec in specs for path in spec.untold)):
        whose = "its rows tell" if len(untold) == 1 else "their rows tell"
        parts.append(unchecked_files("the columns of", untold, why=f"only {whose} them"))
    return "; ".join([*parts, f"{what}{several} were not read: use `--data`"])


def unchecked_files(what: str, files: Sequence[str], *, rootless: bool = False, why: str = "") -> str:
    """Which files were not checked, and why; `what` is what of them, empty where they are arrays."""
    one = len(files) == 1
    why = why or (
        "without `--root` it is not known where paths begin"
        if rootless
        else f"{'it is' if one else 'they are'} not there"
    )
    shown = name_list(files) if len(files) <= 3 else f"{len(files):,} files, such as `{files[0]}`,"
    left, verb = (what, "were") if what else ("the array in", "was") if one else ("the arrays in", "were")
    return f"{left} {shown} {verb} not checked: {why}"
