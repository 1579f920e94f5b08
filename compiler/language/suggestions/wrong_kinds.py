"""Helps for values of the wrong type, where the value shows what was probably meant: functions of its key, the value
and the whole spec, empty for all other values.
"""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.suggestions.hints import OPEN, sizes_in
from modelc.compiler.language.suggestions.wording import LONG, flow, in_line, spell
from modelc.compiler.library.contracts.mesh_axes import WHOLE
from modelc.compiler.library.layers import LAYERS

Spec = Mapping[str, Any]


LONGEST = 200
"""Characters of what is written out."""


def as_source(key: str, value: Any, spec: Spec) -> str:
    return f"write `data: {{source: {value}}}`" if isinstance(value, str) else ""


def as_input(key: str, value: Any, spec: Spec) -> str:
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        return ""
    written = ", ".join(f"{name}: {{shape: [4]}}" for name in names)
    return f"write `inputs: {{{written}}}`, with the shape of one example"


def as_shape(key: str, value: Any, spec: Spec) -> str:
    sizes = value if isinstance(value, list) else [""]
    if not isinstance(value, list) and key in LAYERS:
        written = key if value is None else f"{key}: {flow(value)}"
        return f"a layer stands in the list `layers: [{written}]`; an input has a shape, `{key}: {{shape: [4]}}`"
    return f"write `{key}: {{shape: {flow(value)}}}`" if all(isinstance(size, int) for size in sizes) else ""


def as_axes(key: str, value: Any, spec: Spec) -> str:
    """How rules for axes of weights are written that are given as pairs, as in other frameworks."""
    pairs = value if isinstance(value, list) else []
    if not pairs or not all(isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) for one in pairs):
        return f"write `{key}: {{heads: model, mlp: none}}`: names of axes of weights, and the axis of the mesh of each"
    return f"write `{key}: {flow({name: WHOLE if along is None else along for name, along in pairs})}`"


def as_branches(key: str, value: Any, spec: Spec) -> str:
    return f"give each branch a name: `{key}: {{a: [...], b: [...]}}`"


def as_name(key: str, value: Any, spec: Spec) -> str:
    """How the one name in a list or a mapping is written."""
    names = [*value.values()] if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return f"write `{key}: {names[0]}`" if len(names) == 1 and isinstance(names[0], str) else ""


def as_times(key: str, value: Any, spec: Spec) -> str:
    """How copies that differ, or the layers that are to be repeated, are written beside a number."""
    from modelc.compiler.language.suggestions.repeat_keys import copies_help

    if not isinstance(value, list):
        return ""
    if value and all(type(one) in (int, float) for one in value):
        return copies_help(value) if len(value) > 1 else f"write `{key}: {value[0]}`"
    return f"`{key}` is a number, and the layers stand beside it: `{{layers: {flow(value)}, {key}: N}}`"


def as_params(key: str, value: Any, spec: Spec) -> str:
    """How the parameters of a block that are only named get a type each."""
    names = value if isinstance(value, list) and value and all(isinstance(one, str) for one in value) else []
    written = ", ".join(f"{name}: int" for name in names) or "filters: int, kernel_size: 3"
    return f"write `{key}: {{{written}}}`" + (", each with its type or its default" if names else "")


def as_chain(key: str, value: Any, spec: Spec) -> str:
    """How one layer, or a line of them, becomes a list."""
    if isinstance(value, Mapping) and len(value) == 1:
        return f"write a list: `{key}: [{flow(value)[1:-1]}]`, or begin each layer with `- `"
    if value is None or isinstance(value, str | bool | int | float):
        layer = value if isinstance(value, str) and value.isidentifier() else "dense: 8"
        return f"write a list of layers, such as `{key}: [{layer}]`"
    items = [chain_item(name, given) for name, given in value.items()] if isinstance(value, Mapping) else [""]
    written = ", ".join(items)
    return (
        f"write a list: `{key}: [{written}]`" if all(items) and len(written) < LONGEST else "begin each layer with `- `"
    )


