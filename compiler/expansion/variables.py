"""Evaluates references to variables and parameters, and expressions of them. Knows no layers."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from operator import is_ as is_same
from typing import Any, NoReturn, TypeAlias

from modelc.compiler.diagnostics.phrases import indexed, listed
from modelc.compiler.diagnostics.problem import Label, Place, Problem, Suggestion
from modelc.compiler.diagnostics.reporter import ProblemCollector
from modelc.compiler.expansion.scope import REFERENCE, File, Scope
from modelc.compiler.expansion.source_tree import SourceNode, TooLarge, hole
from modelc.compiler.language.expressions.deferred import TOO_EARLY, Deferred, Named
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.syntax.alias_expansion import MAX_NODES
from modelc.compiler.syntax.document import Document, Hop, Where

CHARACTERS = 10
"""Of an expression that waits for shapes, so many count as one value more."""
LARGEST_DEPTH = 32
"""Blocks inside blocks, and variables made of variables."""
Spared: TypeAlias = Callable[[str, SourceNode], bool]
"""Whether the value of a key in a mapping is left as it is."""


class Reported(Exception):
    """Raised if a value cannot be computed for a reason that is reported already."""


class VariableEvaluator(ProblemCollector):
    """Evaluates the variables of one expansion, with the definitions of the `files` whose models it uses."""

    def __init__(self, class_names: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.class_names = class_names
        """The class names in files, by the path that the spec has for each."""
        self.files: dict[str, File] = {}
        self.nodes = 0
        self.wrong_values: set[tuple[str, Place]] = set()
        self.plain: dict[SourceNode, Any] = {}
        self.with_holes: set[SourceNode] = set()
        self.entries: dict[tuple[SourceNode, str], Suggestion] = {}
        self.shown: dict[SourceNode, str] = {}
        self.waiting: dict[SourceNode, bool] = {}
        self.failures = 0
        """How many expressions and references have no value."""
        self.used_indices: set[SourceNode] = set()
        self.counting: list[str] = []
        """The inputs and targets of the data whose classes are being counted."""
        self.undeclared: dict[str, bool] = {}
        """Those that the data does not have, and whether none is like them, which is reported once."""
        self.asks = False
        """Whether an expression asks for a shape."""
        self.root: SourceNode | None = None
        """The spec, as it is written."""
        self.early: dict[Place, Deferred] = {}
        """Expressions in the model whose value must be known before it is, and follows from it all the same."""

    def collect(self, problem: Problem) -> None:
        """Keep one problem: of what is written once and used in several places, once."""
        self.collect_once(problem, (problem.code, problem.label.place, problem.message))

    def with_shapes(
        self, node: SourceNode, change: Callable[[SourceNode], SourceNode], spared: Spared = lambda *_: False
    ) -> SourceNode:
        """`node` with each expression in it that asks for a shape changed, but for those in what is `spared`."""
        if not self.asks:
            return node
        if node.kind == "list":
            items = tuple(self.with_shapes(item, change, spared) for item in node.content)
            return node if all(map(is_same, node.content, items)) else node._replace(content=items)
        if node.kind == "mapping":
            return node.map(lambda key, below: below if spared(key, below) else self.with_shapes(below, change, spared))
        return change(node) if node.kind == "scalar" and isinstance(node.content, Deferred) else node

    def known(self, node: SourceNode, why: str, help: str = "", spared: Spared = lambda *_: False) -> SourceNode:
        """`node` without expressions that ask for a shape, which are reported: `why` says that they cannot stand here.

        Those in what is `spared` stay.
        """

        def refuse(below: SourceNode) -> SourceNode:
            related = [Label(hop.where.place(), hop.text) for hop in below.trail]
            message = f"`{below.content.shown}` asks for a shape of the model, but {why}"
            from modelc.compiler.language.suggestions.foreign_references import shapes_of_inputs, value_help

            expression, spec = below.content, below.at.document.data
            advice, shapes = value_help(expression, *shapes_of_inputs(expression, spec))
            self.report("E207", message, below.at, label=TOO_EARLY, help=help or advice, note=shapes, related=related)
            if not shapes and below.at.path[:1] not in (("blocks",), ("vars",)):
                self.early[below.at.place()] = expression
            return hole(below.at)

        return self.with_shapes(node, refuse, spared)

    def count_node(self, node: SourceNode) -> None:
        """Count a node. Raises TooLarge beyond the budget."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise TooLarge(node)

    def plain_data(self, node: SourceNode) -> Any:
        """The value as plain data, computed once. Raises TooLarge beyond the budget: it may contain one node many times."""
        if node not in self.plain:
            waiting = [node]
            while waiting:
                below = waiting.pop()
                self.count_node(below)
                waiting += below.children
            self.plain[node] = node.data
            if node.has_hole:
                self.with_holes.add(node)
        return self.plain[node]

    def evaluate(self, node: SourceNode, scope: Scope) -> SourceNode:
        """`node` with its variables replaced by their values."""
        self.count_node(node)
        if scope.written_out:
            return node
        if node.kind == "scalar":
            text = node.content
            if not isinstance(text, str) or not text.startswith("$"):
                return node
            if text.startswith("$$"):
                return node._replace(content=text[1:])
            try:
                method = self.evaluate_expression if text.startswith("${") else self.evaluate_reference
                return method(node, text, scope)
            except Reported:
                self.failures += 1
                return hole(node.at)
        if node.kind == "list":
            items = tuple([self.evaluate(item, scope) for item in node.content])
            return node if all(map(is_same, node.content, items)) else node.with_content(items)
        return node.map(lambda _, value: self.evaluate(value, scope)) if node.kind == "mapping" else node

    def evaluate_reference(self, node: SourceNode, text: str, scope: Scope) -> SourceNode:
        """The value of `$name`, `$name.0` or `$name.key`. Raises Reported."""
        match = REFERENCE.fullmatch(text)
        if match is None:
            from modelc.compiler.language.suggestions.foreign_references import expression_help

            help = "write `$name`, `$list.0` or `${expression}`; for a string that begins with a dollar, `$$`"
            help = expression_help(text) or help
            message = f"`{text}` is not a reference to a variable"
            self.report("E207", message, node.at, label="not a variable", help=help)
            raise Reported
        found = self.variable_value(match[1], scope, at=node.at, text=text)
        if match[1] in scope.indices and found.kind == "scalar" and not match[2]:
            hop = Hop(found.at, f"`{match[1]}` = {found.content}, {scope.origin(match[1])}")
            return node._replace(content=found.content, trail=(*node.trail, hop))
        path = f"${match[1]}"
        for step in match[2].split(".")[1:]:
            if found.kind == "hole":
                raise Reported
            below = found.child(step)
            if below is None and isinstance(found.content, Deferred) and (entry := found.content.entry_at(step)):
                below = found._replace(content=entry)
            if below is None:
                self.report_no_entry(node, text, path, found, step)
                raise Reported
            path += f".{step}"
            below = below._replace(trail=(*below.trail, *found.trail))
            found = below
        if found.kind == "hole":
            raise Reported
        return found.with_trail((*found.trail, Hop(node.at, f"`{text}` is here", shared=True)))

    def report_no_entry(self, node: SourceNode, text: str, path: str, value: SourceNode, step: str) -> None:
        """Report that the `value` of `path`, with which the reference `text` begins, has no entry `step`."""
        if self.only_counts("E207"):
            return
        names = list(value.content) if value.kind == "mapping" else []
        what = f"a mapping with {listed(names)}" if names else "a single value"
        if value.kind == "list":
            what = f"a list of {indexed(len(value.content))}"
        if (value, step) not in self.entries:
            self.entries[value, step] = suggest(step, names, defined=True)
        found = self.entries[value, step].around(f"{path}.", text[len(path) + 1 + len(step) :])
        found = found._replace(help=f"did you mean `{found.new}`?" if found else "")
        message, related = f"unresolved reference `{text}`: `{path}` has no `{step}`", [Label(value.at.place(), what)]
        self.report("E207", message, node.at, label="no such entry", related=related, suggestion=found)

    def evaluate_expression(self, node: SourceNode, text: str, scope: Scope) -> SourceNode:
        """The value of `${...}`. Raises Reported."""
        from modelc.compiler.expansion.declared_classes import declared_classes
        from modelc.compiler.language.expressions.evaluator import Names
        from modelc.compiler.language.expressions.operations import COUNTS, ExpressionError
        from modelc.compiler.language.expressions.partial import Known, deferred_in, reduce

        trail: dict[str, Hop] = {}

        def look_up(name: str) -> Any:
            found = self.variable_value(name, scope, at=node.at)
            data = self.plain_data(found)
            if found in self.with_holes:
                raise Reported
            if name not in trail:
                self.shown[found] = self.shown.get(found) or flow(data)
                trail[name] = Hop(found.at, f"`{name}` = {self.shown[found]}, {scope.origin(name)}", shared=True)
            return data

        known = Known(look_up)

        def waits(name: str) -> bool:
            data = known[name]
            if not self.asks:
                return False
            found = self.variable_value(name, scope, at=node.at)
            if found not in self.waiting:
                self.waiting[found] = any(deferred_in(data))
            if self.waiting[found]:
                # What asks for a shape may be wrong where it was given to a block around this one.
                trail.update({f"{name} {place}": hop for place, hop in enumerate(found.trail)})
            return self.waiting[found]

        def count(function: str, asked: Named) -> int:
            found, at = declared_classes(self, asked.name, scope.file)
            call = f"{function}({asked.name})"
            trail[call] = Hop(at, f"`{call}` = {found}")
            return found

        if not text.endswith("}") or text.startswith("${{") or self.asks_as_elsewhere(text, scope):
            self.report_notation(node, text)
        try:
            result = reduce(
                text[2:-1], Names(known.__getitem__, {name: partial(count, name) for name in COUNTS}, waits)
            )
        except ExpressionError as error:
            from modelc.compiler.expansion.unknown_names import help_of

            related = [Label(hop.where.place(), hop.text) for hop in trail.values()]
            # A value that is wrong in one expression is reported once, however many others use it.
            wrong = {(error.message, label.place) for label in related}
            if wrong & self.wrong_values:
                raise Reported from None
            self.wrong_values |= wrong
            self.report(
                "E207", error.message, node.at, label="cannot be computed", help=help_of(error), related=related
            )
            raise Reported from None
        return self.computed(node, text, result, (*node.trail, *trail.values()))

    def asks_as_elsewhere(self, text: str, scope: Scope) -> bool:
        """Whether an expression asks for `x.shape` where `x` is no variable."""
        if ".shape" not in text:
            return False
        from modelc.compiler.language.suggestions.foreign_references import SHAPE

        return any(name not in scope.names for name in SHAPE.findall(text))

    def report_notation(self, node: SourceNode, text: str) -> NoReturn:
        """Report an expression in another notation, and raise Reported."""
        from modelc.compiler.language.suggestions.foreign_references import expression_help

        message, label = f"the braces of `{text}` are not closed", "not closed"
        help = f'close them with `}}` at the end, in quotes: `"{text.rstrip()}}}"`'
        if "}" in text:
            message, label = f"`{text}` goes on behind its braces", "one pair of braces is around all"
            if text.endswith("}"):
                what = (
                    "has one pair of braces too many" if text.startswith("${{") else "asks for a shape as Python does"
                )
                message, label = f"`{text}` {what}", "cannot be computed"
            help = expression_help(text) or "write all of it inside one pair of braces, in quotes"
        self.report("E207", message, node.at, label=label, help=help)
        raise Reported

    def computed(self, node: SourceNode, text: str, value: Any, trail: tuple[Hop, ...]) -> SourceNode:
        """The `value` of the expression `text` as the node in its place. Raises Reported for one that holds a mapping."""
        if isinstance(value, dict):
            message = f"`{text}` is a mapping, and not a plain value or a list"
            self.report("E207", message, node.at, help="write `$name` for a variable as a whole")
            raise Reported
        if not isinstance(value, list):
            if isinstance(value, Deferred):
                self.asks = True
                for _ in range(len(value) // CHARACTERS):
                    self.count_node(node)
            return node._replace(content=value, trail=trail, computed=True)
        self.count_node(node)
        items = tuple(self.computed(node, text, item, trail) for item in value)
        return node._replace(kind="list", content=items, trail=trail, computed=True)

    def variable_value(
        self, name: str, scope: Scope, *, at: Where | None = None, used: bool = True, text: str = ""
    ) -> SourceNode:
        """The value of `name` in `scope`; a hole if it has none for a reason that is reported.

        Raises Reported for an unknown name; `at` is where it is used, by the reference `text` if that is all there.
        """
        if name in scope.parameters:
            if name in scope.indices:
                self.used_indices.add(scope.indices[name])
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
            message = f"more than {LARGEST_DEPTH} variables depend on each other"
            # Once: the rest of the chain would be too long again.
            if all(problem.message != message for problem in self.problems):
                self.report("E208", message, where, label="the limit is reached here", help="write its value here")
            file.values[name] = None
        elif name not in file.values:
            file.open.append(name)
            found = self.evaluate(raw, Scope(file))
            file.open.pop()
            file.values.setdefault(name, found)
        return file.values[name] or hole(raw.at)

    def refuse_unknown(self, name: str, scope: Scope, at: Where, text: str) -> NoReturn:
        """Report an unknown name, unless it is a consequence of what is reported already, and raise Reported."""
        if "vars" in scope.file.unreadable or scope.unnamed:
            raise Reported
        if name in scope.file.removed:
            self.report_removed("E207", f"the variable `{name}`", scope.file.removed[name].place(), at)
            raise Reported
        from modelc.compiler.expansion.unknown_names import help_for_unknown, is_of_a_loop

        if self.only_counts("E207") or is_of_a_loop(name, at):
            raise Reported
        suggestion = suggest(name, scope.names, defined=True)
        help, related = help_for_unknown(name, scope, text, self.root, suggestion.help, at)
        if text:
            suggestion = suggestion.around("$", text[1 + len(name) :])
        note = f"variables here: {listed(scope.names)}" if scope.names else ""
        message, found = f"there is no variable `{name}`", suggestion._replace(help=help)
        self.report("E207", message, at, label="no such variable", note=note, related=related, suggestion=found)
        raise Reported

    def report_cycle(self, name: str, file: File) -> None:
        """Report a variable whose value is asked for while it is computed."""
        cycle = [*file.open[file.open.index(name) :], name]
        others = [Label(file.variables[one][0].place(), f"`{one}` needs `{two}`") for one, two in pairwise(cycle[1:])]
        message = f"the variable `{name}` depends on itself: {' -> '.join(cycle)}"
        label = f"needs `{cycle[1]}`" if others else "needs itself"
        self.report("E208", message, file.variables[name][0], label=label, related=others)
