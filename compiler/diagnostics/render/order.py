"""The order of problems and the summary line with their counts, the same in every format."""

from collections.abc import Iterable, Sequence

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Problem


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """`problems` by file, line and column; those of one place by code. What is not shown comes last."""
    return sorted(problems, key=sort_key)


def sort_key(problem: Problem) -> tuple[str, bool, int, int, str, str]:
    """What tells where a problem comes among others: one that stands for others of its file after these."""
    file, line, column = where(problem)
    return file, problem.omitted is not None, line, column, problem.code, problem.message


def where(problem: Problem) -> tuple[str, int, int]:
    place = problem.label.place
    return place.file, place.line, place.column


def totals(problems: Iterable[Problem]) -> tuple[int, int]:
    """The numbers of errors and warnings, with those that are not shown."""
    errors = warnings = 0
    for problem in problems:
        of_error = int(problem.is_error) if problem.omitted is None else problem.omitted.errors
        errors += of_error
        warnings += (1 if problem.omitted is None else problem.omitted.total) - of_error
    return errors, warnings


def summary(problems: Sequence[Problem], files: int, *, would: bool = False, strict: bool = False) -> str:
    """The last line of a check: `2 errors, 1 warning in 1 file`, or `3 files are valid`; `would be` of what is not
    written. With `strict`, which counts warnings as errors, a line without errors says so.
    """
    errors, warnings = totals(problems)
    counts = [counted(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    if not errors:
        valid = counted(files, "file") + (" would be valid" if would else " is valid" if files == 1 else " are valid")
        strictly = f": `--strict` counts {'it as an error' if warnings == 1 else 'them as errors'}"
        return ", ".join([valid, *counts]) + (strictly if strict and warnings else "")
    bad = len({problem.label.place.file for problem in problems})
    where = counted(files, "file") if bad >= files else f"{bad} of {counted(files, 'file')}"
    return f"{', '.join(counts)} in {where}"