def chain_item(name: str, given: Any) -> str:
    """An entry of a mapping in place of a list of layers, a layer under a name of its own, as an item of the list; empty for
    all else.
    """
    layer = {given: None} if isinstance(given, str) else given
    if name in LAYERS or not isinstance(layer, Mapping) or len(layer) != 1 or next(iter(layer)) not in LAYERS:
        # Of two layers of one kind the mapping has lost one.
        return ""
    ((kind, arguments),) = layer.items()
    return f"{{{kind}: {in_line(arguments, LONGEST) if arguments is not None else ''}, name: {name}}}"


BATCH = ("b", "batch", "batch_size", "batchsize", "bs")


def named_size(key: str, value: list[Any], spec: Spec) -> str:
    """What to write for a size that is a word, `[T, 28]`; empty where it is none, or a variable."""
    name = next((size for size in value if isinstance(size, str)), "")
    if not name.isidentifier() or name in mapping_in(spec, "vars") or name.lower() in ("inf", "infinity", "nan"):
        return ""
    return f"a size is a number: write it, or define `vars: {{{name}: 16}}` and write `${name}`"


def as_sizes(key: str, value: Any, spec: Spec) -> str:
    """What to write for a shape as one word, or with an open size: lengths that differ by row are padded, a batch axis is
    not written.
    """
    if value is None:
        return f"write the shape of one example, such as `{key}: [28, 28]`; `{key}: []` is a number"
    if isinstance(value, Mapping) and all(type(size) is int for size in value.values()):
        return f"write the sizes in their order: `{key}: {flow([*value.values()])}`"
    if isinstance(value, list) and any(isinstance(size, list) for size in value):
        flat = [one for size in value for one in (size if isinstance(size, list) else [size])]
        return f"write the sizes in one list: `{key}: {flow(flat)}`" if all(type(one) is int for one in flat) else ""
    word = value if isinstance(value, str) else value[0] if isinstance(value, list) and len(value) == 1 else None
    if isinstance(word, str) and (sizes := sizes_in(word)) and (len(sizes) > 1 or word is value):
        return f"write `{key}: {flow(sizes)}`"
    if not isinstance(value, list):
        return ""
    first = value[0] if value else None
    is_batch = isinstance(first, str) and first.lower() in BATCH
    value = [None if str(size).lower() in OPEN else size for size in value]
    if is_batch and not any(size in (None, -1) for size in value[1:]):
        return f"remove the batch axis, which is never written: `{key}: {flow(value[1:])}`"
    if not any(size in (None, -1) for size in value):
        return named_size(key, value, spec)
    others = value[1:]
    if any(size in (None, -1) for size in others):
        written = ["SIZE" if size in (None, -1) else size for size in (others if is_batch else value)]
        return f"sizes are fixed: bring all rows to one size before they are saved, `{key}: {flow(written)}`"
    padded = f"`{key}: {flow(['LENGTH', *others])}`"
    if len(others) > 1:
        without = f"remove the batch axis, which is never written: `{key}: {flow(others)}`"
        return f"{without}; if it is a length that differs by row, pad the rows to one length: {padded}"
    mask = "the layer `masking`" if others else "`mask_zero: true` of `embedding`"
    return (
        f"sizes are fixed: for lengths that differ by row, pad the rows to one length, {padded}, and mask the padding by "
        f"{mask}; if it is the batch axis, which is never written, write `{key}: {flow(others)}`"
    )


def as_outputs(key: str, value: Any, spec: Spec) -> str:
    return f"write `{key}: [{value}]`" if isinstance(value, str) else ""


def as_metrics(key: str, value: Any, spec: Spec) -> str:
    written = in_line(value, LONG) if isinstance(value, str | Mapping) else ""
    return f"write `{key}: [{written or 'accuracy'}]`"


def last_nodes(nodes: Any) -> list[str]:
    """The nodes of a graph that feed no other one: its likely outputs."""
    named = nodes if isinstance(nodes, Mapping) else {}
    fed: set[str] = set()
    for node in named.values():
        sources = node.get("from") if isinstance(node, Mapping) else None
        parts = sources.values() if isinstance(sources, Mapping) else [sources]
        names = [name for part in parts for name in (part if isinstance(part, list) else [part])]
        fed |= {name.partition(".")[0] for name in names if isinstance(name, str)}
    return [name for name in named if name not in fed] or [*named][-1:] or ["NODE"]


