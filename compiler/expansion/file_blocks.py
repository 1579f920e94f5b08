"""Reads a block that is the model of another file, up to one of its layers or nodes. The file is in its place already."""

from dataclasses import replace
from typing import TYPE_CHECKING

from modelc.compiler.diagnostics.problem import Label
from modelc.compiler.expansion.key_path import child_names
from modelc.compiler.expansion.scope import File, Scope, dereference
from modelc.compiler.expansion.source_tree import SourceNode, entries_of
from modelc.compiler.language.grammar import FROM_FILE, LANGUAGE, MODEL
from modelc.compiler.language.parser.walk import check_keys, read
from modelc.compiler.language.shapes import Keys, Shape
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import describe

if TYPE_CHECKING:
    from modelc.compiler.expansion.variables import VariableEvaluator

FILE = LANGUAGE._replace(needs=LANGUAGE.needs[1:])
"""A spec of which is known in which version of the language it is."""


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
    if not check_mapping(values, FILE, spec, f"the file of the block `{name}`"):
        return None
    if (found := spec.get("model")) is None:
        return None
    model = dereference(found, file.variables)
    needs = MODEL.needs if output is None else MODEL.needs[:2]
    shape = MODEL._replace(needs=needs, excluded=MODEL.excluded[:1])
    if model.kind == "hole" or not check_mapping(values, shape, model, "`model`") or not is_chain_of_one(values, model):
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


def check_mapping(values: "VariableEvaluator", shape: Shape, part: SourceNode, what: str) -> bool:
    """Report that a definition, which messages call `what`, is no mapping, or what is wrong with its keys; says whether
    nothing is."""
    reporter = Reporter(part.at.document)
    if isinstance(shape, Keys):
        check_keys(reporter, shape, part.data, part.at.path, what)
    elif part.kind != "mapping":
        read(reporter, shape, part.data, part.at.path, what)
    values.problems += reporter.problems
    return not reporter.problems


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


def is_chain_of_one(values: "VariableEvaluator", model: SourceNode) -> bool:
    """Report a chain with several inputs; says whether `model` is none."""
    inputs = entries_of(model.get("inputs"))
    if "layers" not in model.content or len(inputs) < 2:
        return True
    second, (where, _) = list(inputs.items())[1]
    message = f"a chain of `layers` takes exactly one input, got {len(inputs)}"
    cure = f"remove `{second}`, or write a graph with `nodes` to join several inputs"
    values.report("E108", message, where, label="a second input", help=cure)
    return False


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
