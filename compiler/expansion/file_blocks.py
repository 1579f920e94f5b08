"""Reads a block that is the model of another file, up to one of its layers or nodes. The file is in its place already."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from modelc.compiler.diagnostics.problem import Label
from modelc.compiler.expansion.key_path import child_names
from modelc.compiler.expansion.scope import File, Scope, dereference
from modelc.compiler.expansion.source_tree import SourceNode
from modelc.compiler.language.grammar import FROM_FILE, LANGUAGE, MODEL
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import describe
from modelc.compiler.syntax.document import Where

Report = Callable[..., None]
"""Reports a problem: its code, its message, where it is, and more by name."""

if TYPE_CHECKING:
    from modelc.compiler.expansion.variables import VariableEvaluator


def used_model(values: "VariableEvaluator", name: str, part: SourceNode, file: File, scope: Scope) -> SourceNode | None:
    """The body of the block `name` that is the model of `file`, up to its node `output` where that is given, a name in
    `scope`; None after reporting that there is none.

    The data, the training and the precision of that file are not looked at.
    """
    for key in part.content:
        if key not in FROM_FILE:
            report_beside(values, name, part, key)
            return None
    spec, output = part.get("use"), part.get("output")
    if output is not None:
        # What it names may be a variable of this file, and is none of the other.
        output = values.value(output, scope)
    if spec is None or spec.kind != "mapping" or (output is not None and output.kind == "hole"):
        return None
    known, found = known_keys(values.report, spec, "a spec", tuple(LANGUAGE.keys)), spec.get("model")
    if found is None:
        if known:
            message = f"the file of the block `{name}` has no `model`"
            values.report("E104", message, part.content["use"][0], label="no model in it")
        return None
    model = dereference(found, file.variables)
    if model.kind != "mapping":
        if model.kind != "hole":
            message = f"`model` must be a mapping, got {describe(model.data)}"
            values.report("E105", message, model.at, label="expected a mapping")
        return None
    if not known_keys(values.report, model, "`model`", tuple(MODEL.keys)) or not is_whole(
        values, model, spec.content["model"][0], output
    ):
        return None
    body = {key: entry for key, entry in model.content.items() if key != "precision"}
    if output is not None and "nodes" in body:
        # It is written out: what begins with a dollar now is no variable.
        text = output.content
        named = replace(output, content=f"${text}") if isinstance(text, str) and text.startswith("$") else output
        body["outputs"] = part.content["output"][0], SourceNode("list", (named,), output.at)
    elif output is not None:
        layers = dereference(body["layers"][1], file.variables)
        cut = up_to(values, layers, output, file) if layers.kind == "list" else None
        if cut is None:
            return None
        body["layers"] = body["layers"][0], cut
    return SourceNode("mapping", body, model.at)


def report_beside(values: "VariableEvaluator", name: str, part: SourceNode, key: str) -> None:
    """Report `key` in the block `name` that is the model of another file."""
    at, use = part.content[key][0], part.content["use"][0]
    if found := suggest(key, FROM_FILE):
        message = f"unknown key `{key}` in the block `{name}`"
        values.report("E102", message, at, label="unknown key", suggestion=found)
        return
    message = f"`{key}` does not go with `use` in the block `{name}`"
    if at.place().file == use.place().file:
        values.report("E108", message, at, label="not used here", help="keys beside `use`: output")
        return
    # One of the two is of a file that is extended, the first of both, and the other was to replace it.
    mine, theirs = (use, at) if list(part.content).index(key) < list(part.content).index("use") else (at, use)
    cure = f"`remove: [blocks.{name}]` beside the `file` of `extends` leaves out what is there"
    related = [Label(theirs.place(), "laid over this")]
    values.report("E108", message, mine, label="does not replace what is there", help=cure, related=related)


def is_whole(values: "VariableEvaluator", model: SourceNode, at: Where, output: SourceNode | None) -> bool:
    """Report what a model that a block uses has too little or too much of to be one; says whether it is right."""
    given, inputs = model.content, model.get("inputs")
    if "layers" in given and "nodes" in given:
        chain = Label(given["layers"][0].place(), "a chain")
        message = "`model` has both `layers` and `nodes`"
        values.report("E108", message, given["nodes"][0], label="a graph", help="keep one of the two", related=[chain])
        return False
    missing = [key for key in ("inputs", "outputs") if key not in given and (key == "inputs" or "nodes" in given)]
    if "layers" not in given and "nodes" not in given:
        missing = ["layers` or `nodes"]
    elif output is not None and "outputs" in missing:
        missing.remove("outputs")
    for key in missing:
        cure = f"add `{key}` to the model of that file: it is a whole spec" if len(missing) == 1 else ""
        values.report("E104", f"`model` needs `{key}`", at, label=f"`{key}` is missing", help=cure)
    if "layers" in given and inputs is not None and inputs.kind == "mapping" and len(inputs.content) > 1:
        second, (where, _) = list(inputs.content.items())[1]
        message = f"a chain of `layers` takes exactly one input, got {len(inputs.content)}"
        cure = f"remove `{second}`, or write a graph with `nodes` to join several inputs"
        values.report("E108", message, where, label="a second input", help=cure)
        return False
    return not missing


def known_keys(report: Report, section: SourceNode, owner: str, allowed: Sequence[str]) -> bool:
    """Report keys of `section`, called `owner`, which it does not have; says whether there are none."""
    unknown = [key for key in section.content if key not in allowed]
    for key in unknown:
        report(
            "E102",
            f"unknown key `{key}` in {owner}",
            section.content[key][0],
            label="unknown key",
            note=f"keys of {owner}: {', '.join(allowed)}",
            suggestion=suggest(key, allowed),
        )
    return not unknown


def up_to(values: "VariableEvaluator", layers: SourceNode, output: SourceNode, file: File) -> SourceNode | None:
    """The layers of a chain up to the one called as `output` says; None after reporting that there is none."""
    names = child_names(layers, file.variables)
    if output.content in names:
        return replace(layers, content=layers.content[: names.index(output.content) + 1])
    if output.kind != "scalar" or not isinstance(output.content, str):
        message = f"`output` must be the name of a layer, got {describe(output.data)}"
        values.report("E105", message, output.at, label="expected a name", note=f"layers: {', '.join(names)}")
        return None
    message = f"the model has no layer `{output.content}`"
    found, note = replace(suggest(output.content, names), is_safe=False), f"layers: {', '.join(names)}"
    values.report("E201", message, output.at, label="no such layer", note=note, suggestion=found)
    return None
