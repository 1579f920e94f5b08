"""Problems as one versioned JSON object. A new key raises the minor version, any other change the major one."""

from typing import Any

from modelc.compiler.diagnostics.problem import Fix, Label, Omitted, Place, Problem
from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.compiler.diagnostics.render.order import totals
from modelc.compiler.diagnostics.render.report import Report

FORMAT_VERSION = "1.3"


def to_json(report: Report) -> str:
    """The object as text, in ASCII: names in it decode to what they are, and act on no terminal and no log.

    `ok` is whether the exit code is that of files without findings: with `strict`, warnings are findings too. `unchecked`
    has each spec whose rows were not read, with those of its data files that are not there.
    """
    errors, warnings = totals(report.problems)
    omitted = [problem.omitted for problem in report.problems if problem.omitted is not None]
    found = {
        "format_version": FORMAT_VERSION,
        "ok": errors == 0 and not (report.strict and warnings),
        "files": report.files,
        "errors": errors,
        "warnings": warnings,
        "omitted": sum(one.total for one in omitted),
        "unchecked": [
            {"file": one.file, "absent": [*one.absent, *one.arrays, *one.weights]} for one in report.unchecked
        ],
        "diagnostics": [diagnostic(problem) for problem in report.ordered],
    }
    return json_text(found) + "\n"


def diagnostic(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": "error" if problem.is_error else "warning",
        "message": problem.message,
        **located(problem.label),
        "path": ".".join(map(str, problem.path)),
        "notes": list(problem.notes),
        "helps": list(problem.helps),
        "related": [located(label) for label in problem.related],
        "fix": None if problem.fix is None else change(problem.fix),
        "omitted": None if problem.omitted is None else not_shown(problem.omitted),
    }


def not_shown(omitted: Omitted) -> dict[str, Any]:
    """The number of problems of each code for which a diagnostic stands; `at_least` where there may be more."""
    return {"counts": dict(omitted.counts), "at_least": omitted.at_least}


def change(fix: Fix) -> dict[str, Any]:
    """A fix and its edits: each range is replaced by `text`; apply all of them or none."""
    edits = [{"file": edit.place.file, "range": span(edit.place), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "edits": edits}


def located(label: Label) -> dict[str, Any]:
    return {"file": label.place.file, "range": span(label.place), "label": label.text}


def span(place: Place) -> dict[str, Any] | None:
    """Lines and columns from 1, the end exclusive; None for a file as a whole."""
    if not place.line:
        return None
    end = {"line": place.end_line, "column": place.end_column}
    return {"start": {"line": place.line, "column": place.column}, "end": end}
