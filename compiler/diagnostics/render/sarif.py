"""Problems as SARIF 2.1.0, which code-scanning services read; the rules are the pages of the codes."""

from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from modelc.compiler.diagnostics.catalog import codes, page
from modelc.compiler.diagnostics.problem import Fix, Label, Place, Problem
from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.compiler.diagnostics.render.printable import printable
from modelc.compiler.diagnostics.render.report import Report
from modelc.compiler.diagnostics.render.unchecked import unchecked_line

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: Report) -> str:
    """The log as text: one run, one result for each problem, one rule for each code that occurs."""
    ordered = report.ordered
    used = sorted({problem.code for problem in ordered})
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "modelc", "rules": [rule(code) for code in used]}},
        "columnKind": "unicodeCodePoints",
        "results": [result(problem, used.index(problem.code)) for problem in ordered],
    }
    if line := unchecked_line(report.unchecked):
        note = {"level": "note", "message": {"text": printable(line)}}
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": [note]}]
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def rule(code: str) -> dict[str, Any]:
    level = "error" if code.startswith("E") else "warning"
    found: dict[str, Any] = {"id": code, "defaultConfiguration": {"level": level}}
    if code in codes():
        explained = page(code)
        found["shortDescription"] = {"text": explained.title}
        found["fullDescription"] = {"text": explained.text.partition("\n\n")[0].replace("\n", " ")}
        found["help"] = {"text": explained.text, "markdown": explained.text}
    return found


def result(problem: Problem, index: int) -> dict[str, Any]:
    remarks = [*(f"note: {note}" for note in problem.notes), *(f"help: {help}" for help in problem.helps)]
    message = "\n".join(printable(line) for part in (problem.message, *remarks) for line in part.split("\n"))
    found: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": "error" if problem.is_error else "warning",
        "message": {"text": message},
        "locations": [location(problem.label)],
        "partialFingerprints": {"modelc/v1": fingerprint(problem)},
    }
    if problem.related:
        found["relatedLocations"] = [
            {"id": number, **location(label), "message": {"text": printable(label.text)}}
            for number, label in enumerate(problem.related, 1)
        ]
    if problem.omitted is not None:
        found["properties"] = {"omitted": dict(problem.omitted.counts), "atLeast": problem.omitted.at_least}
    if problem.fix is not None:
        found["fixes"] = [change(problem.fix)]
    return found


def change(fix: Fix) -> dict[str, Any]:
    """A fix: the replacements in each file."""
    files: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": region(edit.place), "insertedContent": {"text": edit.text}}
        files.setdefault(edit.place.file, []).append(replacement)
    changes = [{"artifactLocation": artifact(file), "replacements": edits} for file, edits in files.items()]
    return {"description": {"text": printable(fix.title)}, "artifactChanges": changes}


def location(label: Label) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": artifact(label.place.file)}
    if label.place.line:
        physical["region"] = region(label.place)
    return {"physicalLocation": physical}


def artifact(file: str) -> dict[str, str]:
    try:
        # The bytes of a file name that is no UTF-8.
        return {"uri": quote(file, errors="surrogateescape")}
    except UnicodeEncodeError:
        return {"uri": quote(file, errors="surrogatepass")}


def region(place: Place) -> dict[str, int]:
    start = {"startLine": place.line, "startColumn": place.column}
    return start | {"endLine": place.end_line, "endColumn": place.end_column}


def fingerprint(problem: Problem) -> str:
    """A digest that stays the same when lines move: of the code, the file, the path in the spec and the message."""
    parts = (problem.code, problem.label.place.file, ".".join(map(str, problem.path)), problem.message)
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