def as_nodes(key: str, value: Any, spec: Spec) -> str:
    """How nodes that are written as a list, each with its `name`, begin as a mapping."""
    if not isinstance(value, list):
        return ""
    named = {
        one["name"]: {part: one[part] for part in one if part != "name"}
        for one in value
        if isinstance(one, Mapping) and isinstance(one.get("name"), str)
    }
    if value and len(named) == len(value) and (written := in_line(named, LONGEST)):
        return f"give each node its name instead of `-`: `nodes: {written}`"
    first = value[0] if value and isinstance(value[0], Mapping) else {}
    name = flow(first.get("name", "hidden"))
    return f"give each node a name instead of `-`: `nodes: {{{name}: {{from: ..., dense: 8}}}}`"


def as_inputs_of_data(key: str, value: Any, spec: Spec) -> str:
    """How a bare column is read for the one input, and several for as many inputs."""
    names = [*mapping_in(mapping_in(spec, "model"), "inputs")]
    if isinstance(value, list) and len(value) > 1 and all(isinstance(one, str) for one in value):
        if len(names) == len(value):
            read = ", ".join(f"{name}: {{array: {column}}}" for name, column in zip(names, value, strict=True))
            return f"write `inputs: {{{read}}}`"
        return columns_as_one(key, input_name(spec), value)
    column, name = column_in(value), input_name(spec)
    return f"write `inputs: {{{name}: {{array: {column}}}}}`" if column else ""


def columns_as_one(section: str, name: str, columns: list[str]) -> str:
    """What to write for several columns as one input or target, which is called `name`."""
    return f"write `{section}: {{{flow(name)}: {{numbers: [{', '.join(map(flow, columns))}]}}}}`"


def as_targets(key: str, value: Any, spec: Spec) -> str:
    """How a bare column is read for the last layer."""
    column, name = column_in(value), output_name(spec)
    if not column:
        return ""
    return f"write `targets: {{{name}: {{category: {column}}}}}` for classes, `{{array: {column}}}` for numbers"


def as_path(key: str, value: Any, spec: Spec) -> str:
    if isinstance(value, list) and len(value) > 1 and all(isinstance(one, str) for one in value):
        *others, last = value
        return f"one file is extended, which may extend another: write `{key}: {last}`, and in `{last}` `extends: {others[-1]}`"
    named = value.get("file") if isinstance(value, Mapping) else value[0] if isinstance(value, list) and value else None
    return f"write `{key}: {named if isinstance(named, str) else 'base.yaml'}`"


def as_definitions(key: str, value: Any, spec: Spec) -> str:
    """What to write in place of a variable that stands for definitions."""
    if not isinstance(value, str) or not value.startswith("$"):
        return ""
    return "write the definition itself: blocks are read before variables; their `layers` may be a variable"


def as_block(key: str, value: Any, spec: Spec) -> str:
    """How a chain alone becomes a block, and what a block is otherwise."""
    if isinstance(value, list) and value:
        return f"write `{key}: {{layers: {flow(value) if flow(value) != '...' else '[...]'}}}`"
    return as_definitions(key, value, spec) or f"write `{key}: {{params: {{...}}, layers: [...]}}`"


def as_variables(key: str, value: Any, spec: Spec) -> str:
    """How variables in a list become a mapping: each has a name and a value."""
    names = (
        [name for one in value for name in (one if isinstance(one, Mapping) else [one])]
        if isinstance(value, list)
        else []
    )
    if not names or not all(isinstance(name, str) for name in names):
        return as_definitions(key, value, spec)
    values = {name: given for one in value if isinstance(one, Mapping) for name, given in one.items()}
    written = ", ".join(f"{name}: {flow(values[name]) if name in values else '...'}" for name in names)
    return f"give each its value by its name, without `- `: `{key}: {{{written}}}`"


