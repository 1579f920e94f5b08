"""Computes the values of texts that name variables or parameters, and says what is wrong with them. Knows no layers."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, NoReturn

from modelc.compiler.diagnostics.problem import Label, Place
from modelc.compiler.diagnostics.reporter import ProblemCollector
from modelc.compiler.expansion.scope import REFERENCE, File, Scope
from modelc.compiler.expansion.source_tree import SourceNode, TooLarge, hole
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.syntax.alias_expansion import MAX_NODES
from modelc.compiler.syntax.document import Document, Hop, Where

LARGEST_DEPTH = 32
"""Blocks inside blocks, and variables made of variables."""


class Reported(Exception):
    """Raised where a value cannot be had for a reason that has been reported."""


class VariableEvaluator(ProblemCollector):
    """One expansion; `problems`, and the `files` whose models are used, are all that it changes beside what these remember."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, File] = {}
        self.parts = 0
        self.wrong: set[tuple[str, Place]] = set()
        self.data: dict[SourceNode, Any] = {}

    def count(self, part: SourceNode) -> None:
        """Count a part. Raises TooLarge over the budget."""
        self.parts += 1
        if self.parts > MAX_NODES:
            raise TooLarge(part)

    def plain(self, part: SourceNode) -> Any:
        """The value as plain data, computed once. Raises TooLarge over the budget: one part may stand in it many times."""
        if part not in self.data:
            waiting = [part]
            while waiting:
                below = waiting.pop()
                self.count(below)
                waiting += below.children
            self.data[part] = part.data
        return self.data[part]

    def value(self, part: SourceNode, scope: Scope) -> SourceNode:
        """`part` with its variables written out."""
        self.count(part)
        if scope.written_out:
            return part
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

    def named(self, part: SourceNode, text: str, scope: Scope) -> SourceNode:
        """What `$name`, `$name.0` or `$name.key` stands for. Raises Reported."""
        match = REFERENCE.fullmatch(text)
        if match is None:
            cure = "write `$name`, `$list.0` or `${expression}`; for a text that begins with a dollar `$$`"
            self.report("E207", f"`{text}` names no variable", part.at, label="not a variable", help=cure)
            raise Reported
        found = self.variable(match[1], scope, at=part.at, text=text)
        way = f"${match[1]}"
        for step in match[2].split(".")[1:]:
            if found.kind == "hole":
                raise Reported
            below = found.child(step)
            if below is None:
                self.no_entry(part, text, way, found, step)
                raise Reported
            way += f".{step}"
            below = replace(below, trail=(*below.trail, *found.trail))
            found = below
        if found.kind == "hole":
            raise Reported
        return replace(found, trail=(*found.trail, Hop(part.at, f"`{text}` stands here", shared=True)))

    def no_entry(self, part: SourceNode, text: str, way: str, value: SourceNode, step: str) -> None:
        """Report that `text` asks for the entry `step`, which is none of what `way`, the beginning of it, has in its `value`."""
        names = list(value.content) if value.kind == "mapping" else []
        what = f"a mapping with {', '.join(names)}" if names else "a plain value"
        if value.kind == "list":
            what = f"a list of {len(value.content)}, counted from 0"
        found = suggest(step, names, defined=True).around(f"{way}.", text[len(way) + 1 + len(step) :])
        self.report(
            "E207",
            f"`{text}` names no entry: `{way}` has no `{step}`",
            part.at,
            label="no such entry",
            related=[Label(value.at.place(), what)],
            suggestion=replace(found, help=f"did you mean `{found.new}`?" if found else ""),
        )

    def expression(self, part: SourceNode, text: str, scope: Scope) -> SourceNode:
        """The value of `${...}`. Raises Reported."""
        from modelc.compiler.expansion.expressions import ExpressionError, compute

        trail: dict[str, Hop] = {}

        def look_up(name: str) -> Any:
            found = self.variable(name, scope, at=part.at)
            data = self.plain(found)
            if found.has_hole:
                raise Reported
            trail[name] = Hop(found.at, f"`{name}` = {flow(data)}, {scope.origin(name)}", shared=True, computed=True)
            return data

        if not text.endswith("}"):
            cure = 'close it with `}` at the very end, in quotes: `"${4 * dim}"`'
            self.report("E207", f"the braces of `{text}` are not closed", part.at, label="not closed", help=cure)
            raise Reported
        try:
            result = compute(text[2:-1], look_up)
        except ExpressionError as error:
            related = [Label(hop.where.place(), hop.text) for hop in trail.values()]
            # A value that one expression cannot be computed with is wrong once, whatever others make of it.
            wrong = {(error.message, label.place) for label in related}
            if wrong & self.wrong:
                raise Reported from None
            self.wrong |= wrong
            self.report(
                "E207",
                error.message,
                part.at,
                label="cannot be computed",
                help=error.help,
                related=related,
            )
            raise Reported from None
        if isinstance(result, list | dict):
            self.report("E207", f"`{text}` is no plain value", part.at, help="write `$name` for a list or a mapping")
            raise Reported
        return replace(part, content=result, trail=(*part.trail, *trail.values()))

    def variable(
        self, name: str, scope: Scope, *, at: Where | None = None, used: bool = True, text: str = ""
    ) -> SourceNode:
        """The value that `name` has in `scope`; a hole where it has none for a reason that was reported.

        Raises Reported for a name that is not there; `at` is where it is asked for, by `text` and no more where given.
        """
        if name in scope.parameters:
            return scope.parameters[name] or hole(at or Where(Document("", "", None, {}, {}), ()))
        file = scope.file
        if name not in file.variables:
            assert at is not None
            self.refuse_unknown(name, scope, at, text)
        if used:
            file.used.add(name)
        where, raw = file.variables[name]
        if name in file.open:
            self.report_cycle(name, file)
            file.values[name] = None
        elif len(file.open) >= LARGEST_DEPTH and name not in file.values:
            message = f"more than {LARGEST_DEPTH} variables are made of each other"
            # One chain, of which the rest would be too long again.
            if all(problem.message != message for problem in self.problems):
                self.report("E208", message, where, label="the limit is reached here", help="write its value here")
            file.values[name] = None
        elif name not in file.values:
            file.open.append(name)
            found = self.value(raw, Scope(file))
            file.open.pop()
            file.values.setdefault(name, found)
        return file.values[name] or hole(raw.at)

    def refuse_unknown(self, name: str, scope: Scope, at: Where, text: str) -> NoReturn:
        """Report a name that is not there, where that is not reported already, and raise Reported."""
        if "vars" in scope.file.unreadable:
            raise Reported
        if name in scope.file.removed:
            self.report_removed("E207", f"the variable `{name}`", scope.file.removed[name].place(), at)
            raise Reported
        suggestion = suggest(name, scope.names, defined=True)
        cure = suggestion.help or f"define it: `vars: {{{name}: ...}}`"
        if name == "vars" and "." in text:
            cure = f"write `${text.partition('.')[2]}`: variables are named without `vars`"
        if text:
            suggestion = suggestion.around("$", text[1 + len(name) :])
        note = f"names here: {', '.join(scope.names)}" if scope.names else ""
        found = replace(suggestion, help=cure)
        message = f"there is no variable `{name}`"
        self.report("E207", message, at, label="no such variable", note=note, suggestion=found)
        raise Reported

    def report_cycle(self, name: str, file: File) -> None:
        """Report a variable whose value is asked for while it is computed."""
        cycle = [*file.open[file.open.index(name) :], name]
        others = [Label(file.variables[one][0].place(), f"`{one}` needs `{two}`") for one, two in pairwise(cycle[1:])]
        message = f"the variable `{name}` is made of itself: {' -> '.join(cycle)}"
        label = f"needs `{cycle[1]}`" if others else "needs itself"
        self.report("E208", message, file.variables[name][0], label=label, related=others)
