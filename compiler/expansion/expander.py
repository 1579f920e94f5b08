"""Expands blocks: replaces each use of a block in a document by its body, and all variables by their values.

Blocks are used in place of layers: in `layers`, in `nodes`, and inside `residual` and `parallel`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from modelc.compiler.diagnostics.problem import Label, Problem
from modelc.compiler.expansion.block_arguments import bind_arguments
from modelc.compiler.expansion.definitions import (
    DEFINITIONS,
    may_be_block,
    read_block,
    read_definitions,
    with_definitions_moved,
)
from modelc.compiler.expansion.lost_layers import is_layer, is_no_input
from modelc.compiler.expansion.repeat_copies import expand_copies, named_plainly, with_unread_index
from modelc.compiler.expansion.scope import Block, File, Scope, dereference, is_reference, referenced_names
from modelc.compiler.expansion.source_tree import SourceNode, TooLarge, document_of, entries_of, hole, tree
from modelc.compiler.expansion.variables import LARGEST_DEPTH, Spared, VariableEvaluator
from modelc.compiler.language.ast import MAX_LAYERS, Layers, Parallel, Residual
from modelc.compiler.language.grammar import BESIDE
from modelc.compiler.language.layer_grammar import STRUCTURES
from modelc.compiler.syntax.document import Document, Hop, Where

ONLY_IN_LAYERS = "only arguments of layers may ask for one"
Expand = Callable[[SourceNode, Scope], SourceNode]
"""Expands a node in a scope."""


def expand(document: Document, class_names: Mapping[str, tuple[str, ...]]) -> tuple[Document, tuple[Problem, ...]]:
    """`document` with all uses of its `vars` and `blocks` expanded, and the problems found; `class_names` are those in files."""
    root = tree(document)
    expander = Expander(class_names)
    try:
        return expander.expand(root, document)
    except TooLarge as stop:
        return document, (*expander.found(document.name), stop.problem())


class Expander(VariableEvaluator):
    """Expands one document; `items` is how many layers and blocks it has so far, `indices` the names of repeats' indices."""

    def __init__(self, class_names: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(class_names)
        self.items = 0
        self.indices: set[SourceNode] = set()

    def evaluate(self, node: SourceNode, scope: Scope) -> SourceNode:
        repeat = node.get("repeat")
        if repeat is not None and repeat.get("index") is not None and not scope.written_out:
            # Items are expanded: this is the value of a variable, which has no index around it.
            message = "a variable cannot hold a repeat with an `index`"
            help = "make it a block: `blocks: {Part: {layers: [...]}}`, used as `Part`"
            self.report("E207", message, repeat.content["index"][0], label="not in a variable", help=help)
            return hole(node.at)
        return super().evaluate(node, scope)

    def expand(self, root: SourceNode, original: Document) -> tuple[Document, tuple[Problem, ...]]:
        self.root = root = with_definitions_moved(self, root)
        file = read_definitions(self, root, original.name)
        file.removed = {str(path[-1]): at for path, at in original.removed.items() if path[:-1] == ("vars",)}
        scope = Scope(file)
        content = {key: entry for key, entry in root.content.items() if key not in DEFINITIONS}
        for key, (where, node) in content.items():
            content[key] = where, (self.expand_model if key == "model" else self.evaluate_known)(node, scope)
        self.check_definitions(file)
        if not self.problems and not original.holes:
            self.warn_unused(file, root)
            for index in self.indices - self.used_indices:
                message, help = (
                    f"the index `{index.content}` is not used",
                    "write `repeat: N` for copies that are alike",
                )
                self.report("W909", message, index.at, label="unused", help=help)
        unused = [(name, at) for name, (at, _) in file.blocks.items() if name not in file.used]
        bodies = {name: (at, self.unused_body(name, at, scope)) for name, at in unused}
        if bodies:
            where, section = root.content["blocks"]
            content["blocks"] = where, section._replace(content=bodies)
        document, problems = document_of(root._replace(content=content), original)
        if document.data.get("data"):
            # As what is there and could not be read: nothing more is said of such a target.
            unread = {("data", "targets", name) for name, is_alone in self.undeclared.items() if is_alone}
            document = replace(document, holes=document.holes | unread)
        for one in (file, *self.files.values()):
            # They know their file: all that was read would be kept until Python looks for cycles.
            one.definitions.clear()
        return replace(document, defined=tuple(file.blocks), early=self.early), (*self.found(original.name), *problems)

    def check_definitions(self, root: File) -> None:
        """Evaluate all definitions of the files, so that errors in unused ones are reported too."""
        waiting, seen = [root], {root.name}
        while waiting:
            file = waiting.pop()
            for name in file.variables:
                self.variable_value(name, Scope(file), used=False)
            for name in file.blocks:
                self.block(name, file)
            waiting += [other for name, other in self.files.items() if name not in seen]
            seen |= self.files.keys()

    def warn_unused(self, file: File, root: SourceNode) -> None:
        """Warn of unused definitions of the file itself: those of its base may be meant for other specs; so may be what
        stands under a key where no layer can stand, which is reported.
        """
        for kind, entries in (("variable", file.variables), ("block", file.blocks)):
            for name, (where, _) in entries.items():
                is_unused = name not in file.used and where.place().file == file.name
                if is_unused and not (kind == "block" and is_named(root.get("model"), name)):
                    hiding = self.hiding(name, file) if kind == "variable" else None
                    help, related = "remove it", []
                    if hiding is not None:
                        help, at = hiding
                        related = [Label(at.place(), "has its name, and hides it")]
                    message = f"the {kind} `{name}` is not used"
                    self.report("W909", message, where, label="unused", help=help, related=related)

    def hiding(self, name: str, file: File) -> tuple[str, Where] | None:
        """What to do about a variable that a parameter or index of its name hides, and the place of that; None if none does."""
        for block, (_, definition) in file.blocks.items():
            if name in (parameters := entries_of(definition.get("params"))):
                given = f"${name}" if len(parameters) == 1 else f"{{{name}: ${name}, ...}}"
                help = f"remove it; or, where it is meant to reach `{block}`, write `{block}: {given}`"
                return help, parameters[name][0]
        from modelc.compiler.expansion.unknown_names import place_of_index

        index = place_of_index(name, self.root)
        what = f"by `${name}`, the index of a repeat is meant there"
        return None if index is None else (f"rename one of the two: {what}; or remove the variable", index)

    def unused_body(self, name: str, at: Where, scope: Scope) -> SourceNode:
        """The body of an unused block, expanded so that its errors are found."""
        block = self.block(name, scope.file)
        if block.body is None:
            return hole(at)
        return self.expand_body(block, block.body, dict.fromkeys(block.parameters), scope)

    # Layers.

    def expand_model(self, node: SourceNode, scope: Scope) -> SourceNode:
        """The `model` section, or the body of a block, with the blocks in its layers and nodes expanded."""
        nodes = self.expand_values(self.expand_item)
        inputs = partial(self.evaluate_known, spared=is_no_input)
        return self.expand_values(self.evaluate_known, inputs=inputs, layers=self.expand_items, nodes=nodes)(
            node, scope
        )

    def expand_residual(self, node: SourceNode, scope: Scope) -> SourceNode:
        """The value of `residual`: a list of layers, or a mapping with its parts."""
        node, scope = self.dereferenced(node, scope)
        if node.kind == "list":
            return self.expand_items(node, scope)
        of_keys = {"layers": self.expand_items, "shortcut": self.expand_items, "join": self.evaluate_join}
        return self.expand_values(self.evaluate_known, **of_keys)(node, scope)

    def expand_parallel(self, node: SourceNode, scope: Scope) -> SourceNode:
        """The value of `parallel`."""
        branches = self.expand_values(self.expand_items)
        return self.expand_values(self.evaluate_known, join=self.evaluate_join, branches=branches)(node, scope)

    def expand_values(self, every: Expand, **of_keys: Expand) -> Expand:
        """What expands a mapping, or a variable that holds one: each value by its key in `of_keys`, else by `every`."""

        def expand(node: SourceNode, scope: Scope) -> SourceNode:
            node, scope = self.dereferenced(node, scope)
            if node.kind != "mapping":
                return self.evaluate_known(node, scope)
            methods = dict(of_keys)
            if every == self.evaluate_known:
                lost = (key for key, (_, value) in node.content.items() if is_layer(key, value))
                methods = {**dict.fromkeys(lost, self.evaluate_arguments), **of_keys}
            return node.map(lambda key, value: methods.get(key, every)(value, scope))

        return expand

    def expand_items(self, node: SourceNode, scope: Scope) -> SourceNode:
        """A list of layers."""
        node, scope = self.dereferenced(node, scope)
        if node.kind != "list":
            return self.evaluate_known(node, scope)
        return node.with_content(tuple([self.expand_item(item, scope) for item in node.content]))

    def count_item(self, node: SourceNode) -> None:
        """Count a layer or block. Raises TooLarge beyond the budget."""
        self.count_node(node)
        self.items += 1
        if self.items > MAX_LAYERS:
            raise TooLarge(node, f"{MAX_LAYERS:,} layers and blocks")

    def expand_item(self, node: SourceNode, scope: Scope) -> SourceNode:
        """One layer with its sibling keys, or one node. Raises TooLarge."""
        self.count_item(node)
        node, scope = self.dereferenced(node, scope)
        if node.kind == "scalar" and may_be_block(node.content, scope.file):
            name = node.content
            return node._replace(kind="mapping", content={name: (node.at, self.expand_use(name, None, node.at, scope))})
        if node.kind != "mapping":
            return self.evaluate_known(node, scope)
        repeat = node.get("repeat")
        if repeat is not None and dereference(repeat, scope.file.variables).get("index") is not None:
            node, plain = self.without_arguments(node, scope.file), named_plainly(self, repeat)
            inside = scope if plain is repeat else replace(scope, unnamed=True)
            return expand_copies(self, node, self.evaluate_known(plain, scope), inside)
        if repeat is not None and is_reference(repeat):
            repeat = self.evaluate_known(repeat, scope)
            node = node.with_child("repeat", repeat)
        return self.expand_parts(node, with_unread_index(repeat, scope))

    def expand_parts(self, node: SourceNode, scope: Scope) -> SourceNode:
        """What stands in an item and beside it."""
        node = self.without_arguments(node, scope.file)
        content = {}
        for key, (where, value) in node.content.items():
            if may_be_block(key, scope.file):
                content[key] = where, self.expand_use(key, value, where, scope)
            elif key == Layers.key:
                content[key] = where, self.expand_items(value, scope)
            elif key == Residual.key:
                content[key] = where, self.expand_residual(value, scope)
            elif key == Parallel.key:
                content[key] = where, self.expand_parallel(value, scope)
            elif key in BESIDE["layer"] or key in STRUCTURES:
                content[key] = where, self.evaluate_known(value, scope)
            else:
                content[key] = where, self.evaluate_arguments(value, scope)
        return node.with_content(content)

    def without_arguments(self, node: SourceNode, file: File) -> SourceNode:
        """An item without arguments of its block that stand beside it instead of inside, which are reported."""
        if len(node.content) == 1:
            return node
        name = next((key for key in node.content if key in file.blocks), None)
        parameters = self.block(name, file).parameters if name is not None else {}
        lost = [key for key in node.content if key in parameters and key not in BESIDE["layer"]]
        for key in lost:
            message = f"`{key}` is an argument of `{name}` and belongs inside it"
            help = f"write `{name}: {{{key}: ...}}`, with all arguments by name"
            related = [Label(parameters[key].at.place(), "the parameter")]
            self.report("E102", message, node.content[key][0], label=f"not inside `{name}`", help=help, related=related)
        if not lost:
            return node
        kept = {key: entry for key, entry in node.content.items() if key not in lost}
        # The key beside the block may be the argument that is missing in it.
        return node._replace(content=kept).map(lambda key, value: hole(value.at) if key == name else value)

    def dereferenced(self, node: SourceNode, scope: Scope) -> tuple[SourceNode, Scope]:
        """The value of `node` if it is a variable, whose layers are expanded too, and the scope of that value."""
        if not is_reference(node) or scope.written_out:
            return node, scope
        return self.evaluate(node, scope), replace(scope, written_out=True)

    def evaluate_known(self, node: SourceNode, scope: Scope, spared: Spared = is_layer) -> SourceNode:
        """A value that must be known before the model is; what is `spared` stands in a wrong place, as the parser reports."""
        found = self.evaluate(node, scope)
        return self.known(found, ONLY_IN_LAYERS, spared=spared) if self.asks else found

    def evaluate_join(self, node: SourceNode, scope: Scope) -> SourceNode:
        """The layer that joins branches, or the two of a residual."""
        return self.known(self.evaluate_arguments(node, scope), "a layer that joins values cannot ask for one")

    def evaluate_arguments(self, node: SourceNode, scope: Scope) -> SourceNode:
        """The arguments of a layer, in which no block is possible."""
        self.count_mentions_as_uses(node, scope.file)
        return self.evaluate(node, scope)

    def count_mentions_as_uses(self, node: SourceNode, file: File) -> None:
        """Count blocks as used that are named in the arguments of a layer, where the parser reports that no block is possible."""
        if file.blocks.keys() <= file.used:
            return
        if node.kind == "mapping":
            file.used.update(key for key in node.content if key in file.blocks)
            for _, below in node.content.values():
                self.count_mentions_as_uses(below, file)
        elif node.kind == "scalar" and node.content in file.blocks:
            file.used.add(node.content)

    # Blocks.

    def block(self, name: str, file: File) -> Block:
        if name not in file.definitions:
            block = read_block(self, name, file)
            # Once, and also if every use gives an argument, so that errors in defaults are always reported.
            parameters = {
                key: replace(one, default=one.default and self.evaluate_default(block, key, one.default))
                for key, one in block.parameters.items()
            }
            file.definitions[name] = replace(block, parameters=parameters)
        return file.definitions[name]

    def evaluate_default(self, block: Block, name: str, node: SourceNode) -> SourceNode:
        """The default value of a parameter, which may name variables of the file, but no other parameter."""
        text = node.content if node.kind == "scalar" and isinstance(node.content, str) else ""
        others = sorted(referenced_names(text) & block.parameters.keys() - {name})
        if others:
            message = f"the default of `{name}` refers to `{others[0]}`, another parameter of `{block.name}`"
            help = "compute it where it is used: `${...}` in the body"
            self.report("E207", message, node.at, label="not a variable", help=help)
            return hole(node.at)
        help = "write the expression in the body, where the layer is that has the argument"
        return self.known(self.evaluate(node, Scope(block.file)), "a default is known before the model is", help)

    def expand_use(self, name: str, arguments: SourceNode | None, at: Where, scope: Scope) -> SourceNode:
        """The body of the block `name` with `arguments` for its parameters; a hole after an error."""
        if name not in scope.file.blocks:
            return hole(at)
        scope.file.used.add(name)
        block = self.block(name, scope.file)
        key = (scope.file.name, name)
        # A block in an argument belongs to the block around the argument, not to the one that gets it.
        if key in scope.stack and not scope.written_out:
            chain = " -> ".join([*(other for _, other in scope.stack[scope.stack.index(key) :]), name])
            message = f"the block `{name}` uses itself: {chain}"
            help = "a block cannot use itself; to stack copies, use `repeat: N`"
            self.report("E208", message, at, label="this is inside of the block itself", help=help)
            return hole(at)
        if len(scope.stack) >= LARGEST_DEPTH:
            self.report("E208", f"more than {LARGEST_DEPTH} blocks are nested", at)
            return hole(at)
        if block.body is None:
            return hole(at)
        body = self.expand_body(block, block.body, bind_arguments(self, block, arguments, at, scope), scope)
        # Problems of the body as a whole are shown at the use: its nodes have their own places.
        whole = arguments.at if arguments is not None else at
        return body._replace(at=whole, trail=(Hop(at, f"in this use of `{name}`"),))

    def expand_body(
        self, block: Block, body: SourceNode, given: dict[str, SourceNode | None], scope: Scope
    ) -> SourceNode:
        """`body` of `block` with the values of its parameters filled in."""
        stack = (*scope.stack, (scope.file.name, block.name))
        inside = Scope(block.file, given, block.name, outside=scope.outside | scope.indices.keys(), stack=stack)
        return self.expand_model(body, inside)._replace(block=block.name)


def is_named(node: SourceNode | None, name: str) -> bool:
    """Whether a key or a value in `node` is `name`."""
    if node is None or node.kind == "hole":
        return False
    if node.kind == "mapping":
        return name in node.content or any(is_named(value, name) for _, value in node.content.values())
    if node.kind == "list":
        return any(is_named(item, name) for item in node.content)
    return isinstance(node.content, str) and node.content.lower() == name.lower()
