"""Reads a block that is the model of another file, up to one of its layers or nodes. The file is already included."""

from typing import TYPE_CHECKING

from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Label
from modelc.compiler.expansion.key_path import child_names
from modelc.compiler.expansion.scope import File, Scope, dereference
from modelc.compiler.expansion.source_tree import SourceNode, entries_of
from modelc.compiler.language.grammar import FROM_FILE, LANGUAGE, MODEL
from modelc.compiler.language.parser.walk import check_keys, need_keys, read
from modelc.compiler.language.shapes import Keys, Shape
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import describe, removing

if TYPE_CHECKING:
    from modelc.compiler.expansion.variables import VariableEvaluator

FILE = LANGUAGE._replace(needs=LANGUAGE.needs[1:])
"""The grammar of a spec whose version is checked already."""


def read_file_model(
    evaluator: "VariableEvaluator", name: str, node: SourceNode, file: File, scope: Scope
) -> SourceNode | None:
    """The body of the block `name` that is the model of `file`, up to its node `output` if that is given, a name in
    `scope`; None after reporting why there is none.

    The data, the training, the precision and the axes of that file are ignored.
    """
    for key in node.content:
        if key not in FROM_FILE:
            report_key_beside_use(evaluator, name, node, key)
            return None
    spec, output = node.get("use"), node.get("output")
    if output is not None:
        # It may be a variable of this file, not of the other one.
        output = evaluator.evaluate(output, scope)
    if spec is None or spec.kind != "mapping" or (output is not None and output.kind == "hole"):
        return None
    if not check_mapping(evaluator, FILE, spec, f"the file of the block `{name}`"):
        return None
    if (found := spec.get("model")) is None:
        return None
    model = dereference(found, file.variables)
    needs = MODEL.needs if output is None else MODEL.needs[:2]
    shape = MODEL._replace(needs=needs, excluded=MODEL.excluded[:1])
    right = model.kind != "hole" and check_mapping(evaluator, shape, model, "`model`")
    if not right or not is_chain_of_one(evaluator, model):
        return None
    body = {key: entry for key, entry in model.content.items() if key not in ("precision", "axes")}
    if output is not None and "nodes" in body:
        # It is evaluated already: a dollar at its beginning does not make it a variable.
        text = output.content
        named = output._replace(content=f"${text}") if isinstance(text, str) and text.startswith("$") else output
        body["outputs"] = node.content["output"][0], SourceNode("list", (named,), output.at)
    elif output is not None:
        layers = dereference(body["layers"][1], file.variables)
        cut = layers_up_to(evaluator, layers, output, file) if layers.kind == "list" else None
        if cut is None:
            return None
        body["layers"] = body["layers"][0], cut
    return SourceNode("mapping", body, model.at)


def check_mapping(evaluator: "VariableEvaluator", shape: Shape, node: SourceNode, what: str) -> bool:
    """Report a definition, called `what` in messages, that is not a mapping or has wrong keys; says whether it is right."""
    reporter = Reporter(node.at.document)
    if isinstance(shape, Keys):
        given, excluded = check_keys(reporter, shape, node.data, node.at.path, what)
        if node.kind == "mapping":
            need_keys(reporter, shape, {*given} - {*excluded}, node.at.path, what)
    elif node.kind != "mapping":
        read(reporter, shape, node.data, node.at.path, what)
    evaluator.take_from(reporter)
    return not reporter.problems


def report_key_beside_use(evaluator: "VariableEvaluator", name: str, node: SourceNode, key: str) -> None:
    """Report `key` in the block `name` that is the model of another file."""
    at, use = node.content[key][0], node.content["use"][0]
    if found := suggest(key, FROM_FILE):
        message = f"unknown key `{key}` in the block `{name}`"
        evaluator.report("E102", message, at, label="unknown key", suggestion=found)
        return
    message = f"`{key}` cannot be combined with `use` in the block `{name}`"
    if at.place().file == use.place().file:
        evaluator.report("E108", message, at, label="not used here", help="keys beside `use`: output")
        return
    # One of the two, the first, is in the base, and the other was meant to replace it.
    mine, theirs = (use, at) if list(node.content).index(key) < list(node.content).index("use") else (at, use)
    help = f"to leave out what the base has, write {removing(mine.document.extends, [f'blocks.{name}'])}"
    related = [Label(theirs.place(), "in the base")]
    evaluator.report("E108", message, mine, label="does not replace it", help=help, related=related)


def is_chain_of_one(evaluator: "VariableEvaluator", model: SourceNode) -> bool:
    """Report a chain with several inputs; says whether `model` is not one."""
    inputs = entries_of(model.get("inputs"))
    if "layers" not in model.content or len(inputs) < 2:
        return True
    second, (where, _) = list(inputs.items())[1]
    message = f"a chain of `layers` takes exactly one input, got {len(inputs)}"
    help = f"remove `{second}`, or write a graph with `nodes` to join several inputs"
    evaluator.report("E108", message, where, label="a second input", help=help)
    return False


def layers_up_to(
    evaluator: "VariableEvaluator", layers: SourceNode, output: SourceNode, file: File
) -> SourceNode | None:
    """The layers of a chain up to the one that is named `output`; None after reporting that there is none."""
    names = child_names(layers, file.variables)
    if output.content in names:
        return layers._replace(content=layers.content[: names.index(output.content) + 1])
    if output.kind != "scalar" or not isinstance(output.content, str):
        message = f"`output` must be the name of a layer, got {describe(output.data)}"
        evaluator.report("E105", message, output.at, label="expected a name", note=f"layers: {listed(names)}")
        return None
    message = f"the model has no layer `{output.content}`"
    found, note = suggest(output.content, names)._replace(is_safe=False), f"layers: {listed(names)}"
    evaluator.report("E201", message, output.at, label="no such layer", note=note, suggestion=found)
    return None
