"""Expressions that ask for a shape of the model, and wait in a document until type inference knows it.

Imports nothing that evaluates one: most specs have none.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import ast

TOO_EARLY = "not known yet"
"""The label of an expression that asks for a shape where none is known yet."""
MOST_DIGITS = 6
"""Of an index of a shape: Python refuses to read numbers of thousands."""


STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
CALL = re.compile(rf"(?<![\w.])shape\((?P<name>{STRING}|[^'\"(),]+)(?:, (?P<up>\d+))?\)|{STRING}")
"""What asks for a shape, as `unparse` writes it; or a string, in which nothing does."""


class Named(NamedTuple):
    """What a function of a name is asked for: `shape(x)`. `up` is how many blocks further out the name belongs."""

    name: str
    up: int = 0


class Bound(NamedTuple):
    """A tree, and the numbers that the names in it stand for, or what they come to."""

    tree: "ast.expr"
    numbers: "Mapping[str, int | float | Deferred]"


class Deferred(str):
    """An expression with its braces, of which only shapes are unknown: `${shape(x)[-1] // 16}`.

    `shape(x, 1)` says that the name belongs to what is around the block.
    """

    bound: "Bound | None" = None
    """The same as a tree with names for its numbers, where it is one of many copies."""
    outermost: tuple[type[Any], type[Any]] | None = None
    """The outermost operator, where it is known."""
    further: int = 0
    """How many blocks further out the names in `bound` belong."""

    @cached_property
    def tree(self) -> "ast.expr":
        from modelc.compiler.language.expressions.evaluator import tree_of

        found = tree_of(self[2:-1])
        assert found is not None, "it is written by `unparse`"
        return found

    @cached_property
    def asked(self) -> tuple[Named, ...]:
        """The names whose shapes it asks for, each once."""
        from modelc.compiler.language.expressions.named_calls import calls_of_names, named_in

        return tuple(dict.fromkeys(map(named_in, calls_of_names(self.tree))))

    @classmethod
    def of(cls, tree: "ast.expr", asked: Iterable[Named]) -> "Deferred":
        """What is written as `tree`, which asks for the shapes of the names `asked`."""
        import ast

        found = cls(f"${{{ast.unparse(tree)}}}")
        # Of thousands of copies, none is parsed again.
        found.tree, found.asked = tree, tuple(dict.fromkeys(asked))
        return found

    @property
    def shown(self) -> str:
        """The expression as a message shows it."""
        return self.moved_out(None)

    def value(self, shape: Callable[[Named], Any]) -> Any:
        """Its value, with `shape` for the shapes. Raises ExpressionError."""
        from modelc.compiler.language.expressions.evaluator import Names, value_of
        from modelc.compiler.language.expressions.operations import ExpressionError

        if self.bound is not None:
            numbers = self.bound.numbers

            def further(named: Named) -> Any:
                return shape(Named(named.name, named.up + self.further))

            def number(name: str) -> Any:
                found = numbers[name]
                return found.value(further) if isinstance(found, Deferred) else found

            # What it cannot compute is said in the words of the expression itself.
            with suppress(ExpressionError):
                return value_of(self.bound.tree, Names(number, {"shape": further}))
        return value_of(self.tree, Names(dict[str, Any]().__getitem__, {"shape": shape}))

    def entry_at(self, step: str) -> "Deferred | None":
        """The entry that a step of a reference says; None for what is no index, or one beyond all that a shape can have."""
        return self.entry(int(step)) if step.isdecimal() and len(step) <= MOST_DIGITS else None

    def entry(self, index: int) -> "Deferred":
        """An entry of it, which is a list then."""
        import ast

        return Deferred.of(ast.Subscript(self.tree, ast.Constant(index), ast.Load()), self.asked)

    def outside(self) -> "Deferred":
        """The same inside of a block that gets it as an argument."""
        found = Deferred(self.moved_out(1))
        found.asked = tuple([Named(name, up + 1) for name, up in self.asked])
        # Of thousands of copies, none is parsed again.
        found.bound = Bound(self.tree, {}) if self.bound is None and "tree" in self.__dict__ else self.bound
        found.further, found.outermost = self.further + 1, self.outermost
        return found

    def moved_out(self, more: int | None) -> str:
        """The expression with each name `more` blocks further out; with None without saying how far."""
        return moved_out(str(self), more)


@lru_cache(maxsize=1024)
def moved_out(text: str, more: int | None) -> str:
    """The same for the text of an expression: thousands of copies may each have one of hundreds of nodes."""

    def moved(match: re.Match[str]) -> str:
        if match["name"] is None:
            return match[0]
        up = "" if more is None else f", {int(match['up'] or 0) + more}"
        return f"shape({match['name']}{up})"

    return CALL.sub(moved, text)
