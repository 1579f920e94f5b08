"""Writes out the blocks that the layers of a document use, with all its variables, and says what is wrong with them.

Blocks are looked for where layers may stand: in `layers`, in `nodes`, and inside `residual` and `parallel`.
"""

from dataclasses import replace

from modelc.compiler.diagnostics.problem import Label, Problem
from modelc.compiler.expansion.definitions import define, may_be_block, read_block, typed
from modelc.compiler.expansion.scope import Block, File, Scope, names_in
from modelc.compiler.expansion.source_tree import SourceNode, TooLarge, document_of, hole, tree
from modelc.compiler.expansion.variables import LARGEST_DEPTH, VariableEvaluator
from modelc.compiler.language.grammar import BESIDE
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.syntax.document import Document, Hop, Where

SECTIONS = ("vars", "blocks")


def expand(document: Document) -> tuple[Document, tuple[Problem, ...]]:
    """`document` without `vars` and `blocks`, each use of them written out, and what is wrong with them."""
    root = tree(document)
    expander = Expander()
    try:
        return expander.document(root, document)
    except TooLarge as stop:
        return document, (*expander.problems, stop.problem())


class Expander(VariableEvaluator):
    """One expansion of a document."""

    def document(self, root: SourceNode, original: Document) -> tuple[Document, tuple[Problem, ...]]:
        file = define(self, root, original.name)
        file.removed = {str(path[-1]): at for path, at in original.removed.items() if path[:-1] == ("vars",)}
        scope = Scope(file)
        content = {key: entry for key, entry in root.content.items() if key not in SECTIONS}
        for key, (where, part) in content.items():
            content[key] = where, self.model(part, scope) if key == "model" else self.value(part, scope)
        self.define_all(file)
        if not self.problems and not original.holes:
            self.warn_unused(file)
        used = frozenset(file.used)
        bodies = {name: (at, self.unused(name, at, scope)) for name, (at, _) in file.blocks.items() if name not in used}
        if bodies:
            where, section = root.content["blocks"]
            content["blocks"] = where, replace(section, content=bodies)
        document, problems = document_of(replace(root, content=content), original)
        self.problems.extend(problems)
        return replace(document, defined=tuple(file.blocks)), tuple(self.problems)

    def define_all(self, root: File) -> None:
        """Look at all that the files define, so that a mistake in what nothing uses is no secret."""
        waiting, seen = [root], {root.name}
        while waiting:
            file = waiting.pop()
            for name in file.variables:
                self.variable(name, Scope(file), used=False)
            for name in file.blocks:
                self.definition(name, file)
            waiting += [other for name, other in self.files.items() if name not in seen]
            seen |= self.files.keys()

    def warn_unused(self, file: File) -> None:
        """Warn of what the file itself defines and nothing uses: what it extends may be meant for others."""
        for kind, entries in (("variable", file.variables), ("block", file.blocks)):
            for name, (where, _) in entries.items():
                if name not in file.used and where.place().file == file.name:
                    self.report(
                        "W909", f"the {kind} `{name}` is not used", where, label="nothing uses it", help="remove it"
                    )

    def unused(self, name: str, at: Where, scope: Scope) -> SourceNode:
        """The body of a block that nothing uses, for its mistakes to be found all the same."""
        block = self.definition(name, scope.file)
        return hole(at) if block.body is None else self.body(block, block.body, self.unbound(block), scope)

    # Where layers stand.

    def model(self, part: SourceNode, scope: Scope) -> SourceNode:
        """The `model` section, or the body of a block: its layers and nodes with their blocks written out."""
        part, scope = self.opened(part, scope)
        if part.kind != "mapping":
            return self.value(part, scope)
        content = {}
        for key, (where, below) in part.content.items():
            if key == "layers":
                content[key] = where, self.items(below, scope)
            elif key == "nodes":
                content[key] = where, self.each(below, scope)
            else:
                content[key] = where, self.value(below, scope)
        return replace(part, content=content)

    def items(self, part: SourceNode, scope: Scope) -> SourceNode:
        """A list of layers."""
        part, scope = self.opened(part, scope)
        if part.kind != "list":
            return self.value(part, scope)
        return replace(part, content=tuple(self.item(item, scope) for item in part.content))

    def each(self, part: SourceNode, scope: Scope, chains: bool = False) -> SourceNode:
        """Nodes by name, or with `chains` lists of layers by name."""
        part, scope = self.opened(part, scope)
        if part.kind != "mapping":
            return self.value(part, scope)
        below = self.items if chains else self.item
        return replace(part, content={key: (where, below(item, scope)) for key, (where, item) in part.content.items()})

    def item(self, part: SourceNode, scope: Scope) -> SourceNode:
        """One layer with what stands beside it, or one node."""
        self.count(part)
        part, scope = self.opened(part, scope)
        if part.kind == "scalar" and may_be_block(part.content, scope.file):
            name = part.content
            return SourceNode("mapping", {name: (part.at, self.use(name, None, part.at, scope))}, part.at, part.trail)
        if part.kind != "mapping":
            return self.value(part, scope)
        content = {}
        part = self.without_arguments(part, scope.file)
        for key, (where, below) in part.content.items():
            if may_be_block(key, scope.file):
                content[key] = where, self.use(key, below, where, scope)
            elif key in ("layers", "residual"):
                content[key] = where, self.items(below, scope)
            elif key == "parallel":
                content[key] = where, self.parallel(below, scope)
            else:
                self.mention(below, scope.file)
                content[key] = where, self.value(below, scope)
        return replace(part, content=content)

    def without_arguments(self, part: SourceNode, file: File) -> SourceNode:
        """An item without what stands beside its block and should stand inside it, which is reported."""
        name = next((key for key in part.content if key in file.blocks), None)
        parameters = self.definition(name, file).parameters if name is not None else {}
        lost = [key for key in part.content if key in parameters and key not in BESIDE["layer"]]
        for key in lost:
            self.report(
                "E102",
                f"`{key}` is an argument of `{name}` and must stand inside it",
                part.content[key][0],
                label=f"not inside `{name}`",
                help=f"write `{name}: {{{key}: ...}}`, with all arguments by name",
                related=[Label(parameters[key].at.place(), "the parameter")],
            )
        if not lost:
            return part
        # What is beside the block may be what is missing in it.
        return replace(
            part,
            content={
                key: (at, hole(below.at) if key == name else below)
                for key, (at, below) in part.content.items()
                if key not in lost
            },
        )

    def parallel(self, part: SourceNode, scope: Scope) -> SourceNode:
        """What stands under `parallel`."""
        part, scope = self.opened(part, scope)
        if part.kind != "mapping":
            return self.value(part, scope)
        if (join := part.get("join")) is not None:
            self.mention(join, scope.file)
        entries = {
            name: (at, self.each(below, scope, chains=True) if name == "branches" else self.value(below, scope))
            for name, (at, below) in part.content.items()
        }
        return replace(part, content=entries)

    def opened(self, part: SourceNode, scope: Scope) -> tuple[SourceNode, Scope]:
        """What `part` stands for, where that is a variable, for the layers in it to be looked at; and their scope."""
        if part.kind != "scalar" or not str(part.content).startswith("$") or scope.written_out:
            return part, scope
        return self.value(part, scope), replace(scope, written_out=True)

    def mention(self, part: SourceNode, file: File) -> None:
        """Count blocks as used whose names stand in the arguments of a layer: that they cannot is said of those."""
        if part.kind == "mapping":
            file.used.update(key for key in part.content if key in file.blocks)
            for _, below in part.content.values():
                self.mention(below, file)
        elif part.kind == "scalar" and part.content in file.blocks:
            file.used.add(part.content)

    # Blocks.

    def definition(self, name: str, file: File) -> Block:
        if name not in file.definitions:
            block = read_block(self, name, file)
            # Once, and also where every use gives an argument: a mistake in a default is no secret.
            parameters = {
                key: replace(parameter, default=parameter.default and self.default(block, key, parameter.default))
                for key, parameter in block.parameters.items()
            }
            file.definitions[name] = replace(block, parameters=parameters)
        return file.definitions[name]

    def default(self, block: Block, name: str, part: SourceNode) -> SourceNode:
        """The default value of a parameter, which may name variables of the file, and no other parameter."""
        text = part.content if part.kind == "scalar" and isinstance(part.content, str) else ""
        others = sorted(names_in(text) & block.parameters.keys() - {name})
        if others:
            message = f"the default of `{name}` names `{others[0]}`, another parameter of `{block.name}`"
            cure = "compute it where it is used: `${...}` in the body"
            self.report("E207", message, part.at, label="no variable", help=cure)
            return hole(part.at)
        return self.value(part, Scope(block.file))

    def use(self, name: str, arguments: SourceNode | None, at: Where, scope: Scope) -> SourceNode:
        """The body of the block `name`, with `arguments` in the place of its parameters; a hole where there is a mistake."""
        if name not in scope.file.blocks:
            return hole(at)
        scope.file.used.add(name)
        block = self.definition(name, scope.file)
        key = (scope.file.name, name)
        # A block that an argument names stands in the block around the argument, not in the one that it is given to.
        circular = key in scope.stack and not scope.written_out
        if circular or len(scope.stack) >= LARGEST_DEPTH:
            if circular:
                chain = " -> ".join([*(other for _, other in scope.stack[scope.stack.index(key) :]), name])
                self.report(
                    "E208",
                    f"the block `{name}` uses itself: {chain}",
                    at,
                    label="uses the block that this stands in",
                    help="for so many copies of layers use `repeat`",
                )
            else:
                self.report("E208", f"more than {LARGEST_DEPTH} blocks stand inside each other", at)
            return hole(at)
        if block.body is None:
            return hole(at)
        body = self.body(block, block.body, self.bind(block, arguments, at, scope), scope)
        # Where the body as a whole is blamed, the use is: its parts know their own places.
        whole = arguments.at if arguments is not None else at
        return replace(body, at=whole, trail=(Hop(at, f"in this use of `{name}`"),))

    def body(self, block: Block, body: SourceNode, given: dict[str, SourceNode | None], scope: Scope) -> SourceNode:
        """`body` of `block` with the values of its parameters written out."""
        inside = Scope(block.file, given, block.name, (*scope.stack, (scope.file.name, block.name)))
        return replace(self.model(body, inside), block=block.name)

    def unbound(self, block: Block) -> dict[str, SourceNode | None]:
        """The parameters of a block of whose arguments nothing can be known."""
        return dict.fromkeys(block.parameters)

    def bind(self, block: Block, arguments: SourceNode | None, at: Where, scope: Scope) -> dict[str, SourceNode | None]:
        """The value of every parameter of `block`; None for one that is missing or wrong."""
        parameters = block.parameters
        given: dict[str, tuple[Where, SourceNode]] = {}
        if arguments is not None and not (arguments.kind == "scalar" and arguments.content is None):
            if arguments.kind == "hole":
                return self.unbound(block)
            if arguments.kind == "mapping":
                given = dict(arguments.content)
            elif not parameters:
                self.report(
                    "E105", f"the block `{block.name}` has no parameters", arguments.at, help=f"write `{block.name}`"
                )
                return {}
            else:
                given = {next(iter(parameters)): (arguments.at, arguments)}
        for name, (where, _) in given.items():
            if name not in parameters:
                found = suggest(name, parameters, defined=True)
                if arguments is None or arguments.trail:
                    found = replace(found, is_safe=False)
                self.report(
                    "E102",
                    f"unknown argument `{name}` of the block `{block.name}`",
                    where,
                    label="unknown argument",
                    note=f"parameters of `{block.name}`: {', '.join(parameters)}"
                    if parameters
                    else f"`{block.name}` has no parameters",
                    related=[Label(block.at.place(), "defined here")],
                    suggestion=found,
                )
        # An argument under another name is probably meant for one that is not given.
        known = given.keys() <= parameters.keys()
        values: dict[str, SourceNode | None] = {}
        for name, parameter in parameters.items():
            if name in given:
                values[name] = typed(self, block, parameter, self.value(given[name][1], scope))
            elif not known:
                values[name] = None
            elif parameter.default is not None:
                values[name] = parameter.default
            else:
                values[name] = None
                self.report(
                    "E104",
                    f"the block `{block.name}` needs the argument `{name}`",
                    at,
                    label=f"`{name}` is missing",
                    help=f"write `{block.name}: {{{', '.join(f'{key}: ...' for key in (*given, name))}}}`",
                    related=[Label(parameter.at.place(), "has no default value")],
                )
        return values
