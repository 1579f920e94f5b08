"""Writes out the variables of a document and the blocks that its layers use, and says what is wrong with them.

Blocks are looked for where layers may stand: in `layers`, in `nodes`, and inside `residual` and `parallel`.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from modelc.compiler.document import Document, Hop
from modelc.compiler.errors import Label, Meant, Problem
from modelc.compiler.expand.definitions import define, need_type
from modelc.compiler.expand.part import Part, TooLarge, Where, document_of, hole, tree
from modelc.compiler.expand.scope import Block, File, Scope
from modelc.compiler.reading.expand import MAX_NODES
from modelc.compiler.schema.spellings import surely

REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)((?:\.[A-Za-z0-9_]+)*)")
SECTIONS = ("vars", "blocks")
LARGEST_DEPTH = 32
"""Blocks inside blocks."""


def expand(document: Document) -> tuple[Document, tuple[Problem, ...]]:
    """`document` without `vars` and `blocks`, each use of them written out, and what is wrong with them."""
    root = tree(document)
    expander = Expander()
    try:
        return expander.document(root, document)
    except TooLarge as stop:
        return document, (*expander.problems, stop.problem())


class Reported(Exception):
    """Raised where a value cannot be had for a reason that has been reported."""


class Expander:
    """One expansion; `problems` is all that it changes beside what the files remember of their variables."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.parts = 0

    def count(self, part: Part) -> None:
        """Count a part. Raises TooLarge over the budget."""
        self.parts += 1
        if self.parts > MAX_NODES:
            raise TooLarge(part)

    def report(
        self,
        code: str,
        message: str,
        at: Where,
        *,
        label: str = "",
        help: str = "",
        note: str = "",
        related: Iterable[Label] = (),
        meant: tuple[str, str | None] | None = None,
    ) -> None:
        """Report a problem at `at`; `meant` is the word there and what it certainly stands for, if that is known."""
        helps, notes = (help,) if help else (), (note,) if note else ()
        place = at.place()
        sure = None
        if meant is not None and meant[1] is not None:
            sure = Meant(place, meant[0], meant[1], given=meant[0].lstrip("$").partition(".")[0])
        self.problems.append(Problem(code, message, Label(place, label), notes, helps, tuple(related), at.path, sure))

    def document(self, root: Part, original: Document) -> tuple[Document, tuple[Problem, ...]]:
        file = define(self, root, original.name)
        scope = Scope(file)
        content = {key: entry for key, entry in root.content.items() if key not in SECTIONS}
        for key, (where, part) in content.items():
            content[key] = where, self.model(part, scope) if key == "model" else self.value(part, scope)
        # All of them, so that a mistake in one that nothing uses is no secret.
        for name in file.variables:
            self.variable(name, scope, used=False)
        for name in file.blocks:
            self.definition(name, file)
        found = bool(self.problems)
        document, problems = document_of(replace(root, content=content), original)
        self.problems.extend(problems)
        if not found and not document.holes:
            self.warn_unused(file)
        return replace(document, defined=tuple(file.blocks)), tuple(self.problems)

    def warn_unused(self, file: File) -> None:
        for kind, entries in (("variable", file.variables), ("block", file.blocks)):
            for name, (where, _) in entries.items():
                if name not in file.used:
                    self.report(
                        "W909", f"the {kind} `{name}` is not used", where, label="nothing uses it", help="remove it"
                    )

    # Where layers stand.

    def model(self, part: Part, scope: Scope) -> Part:
        """The `model` section, or the body of a block: its layers and nodes with their blocks written out."""
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

    def items(self, part: Part, scope: Scope) -> Part:
        """A list of layers."""
        if part.kind != "list":
            return self.value(part, scope)
        return replace(part, content=tuple(self.item(item, scope) for item in part.content))

    def each(self, part: Part, scope: Scope, chains: bool = False) -> Part:
        """Nodes by name, or with `chains` lists of layers by name."""
        if part.kind != "mapping":
            return self.value(part, scope)
        below = self.items if chains else self.item
        return replace(part, content={key: (where, below(item, scope)) for key, (where, item) in part.content.items()})

    def item(self, part: Part, scope: Scope) -> Part:
        """One layer with what stands beside it, or one node."""
        self.count(part)
        if part.kind == "scalar" and part.content in scope.file.blocks:
            name = part.content
            return Part("mapping", {name: (part.at, self.use(name, None, part.at, scope))}, part.at, part.trail)
        if part.kind != "mapping":
            return self.value(part, scope)
        content = {}
        for key, (where, below) in part.content.items():
            if key in scope.file.blocks:
                content[key] = where, self.use(key, below, where, scope)
            elif key in ("layers", "residual"):
                content[key] = where, self.items(below, scope)
            elif key == "parallel" and below.kind == "mapping":
                entries = {
                    name: (at, self.each(inner, scope, chains=True) if name == "branches" else self.value(inner, scope))
                    for name, (at, inner) in below.content.items()
                }
                content[key] = where, replace(below, content=entries)
            else:
                content[key] = where, self.value(below, scope)
        return replace(part, content=content)

    # Blocks.

    def definition(self, name: str, file: File) -> Block:
        if name not in file.definitions:
            from modelc.compiler.expand.definitions import read_block

            file.definitions[name] = read_block(self, name, file)
        return file.definitions[name]

    def use(self, name: str, arguments: Part | None, at: Where, scope: Scope) -> Part:
        """The body of the block `name`, with `arguments` in the place of its parameters; a hole where there is a mistake."""
        scope.file.used.add(name)
        block = self.definition(name, scope.file)
        key = (scope.file.name, name)
        if key in scope.stack or len(scope.stack) >= LARGEST_DEPTH:
            if key in scope.stack:
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
        given = None if block.body is None else self.bind(block, arguments, at, scope)
        if given is None or block.body is None:
            return hole(at)
        inside = Scope(block.file, given, name, (*scope.stack, key))
        body = self.model(block.body, inside)
        # Where the body as a whole is blamed, the use is: its parts know their own places.
        whole = arguments.at if arguments is not None else at
        return replace(body, at=whole, trail=(Hop(at, f"in this use of `{name}`"),), block=name)

    def bind(self, block: Block, arguments: Part | None, at: Where, scope: Scope) -> dict[str, Part | None] | None:
        """The value of every parameter of `block`; None where one of them is missing, unknown or wrong."""
        parameters = block.parameters
        given: dict[str, tuple[Where, Part]] = {}
        if arguments is not None and not (arguments.kind == "scalar" and arguments.content is None):
            if arguments.kind == "hole":
                return None
            if arguments.kind == "mapping":
                given = dict(arguments.content)
            elif not parameters:
                self.report(
                    "E105", f"the block `{block.name}` has no parameters", arguments.at, help=f"write `{block.name}`"
                )
                return None
            else:
                given = {next(iter(parameters)): (arguments.at, arguments)}
        right = True
        for name, (where, _) in given.items():
            if name not in parameters:
                close = get_close_matches(name, parameters, n=1)
                self.report(
                    "E102",
                    f"unknown argument `{name}` of the block `{block.name}`",
                    where,
                    label="unknown argument",
                    help=f"did you mean `{close[0]}`?" if close else "",
                    note=f"parameters of `{block.name}`: {', '.join(parameters)}"
                    if parameters
                    else f"`{block.name}` has no parameters",
                    related=[Label(block.at.place(), "defined here")],
                    meant=None if arguments is None or arguments.trail else (name, surely(name, parameters)),
                )
                right = False
        values: dict[str, Part | None] = {}
        for name, parameter in parameters.items():
            if name in given:
                part = self.value(given[name][1], scope)
                right = need_type(self, block, parameter, part) and right
                values[name] = part
            elif parameter.default is not None:
                values[name] = self.value(parameter.default, Scope(block.file))
            else:
                # An argument under another name is probably meant for it, and is reported.
                if given.keys() <= parameters.keys():
                    self.report(
                        "E104",
                        f"the block `{block.name}` needs the argument `{name}`",
                        at,
                        label=f"`{name}` is missing",
                        help=f"write `{block.name}: {{{name}: ...}}`",
                        related=[Label(parameter.at.place(), "has no default value")],
                    )
                right = False
        return values if right else None

    # Values.

    def value(self, part: Part, scope: Scope) -> Part:
        """`part` with its variables written out."""
        self.count(part)
        if part.kind == "scalar":
            text = part.content
            if not isinstance(text, str) or not text.startswith("$"):
                return part
            if text.startswith("$$"):
                return replace(part, content=text[1:])
            try:
                return self.expression(part, text, scope) if text.startswith("${") else self.named(part, text, scope)
            except Reported:
                return hole(part.at)
        if part.kind == "list":
            items = tuple(self.value(item, scope) for item in part.content)
            return (
                replace(part, content=items)
                if any(a is not b for a, b in zip(items, part.content, strict=True))
                else part
            )
        if part.kind == "mapping":
            return replace(
                part, content={key: (where, self.value(below, scope)) for key, (where, below) in part.content.items()}
            )
        return part

    def named(self, part: Part, text: str, scope: Scope) -> Part:
        """What `$name`, `$name.0` or `$name.key` stands for. Raises Reported."""
        match = REFERENCE.fullmatch(text)
        if match is None:
            cure = "write `$name`, `$list.0` or `${expression}`; for a text that begins with a dollar `$$`"
            self.report("E207", f"`{text}` names no variable", part.at, label="not a variable", help=cure)
            raise Reported
        found = self.variable(match[1], scope, at=part.at, text=text)
        for step in match[2].split(".")[1:]:
            below: Part | None = None
            if found.kind == "list" and step.isdecimal() and int(step) < len(found.content):
                below = found.content[int(step)]
            elif found.kind == "mapping":
                below = found.get(step)
            if below is None:
                what = (
                    f"a list of {len(found.content)}, counted from 0"
                    if found.kind == "list"
                    else f"a mapping with {', '.join(found.content)}"
                    if found.kind == "mapping"
                    else "a plain value"
                )
                self.report(
                    "E207",
                    f"`{text}` names no entry: `${match[1]}` has no `{step}`",
                    part.at,
                    label="no such entry",
                    related=[Label(found.at.place(), what)],
                )
                raise Reported
            below = replace(below, trail=(*below.trail, *found.trail))
            found = below
        if found.kind == "hole":
            raise Reported
        return replace(found, trail=(*found.trail, Hop(part.at, f"`{text}` stands here", shared=True)))

    def expression(self, part: Part, text: str, scope: Scope) -> Part:
        """The value of `${...}`. Raises Reported."""
        from modelc.compiler.expand.expressions import ExpressionError, compute

        trail: dict[str, Hop] = {}

        def look_up(name: str) -> Any:
            found = self.variable(name, scope, at=part.at)
            if found.kind == "hole":
                raise Reported
            shown = found.content if found.kind == "scalar" else "..."
            trail[name] = Hop(found.at, f"`{name}` = {shown}, {scope.origin(name)}", shared=True)
            return found.data

        if not text.endswith("}"):
            cure = 'close it with `}` at the very end, in quotes: `"${4 * dim}"`'
            self.report("E207", f"the braces of `{text}` are not closed", part.at, label="not closed", help=cure)
            raise Reported
        try:
            result = compute(text[2:-1], look_up)
        except ExpressionError as error:
            self.report(
                "E207",
                error.message,
                part.at,
                label="cannot be computed",
                help=error.help,
                related=[Label(hop.where.place(), hop.text) for hop in trail.values()],
            )
            raise Reported from None
        if isinstance(result, list | dict):
            self.report("E207", f"`{text}` is no plain value", part.at, help="write `$name` for a list or a mapping")
            raise Reported
        return replace(part, content=result, trail=(*part.trail, *trail.values()))

    def variable(self, name: str, scope: Scope, *, at: Where | None = None, used: bool = True, text: str = "") -> Part:
        """The value that `name` has in `scope`; a hole where it has none for a reason that was reported.

        Raises Reported for a name that is not there; `at` is where it is asked for, by `text` and no more where given.
        """
        if name in scope.parameters:
            return scope.parameters[name] or hole(at or Where(Document("", "", None, {}, {}), ()))
        file = scope.file
        if name not in file.variables:
            assert at is not None
            close = get_close_matches(name, scope.names, n=1)
            self.report(
                "E207",
                f"there is no variable `{name}`",
                at,
                label="no such variable",
                help=f"did you mean `{close[0]}`?" if close else "define it: `vars: {" + name + ": ...}`",
                note=f"names here: {', '.join(scope.names)}" if scope.names else "",
                meant=(text, (sure := surely(name, scope.names)) and f"${sure}{text[1 + len(name) :]}")
                if text
                else None,
            )
            raise Reported
        if used:
            file.used.add(name)
        where, raw = file.variables[name]
        if name in file.open:
            circle = [*file.open[file.open.index(name) :], name]
            others = [
                Label(file.variables[one][0].place(), f"`{one}` needs `{two}`") for one, two in pairwise(circle[1:])
            ]
            self.report(
                "E208",
                f"the variable `{name}` is made of itself: {' -> '.join(circle)}",
                where,
                label=f"needs `{circle[1]}`" if others else "needs itself",
                related=others,
            )
            file.values[name] = None
            return hole(raw.at)
        if name not in file.values:
            file.open.append(name)
            found = self.value(raw, Scope(file))
            file.open.pop()
            file.values.setdefault(name, found)
        return file.values[name] or hole(raw.at)