def as_training(key: str, value: Any, spec: Spec) -> str:
    """What a bare word or number for the training is probably meant as, or entries of a list without their `- `."""
    from modelc.compiler.library.losses import LOSSES
    from modelc.compiler.library.optimizers import OPTIMIZERS

    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        entries = {name: given for one in value for name, given in one.items()}
        return f"write the keys without `- `: `{key}: {spell(entries)}`"
    for name, registry in (("optimizer", OPTIMIZERS), ("loss", LOSSES)):
        if isinstance(value, str) and value in registry:
            return f"write `{key}: {{{name}: {value}}}`"
    return f"write `{key}: {{epochs: {value}}}`" if type(value) is int else ""


def input_name(spec: Spec) -> str:
    """The name of the first input."""
    inputs = mapping_in(mapping_in(spec, "model"), "inputs")
    return next((name for name, value in inputs.items() if isinstance(value, Mapping)), fed_name(spec))


def fed_name(spec: Spec) -> str:
    """The first name that a node is fed from and that is none of a node: an input's, which may be left out."""
    nodes = mapping_in(mapping_in(spec, "model"), "nodes")
    written = [nodes, *(node for node in nodes.values() if isinstance(node, Mapping))]
    sources = [node.get("from") for node in written]
    fed = [name for source in sources for name in (source if isinstance(source, list) else [source])]
    return next((name for name in fed if isinstance(name, str) and name.isidentifier() and name not in nodes), "x")


def output_names(spec: Spec) -> list[str]:
    """The names of the outputs of a graph, in order."""
    outputs = mapping_in(spec, "model").get("outputs")
    return [str(name) for name in outputs] if isinstance(outputs, list | Mapping) else []


def terms_in_order(losses: list[Any], names: list[str]) -> str:
    """The `losses` of the outputs called `names`, in order, as a mapping of terms; empty where they are not as many."""
    from modelc.compiler.language.suggestions.suggest import suggest
    from modelc.compiler.library.losses import LOSSES

    if len(losses) != len(names) or len(names) < 2 or not all(isinstance(loss, str) for loss in losses):
        return ""
    right = [loss if loss in LOSSES else suggest(loss, LOSSES).new or loss for loss in losses]
    return "{" + ", ".join(f"{name}: {loss}" for name, loss in zip(names, right, strict=True)) + "}"


def output_name(spec: Spec) -> str:
    """The name of the first output; in a chain, of the last layer."""
    model = mapping_in(spec, "model")
    outputs, layers = model.get("outputs"), model.get("layers")
    name = next(iter(outputs), None) if isinstance(outputs, list | Mapping) else None
    if isinstance(layers, list) and layers and isinstance(layers[-1], Mapping):
        name = layers[-1].get("name")
    return name if isinstance(name, str) else "output"


def as_losses(key: str, value: Any, spec: Spec) -> str:
    """How the loss of the only output is written, those of several in their order, and how terms in a list get names."""
    if isinstance(value, list) and (written := terms_in_order(value, output_names(spec))):
        return f"write `losses: {written}`"
    if isinstance(value, list) and value and all(isinstance(term, Mapping) for term in value):
        names = [output_name(spec), *(f"term_{number}" for number in range(2, len(value) + 1))]
        terms = ", ".join(f"{name}: {flow(dict(term))}" for name, term in zip(names, value, strict=True))
        return f"give each term a name: `losses: {{{terms}}}`"
    return f"write `loss: {value}`, or `losses: {{{output_name(spec)}: {value}}}`" if isinstance(value, str) else ""


def column_in(value: Any) -> str:
    """The column that a text, or the first one of a list, names."""
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, str) else ""


def mapping_in(spec: Spec, key: str) -> Spec:
    found = spec.get(key)
    return found if isinstance(found, Mapping) else {}


def as_reader(key: str, value: Any, spec: Spec) -> str:
    """How the column that is named in place of a reader is read, or the input that a target repeats."""
    column = f"to read the column `{value}` as it is, write `{key}: {{array: {value}}}`"
    inputs = mapping_in(mapping_in(spec, "model"), "inputs")
    if value not in inputs and mapping_in(mapping_in(spec, "data"), "targets").get(key) == value:
        column = f"to read the column `{value}`, write `{key}: {{category: {value}}}` for classes, `{{array: {value}}}` for numbers"
    if value not in inputs or key in inputs:
        return column
    return f"for the values of the input `{value}` write `{key}: {{same_as: {value}}}`; {column}"
